// What the controller may decide, checked at each committed step of the metadata: shapes of ISR and ELR (P7), epochs that
// run on (P6), who may lead (P14, P16), when replicas come and go (P21), what becomes of a broker that stopped uncleanly, and that no dead life of a broker
// takes the place of a living one (P15). Fed with the truth as `truth.ts` folds it and with two facts from outside: whether a
// broker had stopped cleanly, and whether it lives.
// Does not check the logs behind an ISR (see `partitions.ts`), nor placement.

import type { NodeId, Uuid } from '../../base/index.ts'
import { endsMove, moveProblems } from './moves.ts'
import type { BrokerTruth, ClusterTruth, PartitionTruth, TruthChange } from './truth.ts'
import type { Findings } from './types.ts'

export interface ControllerFacts {
  /** Whether the process that registers found the word of a clean stop, with the epoch of the registration before it. That
   *  is the process of this incarnation, which need not live any more: what it has sent may arrive after its end (KIP-631).
   *  It keeps the broker's place rightly, and nothing hangs on it: nobody else knows the epoch that would unfence it, and
   *  the next life's own registration, without that word, takes the place away. */
  stoppedCleanly(broker: NodeId, incarnationId: Uuid, previousEpoch: number): boolean
  /** Whether the process that this registration is of still lives. */
  lives(broker: NodeId, epoch: number): boolean
}

export class ControllerInvariants {
  leaderChanges = 0
  isrChanges = 0
  readonly #truth: ClusterTruth
  readonly #facts: ControllerFacts
  readonly #findings: Findings

  constructor(truth: ClusterTruth, facts: ControllerFacts, findings: Findings) {
    this.#truth = truth
    this.#facts = facts
    this.#findings = findings
  }

  committed(change: TruthChange): void {
    /** Brokers that registered in this step after an unclean end. */
    const unclean: NodeId[] = []
    for (const { before, after } of change.brokers) this.#broker(before, after, unclean)
    for (const { before, after, last } of change.partitions) {
      if (after === null) continue
      // Brokers are known as the step leaves them: of what it passed through, that cannot be asked.
      if (last) this.#shape(after)
      if (before === null) this.#created(after)
      else this.#changed(before, after, last ? unclean : [])
    }
    // A broker that was fenced in this step may still be in an ISR that the step did not name.
    if (change.brokers.some(({ before, after }) => before !== null && !sameStanding(before, after))) {
      for (const partition of this.#truth.partitions.values()) this.#shape(partition)
    }
    for (const broker of unclean) this.#uncleanGone(broker)
  }

  get elrEnabled(): boolean {
    return (this.#truth.settings.features.get('eligible.leader.replicas.version') ?? 0) >= 1
  }

  /** min.insync.replicas as the controller reckons: never more than there are replicas. */
  minIsr(partition: PartitionTruth): number {
    const { configs } = this.#truth.settings
    const text =
      configs.get(`2:${partition.topic}`)?.get('min.insync.replicas') ?? configs.get('4:')?.get('min.insync.replicas')
    return Math.min(text === undefined ? 1 : Number(text), partition.replicas.length)
  }

  /** Whether the oldest records of a partition are ever deleted in minutes: those of a topic with retention of its own,
   *  or that is no more. */
  deletes(key: string): boolean {
    const partition = this.#truth.partitions.get(key)
    const own = partition === undefined ? undefined : this.#truth.settings.configs.get(`2:${partition.topic}`)
    const limits = ['retention.bytes', 'retention.ms'].map((name) => own?.get(name) ?? '-1')
    return partition === undefined || limits.some((limit) => limit !== '-1')
  }

  #broker(before: BrokerTruth | null, after: BrokerTruth | null, unclean: NodeId[]): void {
    if (after === null) return
    const subject = { node: after.id }
    if (before !== null && before.incarnationId !== after.incarnationId) {
      const clean = this.#facts.stoppedCleanly(after.id, after.incarnationId, before.epoch)
      this.#findings.marked(clean ? 'broker: registered again cleanly' : 'broker: registered again uncleanly')
      const how = clean ? 'after a clean stop' : 'without the word of a clean stop'
      this.#findings.noted(`broker ${after.id} registers again ${how}, epoch ${after.epoch}`, subject)
      if (!clean) unclean.push(after.id)
      // What a dead life has sent may arrive when the next one is at work (KIP-631): it must not take its place.
      if (!before.fenced && this.#facts.lives(after.id, before.epoch)) {
        const text = `broker ${after.id} is registered anew, epoch ${after.epoch}, while the life of epoch ${before.epoch} is at work`
        this.#findings.violated('P15', text, subject)
      }
    } else if (before === null) this.#findings.noted(`broker ${after.id} registers, epoch ${after.epoch}`, subject)
    if (before !== null && after.epoch < before.epoch) {
      const text = `broker ${after.id} goes back from epoch ${before.epoch} to ${after.epoch}`
      this.#findings.violated('P15', text, subject)
    }
    if (before === null || before.incarnationId !== after.incarnationId) return
    if (!before.fenced && after.fenced) {
      this.#findings.marked('broker: fenced')
      this.#findings.noted(`broker ${after.id} is fenced`, subject)
    }
    if (before.fenced && !after.fenced) this.#findings.noted(`broker ${after.id} is unfenced`, subject)
    if (!before.inControlledShutdown && after.inControlledShutdown) {
      this.#findings.marked('broker: controlled shutdown')
      this.#findings.noted(`broker ${after.id} asks to stop`, subject)
    }
  }

  #created(after: PartitionTruth): void {
    this.#noted(after, `is created with leader ${after.leader}, ISR ${list(after.isr)}`)
  }

  #changed(before: PartitionTruth, after: PartitionTruth, unclean: readonly NodeId[]): void {
    if (after.leaderEpoch < before.leaderEpoch || after.partitionEpoch <= before.partitionEpoch) {
      const from = `${before.leaderEpoch}/${before.partitionEpoch}`
      this.#violated('P6', after, `goes from epochs ${from} to ${after.leaderEpoch}/${after.partitionEpoch}`)
    }
    if (after.leader !== before.leader && after.leaderEpoch === before.leaderEpoch)
      this.#violated('P6', after, `changes its leader from ${before.leader} within epoch ${after.leaderEpoch}`)
    for (const problem of moveProblems(before, after, this.minIsr(after))) {
      // Nobody was left to go back to who has all: the operator allowed to go on without it.
      if (!(after.recovering && this.#allowsUnclean(after.topic))) this.#violated('P21', after, problem)
    }
    if (!sameMembers(before.replicas, after.replicas))
      this.#noted(after, `has replicas ${list(after.replicas)} after ${list(before.replicas)}`)
    if (after.leader !== before.leader) this.#newLeader(before, after, unclean)
    else if (after.leaderEpoch > before.leaderEpoch && after.leader >= 0)
      this.#findings.marked('partition: led again in a later epoch')
    // What a replica had fetched before it lost its log must not count afterwards (KAFKA-18106).
    const lost = unclean.find((id) => before.isr.includes(id) || before.elr.includes(id))
    if (lost !== undefined && after.leaderEpoch === before.leaderEpoch)
      this.#violated('P15', after, `stays in epoch ${after.leaderEpoch} though ${lost} stopped uncleanly`)
    if (!sameMembers(before.isr, after.isr)) this.#newIsr(before, after)
    if (!sameMembers(before.elr, after.elr)) this.#noted(after, `has ELR ${list(after.elr)}`)
    if (!before.recovering && after.recovering) this.#findings.marked('partition: leader recovering')
  }

  #newLeader(before: PartitionTruth, after: PartitionTruth, unclean: readonly NodeId[]): void {
    const { leader } = after
    if (leader < 0) {
      this.#findings.marked('partition: leaderless')
      this.#noted(after, `has no leader after ${before.leader}; ISR ${list(after.isr)}, ELR ${list(after.elr)}`)
      return
    }
    this.leaderChanges++
    this.#findings.marked('partition: leader changed')
    this.#noted(after, `is led by ${leader} in epoch ${after.leaderEpoch}, ISR ${list(after.isr)}`)
    if (this.#truth.brokers.get(before.leader)?.inControlledShutdown === true)
      this.#findings.marked('broker: leadership handed over')
    // Who comes back uncleanly in this very step is eligible no more.
    const eligible = (id: NodeId): boolean =>
      !unclean.includes(id) && (before.isr.includes(id) || before.elr.includes(id))
    // Who joins by the proposal that ends a move may lead at once, where the leader that proposed it goes.
    if (endsMove(before, after) && after.isr.includes(leader) && !after.replicas.includes(before.leader)) return
    if (eligible(leader)) {
      if (!before.isr.includes(leader)) this.#findings.marked('partition: ELR used in an election')
      return
    }
    this.#unclean(before, after, ![...before.isr, ...before.elr].some(eligible))
  }

  /** P14: only the last known leader, when nobody else is left (KIP-966), or where the operator allowed anybody. */
  #unclean(before: PartitionTruth, after: PartitionTruth, nobodyLeft: boolean): void {
    const { leader } = after
    if (this.elrEnabled && nobodyLeft && before.lastKnownElr.includes(leader)) {
      this.#findings.marked('partition: last known leader elected')
    } else if (this.#allowsUnclean(after.topic)) this.#findings.marked('partition: unclean election')
    else {
      const from = `ISR ${list(before.isr)}, ELR ${list(before.elr)}, last known ${list(before.lastKnownElr)}`
      this.#violated('P14', after, `is led by ${leader}, who was in none of ${from}, and nobody allowed that`)
    }
    if (!after.recovering) this.#violated('P14', after, `is led by ${leader} after an unclean election, unmarked`)
    if (after.isr.length !== 1) this.#violated('P14', after, `has ISR ${list(after.isr)} after an unclean election`)
  }

  #newIsr(before: PartitionTruth, after: PartitionTruth): void {
    this.isrChanges++
    if (after.isr.some((id) => !before.isr.includes(id))) this.#findings.marked('partition: ISR expanded')
    if (before.isr.some((id) => !after.isr.includes(id))) this.#findings.marked('partition: ISR shrunk')
    this.#noted(after, `has ISR ${list(after.isr)} after ${list(before.isr)}, epoch ${after.partitionEpoch}`)
    const min = this.minIsr(after)
    if (after.isr.length < min) this.#findings.marked('partition: ISR below the minimum')
    else if (after.isr.length === min && min < after.replicas.length)
      this.#findings.marked('partition: ISR at the minimum')
    if (after.elr.length > 0) this.#findings.marked('partition: ELR not empty')
  }

  /** P7. Without ELR the last member of an ISR stays in it, alive or not. */
  #shape(partition: PartitionTruth): void {
    const { replicas, isr, elr, leader } = partition
    if (leader >= 0 && !isr.includes(leader))
      this.#violated('P7', partition, `is led by ${leader} from outside its ISR`)
    for (const id of isr) {
      if (!replicas.includes(id)) this.#violated('P7', partition, `has ${id} in its ISR, which is no replica`)
      if (elr.includes(id)) this.#violated('P7', partition, `has ${id} both in ISR and ELR`)
      const broker = this.#truth.brokers.get(id)
      if (broker !== undefined && !broker.fenced && !broker.inControlledShutdown) continue
      if (isr.length === 1 && !this.elrEnabled) continue
      const state = broker === undefined ? 'unregistered' : broker.fenced ? 'fenced' : 'on its way out'
      this.#violated('P7', partition, `has ${id} in its ISR, which is ${state}`)
    }
    for (const id of [...partition.addingReplicas, ...partition.removingReplicas])
      if (!replicas.includes(id)) this.#violated('P21', partition, `moves ${id}, which is no replica`)
    for (const id of elr)
      if (!replicas.includes(id)) this.#violated('P7', partition, `has ${id} in its ELR, which is no replica`)
    if (elr.length > 0 && isr.length >= this.minIsr(partition))
      this.#violated('P7', partition, `keeps ELR ${list(elr)} while its ISR ${list(isr)} is large enough`)
    if (new Set(isr).size !== isr.length || new Set(elr).size !== elr.length)
      this.#violated('P7', partition, 'names a member twice')
    if (leader >= 0 && isr.length >= this.minIsr(partition) && partition.lastKnownElr.length > 0)
      this.#violated('P16', partition, `remembers ${list(partition.lastKnownElr)} while its ISR is large enough`)
  }

  /** P15: what a broker had before it stopped uncleanly must not count, and its leader must see that at once. */
  #uncleanGone(broker: NodeId): void {
    for (const partition of this.#truth.partitions.values()) {
      const { isr, elr, leader, leaderEpoch } = partition
      if (!this.elrEnabled && isr.length === 1) continue
      // The last known leader may be elected again in the same step, uncleanly and in a new epoch.
      if (isr.includes(broker) && leader === broker && partition.recovering) continue
      if (!isr.includes(broker) && !elr.includes(broker)) continue
      const where = isr.includes(broker) ? 'ISR' : 'ELR'
      this.#violated(
        'P15',
        partition,
        `keeps ${broker} in its ${where} though it stopped uncleanly (epoch ${leaderEpoch})`,
      )
    }
  }

  #allowsUnclean(topic: string): boolean {
    const name = 'unclean.leader.election.enable'
    const { configs } = this.#truth.settings
    return (configs.get(`2:${topic}`)?.get(name) ?? configs.get('4:')?.get(name)) === 'true'
  }

  #violated(name: string, partition: PartitionTruth, what: string): void {
    const { topic, index, leaderEpoch } = partition
    const subject = { partition: `${topic}-${index}`, epoch: leaderEpoch }
    this.#findings.violated(name, `${topic}-${index} ${what}`, subject)
  }

  #noted({ topic, index, leaderEpoch }: PartitionTruth, what: string): void {
    this.#findings.noted(`${topic}-${index} ${what}`, { partition: `${topic}-${index}`, epoch: leaderEpoch })
  }
}

function sameStanding(before: BrokerTruth, after: BrokerTruth | null): boolean {
  return after !== null && before.fenced === after.fenced && before.inControlledShutdown === after.inControlledShutdown
}

export function sameMembers(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((id) => b.includes(id))
}

function list(ids: readonly NodeId[]): string {
  return `[${ids.join(', ')}]`
}
