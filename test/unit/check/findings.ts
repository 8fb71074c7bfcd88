// What the tests of invariants share: somewhere to collect what a checker finds, and short ways to say what lies on a disk
// and what the metadata log says.

import type {
  BatchFact,
  Findings,
  LogModel,
  MetadataFact,
  QuorumObservation,
  Violation,
} from '../../../src/check/index.ts'

export class Collected implements Findings {
  readonly violations: Pick<Violation, 'name' | 'text'>[] = []
  readonly markers: string[] = []

  violated(name: string, text: string): void {
    this.violations.push({ name, text })
  }

  marked(marker: string): void {
    this.markers.push(marker)
  }

  noted(): void {}

  get names(): string[] {
    return this.violations.map(({ name }) => name)
  }
}

/** A follower of epoch 1 whose metadata log is empty, among voters 1 to 3, but for what is said. */
export function quorumView(fields: Partial<QuorumObservation> = {}): QuorumObservation {
  return {
    state: 'follower',
    epoch: 1,
    leaderId: -1,
    votedFor: -1,
    highWatermark: 0,
    shownHighWatermark: -1,
    logStartOffset: 0,
    epochStartOffset: -1,
    durableEndOffset: 0,
    endOffset: 0,
    voters: [1, 2, 3].map((id) => ({ id, directoryId: `d${id}` })),
    ...fields,
  }
}

/** A batch from one offset to another, inclusive. */
export function batch(
  baseOffset: number,
  lastOffset: number,
  epoch: number,
  fields: Partial<BatchFact> = {},
): BatchFact {
  return {
    baseOffset,
    lastOffset,
    epoch,
    crc: baseOffset * 1000 + epoch,
    size: 100,
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    lastSequence: -1,
    control: false,
    appendTime: -1,
    maxTimestamp: 0,
    bytes: null,
    ...fields,
  }
}

/** The same batches on several disks, in one segment from 0, durable. */
export function fill(model: LogModel, nodes: readonly number[], batches: readonly BatchFact[]): void {
  for (const node of nodes) {
    for (const fact of batches) model.written(node, 0, fact)
    const segment = model.log(node).segment(0)
    segment?.synced(segment.size)
  }
}

export function registerBroker(brokerId: number, brokerEpoch: number, incarnationId = `i${brokerEpoch}`): MetadataFact {
  return {
    type: 'RegisterBrokerRecord',
    value: {
      brokerId,
      brokerEpoch,
      incarnationId,
      fenced: false,
      inControlledShutdown: false,
      endPoints: [{ name: 'PLAINTEXT', host: `h${brokerId}`, port: 9092, securityProtocol: 0 }],
      features: [{ name: 'metadata.version', minSupportedVersion: 7, maxSupportedVersion: 27 }],
      rack: null,
      logDirs: [`d${brokerId}`],
    },
  }
}

export const TOPIC = 'topic-id'
export const KEY: string = `${TOPIC}:0`

type PartitionValue = Extract<MetadataFact, { type: 'PartitionRecord' }>['value']

export function partition(fields: Partial<PartitionValue> = {}): MetadataFact {
  return {
    type: 'PartitionRecord',
    value: {
      topicId: TOPIC,
      partitionId: 0,
      replicas: [1, 2, 3],
      directories: ['d1', 'd2', 'd3'],
      addingReplicas: [],
      removingReplicas: [],
      isr: [1, 2, 3],
      leader: 1,
      leaderEpoch: 0,
      partitionEpoch: 0,
      leaderRecoveryState: 0,
      eligibleLeaderReplicas: null,
      lastKnownElr: null,
      ...fields,
    },
  }
}

export function change(
  fields: Partial<Extract<MetadataFact, { type: 'PartitionChangeRecord' }>['value']>,
): MetadataFact {
  return {
    type: 'PartitionChangeRecord',
    value: {
      topicId: TOPIC,
      partitionId: 0,
      isr: null,
      leader: -2,
      replicas: null,
      directories: null,
      addingReplicas: null,
      removingReplicas: null,
      leaderRecoveryState: -1,
      eligibleLeaderReplicas: null,
      lastKnownElr: null,
      ...fields,
    },
  }
}

export function config(resourceType: number, resourceName: string, name: string, value: string): MetadataFact {
  return { type: 'ConfigRecord', value: { resourceType, resourceName, name, value } }
}

/** Three brokers, one topic of one partition, min.insync.replicas 2, ELR on. */
export const WORLD: readonly MetadataFact[] = [
  { type: 'FeatureLevelRecord', value: { name: 'eligible.leader.replicas.version', featureLevel: 1 } },
  config(4, '', 'min.insync.replicas', '2'),
  registerBroker(1, 1),
  registerBroker(2, 2),
  registerBroker(3, 3),
  { type: 'TopicRecord', value: { name: 't', topicId: TOPIC } },
  partition(),
]
