// Random lives of a cluster, decided by the controller: after every decision the invariants of leaders, ISRs and ELRs
// hold, and at any point a snapshot and the records after it give the same state as the whole log.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Controller, Decision, DecisionContext } from '../../../cluster/controller/index.ts'
import {
  activationRecords,
  decideAllocateProducerIds,
  decideAlterPartition,
  decideAlterPartitionReassignments,
  decideCreatePartitions,
  decideCreateTopics,
  decideDeleteTopics,
  decideElectLeaders,
  decideFencing,
  decideHeartbeat,
  decideIncrementalAlterConfigs,
  decidePreferredElections,
  decideRegisterBroker,
  decideUncleanElections,
  decideUnregisterBroker,
  defaultBootstrapRecords,
  startSessions,
} from '../../../cluster/controller/index.ts'
import type { MetadataImage, PartitionImage } from '../../../cluster/metadata/index.ts'
import {
  configsOf,
  emptyImage,
  imageToRecords,
  isActive,
  localChanges,
  MetadataFold,
  supportedFeatures,
  topicByName,
} from '../../../cluster/metadata/index.ts'
import { SeededRandom } from '../../../src/base/index.ts'
import type { MetadataRecord } from '../../../src/wire/index.ts'
import { decodeMetadataRecord, encodeMetadataRecord } from '../../../src/wire/index.ts'
import { nodeConfig } from '../../unit/cluster/fixtures.ts'

const BROKERS = 4
const TOPICS = ['a', 'b', 'c']

const broker = fc.integer({ min: 1, max: BROKERS })
const topic = fc.constantFrom(...TOPICS)
const steps = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('register' as const), broker, clean: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('heartbeat' as const),
      broker,
      want: fc.constantFrom('nothing', 'nothing', 'nothing', 'fence', 'shutdown'),
      behind: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 9_000 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('create' as const), topic, factor: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), topic }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('grow' as const), topic }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('alter' as const),
      topic,
      index: fc.integer({ min: 0, max: 3 }),
      isr: fc.uniqueArray(broker, { minLength: 1, maxLength: 4 }),
      stale: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('min-isr' as const), topic, value: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unclean' as const), topic, on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unregister' as const), broker }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('reassign' as const),
      topic,
      index: fc.integer({ min: 0, max: 2 }),
      to: fc.uniqueArray(broker, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('cancel' as const), topic, index: fc.integer({ min: 0, max: 2 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('elect' as const), type: fc.constantFrom(0, 1) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('prefer' as const, 'rescue' as const, 'failover' as const) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('producer-ids' as const), broker }) },
)
/** Of one topic that moves all the time, with followers that come and go one by one. */
const movingSteps = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('join' as const, 'join' as const, 'leave' as const),
      topic: fc.constant('a'),
      index: fc.constant(0),
      broker,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('reassign' as const),
      topic: fc.constant('a'),
      index: fc.constant(0),
      to: fc.uniqueArray(broker, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('cancel' as const),
      topic: fc.constant('a'),
      index: fc.constant(0),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('heartbeat' as const),
      broker,
      want: fc.constantFrom('nothing', 'nothing', 'fence'),
      behind: fc.constant(false),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('register' as const), broker, clean: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('min-isr' as const),
      topic: fc.constant('a'),
      value: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('elect' as const), type: fc.constantFrom(0, 1) }) },
)
type Step =
  | (typeof steps extends fc.Arbitrary<infer T> ? T : never)
  | (typeof movingSteps extends fc.Arbitrary<infer U> ? U : never)

class Cluster {
  /** Where each moving partition was before it moved, and where it goes: what a cancellation and an end must restore. */
  readonly #moves = new Map<string, { readonly from: readonly number[]; readonly to: readonly number[] }>()
  readonly draft = new MetadataFold()
  readonly log: MetadataRecord[] = []
  readonly #controller: Controller
  readonly #random = new SeededRandom(7)
  readonly #elr: boolean
  #incarnation = 0
  #now = 0

  constructor(elr: boolean) {
    this.#elr = elr
    const node = nodeConfig(9)
    this.#controller = { clusterId: 'c', node, sessions: new Map() }
    const bootstrap = elr ? defaultBootstrapRecords() : defaultBootstrapRecords().slice(0, 1)
    this.#apply({ records: activationRecords(this.draft, true, bootstrap, node), response: null })
    startSessions(this.#controller, this.draft, 0)
    for (let id = 1; id <= BROKERS; id++) {
      this.run({ kind: 'register', broker: id, clean: true })
      this.run({ kind: 'heartbeat', broker: id, want: 'nothing', behind: false })
    }
  }

  run(step: Step): void {
    const { draft } = this
    const before = draft.publish(this.log.length, 1)!
    const node = this.#controller.node
    const context: DecisionContext = { now: this.#now, version: 7, nextOffset: this.log.length, random: this.#random }
    switch (step.kind) {
      case 'register':
        this.#register(step.broker, step.clean, context)
        break
      case 'heartbeat':
        this.#heartbeat(step, context)
        break
      case 'advance': {
        this.#now += step.ms
        this.#apply(decideFencing(this.#controller, draft, this.#now))
        break
      }
      case 'create': {
        const name = {
          name: step.topic,
          numPartitions: 2,
          replicationFactor: step.factor,
          assignments: [],
          configs: [],
        }
        this.#apply(decideCreateTopics(draft, node, { topics: [name], timeoutMs: 1, validateOnly: false }, context))
        break
      }
      case 'delete': {
        const topics = [{ name: step.topic, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }]
        this.#apply(decideDeleteTopics(draft, node, { topics, topicNames: [], timeoutMs: 1 }, context))
        break
      }
      case 'grow': {
        const count = (topicByName(draft, step.topic)?.partitions.size ?? 0) + 1
        const request = { topics: [{ name: step.topic, count, assignments: null }], timeoutMs: 1, validateOnly: false }
        this.#apply(decideCreatePartitions(draft, request, context))
        break
      }
      case 'join':
      case 'leave': {
        const isr = topicByName(draft, step.topic)?.partitions.get(step.index)?.isr ?? []
        const without = isr.filter((id) => id !== step.broker)
        const proposed = step.kind === 'leave' ? without : [...without, step.broker]
        const alter = { kind: 'alter', topic: step.topic, index: step.index, isr: proposed, stale: false } as const
        this.#alter(alter, { ...context, version: 3 })
        break
      }
      case 'alter':
        this.#alter(step, { ...context, version: 3 })
        break
      case 'min-isr':
        this.#config(step.topic, 'min.insync.replicas', String(step.value))
        break
      case 'unclean':
        this.#config(step.topic, 'unclean.leader.election.enable', String(step.on))
        break
      case 'unregister':
        this.#apply(decideUnregisterBroker(this.#controller, draft, { brokerId: step.broker }))
        break
      case 'reassign':
        this.#reassign(step.topic, step.index, step.to)
        break
      case 'cancel':
        this.#reassign(step.topic, step.index, null)
        break
      case 'elect': {
        const request = { electionType: step.type, topicPartitions: null, timeoutMs: 1 }
        this.#apply(decideElectLeaders(draft, node, request))
        break
      }
      case 'prefer':
        this.#apply(decidePreferredElections(draft, node))
        break
      case 'rescue':
        this.#apply(decideUncleanElections(draft, node))
        break
      case 'failover':
        startSessions(this.#controller, draft, this.#now)
        break
      case 'producer-ids': {
        const brokerEpoch = draft.brokers.get(step.broker)?.epoch ?? -1
        this.#apply(decideAllocateProducerIds(draft, { brokerId: step.broker, brokerEpoch }))
        break
      }
    }
    const after = draft.publish(this.log.length, 1)!
    checkInvariants(before, after, this.#elr, step.kind === 'elect' && step.type === 1)
    this.#checkMoves(after)
  }

  /** Everybody comes back and catches up: then nothing moves any more. */
  heal(): void {
    // Whoever was on its way out is fenced, and may register again.
    for (let id = 1; id <= BROKERS; id++) this.run({ kind: 'advance', ms: 9_001 })
    for (let id = 1; id <= BROKERS; id++) {
      this.run({ kind: 'register', broker: id, clean: true })
      this.run({ kind: 'heartbeat', broker: id, want: 'nothing', behind: false })
    }
    this.run({ kind: 'elect', type: 1 })
    for (const name of TOPICS) {
      for (const index of topicByName(this.draft, name)?.partitions.keys() ?? []) {
        const { replicas } = topicByName(this.draft, name)!.partitions.get(index)!
        this.run({ kind: 'alter', topic: name, index, isr: [...replicas], stale: false })
      }
    }
    for (const [key, partition] of partitionsOf(this.draft)) {
      const text = `${key} ${JSON.stringify(partition)}`
      expect([...partition.addingReplicas, ...partition.removingReplicas], text).toEqual([])
      expect(partition.isr.length, text).toBe(partition.replicas.length)
    }
  }

  #reassign(name: string, index: number, to: readonly number[] | null): void {
    const before = topicByName(this.draft, name)?.partitions.get(index)
    const key = `${topicByName(this.draft, name)?.id}-${index}`
    const request = {
      timeoutMs: 1,
      allowReplicationFactorChange: true,
      topics: [{ name, partitions: [{ partitionIndex: index, replicas: to === null ? null : [...to] }] }],
    }
    const decision = decideAlterPartitionReassignments(this.draft, this.#controller.node, request)
    const { errorCode } = this.#apply(decision).responses![0]!.partitions![0]!
    if (errorCode !== 0 || before === undefined) return
    const from = this.#moves.get(key)?.from ?? before.replicas
    this.#moves.set(key, { from, to: to ?? from })
  }

  /** A move is known for as long as it goes on, and ends at its goal. */
  #checkMoves(image: MetadataImage): void {
    for (const [key, { from, to }] of this.#moves) {
      const dash = key.lastIndexOf('-')
      const now = image.topics.get(key.slice(0, dash))?.partitions.get(Number(key.slice(dash + 1)))
      if (now === undefined) {
        this.#moves.delete(key)
        continue
      }
      const text = `${key} from ${from} to ${to}: ${JSON.stringify(now)}`
      const { replicas, addingReplicas: adding, removingReplicas: removing } = now
      const without = (ids: readonly number[]): number[] => replicas.filter((id) => !ids.includes(id)).sort()
      if (adding.length + removing.length === 0) {
        expect(without([]), text).toEqual([...to].sort())
        this.#moves.delete(key)
        continue
      }
      expect(without(adding), text).toEqual([...from].sort())
      expect(without(removing), text).toEqual([...to].sort())
    }
  }

  #register(id: number, clean: boolean, context: DecisionContext): void {
    const request = {
      brokerId: id,
      clusterId: 'c',
      incarnationId: `incarnation${String(this.#incarnation++).padStart(10, '0')}A`,
      listeners: [],
      features: [...supportedFeatures].map(([name, { min, max }]) => ({
        name,
        minSupportedVersion: min,
        maxSupportedVersion: max,
      })),
      rack: id % 2 === 0 ? 'even' : 'odd',
      isMigratingZkBroker: false,
      logDirs: [`dir${id}`.padEnd(21, 'd').concat('A')],
      previousBrokerEpoch: clean ? (this.draft.brokers.get(id)?.epoch ?? -1) : -1,
    }
    const before = this.draft.brokers.get(id)
    const held = partitionsOf(this.draft).filter(([, p]) => p.isr.includes(id) || p.elr.includes(id))
    const { errorCode, brokerEpoch } = this.#apply(decideRegisterBroker(this.#controller, this.draft, request, context))
    if (errorCode !== 0) return
    expect(this.log[brokerEpoch!]).toMatchObject({ type: 'RegisterBrokerRecord', value: { brokerId: id, brokerEpoch } })
    if (before === undefined || clean) return
    // P15: out of ISR and ELR, and in a new leader epoch.
    for (const [key, was] of held) {
      const now = partitionsOf(this.draft).find(([k]) => k === key)![1]
      if (this.#elr) expect([...now.isr, ...now.elr]).not.toContain(id)
      expect(now.leaderEpoch).toBeGreaterThan(was.leaderEpoch)
    }
  }

  #heartbeat(step: Extract<Step, { kind: 'heartbeat' }>, context: DecisionContext): void {
    const request = {
      brokerId: step.broker,
      brokerEpoch: this.draft.brokers.get(step.broker)?.epoch ?? -1,
      currentMetadataOffset: step.behind ? 0 : this.log.length - 1,
      wantFence: step.want === 'fence',
      wantShutDown: step.want === 'shutdown',
      offlineLogDirs: [],
      cordonedLogDirs: null,
    }
    const response = this.#apply(decideHeartbeat(this.#controller, this.draft, request, context))
    if (response.errorCode === 0 && step.behind) expect(response.isCaughtUp).toBe(false)
    if (response.shouldShutDown === true) {
      expect(partitionsOf(this.draft).filter(([, p]) => p.leader === step.broker)).toEqual([])
    }
  }

  #alter(step: Extract<Step, { kind: 'alter' }>, context: DecisionContext): void {
    const at = topicByName(this.draft, step.topic)
    const partition = at?.partitions.get(step.index)
    if (at === undefined || partition === undefined) return
    const members = step.isr.map((id) => ({
      brokerId: id,
      brokerEpoch: (this.draft.brokers.get(id)?.epoch ?? 0) - (step.stale ? 1 : 0),
    }))
    const proposal = {
      partitionIndex: step.index,
      leaderEpoch: partition.leaderEpoch,
      newIsr: [],
      newIsrWithEpochs: members,
      leaderRecoveryState: 0,
      partitionEpoch: partition.partitionEpoch,
    }
    const request = {
      brokerId: partition.leader,
      brokerEpoch: this.draft.brokers.get(partition.leader)?.epoch ?? -1,
      topics: [{ topicId: at.id, partitions: [proposal] }],
    }
    const response = this.#apply(decideAlterPartition(this.draft, this.#controller.node, request, context))
    const answer = response.topics?.[0]?.partitions?.[0]
    if (answer?.errorCode !== 0) return
    expect(step.stale).toBe(false)
    for (const id of step.isr) expect(isActive(this.draft.brokers.get(id))).toBe(true)
  }

  #config(name: string, key: string, value: string): void {
    const configs = [{ name: key, configOperation: 0, value }]
    const request = { resources: [{ resourceType: 2, resourceName: name, configs }], validateOnly: false }
    this.#apply(decideIncrementalAlterConfigs(this.draft, this.#controller.node, request))
  }

  #apply<Response>(decision: Decision<Response>): Response {
    for (const record of decision.records) {
      // Through bytes: what the log cannot carry must not be in the draft either.
      const read = decodeMetadataRecord(encodeMetadataRecord(record))
      expect(read).toEqual(record)
      this.draft.apply(read)
      this.log.push(read)
    }
    return decision.response
  }
}

function partitionsOf(image: MetadataImage): [string, PartitionImage][] {
  return [...image.topics.values()].flatMap((t) =>
    [...t.partitions].map(([i, p]): [string, PartitionImage] => [`${t.name}-${i}`, p]),
  )
}

/** `allowed`: an operator has asked for anybody alive. */
function checkInvariants(before: MetadataImage, after: MetadataImage, elr: boolean, allowed: boolean): void {
  for (const [, at] of [...after.topicIds].map(([name, id]) => [name, after.topics.get(id)!] as const)) {
    const earlier = before.topics.get(at.id)
    for (const [index, now] of at.partitions) {
      checkPartition(after, at.name, now, elr)
      const was = earlier?.partitions.get(index)
      if (was !== undefined) checkStep(before, at.name, was, now, allowed)
    }
  }
}

/** P7: shapes. */
function checkPartition(image: MetadataImage, name: string, p: PartitionImage, elr: boolean): void {
  const text = `${name} ${JSON.stringify(p)}`
  if (p.leader >= 0) {
    expect(p.isr, text).toContain(p.leader)
    expect(isActive(image.brokers.get(p.leader)), text).toBe(true)
  }
  for (const id of [...p.isr, ...p.elr]) expect(p.replicas, text).toContain(id)
  for (const id of p.elr) expect(p.isr, text).not.toContain(id)
  expect(new Set(p.isr).size, text).toBe(p.isr.length)
  if (elr) for (const id of p.isr) expect(isActive(image.brokers.get(id)), text).toBe(true)
  else expect(p.elr, text).toEqual([])
  const minIsr = Math.min(Number(configsOf(image, 2, name).get('min.insync.replicas') ?? 2), p.replicas.length)
  if (p.isr.length >= minIsr) expect(p.elr, text).toEqual([])
  expect(p.directories.length).toBe(p.replicas.length)
}

/** P6: epochs only grow, and another leader is another epoch. P14: a leader from outside ISR and ELR is marked. */
function checkStep(
  before: MetadataImage,
  name: string,
  was: PartitionImage,
  now: PartitionImage,
  byOperator: boolean,
): void {
  const text = `${name} ${JSON.stringify(was)} -> ${JSON.stringify(now)}`
  expect(now.partitionEpoch, text).toBeGreaterThanOrEqual(was.partitionEpoch)
  expect(now.leaderEpoch, text).toBeGreaterThanOrEqual(was.leaderEpoch)
  checkDropped(before, name, was, now, text)
  if (now.leader === was.leader) return
  expect(now.leaderEpoch, text).toBeGreaterThan(was.leaderEpoch)
  if (now.leader < 0 || was.isr.includes(now.leader) || was.elr.includes(now.leader)) return
  // Who joins the ISR by the very proposal that ends a move may lead at once, where the leader goes.
  if (isMoving(was) && !isMoving(now) && !now.replicas.includes(was.leader) && was.leader >= 0) return
  expect(now.leaderRecoveryState, text).toBe('RECOVERING')
  const allowed = byOperator || configsOf(before, 2, name).get('unclean.leader.election.enable') === 'true'
  expect(allowed || was.lastKnownElr.includes(now.leader), text).toBe(true)
}

function isMoving(partition: PartitionImage): boolean {
  return partition.addingReplicas.length + partition.removingReplicas.length > 0
}

/** P21: replicas are dropped when all that were added are in sync, and enough of those that stay; in a new epoch. */
function checkDropped(
  image: MetadataImage,
  name: string,
  was: PartitionImage,
  now: PartitionImage,
  text: string,
): void {
  if (was.replicas.every((id) => now.replicas.includes(id))) return
  expect(now.leaderEpoch, text).toBeGreaterThan(was.leaderEpoch)
  const unclean = configsOf(image, 2, name).get('unclean.leader.election.enable') === 'true'
  if (unclean && now.leaderRecoveryState === 'RECOVERING') return
  const minIsr = Number(configsOf(image, 2, name).get('min.insync.replicas') ?? 2)
  expect(now.isr.length, text).toBeGreaterThanOrEqual(Math.min(minIsr, now.replicas.length))
  const original = was.replicas.filter((id) => !was.addingReplicas.includes(id))
  const added = now.replicas.filter((id) => !original.includes(id))
  for (const id of added) expect(now.isr, text).toContain(id)
  if (now.replicas.length < original.length) expect([...now.isr].sort(), text).toEqual([...now.replicas].sort())
}

const runs = { seed: 20261121, numRuns: 150 }

test('invariants of leaders, ISRs and ELRs hold after every decision', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(steps, { minLength: 10, maxLength: 80 }), (elr, story) => {
      const cluster = new Cluster(elr)
      for (const step of story) cluster.run(step)
      cluster.heal()
    }),
    runs,
  )
}, 30_000)

test('what moves keeps what is promised, and ends where it should', () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.uniqueArray(broker, { minLength: 1, maxLength: 4 }),
      fc.array(movingSteps, { minLength: 10, maxLength: 50 }),
      (elr, at, story) => {
        const cluster = new Cluster(elr)
        cluster.run({ kind: 'create', topic: 'a', factor: at.length })
        cluster.run({ kind: 'reassign', topic: 'a', index: 0, to: at })
        for (const step of story) cluster.run(step)
        cluster.heal()
      },
    ),
    runs,
  )
}, 30_000)

test('a snapshot and the records after it are the whole log', () => {
  fc.assert(
    fc.property(
      fc.array(steps, { minLength: 10, maxLength: 60 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (story, at) => {
        const cluster = new Cluster(true)
        for (const step of story) cluster.run(step)
        // Not within the bootstrap transaction: nothing is published there.
        const end = cluster.log.findIndex((record) => record.type === 'EndTransactionRecord') + 1
        const cut = end + Math.floor(at * (cluster.log.length - end))
        const prefix = new MetadataFold()
        for (const record of cluster.log.slice(0, cut)) prefix.apply(record)
        const rest = new MetadataFold()
        for (const record of imageToRecords(prefix.publish(cut, 1)!)) {
          rest.apply(decodeMetadataRecord(encodeMetadataRecord(record)))
        }
        for (const record of cluster.log.slice(cut)) rest.apply(record)
        expect(rest.publish(cluster.log.length, 1)).toEqual(cluster.draft.publish(cluster.log.length, 1))
      },
    ),
    runs,
  )
}, 30_000)

test('images never change once published, and local changes lead from one to the next', () => {
  fc.assert(
    fc.property(fc.array(steps, { minLength: 5, maxLength: 40 }), (story) => {
      const cluster = new Cluster(true)
      const held = new Map<string, PartitionImage>()
      let before = emptyImage
      for (const step of [null, ...story]) {
        if (step !== null) cluster.run(step)
        const after = cluster.draft.publish(cluster.log.length, 1)!
        const frozen = JSON.stringify(partitionsOf(before))
        for (const change of localChanges(before, after, 1)) {
          const key = change.kind === 'config' ? '' : `${change.topic}-${change.index}`
          if (change.kind === 'remove') expect(held.delete(key)).toBe(true)
          if (change.kind === 'replica') held.set(key, change.partition)
        }
        expect(JSON.stringify(partitionsOf(before))).toBe(frozen)
        const mine = partitionsOf(after).filter(([, p]) => p.replicas.includes(1))
        const bare = ([key, { elr: _, lastKnownElr: __, ...rest }]: [string, PartitionImage]) => [key, rest]
        // ClearElr alone is no news for a broker.
        expect(new Map([...held].map(bare) as [])).toEqual(new Map(mine.map(bare) as []))
        before = after
      }
    }),
    runs,
  )
}, 30_000)
