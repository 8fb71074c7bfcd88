// A cluster of one controller and brokers that only send requests: takes steps, applies every decision through bytes, and
// checks after each.

import { expect } from 'vitest'
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
import type { MetadataImage } from '../../../cluster/metadata/index.ts'
import { isActive, MetadataFold, supportedFeatures, topicByName } from '../../../cluster/metadata/index.ts'
import { SeededRandom } from '../../../src/base/index.ts'
import type { MetadataRecord } from '../../../src/wire/index.ts'
import { decodeMetadataRecord, encodeMetadataRecord } from '../../../src/wire/index.ts'
import { nodeConfig } from '../../unit/cluster/fixtures.ts'
import { checkInvariants, partitionsOf } from './checks.ts'
import type { Step } from './steps.ts'
import { BROKERS, TOPICS } from './steps.ts'

export class Cluster {
  /** Where each moving partition was before it moved, and where it goes: what a cancellation and an end must restore. */
  readonly #moves = new Map<string, { readonly from: readonly number[]; readonly to: readonly number[] }>()
  readonly draft: MetadataFold = new MetadataFold()
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
