// The metadata quorum, checked from what each node shows of itself after its events and from the disks: one leader an
// epoch (R1), epochs that never go back (R3), one vote an epoch (R2), leaders that hold everything committed (R5), a
// commit that is durable on a majority (R7) and on the node itself (R8), a watermark shown to others that never goes
// back (R9) and is shown only after a commit in the leader's own epoch (R10), candidates that are voters (R15), epochs that
// are raised only where a majority, and nobody who hears the leader, thinks that a candidate can win (R12).
// Does not check the bytes of the log (see `logs.ts`), nor liveness (R13 is in `check-quorum.ts`, R20 is a life's); hands on
// what sets of voters (`voters.ts`) and votes (`votes.ts`) are checked by.

import type { Epoch, NodeId, Offset, Uuid } from '../../base/index.ts'
import type { LogModel } from './logs.ts'
import type { Findings } from './types.ts'
import { VoterInvariants, type VoterKey } from './voters.ts'
import { type Ballot, type Vote, VoteInvariants } from './votes.ts'

/** A node's quorum as it shows itself; live, as `observe()` gives it. */
export interface QuorumObservation {
  readonly state: string
  readonly epoch: Epoch
  readonly leaderId: NodeId
  readonly votedFor: NodeId
  readonly highWatermark: Offset
  readonly shownHighWatermark: Offset
  readonly logStartOffset: Offset
  readonly epochStartOffset: Offset
  readonly durableEndOffset: Offset
  readonly endOffset: Offset
  readonly voters: readonly VoterKey[]
}

interface Seen {
  state: string
  epoch: Epoch
  highWatermark: Offset
  shown: Offset
  /** Of its own, when it last became leader. */
  highWatermarkWhenElected: Offset
  /** It follows, and has written what the leader of its epoch sent it since it began to. */
  heard: boolean
}

export class QuorumInvariants {
  elections = 0
  readonly #log: LogModel
  readonly #findings: Findings
  readonly #leaders: Map<Epoch, NodeId> = new Map()
  readonly #seen: Map<NodeId, Seen> = new Map()
  readonly #durable: Map<NodeId, Vote> = new Map()
  /** The last epoch on a disk that was replaced. */
  readonly #former: Map<NodeId, Epoch> = new Map()
  readonly #directories: Map<NodeId, Uuid> = new Map()
  /** The largest high watermark that the leader of an epoch has shown. */
  readonly #shown: Map<Epoch, Offset> = new Map()
  /** Who granted a pre-vote, by candidate and epoch. */
  readonly #preVotes: Map<string, Set<NodeId>> = new Map()
  readonly #voters: VoterInvariants
  readonly #votes: VoteInvariants
  #campaigning = 0

  constructor(log: LogModel, findings: Findings) {
    this.#log = log
    this.#findings = findings
    this.#voters = new VoterInvariants(log, findings)
    this.#votes = new VoteInvariants(log, findings)
  }

  /** Some living node asks for votes. */
  get electing(): boolean {
    return this.#campaigning > 0
  }

  /** The directory id on a node's disk; another one is another voter (KIP-853). */
  directory(node: NodeId, id: Uuid): void {
    this.#directories.set(node, id)
  }

  /** A disk was replaced by an empty one: what was known of its node is of another voter. */
  replaced(node: NodeId): void {
    const epoch = this.#durable.get(node)?.epoch
    if (epoch !== undefined) this.#former.set(node, Math.max(epoch, this.#former.get(node) ?? 0))
    this.#durable.delete(node)
    this.#votes.replaced(node)
    this.#directories.delete(node)
    this.#voters.replaced(node)
    this.ended(node)
    this.#seen.delete(node)
  }

  /** The process is no more; its next one begins from its disk. */
  ended(node: NodeId): void {
    this.#voters.changed(node)
    const seen = this.#seen.get(node)
    if (seen === undefined) return
    if (campaigns(seen.state)) this.#campaigning--
    // Only what it made durable binds its next life.
    this.#seen.set(node, { ...blank(), epoch: this.#durable.get(node)?.epoch ?? 0 })
  }

  /** What a power failure left of `quorum-state`. */
  foundVote(node: NodeId, vote: Vote): void {
    this.#durable.set(node, vote)
  }

  /** Who leads or led in an epoch, as far as anybody was seen to. */
  leaderOf(epoch: Epoch): NodeId | undefined {
    return this.#leaders.get(epoch)
  }

  durableVote(node: NodeId): Vote | undefined {
    return this.#durable.get(node)
  }

  /** `quorum-state` was written; durable when `durable`. */
  voted(node: NodeId, vote: Vote, durable: boolean): void {
    const before = this.#durable.get(node)
    if (before !== undefined && vote.epoch < before.epoch) {
      const text = `node ${node} writes epoch ${vote.epoch} over ${before.epoch} in its quorum-state`
      this.#findings.violated('R3', text, { node, epoch: vote.epoch })
    }
    this.#votes.written(node, vote, durable)
    if (durable) this.#durable.set(node, vote)
  }

  /** A batch of the metadata log reaches a node's disk: its epoch must be on that disk already, or the next life would not
   *  know of it (Raft §5.1). */
  wrote(node: NodeId, epoch: Epoch): void {
    const seen = this.#seen.get(node)
    if (seen?.state === 'follower' && seen.epoch === epoch) seen.heard = true
    const durable = this.#durable.get(node)?.epoch ?? 0
    if (epoch <= durable) return
    const text = `node ${node} writes records of epoch ${epoch}, and its quorum-state is at ${durable}`
    this.#findings.violated('R3', text, { node, epoch })
  }

  /** A set of voters in the metadata log reaches a node's disk. */
  wroteVoters(node: NodeId, offset: Offset, epoch: Epoch, voters: readonly VoterKey[]): void {
    this.#voters.written(node, offset, epoch, voters)
  }

  /** A node's metadata log was cut. */
  wasCut(node: NodeId): void {
    this.#voters.changed(node)
  }

  /** A vote or a pre-vote is given: only by whom it was asked of (R15), and to a log that is not behind (R5, Raft §5.4.1). */
  granted(node: NodeId, ballot: Ballot): void {
    const { epoch, voterDirectoryId } = ballot
    const directory = this.#directories.get(node)
    if (voterDirectoryId !== null && directory !== undefined && directory !== voterDirectoryId) {
      const text = `node ${node} answers for directory ${voterDirectoryId}, and its own is ${directory}`
      this.#findings.violated('R15', text, { node, epoch })
    }
    this.#votes.granted(node, ballot)
  }

  /** A node sends the answer that it votes for a candidate: by then its disk must say so. */
  voteGranted(node: NodeId, candidate: NodeId, epoch: Epoch): void {
    const durable = this.#durable.get(node)
    if (durable !== undefined && (durable.epoch > epoch || (durable.epoch === epoch && durable.votedFor === candidate)))
      return
    const there = durable === undefined ? 'nothing' : `a vote for ${durable.votedFor} in epoch ${durable.epoch}`
    const text = `node ${node} tells ${candidate} that it has its vote in epoch ${epoch}, and its disk has ${there}`
    this.#findings.violated('R2', text, { node, epoch })
  }

  /** To be told when the node has been looked at. Who leads, or has heard of a leader that still leads, thinks that nobody
   *  else can win: this is what keeps a node that was cut off from deposing it (KIP-996). */
  preVoteGranted(node: NodeId, candidate: NodeId, epoch: Epoch): void {
    this.#mayFavour(node, candidate)
    const key = `${candidate} ${epoch}`
    let granted = this.#preVotes.get(key)
    if (granted === undefined) {
      granted = new Set()
      this.#preVotes.set(key, granted)
    }
    granted.add(node)
  }

  #mayFavour(node: NodeId, candidate: NodeId): void {
    const seen = this.#seen.get(node)
    if (seen === undefined || (seen.state !== 'leader' && !seen.heard)) return
    const { epoch } = seen
    const leader = this.#leaders.get(epoch)
    const there = leader === undefined ? undefined : this.#seen.get(leader)
    // One that has resigned has said so, which counts as silence.
    if (leader === undefined || there?.state !== 'leader' || there.epoch !== epoch) return
    const what = leader === node ? 'leads' : `hears leader ${leader}`
    const text = `node ${node} ${what} in epoch ${epoch} and thinks that ${candidate} can win`
    this.#findings.violated('R12', text, { node, epoch })
  }

  /** A candidate's request has arrived somewhere: it has voted for itself, and a majority had thought that it could win. */
  voteAsked(candidate: NodeId, epoch: Epoch, voters: number): void {
    const durable = this.#durable.get(candidate)
    // A cut link may hold a request until its sender is long another voter; its vote was on the disk that is gone.
    if (epoch <= (this.#former.get(candidate) ?? -1)) return
    if (durable === undefined || durable.epoch < epoch || (durable.epoch === epoch && durable.votedFor !== candidate)) {
      const text = `node ${candidate} asks for votes in epoch ${epoch}, and its disk has not got its own`
      this.#findings.violated('R2', text, { node: candidate, epoch })
    }
    const granted = this.#preVotes.get(`${candidate} ${epoch - 1}`)?.size ?? 0
    if ((granted + 1) * 2 > voters) return
    const text = `node ${candidate} raises the epoch to ${epoch} with ${granted} pre-votes of ${voters} voters`
    this.#findings.violated('R12', text, { node: candidate, epoch })
  }

  /** After an event of the node. */
  observed(node: NodeId, view: QuorumObservation): void {
    let seen = this.#seen.get(node)
    if (seen === undefined) {
      seen = blank()
      this.#seen.set(node, seen)
    }
    if (view.state === 'starting') return
    if (view.epoch !== seen.epoch || view.state !== seen.state) this.#moved(node, seen, view)
    this.#voters.observed(node, view)
    if (view.highWatermark !== seen.highWatermark) this.#advanced(node, seen, view)
    const shown = view.state === 'leader' ? view.shownHighWatermark : -1
    if (shown >= 0 && shown !== seen.shown) this.#exposed(node, view, shown)
    seen.shown = shown
  }

  #moved(node: NodeId, seen: Seen, view: QuorumObservation): void {
    const { epoch, state } = view
    if (epoch < seen.epoch) {
      const text = `node ${node} goes back from epoch ${seen.epoch} to ${epoch}`
      this.#findings.violated('R3', text, { node, epoch })
    }
    this.#campaigning += Number(campaigns(state)) - Number(campaigns(seen.state))
    if (campaigns(state) || state === 'leader') this.#mustBeVoter(node, view)
    if (seen.state === 'prospective' && state !== 'candidate' && state !== 'leader' && epoch === seen.epoch)
      this.#findings.marked('quorum: pre-vote lost')
    if (seen.state === 'candidate' && state !== 'leader') this.#findings.marked('quorum: election lost')
    if (seen.state === 'leader' && state === 'resigned') {
      this.#findings.marked('quorum: leader resigned')
      this.#findings.noted(`node ${node} gives up leading the quorum in epoch ${epoch}`, { node, epoch })
    }
    const elected = state === 'leader' && (seen.state !== 'leader' || seen.epoch !== epoch)
    if (campaigns(state) && state !== seen.state)
      this.#findings.noted(`node ${node} is ${state} in epoch ${epoch}`, { node, epoch })
    seen.state = state
    seen.epoch = epoch
    seen.heard = false
    if (elected) this.#elected(node, seen, view)
  }

  #elected(node: NodeId, seen: Seen, { epoch, highWatermark, voters }: QuorumObservation): void {
    this.elections++
    this.#findings.marked('quorum: leader elected')
    this.#findings.noted(`node ${node} leads the quorum in epoch ${epoch}`, { node, epoch })
    seen.highWatermarkWhenElected = Math.max(highWatermark, seen.highWatermark)
    const before = this.#leaders.get(epoch)
    if (before !== undefined && before !== node) {
      const text = `nodes ${before} and ${node} both lead the quorum in epoch ${epoch}`
      this.#findings.violated('R1', text, { node, epoch })
    }
    this.#leaders.set(epoch, node)
    const last = this.#log.lastCommitted
    const log = this.#log.log(node)
    // What a later epoch has committed, the leader of an earlier one need not have: its votes were on the way.
    if (last !== null && last.fact.epoch > epoch) return
    // A majority of disks that lost it excuses everybody.
    if (last === null || last.endOffset <= log.covered || log.holds(last) || last.lostBy.length * 2 > voters.length)
      return
    const text = `node ${node} leads in epoch ${epoch} without offset ${last.baseOffset}, which was committed`
    this.#findings.violated('R5', text, { node, epoch, offset: last.baseOffset, partition: this.#log.name })
  }

  #advanced(node: NodeId, seen: Seen, view: QuorumObservation): void {
    const { highWatermark, epoch } = view
    const subject = { node, epoch, offset: highWatermark, partition: this.#log.name }
    if (highWatermark < seen.highWatermark) {
      const text = `node ${node} takes its high watermark back from ${seen.highWatermark} to ${highWatermark}`
      this.#findings.violated('R9', text, subject)
    }
    seen.highWatermark = highWatermark
    const log = this.#log.log(node)
    if (highWatermark > Math.max(log.durableEndOffset, log.covered)) {
      const text = `node ${node} commits up to ${highWatermark}, durable on its disk up to ${log.durableEndOffset}`
      this.#findings.violated('R8', text, subject)
    }
    if (view.state === 'leader' && highWatermark > seen.highWatermarkWhenElected) {
      if (highWatermark <= view.epochStartOffset) {
        const text = `leader ${node} commits up to ${highWatermark} before its epoch ${epoch} from ${view.epochStartOffset}`
        this.#findings.violated('R10', text, subject)
      }
      this.#durableMajority(view, highWatermark, subject)
    }
    this.#log.claimed(node, highWatermark)
  }

  #durableMajority(view: QuorumObservation, upTo: Offset, subject: { readonly node: NodeId }): void {
    let count = 0
    const last = this.#log.log(subject.node).at(upTo - 1)
    for (const voter of view.voters) {
      // A disk that has been replaced since is no voter's, and what it had acknowledged counts all the same: nobody who
      // was told so can know (KIP-853), also when the new one has got it since. What the new one says does not (R15).
      if (!this.#isVoter(voter)) count += last?.everLostBy.includes(voter.id) === true ? 1 : 0
      else if (this.#holds(voter.id, upTo - 1, true, subject.node)) count++
    }
    if (count * 2 > view.voters.length) return
    const text = `leader ${subject.node} commits up to ${upTo}, durable on ${count} of ${view.voters.length} voters`
    this.#findings.violated('R7', text, subject)
  }

  #exposed(node: NodeId, view: QuorumObservation, shown: Offset): void {
    const { epoch } = view
    const subject = { node, epoch, offset: shown }
    if (shown <= view.epochStartOffset) {
      const text = `leader ${node} shows ${shown} before it committed in its epoch ${epoch} from ${view.epochStartOffset}`
      this.#findings.violated('R10', text, subject)
    }
    for (const [other, at] of this.#shown) {
      if (other >= epoch || shown >= at) continue
      const text = `epoch ${other} has shown ${at}, node ${node} shows ${shown} in epoch ${epoch}`
      this.#findings.violated('R9', text, subject)
    }
    this.#shown.set(epoch, Math.max(shown, this.#shown.get(epoch) ?? 0))
  }

  #mustBeVoter(node: NodeId, view: QuorumObservation): void {
    const voter = view.voters.find((each) => each.id === node)
    if (voter !== undefined && this.#isVoter(voter)) return
    const text = `node ${node} is ${view.state} in epoch ${view.epoch} and is no voter`
    this.#findings.violated('R15', text, { node, epoch: view.epoch })
  }

  #isVoter(voter: { readonly id: NodeId; readonly directoryId: Uuid | null }): boolean {
    const directory = this.#directories.get(voter.id)
    return voter.directoryId === null || directory === undefined || directory === voter.directoryId
  }

  /** The batch at that offset (as `reference` has it, or as it is committed), or a snapshot over it. A disk that lost it
   *  to a fault is no longer the node's word, but it was when it gave it. */
  #holds(node: NodeId, offset: Offset, durably: boolean, reference?: NodeId): boolean {
    const log = this.#log.log(node)
    if (offset < log.covered) return true
    const batch = reference === undefined ? null : this.#log.log(reference).at(offset)
    const wanted = batch ?? this.#log.committed.get(offset) ?? null
    if (wanted === null) return reference !== undefined && offset < this.#log.log(reference).covered
    if (wanted.lostBy.includes(node)) return true
    if (!log.holds(wanted)) return false
    return !durably || wanted.endOffset <= log.durableEndOffset
  }
}

function blank(): Seen {
  return { state: 'starting', epoch: 0, highWatermark: 0, shown: -1, highWatermarkWhenElected: 0, heard: false }
}

function campaigns(state: string): boolean {
  return state === 'prospective' || state === 'candidate'
}
