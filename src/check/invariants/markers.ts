// The rare states that a long exploration must have reached, as data: a run that never saw one of them proves nothing about
// it. A name and one sentence each; whoever watches a cluster counts them. Does not say how often is often enough.

export interface Marker {
  readonly name: string
  /** What was reached, in one sentence. */
  readonly text: string
}

const ROWS = {
  'quorum: leader elected': 'A node became leader of the metadata quorum.',
  'quorum: leader resigned': 'A leader gave up within its epoch: it heard of no majority any more, or was stopped.',
  'quorum: pre-vote lost': 'A node asked whether it could win, could not, and went back without raising the epoch.',
  'quorum: election lost': 'A candidate raised the epoch and did not win.',
  'quorum: log truncated': 'A node cut records off its metadata log because a leader did not have them.',
  'quorum: snapshot taken': 'A node stored a snapshot of its own metadata.',
  'quorum: snapshot loaded': 'A node took over a snapshot that it had fetched from the leader.',
  'quorum: snapshot during an election': 'A snapshot was fetched while some node was asking for votes.',
  'quorum: log start advanced': 'A node let the front of its metadata log go because a snapshot covers it.',
  'quorum: uncommitted records overwritten':
    'What one leader wrote and nobody committed was replaced by another leader.',
  'broker: fenced': 'The controller fenced a broker whose heartbeats had ceased.',
  'broker: registered again uncleanly': 'A broker came back without the word of a clean stop.',
  'broker: registered again cleanly': 'A broker came back with the word of its clean stop.',
  'broker: controlled shutdown': 'A broker asked to be relieved before it stopped.',
  'broker: leadership handed over': 'A stopping broker led partitions and another took them over.',
  'broker: registered during an election': 'A broker registered while some node was asking for votes.',
  'partition: leader changed': 'A partition got another leader.',
  'partition: leaderless': 'A partition had no leader.',
  'partition: ISR shrunk': 'A replica left an ISR.',
  'partition: ISR expanded': 'A replica joined an ISR.',
  'partition: ISR at the minimum': 'An ISR had exactly min.insync.replicas members, and fewer than replicas.',
  'partition: ISR below the minimum': 'An ISR had fewer members than min.insync.replicas.',
  'partition: ELR not empty': 'A replica left a small ISR and stayed eligible to lead (KIP-966).',
  'partition: ELR used in an election': 'A leader was elected out of the ELR.',
  'partition: last known leader elected': 'With ISR and ELR empty the leader that was last was elected (KIP-966).',
  'partition: unclean election': 'A leader was elected from outside ISR and ELR.',
  'partition: leader recovering': 'A leader that was elected uncleanly began to recover.',
  'partition: led again in a later epoch': 'A leader got a new epoch without having lost the leadership.',
  'partition: two believe they lead':
    'Two living nodes held themselves to be leader of one partition, in different epochs.',
  'partition: expand in flight at a leader change':
    'A partition changed leaders while the old one had an ISR expansion in flight.',
  'partition: shrink in flight at a leader change':
    'A partition changed leaders while the old one had an ISR shrink in flight.',
  'partition: truncated below its own end':
    'A replica cut records off its own log because its leader did not have them.',
  'partition: truncated to nothing': 'A replica dropped its whole log and began anew at its leader\u2019s start.',
  'partition: uncommitted records overwritten':
    'What one leader wrote and nobody committed was replaced by another leader.',
  'partition: high watermark held by the minimum':
    'A leader had records on every member of its ISR and did not commit them for want of members.',
  'partition: follower ahead of a new leader': 'A leader began an epoch while another replica had a longer log.',
  'log: segment rolled': 'A log went on in a new segment.',
  'log: retention deleted': 'A log\u2019s oldest segment was let go.',
  'log: torn tail found': 'A crash left half a batch at the end of a log.',
  'log: recovery cut': 'A starting node cut bytes off a log that a crash had left.',
  'log: unsynced records lost': 'A power loss took batches that had not been synced.',
  'log: acknowledged copies lost': 'A power loss took batches that were committed, from one disk.',
  'log: clean shutdown': 'A node left the word of a clean stop.',
  'log: clean shutdown honoured': 'A starting node found that word and took it away.',
  'log: producer snapshot written': 'The state of producers was written down.',
  'log: epochs cut': 'A leader-epoch checkpoint lost an entry.',
  'log: bit flipped': 'A bit of a batch on some disk read wrong.',
  'log: damage given up': 'A replica let go of its log from a flipped bit on, to copy its leader again.',
  'log: cleaned segment put in place': 'A segment that compaction made took the place of those it was made from.',
  'log: index rebuilt': 'An index that a closed or crashed log had was emptied and written anew from its batches.',
  'disk: failed': 'A disk operation failed under a log.',
  'disk: full': 'A write found no space.',
  'disk: replaced': 'A node came back with an empty disk.',
  'produce: acknowledged by all': 'A produce with acks=all succeeded.',
  'produce: acknowledged by one': 'A produce with acks=1 succeeded.',
  'produce: duplicate answered': 'An idempotent producer\u2019s retry was answered with the place of its first try.',
  'produce: held across a leader change':
    'A produce was waiting for its acknowledgement when its leader lost the leadership.',
  'produce: not leader': 'A produce reached a node that did not lead.',
  'produce: not enough replicas': 'A produce was refused for want of in-sync replicas.',
  'produce: not enough replicas after append': 'A produce was written and then lacked in-sync replicas.',
  'produce: timed out': 'A produce waited in vain for its acknowledgement.',
  'produce: out of order sequence': 'A producer\u2019s batch did not follow the one before it.',
  'fetch: fenced leader epoch': 'A fetch with an epoch that is over was refused.',
  'fetch: unknown leader epoch': 'A fetch with an epoch that its leader did not know yet was refused.',
  'fetch: diverging epoch answered': 'A replica was told where its log parts from its leader\u2019s.',
  'fetch: diverging epoch unknown to the follower':
    'A replica was told of an epoch that it has nothing of, and its log parts from its leader\u2019s before (KIP-279).',
  'fetch: offset out of range': 'A fetch asked for an offset that the log does not have.',
  'fetch: offset not available': 'A new leader would not yet say how far one may read.',
  'isr: change refused': 'The controller refused an ISR that a leader had proposed.',
  'isr: ineligible replica refused': 'The controller refused a member that was fenced, leaving or of an earlier life.',
  'isr: old partition epoch refused': 'The controller refused an ISR proposed on an old registration.',
  'group: generation joined': 'A member of a group was let into a generation.',
  'group: assignment given': 'A member of a group was given its assignment.',
  'group: offset committed': 'A coordinator acknowledged an offset.',
  'group: commit refused': 'A coordinator refused the commit of a member that is none any more.',
  'group: static member replaced': 'A static member came back under a new id and took its own place again.',
} as const

export type KnownMarker = keyof typeof ROWS

/** All of them, in order. */
export const MARKERS: readonly Marker[] = Object.entries(ROWS).map(([name, text]) => ({ name, text }))
