// After the faults: a core, a majority of the nodes, is healed and must be of use within a bound although the others stay
// dead or cut off; then everybody is healed and must be in sync. What a core legitimately cannot do, because all who may
// lead a partition are outside of it, is not asked of it.

import type { NodeId, Offset, SeededRandom, Uuid } from '../../base/index.ts'
import { messageOf } from '../../base/index.ts'
import type { SimCluster } from '../cluster.ts'
import { type Budget, inEveryIsr, newestImage } from './budget.ts'
import { COMPACTED_TOPIC } from './compacted.ts'
import type { Executor } from './executor.ts'
import { GROUP_TOPIC } from './group.ts'
import { lostForGood, out, type PartitionImage } from './lost.ts'
import type { Worker, Workload } from './workload.ts'

/** For a leader of every partition, the core in sync, and something done for every client. The longest of what has to
 *  pass: a session (18 s), a follower's lag (30 s and half of it again), an election. */
const CORE_WITHIN_MS = 90_000
/** For everybody in sync and every operation answered: a delivery time-out is 60 s at most. */
const ALL_WITHIN_MS = 120_000
const LOOK_EVERY_MS = 250
/** unclean.leader.election.interval.ms by default: that long a controller may take to hear that a loss is accepted. */
const ACCEPTED_WITHIN_MS = 300_000
/** What a node is in the quorum when it has found its place. */
const SETTLED: ReadonlySet<string> = new Set(['leader', 'follower'])

export interface HealingWorld {
  readonly cluster: SimCluster
  readonly executor: Executor
  readonly budget: Budget
  readonly workload: Workload
  readonly minInsyncReplicas: number
  /** False: everybody is healed at once. */
  readonly core: boolean
  readonly random: SeededRandom
  violated(name: string, text: string): void
  note(text: string): void
}

export class Healing {
  readonly #world: HealingWorld
  /** What had been done for each client when the healing began. */
  readonly #before: Map<Worker, number> = new Map()
  /** The core could not serve everybody, and rightly so: all must be served when all are there. */
  #owing = false
  /** Topics' ids, of which the operator has said that a loss is accepted, or is saying so. */
  readonly #accepted: Set<Uuid> = new Set()
  /** What the last of those that were refused was told. */
  #refused: string | null = null

  constructor(world: HealingWorld) {
    this.#world = world
  }

  /** Milliseconds from healing to everybody in sync; null if that never came. */
  async heal(): Promise<number | null> {
    const { cluster, executor, note } = this.#world
    const healedAt = cluster.sim.now
    const core = this.#drawCore()
    const outside = cluster.ids.filter((id) => !core.includes(id))
    note(`healing ${core.join()}${outside.length === 0 ? '' : `; ${outside.join()} stay away`}`)
    executor.healAll()
    const undo = outside.map((id) => cluster.sim.isolate(cluster.host(id)))
    const inTime = await this.#healCore(core)
    for (const each of undo) each()
    if (!inTime) return null
    note('healing all')
    return (await this.#healRest()) ? Math.round(cluster.sim.now - healedAt) : null
  }

  /** A majority of the voters; more where the promise needs more in sync. */
  #drawCore(): NodeId[] {
    const { cluster, budget, minInsyncReplicas, random } = this.#world
    if (!this.#world.core) return [...cluster.ids]
    const majority = Math.floor(cluster.ids.length / 2) + 1
    const voters = shuffled(budget.voters, random)
    const core = voters.slice(0, majority)
    const rest = shuffled(
      cluster.ids.filter((id) => !core.includes(id)),
      random,
    )
    const more = Math.max(minInsyncReplicas - core.length, random.below(3) === 0 ? 1 : 0)
    return [...core, ...rest.slice(0, more)].sort((a, b) => a - b)
  }

  async #healCore(core: readonly NodeId[]): Promise<boolean> {
    const { workload } = this.#world
    for (const worker of workload.workers) this.#before.set(worker, worker.progress)
    const administered = this.#administer()
    return this.#until('L-core', CORE_WITHIN_MS, core, () => {
      const missing = this.#missingInCore(core)
      if (missing.length > 0) return missing
      this.#owing = this.#starved(core)
      return this.#owing ? administered() : [...this.#idle(), ...administered()]
    })
  }

  #idle(): string[] {
    const idle = this.#world.workload.workers.filter((worker) => worker.progress === this.#before.get(worker))
    return idle.map(({ name }) => `nothing was done for ${name}`)
  }

  async #healRest(): Promise<boolean> {
    const { cluster, executor, workload } = this.#world
    const idle = (): string[] => [...this.#acceptLosses(), ...this.#idle()]
    if (this.#owing && !(await this.#until('L-recovery', ALL_WITHIN_MS, cluster.ids, idle))) return false
    workload.end()
    let answered = false
    void Promise.all(workload.workers.map(({ done }) => done)).then(
      () => {
        answered = true
      },
      (error: unknown) => this.#world.violated('crash', `a client broke: ${messageOf(error)}`),
    )
    return this.#until('L-recovery', ALL_WITHIN_MS, cluster.ids, () => {
      const lost = this.#acceptLosses()
      const behind = cluster.ids.filter((id) => !inEveryIsr(cluster, id)).map((id) => `${id} is not in every ISR`)
      // A stop that was asked for among the faults may come to its end only now; its node is then started again.
      const stopping = [...executor.stopping].map((id) => `${id} is still stopping`)
      const missing = [...lost, ...behind, ...stopping, ...(answered ? [] : ['operations are unanswered'])]
      return missing.length > 0 ? missing : lagging(cluster)
    })
  }

  /** Passes time until nothing is missing; dead nodes are started again, as whoever runs them would do. */
  async #until(name: string, withinMs: number, ids: readonly NodeId[], missing: () => string[]): Promise<boolean> {
    const { cluster, executor, violated } = this.#world
    const since = cluster.sim.now
    for (;;) {
      for (const id of ids) if (!cluster.alive(id)) executor.restart(id)
      await executor.pass(LOOK_EVERY_MS)
      const left = missing()
      if (left.length === 0) return true
      const patience = this.#accepted.size > 0 ? ACCEPTED_WITHIN_MS : 0
      if (cluster.sim.now - since < withinMs + patience) continue
      for (const id of ids) this.#mustHaveSettled(id, withinMs)
      violated(name, `${withinMs} ms after healing ${ids.join()}: ${left.join('; ')}; ${this.#views()}`)
      return false
    }
  }

  /** R20: who is healed leads or follows; it looks for a leader, and for votes, no more. */
  #mustHaveSettled(id: NodeId, withinMs: number): void {
    const { cluster, violated } = this.#world
    if (!cluster.alive(id)) return
    const { state, epoch } = cluster.view(id).quorum
    if (!SETTLED.has(state)) violated('R20', `${withinMs} ms after healing node ${id} is ${state} in epoch ${epoch}`)
  }

  /** A change of the metadata by a client that has just come; it changes nothing that matters. */
  #administer(): () => string[] {
    const { admin } = this.#world.workload.world('healer').connect({ clientId: 'healer' })
    let said = 'no answer yet'
    const changes = [{ name: 'flush.ms', operation: 'set', value: String(2n ** 63n - 1n) }] as const
    admin.incrementalAlterConfigs([{ type: 'topic', name: 't0', changes }], { timeoutMs: CORE_WITHIN_MS }).then(
      ([outcome]) => {
        said = outcome?.error ?? 'an empty answer'
      },
      (error: unknown) => {
        said = messageOf(error)
      },
    )
    return () => (said === 'NONE' ? [] : [`a topic could not be reconfigured: ${said}`])
  }

  /** Does for partitions whose last copies went with replaced disks what an operator must: allows their topics an unclean
   *  election. Not where anybody has a record: then a leader had followers, and they should have been kept eligible. */
  #acceptLosses(): string[] {
    const { cluster, budget, note, workload } = this.#world
    if (!cluster.ids.every((id) => cluster.alive(id))) return []
    const image = newestImage(cluster)
    const replaced = (id: NodeId): boolean =>
      !budget.voters.includes(id) && image.brokers.get(id)?.epoch === cluster.view(id).brokerEpoch
    const missing: string[] = []
    for (const { id, name, partitions } of image.topics.values()) {
      const lost = [...partitions].filter(
        ([index, partition]) => lostForGood(image, partition, replaced) && !hasRecords(cluster, id, index),
      )
      for (const [index, partition] of lost) missing.push(`${name}-${index} went with a disk: ${inWords(partition)}`)
      if (lost.length === 0 || this.#accepted.has(id)) continue
      this.#accepted.add(id)
      note(`the loss of ${lost.map(([index]) => `${name}-${index}`).join()} is accepted`)
      const { admin } = workload.world(`operator-${name}`).connect({ clientId: 'operator' })
      const changes = [{ name: 'unclean.leader.election.enable', operation: 'set', value: 'true' }] as const
      admin.incrementalAlterConfigs([{ type: 'topic', name, changes }], { timeoutMs: CORE_WITHIN_MS }).then(
        ([outcome]) => {
          if (outcome?.error !== 'NONE') this.#refused = `${name}: ${outcome?.error ?? 'an empty answer'}`
        },
        (error: unknown) => {
          this.#refused = `${name}: ${messageOf(error)}`
        },
      )
    }
    return this.#refused === null || missing.length === 0 ? missing : [...missing, this.#refused]
  }

  #missingInCore(core: readonly NodeId[]): string[] {
    const { cluster } = this.#world
    if (core.some((id) => !cluster.alive(id))) return ['a node of the core is dead']
    const leaders = new Set(core.map((id) => cluster.view(id).quorum.leaderId))
    const [leader] = leaders
    if (leaders.size !== 1 || leader === undefined || !core.includes(leader))
      return [`no leader of the quorum for all: ${[...leaders].join()}`]
    const missing: string[] = []
    for (const id of core)
      if (!SETTLED.has(cluster.view(id).quorum.state)) missing.push(`${id} is ${cluster.view(id).quorum.state}`)
    const image = newestImage(cluster, core)
    for (const topic of image.topics.values()) {
      for (const [index, partition] of topic.partitions) {
        const key = `${topic.name}-${index}`
        if (core.includes(partition.leader)) {
          const behind = partition.replicas.filter((id) => core.includes(id) && !partition.isr.includes(id))
          if (behind.length > 0) missing.push(`${behind.join()} not in the ISR of ${key}`)
        } else if (!out(image, partition, core)) missing.push(`${key}: ${inWords(partition)}`)
      }
    }
    return missing
  }

  /** True if a partition of the workload, or that of the groups' coordinator, can take no records of acks=all with this core,
   *  and rightly so. */
  #starved(core: readonly NodeId[]): boolean {
    const { cluster, minInsyncReplicas, workload } = this.#world
    const image = newestImage(cluster, core)
    const others = [GROUP_TOPIC, COMPACTED_TOPIC].map((topic) => ({ topic, partition: 0 }))
    return [...workload.topics.keys, ...others].some(({ topic, partition }) => {
      const found = image.topics.get(image.topicIds.get(topic) ?? '')?.partitions.get(partition)
      if (found === undefined) return false
      return out(image, found, core) || found.replicas.filter((id) => core.includes(id)).length < minInsyncReplicas
    })
  }

  #views(): string {
    const { cluster } = this.#world
    const views = cluster.ids.map((id) => {
      if (!cluster.alive(id)) return { id, dead: true }
      const { brokerState, quorum, replicas } = cluster.view(id)
      const { leaderId, epoch, highWatermark, endOffset } = quorum
      return {
        id,
        brokerState,
        quorum: { leaderId, epoch, highWatermark, endOffset },
        replicas: replicas.map(
          (r) => `${r.topic}-${r.partition} ${r.role} ${r.leaderEpoch} ${r.isr.join()} ${r.endOffset}`,
        ),
      }
    })
    return JSON.stringify(views)
  }
}

/** Who lacks what its leader has. One may do so in the ISR for a while, and only acks=all waits for it. */
function lagging(cluster: SimCluster): string[] {
  const ends = new Map<string, Offset>()
  const views = cluster.ids.flatMap((id) => cluster.view(id).replicas.map((replica) => ({ id, replica })))
  const keyed = views.map((each) => ({ ...each, key: `${each.replica.topicId}:${each.replica.partition}` }))
  for (const { key, replica } of keyed) if (replica.role === 'leader') ends.set(key, replica.endOffset)
  return keyed
    .filter(({ key, replica }) => replica.endOffset !== ends.get(key))
    .map(
      ({ id, key, replica }) =>
        `${id} has ${replica.endOffset} of ${ends.get(key)} of ${replica.topic}-${replica.partition}`,
    )
}

function hasRecords(cluster: SimCluster, topicId: Uuid, partition: number): boolean {
  const replicas = cluster.ids.flatMap((id) => cluster.view(id).replicas)
  return replicas.some((each) => each.topicId === topicId && each.partition === partition && each.endOffset > 0)
}

function inWords({ leader, replicas, isr, elr, lastKnownElr, directories }: PartitionImage): string {
  return `leader ${leader} of ${replicas.join()}, ISR [${isr.join()}], ELR [${elr.join()}], last known [${lastKnownElr.join()}], directories ${directories.join()}`
}

function shuffled<T>(items: readonly T[], random: SeededRandom): T[] {
  const rest = [...items]
  const out: T[] = []
  while (rest.length > 0) out.push(...rest.splice(random.below(rest.length), 1))
  return out
}
