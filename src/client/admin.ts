// Administrative requests: any broker takes them and forwards to the active controller what is its. Holds no state.

import type { Instant, NodeId } from '../base/index.ts'
import type { RpcResult } from '../rpc/index.ts'
import type {
  Api,
  DescribeQuorumResponse,
  DescribeTopicPartitionsResponse,
  ErrorName,
  Input,
  MessageSchema,
} from '../wire/index.ts'
import { apis, errorCode, errorName } from '../wire/index.ts'
import type { Cluster } from './cluster.ts'
import { ClientError } from './errors.ts'
import { alterPartitionReassignments, electLeaders, listPartitionReassignments } from './moves.ts'
import { listOffsets } from './offsets.ts'
import {
  type DeletedRecords,
  deleteRecords,
  describeLogDirs,
  type LogDirectoryDescription,
  moveReplicas,
  type RecordsToDelete,
} from './storage.ts'
import type {
  Admin,
  AdminOptions,
  ClusterDescription,
  ConfigAlteration,
  ConfigDescription,
  ConfigResource,
  ElectionType,
  ListedOffset,
  MovingPartition,
  NewTopic,
  OffsetSpec,
  Outcome,
  PartitionDescription,
  PartitionMove,
  QuorumDescription,
  ReplicaState,
  ResourceType,
  TopicDescription,
  TopicOutcome,
  TopicPartition,
} from './types.ts'

/** Kafka's ConfigResource types. */
const RESOURCE_TYPES: { readonly [type in ResourceType]: number } = {
  topic: 2,
  broker: 4,
  'client-metrics': 16,
  group: 32,
}
const OPERATIONS = { set: 0, delete: 1, append: 2, subtract: 3 } as const
/** The broker chooses. */
const BROKER_DEFAULT = -1

export class SmallAdmin implements Admin {
  readonly #cluster: Cluster

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  async createTopics(
    topics: readonly NewTopic[],
    options: AdminOptions & { readonly validateOnly?: boolean } = {},
  ): Promise<TopicOutcome[]> {
    const request = {
      topics: topics.map((topic) => ({
        name: topic.name,
        numPartitions: topic.assignment === undefined ? (topic.partitions ?? BROKER_DEFAULT) : BROKER_DEFAULT,
        replicationFactor:
          topic.assignment === undefined ? (topic.replicationFactor ?? BROKER_DEFAULT) : BROKER_DEFAULT,
        assignments: (topic.assignment ?? []).map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
        configs: Object.entries(topic.configs ?? {}).map(([name, value]) => ({ name, value })),
      })),
      timeoutMs: this.#brokerTimeout(options),
      validateOnly: options.validateOnly ?? false,
    }
    const { body } = await this.#change(apis.CreateTopics, request, options, (answer) => notController(answer.topics))
    return body.topics.map(named)
  }

  async deleteTopics(names: readonly string[], options: AdminOptions = {}): Promise<TopicOutcome[]> {
    const timeoutMs = this.#brokerTimeout(options)
    const request = (version: number): Input<typeof apis.DeleteTopics.request> =>
      version >= 6 ? { topics: names.map((name) => ({ name })), timeoutMs } : { topicNames: names, timeoutMs }
    const { body } = await this.#change(apis.DeleteTopics, request, options, (a) => notController(a.responses))
    for (const name of names) this.#cluster.invalidate(name)
    return body.responses.map((row) => named({ ...row, name: row.name ?? '' }))
  }

  async listTopics(options: AdminOptions = {}): Promise<{ name: string; id: string; internal: boolean }[]> {
    const { topics } = await this.#cluster.metadata(null, false, this.#deadline(options))
    return topics
      .filter((topic) => topic.errorCode === 0)
      .map((topic) => ({ name: topic.name ?? '', id: topic.topicId, internal: topic.isInternal }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  async describeTopics(names: readonly string[], options: AdminOptions = {}): Promise<TopicDescription[]> {
    if (names.length === 0) return []
    const deadline = this.#deadline(options)
    try {
      return await this.#describeWithElr(names, deadline)
    } catch (error) {
      if (!(error instanceof ClientError) || error.error !== 'UNSUPPORTED_VERSION') throw error
      return this.#describeByMetadata(names, deadline)
    }
  }

  async createPartitions(
    topics: readonly { name: string; count: number; assignment?: readonly (readonly number[])[] }[],
    options: AdminOptions & { readonly validateOnly?: boolean } = {},
  ): Promise<TopicOutcome[]> {
    const request = {
      topics: topics.map(({ name, count, assignment }) => ({
        name,
        count,
        assignments: assignment === undefined ? null : assignment.map((brokerIds) => ({ brokerIds })),
      })),
      timeoutMs: this.#brokerTimeout(options),
      validateOnly: options.validateOnly ?? false,
    }
    const { body } = await this.#change(apis.CreatePartitions, request, options, (a) => notController(a.results))
    for (const { name } of topics) this.#cluster.invalidate(name)
    return body.results.map(named)
  }

  async describeCluster(options: AdminOptions = {}): Promise<ClusterDescription> {
    const { body } = await this.#cluster.ask(apis.DescribeCluster, {}, this.#deadline(options), (a) => a.errorCode)
    refuse(errorName(body.errorCode), body.errorMessage)
    const brokers = body.brokers.map(({ brokerId, host, port, rack }) => ({ id: brokerId, host, port, rack }))
    return { clusterId: body.clusterId, controllerId: body.controllerId, brokers: brokers.sort((a, b) => a.id - b.id) }
  }

  async describeConfigs(
    resources: readonly (ConfigResource & { readonly keys?: readonly string[] })[],
    options: AdminOptions & { readonly synonyms?: boolean; readonly documentation?: boolean } = {},
  ): Promise<ConfigDescription[]> {
    const request = {
      resources: resources.map(({ type, name, keys }) => ({
        resourceType: RESOURCE_TYPES[type],
        resourceName: name,
        configurationKeys: keys ?? null,
      })),
      includeSynonyms: options.synonyms ?? false,
      ...(options.documentation ? { includeDocumentation: true } : {}),
    }
    // A broker answers for itself only: its static configuration is known to nobody else.
    const node = oneBroker(resources)
    const { body } = await this.#cluster.ask(apis.DescribeConfigs, request, this.#deadline(options), () => 0, node)
    return body.results.map((row) => ({
      ...resourceOf(row),
      ...outcome(row),
      entries: row.configs.map((entry) => ({
        name: entry.name,
        value: entry.value,
        readOnly: entry.readOnly,
        sensitive: entry.isSensitive,
        source: entry.configSource,
        type: entry.configType,
        documentation: entry.documentation,
        synonyms: entry.synonyms,
      })),
    }))
  }

  async incrementalAlterConfigs(
    alterations: readonly ConfigAlteration[],
    options: AdminOptions & { readonly validateOnly?: boolean } = {},
  ): Promise<(ConfigResource & Outcome)[]> {
    const request = {
      resources: alterations.map(({ type, name, changes }) => ({
        resourceType: RESOURCE_TYPES[type],
        resourceName: name,
        configs: changes.map((change) => ({
          name: change.name,
          configOperation: OPERATIONS[change.operation],
          value: change.value ?? null,
        })),
      })),
      validateOnly: options.validateOnly ?? false,
    }
    const { body } = await this.#change(
      apis.IncrementalAlterConfigs,
      request,
      options,
      (answer) => notController(answer.responses),
      oneBroker(alterations),
    )
    return body.responses.map((row) => ({ ...resourceOf(row), ...outcome(row) }))
  }

  async describeQuorum(options: AdminOptions = {}): Promise<QuorumDescription> {
    const request = { topics: [{ topicName: '__cluster_metadata', partitions: [{ partitionIndex: 0 }] }] }
    const { body } = await this.#cluster.ask(apis.DescribeQuorum, request, this.#deadline(options), (a) => a.errorCode)
    refuse(errorName(body.errorCode), body.errorMessage)
    const quorum = body.topics[0]?.partitions[0]
    if (quorum === undefined) throw new ClientError('UNKNOWN_SERVER_ERROR', 'an answer without the quorum')
    refuse(errorName(quorum.errorCode), quorum.errorMessage)
    return {
      leaderId: quorum.leaderId,
      leaderEpoch: quorum.leaderEpoch,
      highWatermark: quorum.highWatermark,
      voters: quorum.currentVoters.map(replica),
      observers: quorum.observers.map(replica),
      nodes: body.nodes.map(({ nodeId, listeners }) => ({ id: nodeId, listeners })),
    }
  }

  deleteRecords(records: readonly RecordsToDelete[], options: AdminOptions = {}): Promise<DeletedRecords[]> {
    return deleteRecords(this.#cluster, records, this.#timing(options).deadline)
  }

  describeLogDirs(broker: NodeId, options: AdminOptions = {}): Promise<LogDirectoryDescription[]> {
    return describeLogDirs(this.#cluster, broker, this.#timing(options).deadline)
  }

  alterReplicaLogDirs(
    broker: NodeId,
    moves: readonly (TopicPartition & { readonly path: string })[],
    options: AdminOptions = {},
  ): Promise<(TopicPartition & Outcome)[]> {
    return moveReplicas(this.#cluster, broker, moves, this.#timing(options).deadline)
  }

  alterPartitionReassignments(
    moves: readonly PartitionMove[],
    options: AdminOptions & { readonly allowReplicationFactorChange?: boolean } = {},
  ): Promise<(TopicPartition & Outcome)[]> {
    const allowFactorChange = options.allowReplicationFactorChange ?? true
    return alterPartitionReassignments(this.#cluster, moves, this.#timing(options), allowFactorChange)
  }

  listPartitionReassignments(
    partitions: readonly TopicPartition[] | null,
    options: AdminOptions = {},
  ): Promise<MovingPartition[]> {
    return listPartitionReassignments(this.#cluster, partitions, this.#timing(options))
  }

  electLeaders(
    type: ElectionType,
    partitions: readonly TopicPartition[] | null,
    options: AdminOptions = {},
  ): Promise<(TopicPartition & Outcome)[]> {
    return electLeaders(this.#cluster, type, partitions, this.#timing(options))
  }

  listOffsets(
    partitions: readonly (TopicPartition & { readonly at: OffsetSpec })[],
    options: AdminOptions = {},
  ): Promise<ListedOffset[]> {
    return listOffsets(this.#cluster, partitions, this.#deadline(options))
  }

  #change<Req extends MessageSchema, Res extends MessageSchema>(
    api: Api<Req, Res>,
    body: Input<Req> | ((version: number) => Input<Req>),
    options: AdminOptions,
    errorOf: (body: Extract<RpcResult<Res>, { kind: 'ok' }>['body']) => number,
    node: NodeId | null = null,
  ): Promise<Extract<RpcResult<Res>, { kind: 'ok' }>> {
    return this.#cluster.ask(api, body, this.#deadline(options), errorOf, node, options.retries)
  }

  #timeout(options: AdminOptions): number {
    return options.timeoutMs ?? this.#cluster.apiTimeoutMs
  }

  /** What a broker is told: it answers before the request is given up. */
  #brokerTimeout(options: AdminOptions): number {
    return Math.min(this.#timeout(options), this.#cluster.requestTimeoutMs)
  }

  #timing(options: AdminOptions): {
    readonly timeoutMs: number
    readonly deadline: Instant
    readonly retries: number | undefined
  } {
    return { timeoutMs: this.#timeout(options), deadline: this.#deadline(options), retries: options.retries }
  }

  #deadline(options: AdminOptions): Instant {
    return this.#cluster.retry.now() + this.#timeout(options)
  }

  /** In as many answers as the broker needs: each continues at the cursor of the one before. */
  async #describeWithElr(names: readonly string[], deadline: Instant): Promise<TopicDescription[]> {
    const found = new Map<string, TopicDescription & { partitions: PartitionDescription[] }>()
    let cursor: DescribeTopicPartitionsResponse['nextCursor'] = null
    do {
      const request: Input<typeof apis.DescribeTopicPartitions.request> = {
        topics: [...names].sort().map((name) => ({ name })),
        cursor,
      }
      const { body }: { body: DescribeTopicPartitionsResponse } = await this.#cluster.ask(
        apis.DescribeTopicPartitions,
        request,
        deadline,
      )
      for (const row of body.topics) {
        const name = row.name ?? ''
        const partitions = row.partitions.map((p) => ({
          partition: p.partitionIndex,
          leader: p.leaderId,
          leaderEpoch: p.leaderEpoch,
          replicas: p.replicaNodes,
          isr: p.isrNodes,
          offlineReplicas: p.offlineReplicas,
          elr: p.eligibleLeaderReplicas,
          lastKnownElr: p.lastKnownElr,
        }))
        const known = found.get(name)
        if (known !== undefined) known.partitions.push(...partitions)
        else found.set(name, { name, ...outcome(row), id: row.topicId, internal: row.isInternal, partitions })
      }
      cursor = body.nextCursor
    } while (cursor !== null)
    return names.flatMap((name) => found.get(name) ?? [])
  }

  async #describeByMetadata(names: readonly string[], deadline: Instant): Promise<TopicDescription[]> {
    const { topics } = await this.#cluster.metadata(names, false, deadline)
    return topics.map((topic) => ({
      name: topic.name ?? '',
      ...outcome(topic),
      id: topic.topicId,
      internal: topic.isInternal,
      partitions: topic.partitions
        .map((p) => ({
          partition: p.partitionIndex,
          leader: p.leaderId,
          leaderEpoch: p.leaderEpoch,
          replicas: p.replicaNodes,
          isr: p.isrNodes,
          offlineReplicas: p.offlineReplicas,
          elr: null,
          lastKnownElr: null,
        }))
        .sort((a, b) => a.partition - b.partition),
    }))
  }
}

/** NOT_CONTROLLER when all rows say so: then the request as a whole goes to another broker. */
function notController(rows: readonly { readonly errorCode: number }[]): number {
  const code = errorCode('NOT_CONTROLLER')
  return rows.length > 0 && rows.every((row) => row.errorCode === code) ? code : 0
}

function outcome(row: { readonly errorCode: number; readonly errorMessage?: string | null }): Outcome {
  return { error: errorName(row.errorCode), message: row.errorMessage ?? null }
}

function named(row: {
  readonly name: string
  readonly errorCode: number
  readonly errorMessage: string | null
}): TopicOutcome {
  return { name: row.name, ...outcome(row) }
}

function resourceOf(row: { readonly resourceType: number; readonly resourceName: string }): ConfigResource {
  const types = Object.keys(RESOURCE_TYPES) as ResourceType[]
  const type = types.find((name) => RESOURCE_TYPES[name] === row.resourceType)
  if (type === undefined) throw new ClientError('UNKNOWN_SERVER_ERROR', `resource type ${row.resourceType}`)
  return { type, name: row.resourceName }
}

/** The broker that all of these are about, if it is one. */
function oneBroker(resources: readonly ConfigResource[]): number | null {
  const first = resources[0]
  if (first === undefined || first.type !== 'broker' || !/^\d+$/.test(first.name)) return null
  return resources.every(({ type, name }) => type === 'broker' && name === first.name) ? Number(first.name) : null
}

function replica(
  row: DescribeQuorumResponse['topics'][number]['partitions'][number]['observers'][number],
): ReplicaState {
  return {
    id: row.replicaId,
    directoryId: row.replicaDirectoryId,
    logEndOffset: row.logEndOffset,
    lastFetchTimestamp: row.lastFetchTimestamp,
    lastCaughtUpTimestamp: row.lastCaughtUpTimestamp,
  }
}

function refuse(error: ErrorName, message: string | null): void {
  if (error !== 'NONE') throw new ClientError(error, message ?? 'refused by the broker')
}
