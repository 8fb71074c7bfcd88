// Replication of partitions, checked from what each replica shows of itself after its node's events, from the disks and
// from the controller's truth: high watermarks that only all of a maximal ISR allow (P4), maximal ISRs that include the
// controller's (P3), what leaders expose (P5), epochs of replicas (P6), members of ISR and ELR that hold everything
// committed (P2), replicas that join an ISR (P8).
// Does not check the bytes of logs (see `logs.ts`), nor answers to clients (see `answers.ts`), nor liveness.

import type { Epoch, NodeId, Uuid } from '../../base/index.ts'
import type { Batch, ReplicaLog } from './batches.ts'
import { Exposed } from './exposed.ts'
import type { LogModel } from './logs.ts'
import type { ReplicaObservation, SeenReplica } from './replicas.ts'
import type { ClusterTruth, PartitionTruth } from './truth.ts'
import type { Findings } from './types.ts'

export interface PartitionFacts {
  readonly truth: ClusterTruth
  /** How many disks may lose a record before its loss is nobody's fault. */
  promised(partition: PartitionTruth): number
  /** Registered as it lives now and not fenced, by the controller's truth. */
  running(node: NodeId): boolean
  model(key: string): LogModel | undefined
}

/** One event brings no more registrations of a partition than this: each broker of a life fenced, and more. */
const RECENT = 8

export class PartitionInvariants {
  readonly #facts: PartitionFacts
  readonly #findings: Findings
  /** By partition, the newest registrations, oldest first. */
  readonly #registrations: Map<string, readonly PartitionTruth[]> = new Map()
  /** By partition, the high watermarks that its leaders have exposed. */
  readonly #exposed: Map<string, Exposed> = new Map()
  readonly #leading: Map<string, Map<NodeId, SeenReplica>> = new Map()
  /** By partition, who was dropped from its replicas, and the epoch that began with that. */
  readonly #dropped: Map<string, Map<NodeId, Epoch>> = new Map()

  constructor(facts: PartitionFacts, findings: Findings) {
    this.#facts = facts
    this.#findings = findings
  }

  /** After an event of the replica's node, when anything of it may have changed. */
  observed(seen: SeenReplica, view: ReplicaObservation): void {
    const { role } = view
    if (role === 'offline') {
      this.left(seen)
      seen.role = role
      return
    }
    if (view.durableEndOffset !== seen.durableEndOffset) this.#hardened(seen, view)
    const moved = view.leaderEpoch !== seen.leaderEpoch || role !== seen.role
    if (moved) this.#moved(seen, view)
    const { partitionEpoch: since } = seen
    if (view.partitionEpoch !== since) seen.partitionEpoch = view.partitionEpoch
    if (role === 'leader') {
      const isr = view.maximalIsr
      if (moved || isr !== seen.maximalIsr || view.isrState !== seen.isrState) {
        seen.maximalIsr = isr
        seen.isrState = view.isrState
        if (view.isr.length < view.minInsyncReplicas && view.endOffset > view.highWatermark)
          this.#findings.marked('partition: high watermark held by the minimum')
        this.#superset(seen)
        if (view.isrState === 'pending-expand') this.#proposed(seen, view)
      }
    }
    if (view.highWatermark !== seen.highWatermark) this.#advanced(seen, view, !moved, since)
    if (view.logStartOffset !== seen.logStartOffset) this.#started(seen, view)
  }

  /** The replica is gone or can't be used: it leads no more. */
  left(seen: SeenReplica): void {
    if (seen.role === 'leader') this.#leading.get(seen.key)?.delete(seen.node)
  }

  /** The controller committed another registration of a partition. */
  registered(before: PartitionTruth | null, after: PartitionTruth | null): void {
    if (after === null) return
    const key = keyOf(after)
    for (const id of before?.replicas ?? []) if (!after.replicas.includes(id)) this.#drop(key, id, after.leaderEpoch)
    this.#registrations.set(key, [...(this.#registrations.get(key) ?? []).slice(-RECENT), after])
    if (before !== null && before.leader !== after.leader) this.#interrupted(key, before)
    // The same leader may be elected anew, with less than it had.
    if (before !== null && before.leaderEpoch !== after.leaderEpoch) this.#forgive(key, after, before)
    if (before !== null) for (const id of after.isr) if (!before.isr.includes(id)) this.#joined(key, before, after, id)
    for (const seen of this.#leading.get(key)?.values() ?? []) this.#superset(seen)
    this.#candidates(after)
  }

  /** P1, when nothing happens any more: leaders hold everything that was committed and not forgiven. */
  atEnd(): void {
    for (const partition of this.#facts.truth.partitions.values()) {
      const model = this.#facts.model(keyOf(partition))
      if (model === undefined || partition.leader < 0 || !this.#facts.running(partition.leader)) continue
      const log = model.log(partition.leader)
      for (const batch of model.committed.values()) {
        if (batch.endOffset <= model.released || log.holds(batch)) continue
        const name = `${partition.topic}-${partition.index}`
        const what = batch.acknowledged ? 'acknowledged' : 'committed'
        const text = `${name}: leader ${partition.leader} lacks offset ${batch.baseOffset} of epoch ${batch.fact.epoch}, which was ${what}`
        this.#findings.violated('P1', text, { node: partition.leader, partition: name, offset: batch.baseOffset })
        break
      }
    }
  }

  /** A broker is registered or unfenced: what it is a member of it must hold. */
  returned(): void {
    for (const partition of this.#facts.truth.partitions.values()) this.#candidates(partition)
  }

  #moved(seen: SeenReplica, view: ReplicaObservation): void {
    const { node, key } = seen
    const { leaderEpoch, role } = view
    if (leaderEpoch < seen.leaderEpoch) {
      const text = `goes back from leader epoch ${seen.leaderEpoch} to ${leaderEpoch}`
      this.#violated('P6', seen, view, text)
    }
    this.left(seen)
    seen.role = role
    seen.leaderEpoch = leaderEpoch
    if (role !== 'leader') return
    let leading = this.#leading.get(key)
    if (leading === undefined) {
      leading = new Map()
      this.#leading.set(key, leading)
    }
    for (const other of leading.values()) {
      if (other.leaderEpoch === leaderEpoch)
        this.#violated('P6', seen, view, `leads in epoch ${leaderEpoch} as node ${other.node} does`)
    }
    leading.set(node, seen)
    if (view.highWatermark > view.endOffset) {
      const text = `leads from ${view.highWatermark} on as if that were committed, and its log ends at ${view.endOffset}`
      this.#violated('P4', seen, view, text)
    }
    if (leading.size > 1) this.#findings.marked('partition: two believe they lead')
    const model = this.#facts.model(key)
    for (const log of model?.logs.values() ?? []) {
      if (log.node !== node && log.endOffset > view.epochStartOffset)
        this.#findings.marked('partition: follower ahead of a new leader')
    }
    this.#findings.noted(`node ${node} leads ${nameOf(view)} in epoch ${leaderEpoch} from ${view.epochStartOffset}`, {
      node,
      partition: nameOf(view),
      epoch: leaderEpoch,
      offset: view.epochStartOffset,
    })
  }

  /** D6: what a failed fsync took, or what none was asked for, is not durable. */
  #hardened(seen: SeenReplica, view: ReplicaObservation): void {
    const { durableEndOffset } = view
    const before = seen.durableEndOffset
    seen.durableEndOffset = durableEndOffset
    const log = this.#facts.model(seen.key)?.log(seen.node)
    // A log that begins anew at its leader's start is empty, and its first file may not be there yet.
    if (durableEndOffset <= Math.max(before, view.logStartOffset) || log === undefined) return
    if (log.durableEndOffset >= durableEndOffset) return
    const text = `says that offsets below ${durableEndOffset} are durable, and on its disk they are below ${log.durableEndOffset}`
    this.#violated('D6', seen, view, text)
  }

  /** P20: retention and copying a leader's log start go no further than what is committed. */
  #started(seen: SeenReplica, view: ReplicaObservation): void {
    const { logStartOffset } = view
    seen.logStartOffset = logStartOffset
    const model = this.#facts.model(seen.key)
    if (model === undefined || logStartOffset <= model.released) return
    model.release(seen.node, logStartOffset)
    if (logStartOffset > model.committedEnd)
      this.#violated(
        'P20',
        seen,
        view,
        `lets its log begin at ${logStartOffset}, committed up to ${model.committedEnd}`,
      )
  }

  #advanced(seen: SeenReplica, view: ReplicaObservation, goesOn: boolean, since: number): void {
    const before = seen.highWatermark
    const { highWatermark } = view
    seen.highWatermark = highWatermark
    const model = this.#facts.model(seen.key)
    if (model === undefined || highWatermark < 0) return
    if (view.role === 'leader') {
      if (highWatermark < before && goesOn)
        this.#violated(
          'P5',
          seen,
          view,
          `takes its high watermark back from ${before} to ${highWatermark} while leading`,
        )
      // A leader that an unclean election passed over may go on by itself; what it calls committed binds nobody.
      else if (highWatermark > Math.max(before, model.committedEnd) && view.leaderEpoch >= model.forgivenEpoch)
        this.#allowed(seen, view, model, since)
      if (highWatermark >= view.epochStartOffset) this.#exposes(seen, view, model)
    }
    if (highWatermark > before) {
      const committed = model.committedEnd
      model.claimed(seen.node, highWatermark, view.logStartOffset)
      if (model.committedEnd > committed) this.#candidatesOf(seen.key)
    }
  }

  /** P4: all of the maximal ISR have it (durably, where that is what counts), and the ISR is large enough. */
  #allowed(seen: SeenReplica, view: ReplicaObservation, model: LogModel, since: number): void {
    const { highWatermark, maximalIsr, isr, minInsyncReplicas } = view
    // The controller's word besides the replica's own, which may have it wrong.
    const truth = this.#facts.truth.partitions.get(seen.key)
    const minimum = Math.max(minInsyncReplicas, truth === undefined ? 1 : this.#facts.promised(truth))
    const last = model.log(seen.node).at(highWatermark - 1)
    // In one event it may have heard of several registrations, and committed by one that was large enough (Kafka acts on each).
    const passed = (this.#registrations.get(seen.key) ?? []).some(
      ({ leader, partitionEpoch: at, isr: then }) =>
        leader === seen.node &&
        at > since &&
        at < view.partitionEpoch &&
        then.length >= minimum &&
        (last === null || then.every((id) => last.lostBy.includes(id) || model.log(id).holds(last))),
    )
    if (isr.length < minimum && !passed) {
      const text = `commits up to ${highWatermark} with ISR [${isr.join(', ')}] and a minimum of ${minimum}`
      this.#violated('P4', seen, view, text)
    }
    if (last === null) return
    for (const member of maximalIsr) {
      if (last.lostBy.includes(member) || this.#mayBeGone(seen.key, member, view.leaderEpoch)) continue
      const log = model.log(member)
      // Of a deleted topic each node deletes its replica when it hears of that (KIP-516). A leader that has not heard yet
      // commits upon what a member fetched before it did.
      if (truth === undefined && log.segments.length === 0) continue
      const end = view.durable ? log.durableEndOffset : log.endOffset
      if (log.holds(last) && end >= last.endOffset) continue
      const what = log.holds(last)
        ? `has that durably up to ${end} only`
        : `ends at ${log.endOffset} or has another log`
      this.#violated('P4', seen, view, `commits up to ${highWatermark}, and member ${member} ${what}`)
    }
  }

  #exposes(seen: SeenReplica, view: ReplicaObservation, model: LogModel): void {
    const { leaderEpoch, highWatermark } = view
    const exposed = this.#exposed.get(seen.key) ?? new Exposed(model)
    this.#exposed.set(seen.key, exposed)
    for (const [epoch, at] of exposed.shown(leaderEpoch, highWatermark)) {
      // Who was passed over by an unclean election goes on in what was forgiven, until it hears of that.
      if (leaderEpoch < model.forgivenEpoch || epoch === leaderEpoch) continue
      this.#violated('P5', seen, view, `exposes ${highWatermark}, and epoch ${epoch} had exposed ${at}`)
    }
  }

  /** P3, for a leader in the epoch that the controller has. */
  #superset(seen: SeenReplica): void {
    const truth = this.#facts.truth.partitions.get(seen.key)
    if (truth === undefined || truth.leaderEpoch !== seen.leaderEpoch || truth.leader !== seen.node) return
    for (const id of truth.isr) {
      if (seen.maximalIsr.includes(id)) continue
      const name = `${truth.topic}-${truth.index}`
      const text = `${name}: leader ${seen.node} counts [${seen.maximalIsr.join(', ')}] while the ISR is [${truth.isr.join(', ')}]`
      this.#findings.violated('P3', text, { node: seen.node, partition: name, epoch: seen.leaderEpoch })
    }
  }

  /** P8 while it is proposed: the new member has what its leader's epoch began with (KAFKA-7128). */
  #proposed(seen: SeenReplica, view: ReplicaObservation): void {
    const model = this.#facts.model(seen.key)
    // What has no future is not judged. Of a deleted topic each node deletes its replica when it hears of that, and the
    // proposal is refused: UNKNOWN_TOPIC_ID (KIP-516). After an election the member follows the new leader, who need not
    // have what was never committed; the former may long propose before it hears: FENCED_LEADER_EPOCH (KIP-497).
    const settled = this.#facts.truth.partitions.get(seen.key)?.leaderEpoch ?? Number.POSITIVE_INFINITY
    if (model === undefined || settled > view.leaderEpoch) return
    for (const { id, brokerEpoch } of view.proposed) {
      if (view.isr.includes(id) || this.#mayBeGone(seen.key, id, view.leaderEpoch)) continue
      const log = model.log(id)
      if (log.endOffset >= view.epochStartOffset || !this.#facts.running(id)) continue
      // A life that is over fetched that; the next may have less. No controller takes it: INELIGIBLE_REPLICA (KIP-903).
      if (brokerEpoch !== -1 && brokerEpoch !== this.#facts.truth.brokers.get(id)?.epoch) continue
      const what = `proposes member ${id}, which ends at ${log.endOffset}`
      this.#violated('P8', seen, view, `${what}, in an epoch that begins at ${view.epochStartOffset}`)
    }
  }

  /** P8: it has what is committed and what its leader began its epoch with. */
  #joined(key: string, before: PartitionTruth, after: PartitionTruth, id: NodeId): void {
    // An election out of the ELR or an unclean one makes its leader the ISR; that is no joining.
    if (after.leader === id && before.leader !== id) return
    const model = this.#facts.model(key)
    const last = model?.lastCommitted
    if (model === undefined || last === null || last === undefined) return
    const missing = this.#missing(model, model.log(id), this.#facts.promised(after))
    if (missing === null) return
    // A change may be committed long after it was decided, when the member's disk has lost what it had, or is another one:
    // P2 looks at its next life when that registers.
    if (!this.#facts.running(id) && missing.lostBy.includes(id)) return
    const name = `${after.topic}-${after.index}`
    const text = `${name}: ${id} joins the ISR of epoch ${after.leaderEpoch} and its disk lacks offset ${last.baseOffset}, which is committed`
    this.#findings.violated('P8', text, {
      node: id,
      partition: name,
      offset: last.baseOffset,
      epoch: after.leaderEpoch,
    })
  }

  #drop(key: string, id: NodeId, epoch: Epoch): void {
    const dropped = this.#dropped.get(key) ?? new Map<NodeId, Epoch>()
    this.#dropped.set(key, dropped.set(id, epoch))
  }

  /**
   * Who is dropped at the end of a move deletes its log when it hears of that, and a leader that has not heard of the epoch
   * which began with it goes on counting what it was told before (KIP-455). What it commits in that way the others of its
   * ISR have had, whom the next leader is one of; what it proposes names an epoch that is over, and is refused.
   */
  #mayBeGone(key: string, id: NodeId, inEpoch: Epoch): boolean {
    return (this.#dropped.get(key)?.get(id) ?? -1) > inEpoch
  }

  #interrupted(key: string, before: PartitionTruth): void {
    const leader = this.#leading.get(key)?.get(before.leader)
    if (leader?.isrState === 'pending-expand') this.#findings.marked('partition: expand in flight at a leader change')
    if (leader?.isrState === 'pending-shrink') this.#findings.marked('partition: shrink in flight at a leader change')
  }

  #candidatesOf(key: string): void {
    const partition = this.#facts.truth.partitions.get(key)
    if (partition !== undefined) this.#candidates(partition)
  }

  /** P2: whoever may be elected without loss holds everything committed, dead or alive. */
  #candidates(partition: PartitionTruth): void {
    const model = this.#facts.model(keyOf(partition))
    const last = model?.lastCommitted
    if (model === undefined || last === null || last === undefined) return
    for (const id of partition.isr) this.#candidate(partition, model, id, 'ISR')
    for (const id of partition.elr) this.#candidate(partition, model, id, 'ELR')
  }

  #candidate(partition: PartitionTruth, model: LogModel, id: NodeId, where: string): void {
    const log = model.log(id)
    const missing = this.#missing(model, log, this.#facts.promised(partition))
    if (missing === null) return
    // Who does not run may have lost it since, and is no member any more when it comes back (KIP-966).
    if (!this.#facts.running(id) && missing.lostBy.includes(id)) return
    const name = `${partition.topic}-${partition.index}`
    const { baseOffset, fact } = missing
    const text = `${name}: ${id} is in the ${where} of epoch ${partition.leaderEpoch}/${partition.partitionEpoch}, its log ends at ${log.endOffset}, and offset ${baseOffset} of epoch ${fact.epoch} is committed`
    const subject = { node: id, partition: name, offset: baseOffset, epoch: partition.leaderEpoch }
    this.#findings.violated('P2', text, subject)
  }

  /** The newest committed batch that a log lacks and should not; null where it has all that it owes. */
  #missing(model: LogModel, log: ReplicaLog, promised: number): Batch | null {
    const last = model.lastCommitted
    // Logs that agree on one batch agree on all before it.
    if (last === null || log.holds(last)) return null
    for (const batch of [...model.committed.values()].reverse()) {
      if (log.holds(batch)) return null
      if (batch.endOffset > model.released && batch.lostBy.length < promised) return batch
    }
    return null
  }

  /** What a new leader lacks will be cut everywhere. That is nobody's fault where more disks lost it than the promise
   *  covers, or where the election was unclean, which `controller.ts` judges. */
  #forgive(key: string, after: PartitionTruth, before: PartitionTruth): void {
    const model = this.#facts.model(key)
    if (model === undefined || after.leader < 0) return
    const log = model.log(after.leader)
    const lost = [...model.committed.values()].filter((batch) => !log.holds(batch) && batch.endOffset > model.released)
    const first = lost[0]
    if (electedUncleanly(before, after)) {
      // What recovery found damaged it cuts to lead: there is no leader that it could copy (Kafka cuts there in any case).
      const kept = Math.min(first?.baseOffset ?? Number.POSITIVE_INFINITY, log.endOffset, log.foundFrom)
      model.forgive(kept, after.leaderEpoch)
      return
    }
    if (first === undefined) return
    const promised = this.#facts.promised(after)
    if (lost.every((batch) => batch.lostBy.length >= promised)) model.forgive(first.baseOffset, after.leaderEpoch)
  }

  #violated(name: string, seen: SeenReplica, view: ReplicaObservation, what: string): void {
    const partition = nameOf(view)
    this.#findings.violated(name, `${partition}: node ${seen.node} ${what}`, {
      node: seen.node,
      partition,
      offset: view.highWatermark,
      epoch: view.leaderEpoch,
    })
  }
}

/** From outside of ISR and ELR. One that recovers may lose its place to another of whom that is true again. */
function electedUncleanly(before: PartitionTruth, after: PartitionTruth): boolean {
  if (!after.recovering) return false
  return !before.recovering || !(before.isr.includes(after.leader) || before.elr.includes(after.leader))
}

export function keyOf(partition: { readonly topicId: Uuid; readonly index: number }): string {
  return `${partition.topicId}:${partition.index}`
}

function nameOf(view: ReplicaObservation): string {
  return `${view.topic}-${view.partition}`
}
