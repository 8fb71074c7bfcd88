// Votes, as they reach disks and as they are told: one an epoch (R2), given only to a log that is not behind the voter's
// (R5, Raft §5.4.1). Remembers with each vote where the voter's log ended when it was written: that is what it is judged by.
// Does not check that a vote is durable before it is told, nor what a pre-vote does to a leader (both in `quorum.ts`).

import type { Epoch, NodeId, Offset, Uuid } from '../../base/index.ts'
import type { Batch } from './batches.ts'
import type { LogModel } from './logs.ts'
import type { Findings } from './types.ts'

/** What `quorum-state` on a disk says. */
export interface Vote {
  readonly epoch: Epoch
  /** −1: nobody. */
  readonly votedFor: NodeId
}

/** What a request for a vote says. */
export interface Ballot {
  readonly candidate: NodeId
  readonly epoch: Epoch
  readonly lastEpoch: Epoch
  readonly endOffset: Offset
  readonly preVote: boolean
  /** Whom it was meant for; null where the version does not say. */
  readonly voterDirectoryId: Uuid | null
}

/** One vote of one node in one epoch. */
interface GivenVote {
  readonly votedFor: NodeId
  /** Since then nothing may change it. */
  readonly durable: boolean
  /** The end of the voter's log when it was written; null: an empty one. */
  readonly last: Batch | null
}

export class VoteInvariants {
  readonly #log: LogModel
  readonly #findings: Findings
  readonly #given: Map<NodeId, Map<Epoch, GivenVote>> = new Map()

  constructor(log: LogModel, findings: Findings) {
    this.#log = log
    this.#findings = findings
  }

  /** A disk was replaced by an empty one. */
  replaced(node: NodeId): void {
    this.#given.delete(node)
  }

  /** `quorum-state` was written; durable when `durable`. */
  written(node: NodeId, { epoch, votedFor }: Vote, durable: boolean): void {
    let votes = this.#given.get(node)
    if (votes === undefined) {
      votes = new Map()
      this.#given.set(node, votes)
    }
    const given = votes.get(epoch)
    const settled = given?.durable === true
    if (settled && given.votedFor !== votedFor) {
      const text = `node ${node} voted for ${given.votedFor} in epoch ${epoch} and then writes ${votedFor}`
      this.#findings.violated('R2', text, { node, epoch })
    }
    if (votedFor < 0 || (settled && given.votedFor === votedFor)) return
    // The write that becomes durable is the one that was begun; a vote that power took may be given anew, to a longer log.
    const begun = durable && given?.votedFor === votedFor
    votes.set(epoch, { votedFor, durable: durable || settled, last: begun ? given.last : this.#log.log(node).last })
    if (durable && !settled)
      this.#findings.noted(`node ${node} votes for ${votedFor} in epoch ${epoch}`, { node, epoch })
  }

  /** A node tells that it votes, or would vote, for a candidate. A vote that stands is told again to whom it was given,
   *  however far the voter's log has come since: it was given once, to a log that was not behind then (Raft §5.2; KRaft's
   *  `QuorumState.unattachedOrProspectiveCanGrantVote` looks at the vote before it looks at the log). So a request that was
   *  long on its way is granted by who has followed that candidate since. A pre-vote is no vote that stands: each is new. */
  granted(node: NodeId, { candidate, epoch, lastEpoch, endOffset, preVote }: Ballot): void {
    const given = preVote ? undefined : this.#given.get(node)?.get(epoch)
    const last = given?.votedFor === candidate ? given.last : this.#log.log(node).last
    if (last === null || lastEpoch > last.fact.epoch) return
    if (lastEpoch === last.fact.epoch && endOffset >= last.endOffset) return
    const own = `its own at ${last.endOffset} in epoch ${last.fact.epoch}`
    const text = `node ${node} favours ${candidate}, whose log ends at ${endOffset} in epoch ${lastEpoch}, ${own}`
    this.#findings.violated('R5', text, { node, epoch })
  }
}
