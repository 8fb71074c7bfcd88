// What nodes make of the metadata log, held against the truth that a checker folded out of the same committed records:
// equal state at equal offset (R6), nothing applied that is not committed, images only at the ends of batches and outside
// metadata transactions (R19), none that goes back within a life (R18), snapshots that hold what the log held (R16).
// Does not compare what the truth leaves out: ACLs, quotas, credentials, tokens, cordoned directories.

import type { BrokerEpoch, Epoch, NodeId, Offset, Uuid } from '../../base/index.ts'
import type { LogModel } from './logs.ts'
import {
  type EndpointFact,
  endpointsText,
  featuresText,
  type ObservedSettings,
  observedKeys,
  observedSetting,
} from './settings.ts'
import { type BrokerTruth, ClusterTruth, type MetadataFact, type PartitionTruth, type Touched } from './truth.ts'
import type { Findings } from './types.ts'

/** A published image, as far as it is looked at. */
export interface ImageObservation extends ObservedSettings {
  readonly offset: Offset
  readonly brokers: ReadonlyMap<
    NodeId,
    {
      readonly epoch: BrokerEpoch
      readonly incarnationId: Uuid
      readonly fenced: boolean
      readonly inControlledShutdown: boolean
      readonly listeners: readonly EndpointFact[]
      readonly features: ReadonlyMap<string, { readonly min: number; readonly max: number }>
      readonly rack: string | null
      readonly directories: readonly Uuid[]
    }
  >
  readonly topics: ReadonlyMap<
    Uuid,
    { readonly name: string; readonly partitions: ReadonlyMap<number, ObservedPartition> }
  >
}

interface ObservedPartition {
  readonly replicas: readonly NodeId[]
  readonly directories: readonly Uuid[]
  readonly addingReplicas: readonly NodeId[]
  readonly removingReplicas: readonly NodeId[]
  readonly isr: readonly NodeId[]
  readonly elr: readonly NodeId[]
  readonly lastKnownElr: readonly NodeId[]
  readonly leader: NodeId
  readonly leaderRecoveryState: string
  readonly leaderEpoch: Epoch
  readonly partitionEpoch: number
}

export class ImageInvariants {
  readonly #truth: ClusterTruth
  readonly #log: LogModel
  readonly #findings: Findings
  /** Up to where a node's images of this life have been compared. */
  readonly #seen: Map<NodeId, Offset> = new Map()

  constructor(truth: ClusterTruth, log: LogModel, findings: Findings) {
    this.#truth = truth
    this.#log = log
    this.#findings = findings
  }

  /** A new process begins with nothing. */
  ended(node: NodeId): void {
    this.#seen.delete(node)
  }

  published(node: NodeId, image: ImageObservation): void {
    const { offset } = image
    const before = this.#seen.get(node)
    if (offset === 0 && before === undefined) return
    this.#seen.set(node, offset)
    const subject = { node, offset, partition: this.#log.name }
    if (before !== undefined && offset < before) {
      this.#findings.violated('R18', `node ${node} publishes offset ${offset} after ${before}`, subject)
      return
    }
    if (offset > this.#truth.offset) {
      const text = `node ${node} has applied offsets below ${offset}, committed up to ${this.#truth.offset}`
      this.#findings.violated('R6', text, subject)
      return
    }
    if (!this.#truth.mayStandAt(offset)) {
      const text = `node ${node} publishes an image at ${offset}, in the midst of a batch or of a metadata transaction`
      this.#findings.violated('R19', text, subject)
      return
    }
    const touched = before === undefined ? this.#truth.everything() : this.#truth.touched(before, offset)
    this.#compare(node, image, touched)
  }

  /** Everything, whatever was compared before. */
  compareWhole(node: NodeId, image: ImageObservation): void {
    if (image.offset === 0 || !this.#truth.mayStandAt(image.offset)) return
    const { partitions, brokers, settings } = this.#truth.everything()
    this.#compare(node, image, { partitions, brokers, settings: new Set([...settings, ...observedKeys(image)]) })
  }

  /** A node has stored a snapshot of its own with these records. */
  snapshot(
    node: NodeId,
    id: { readonly endOffset: Offset; readonly epoch: Epoch },
    records: readonly MetadataFact[],
  ): void {
    const { endOffset, epoch } = id
    const subject = { node, offset: endOffset, epoch, partition: this.#log.name }
    if (endOffset > this.#log.committedEnd) {
      const text = `node ${node} stores a snapshot up to ${endOffset}, committed up to ${this.#log.committedEnd}`
      this.#findings.violated('R16', text, subject)
      return
    }
    const last = this.#log.committedBefore(endOffset)
    if (last !== null && (last.endOffset !== endOffset || last.fact.epoch !== epoch)) {
      const there = `a batch of epoch ${last.fact.epoch} that ends at ${last.endOffset}`
      this.#findings.violated('R16', `node ${node} stores snapshot ${endOffset}-${epoch} over ${there}`, subject)
      return
    }
    const held = new ClusterTruth()
    held.apply(records, endOffset)
    for (const key of new Set([...this.#truth.everything().partitions, ...held.partitions.keys()])) {
      const there = held.partitions.get(key) ?? null
      const truth = this.#truth.partitionAt(key, endOffset)
      if (describePartition(there) !== describePartition(truth))
        this.#differs('R16', node, endOffset, describePartition(there), describePartition(truth))
    }
    for (const broker of new Set([...this.#truth.everything().brokers, ...held.brokers.keys()])) {
      const there = held.brokers.get(broker) ?? null
      const truth = this.#truth.brokerAt(broker, endOffset)
      if (describeBroker(there) !== describeBroker(truth))
        this.#differs('R16', node, endOffset, describeBroker(there), describeBroker(truth))
    }
    for (const key of new Set([...this.#truth.settings.keys(), ...held.settings.lines.keys()])) {
      const there = held.settings.lines.get(key) ?? null
      const truth = this.#truth.settings.at(key, endOffset)
      if (there !== truth) this.#differs('R16', node, endOffset, `${key}: ${there}`, String(truth))
    }
  }

  #compare(node: NodeId, image: ImageObservation, touched: Touched): void {
    const { offset } = image
    for (const key of touched.partitions) {
      const truth = this.#truth.partitionAt(key, offset)
      const there = observedPartition(image, key)
      if (!samePartition(there, truth))
        this.#differs('R6', node, offset, describePartition(there), describePartition(truth))
    }
    for (const id of touched.brokers) {
      const truth = this.#truth.brokerAt(id, offset)
      const there = observedBroker(image, id)
      if (describeBroker(there) !== describeBroker(truth))
        this.#differs('R6', node, offset, describeBroker(there), describeBroker(truth))
    }
    for (const key of touched.settings) {
      const truth = this.#truth.settings.at(key, offset)
      const there = observedSetting(image, key)
      if (there !== truth) this.#differs('R6', node, offset, `${key}: ${there}`, String(truth))
    }
  }

  #differs(name: string, node: NodeId, offset: Offset, there: string, truth: string): void {
    const text = `node ${node} has at offset ${offset}: ${there}; the log says: ${truth}`
    this.#findings.violated(name, text, { node, offset, partition: this.#log.name })
  }
}

function observedBroker(image: ImageObservation, id: NodeId): BrokerTruth | null {
  const broker = image.brokers.get(id)
  if (broker === undefined) return null
  const features = [...broker.features].map(([name, { min, max }]) => ({
    name,
    minSupportedVersion: min,
    maxSupportedVersion: max,
  }))
  const described = `at ${endpointsText(broker.listeners)} in rack ${broker.rack} with ${featuresText(features)}`
  return { ...broker, id, described }
}

function observedPartition(image: ImageObservation, key: string): PartitionTruth | null {
  const colon = key.lastIndexOf(':')
  const topicId = key.slice(0, colon)
  const index = Number(key.slice(colon + 1))
  const topic = image.topics.get(topicId)
  const partition = topic?.partitions.get(index)
  if (topic === undefined || partition === undefined) return null
  const recovering = partition.leaderRecoveryState === 'RECOVERING'
  return { ...partition, topicId, topic: topic.name, index, recovering }
}

function samePartition(a: PartitionTruth | null, b: PartitionTruth | null): boolean {
  if (a === null || b === null) return a === b
  return (
    a.leader === b.leader &&
    a.leaderEpoch === b.leaderEpoch &&
    a.partitionEpoch === b.partitionEpoch &&
    a.recovering === b.recovering &&
    a.topic === b.topic &&
    sameList(a.replicas, b.replicas) &&
    sameList(a.directories, b.directories) &&
    sameList(a.addingReplicas, b.addingReplicas) &&
    sameList(a.removingReplicas, b.removingReplicas) &&
    sameList(a.isr, b.isr) &&
    sameList(a.elr, b.elr) &&
    sameList(a.lastKnownElr, b.lastKnownElr)
  )
}

function sameList<T>(a: readonly T[], b: readonly T[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function describePartition(partition: PartitionTruth | null): string {
  if (partition === null) return 'no such partition'
  const { topic, index, replicas, isr, elr, lastKnownElr, leader, leaderEpoch, partitionEpoch, recovering } = partition
  const members = `replicas ${replicas.join()} ISR ${isr.join()} ELR ${elr.join()} last known ${lastKnownElr.join()}`
  const moves = `adding ${partition.addingReplicas.join()} removing ${partition.removingReplicas.join()}`
  const where = `in ${partition.directories.join()}`
  return `${topic}-${index} leader ${leader} epoch ${leaderEpoch}/${partitionEpoch} ${members} ${moves} ${where}${recovering ? ' recovering' : ''}`
}

function describeBroker(broker: BrokerTruth | null): string {
  if (broker === null) return 'no such broker'
  const { id, epoch, incarnationId, fenced, inControlledShutdown, directories, described } = broker
  return `broker ${id} epoch ${epoch} incarnation ${incarnationId}${fenced ? ' fenced' : ''}${inControlledShutdown ? ' leaving' : ''} with ${directories.join()} ${described}`
}
