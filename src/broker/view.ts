// What handlers read out of the metadata image: brokers as seen on one listener, a partition as Metadata and its like
// report it, topics by name or id. A broker is alive when it is not fenced and has an endpoint on the asker's listener.

import type {
  BrokerImage,
  ListenerEndpoint,
  MetadataImage,
  PartitionImage,
  TopicImage,
} from '../../cluster/metadata/index.ts'
import { NO_LEADER, type NodeId, type Uuid, ZERO_UUID } from '../base/index.ts'
import { type ErrorName, errorCode } from '../wire/index.ts'

/** Topics that belong to coordinators. */
const INTERNAL: ReadonlySet<string> = new Set(['__consumer_offsets', '__transaction_state', '__share_group_state'])

export function isInternalTopic(name: string): boolean {
  return INTERNAL.has(name)
}

/** Kafka's rule for topic names, which is the guard against path traversal too: what is wrong, or null. */
export function topicNameFault(name: string): string | null {
  if (name.length === 0) return 'the empty string is not allowed'
  if (name === '.' || name === '..') return `'${name}' is not allowed`
  if (name.length > 249) return `the length of the name is ${name.length}, at most 249 are allowed`
  return /^[a-zA-Z0-9._-]+$/.test(name) ? null : 'only ASCII letters, digits, ".", "_" and "-" are allowed'
}

export function topicByName(image: MetadataImage, name: string): TopicImage | undefined {
  const id = image.topicIds.get(name)
  return id === undefined ? undefined : image.topics.get(id)
}

/** By id where the version names topics so, else by name. */
export function topicOf(
  image: MetadataImage,
  asked: { readonly name: string; readonly topicId: Uuid },
  byId: boolean,
): TopicImage | undefined {
  return byId ? image.topics.get(asked.topicId) : topicByName(image, asked.name)
}

export function endpointOf(broker: BrokerImage, listener: string): ListenerEndpoint | undefined {
  return broker.listeners.find((endpoint) => endpoint.name === listener)
}

/** The endpoint of a broker that is there and not fenced. */
export function aliveEndpoint(image: MetadataImage, id: NodeId, listener: string): ListenerEndpoint | undefined {
  const broker = image.brokers.get(id)
  return broker === undefined || broker.fenced ? undefined : endpointOf(broker, listener)
}

export interface BrokerOnListener {
  readonly nodeId: NodeId
  readonly host: string
  readonly port: number
  readonly rack: string | null
  readonly fenced: boolean
}

/** In id order. */
export function brokersOn(image: MetadataImage, listener: string, includeFenced = false): BrokerOnListener[] {
  const brokers: BrokerOnListener[] = []
  for (const broker of image.brokers.values()) {
    const endpoint = broker.fenced && !includeFenced ? undefined : endpointOf(broker, listener)
    if (endpoint === undefined) continue
    const { host, port } = endpoint
    brokers.push({ nodeId: broker.id, host, port, rack: broker.rack, fenced: broker.fenced })
  }
  return brokers.sort((a, b) => a.nodeId - b.nodeId)
}

/**
 * The node clients should take for the controller. Every broker forwards admin requests, so Kafka names any alive one;
 * here it is the active controller itself where it serves clients too, which spares the forwarding.
 */
export function controllerFor(
  image: MetadataImage,
  controllerId: NodeId,
  listener: string,
  below: (n: number) => number,
): NodeId {
  if (aliveEndpoint(image, controllerId, listener) !== undefined) return controllerId
  const alive = brokersOn(image, listener)
  return alive.length === 0 ? NO_LEADER : alive[below(alive.length)]!.nodeId
}

export interface PartitionOnListener {
  readonly errorCode: number
  readonly partitionIndex: number
  readonly leaderId: NodeId
  readonly leaderEpoch: number
  readonly replicaNodes: readonly NodeId[]
  readonly isrNodes: readonly NodeId[]
  readonly offlineReplicas: readonly NodeId[]
}

export interface PartitionOptions {
  readonly listener: string
  /** Metadata 0: who is down is left out of the lists, and that is an error (later versions list them as offline). */
  readonly leaveOutDead: boolean
  /** Metadata 6 and later: a leader without this listener is LISTENER_NOT_FOUND, not LEADER_NOT_AVAILABLE. */
  readonly listenerErrors: boolean
}

export function partitionOn(
  image: MetadataImage,
  index: number,
  partition: PartitionImage,
  options: PartitionOptions,
): PartitionOnListener {
  const alive = (id: NodeId): boolean => aliveEndpoint(image, id, options.listener) !== undefined
  const replicaNodes = options.leaveOutDead ? partition.replicas.filter(alive) : partition.replicas
  const isrNodes = options.leaveOutDead ? partition.isr.filter(alive) : partition.isr
  let error: ErrorName = 'NONE'
  if (!alive(partition.leader)) {
    const known = image.brokers.has(partition.leader)
    error = known && options.listenerErrors ? 'LISTENER_NOT_FOUND' : 'LEADER_NOT_AVAILABLE'
  } else if (replicaNodes.length < partition.replicas.length || isrNodes.length < partition.isr.length) {
    error = 'REPLICA_NOT_AVAILABLE'
  }
  return {
    errorCode: errorCode(error),
    partitionIndex: index,
    leaderId: alive(partition.leader) ? partition.leader : NO_LEADER,
    leaderEpoch: partition.leaderEpoch,
    replicaNodes,
    isrNodes,
    offlineReplicas: offlineReplicas(image, partition, options.listener),
  }
}

/** Partitions in index order. */
export function partitionsOf(topic: TopicImage): [number, PartitionImage][] {
  return [...topic.partitions].sort((a, b) => a[0] - b[0])
}

/** Replicas whose broker is down, has no such listener, or has lost the directory they were in (KIP-858). */
function offlineReplicas(image: MetadataImage, partition: PartitionImage, listener: string): NodeId[] {
  return partition.replicas.filter((id, i) => {
    if (aliveEndpoint(image, id, listener) === undefined) return true
    const directories = image.brokers.get(id)!.directories
    const directory = partition.directories[i]
    return (
      directory !== undefined && directory !== ZERO_UUID && directories.length > 0 && !directories.includes(directory)
    )
  })
}
