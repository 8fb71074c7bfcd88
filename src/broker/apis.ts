// The API table: which request is served on which kind of listener, at which versions, by which handler, and what it
// needs to be allowed. ApiVersions is derived from it, so a node cannot claim what it does not serve. The one exception
// is Kafka's own: Produce is advertised from version 0 although 0 to 2 are refused, since librdkafka before 2.x reads
// support for message formats from it (KAFKA-18659).

import type { Api, ErrorName, MessageSchema } from '../wire/index.ts'
import { apis, decode, encodeResponse } from '../wire/index.ts'
import type { Need } from './authorizer.ts'
import { authorize } from './authorizer.ts'
import { allocateProducerIds } from './handlers/allocate-producer-ids.ts'
import { alterClientQuotas } from './handlers/alter-client-quotas.ts'
import { alterConfigs } from './handlers/alter-configs.ts'
import { alterPartition } from './handlers/alter-partition.ts'
import { alterPartitionReassignments } from './handlers/alter-partition-reassignments.ts'
import { alterReplicaLogDirs } from './handlers/alter-replica-log-dirs.ts'
import { apiVersions, apiVersionsUnsupported } from './handlers/api-versions.ts'
import { assignReplicasToDirs } from './handlers/assign-replicas-to-dirs.ts'
import { beginQuorumEpoch } from './handlers/begin-quorum-epoch.ts'
import { brokerHeartbeat } from './handlers/broker-heartbeat.ts'
import { brokerRegistration } from './handlers/broker-registration.ts'
import { controllerRegistration } from './handlers/controller-registration.ts'
import { createPartitions } from './handlers/create-partitions.ts'
import { createTopics } from './handlers/create-topics.ts'
import { deleteGroups } from './handlers/delete-groups.ts'
import { deleteRecords } from './handlers/delete-records.ts'
import { deleteTopics } from './handlers/delete-topics.ts'
import { describeClientQuotas } from './handlers/describe-client-quotas.ts'
import { describeCluster } from './handlers/describe-cluster.ts'
import { describeConfigs } from './handlers/describe-configs.ts'
import { describeGroups } from './handlers/describe-groups.ts'
import { describeLogDirs } from './handlers/describe-log-dirs.ts'
import { describeProducers } from './handlers/describe-producers.ts'
import { describeQuorum } from './handlers/describe-quorum.ts'
import { describeTopicPartitions } from './handlers/describe-topic-partitions.ts'
import { electLeaders } from './handlers/elect-leaders.ts'
import { endQuorumEpoch } from './handlers/end-quorum-epoch.ts'
import { fetch } from './handlers/fetch.ts'
import { fetchMetadataLog } from './handlers/fetch-metadata-log.ts'
import { fetchSnapshot } from './handlers/fetch-snapshot.ts'
import { findCoordinator } from './handlers/find-coordinator.ts'
import { topLevel } from './handlers/forwarded.ts'
import { heartbeat } from './handlers/heartbeat.ts'
import { incrementalAlterConfigs } from './handlers/incremental-alter-configs.ts'
import { initProducerId } from './handlers/init-producer-id.ts'
import { joinGroup } from './handlers/join-group.ts'
import { leaveGroup } from './handlers/leave-group.ts'
import { listConfigResources } from './handlers/list-config-resources.ts'
import { listGroups } from './handlers/list-groups.ts'
import { listOffsets } from './handlers/list-offsets.ts'
import { listPartitionReassignments } from './handlers/list-partition-reassignments.ts'
import { metadata } from './handlers/metadata.ts'
import { offsetCommit } from './handlers/offset-commit.ts'
import { offsetDelete } from './handlers/offset-delete.ts'
import { offsetFetch } from './handlers/offset-fetch.ts'
import { offsetForLeaderEpoch } from './handlers/offset-for-leader-epoch.ts'
import { produce } from './handlers/produce.ts'
import { syncGroup } from './handlers/sync-group.ts'
import { unregisterBroker } from './handlers/unregister-broker.ts'
import { updateFeatures } from './handlers/update-features.ts'
import { vote } from './handlers/vote.ts'
import type { Call, Handler, ListenerKind, Outcome, Refuse, Reply } from './types.ts'

/** One row, with the types of its messages closed over. */
export interface ApiEntry {
  readonly key: number
  readonly name: string
  readonly min: number
  readonly max: number
  readonly advertisedMin: number
  readonly pipelined: boolean
  /** Carries records: its size is bounded by the request limit and by the fetch limits, not by those of other APIs. */
  readonly large: boolean
  readonly need: Need
  serve(frame: Uint8Array, bodyAt: number, correlationId: number, call: Call): Outcome | Promise<Outcome>
  /** Answers a version that is not supported; ApiVersions only. */
  refuse(correlationId: number, call: Call): Outcome
}

export type ApiTables = { readonly [kind in ListenerKind]: ReadonlyMap<number, ApiEntry> }

/** What a node serves on its listeners of each kind. */
export function apiTables(): ApiTables {
  return { broker: tableOf(brokerApis()), controller: tableOf(controllerApis()) }
}

const CLUSTER: Need = { operation: 'CLUSTER_ACTION', resource: 'CLUSTER' }
const NOTHING: Need = { operation: 'ALL', resource: 'NONE' }

function brokerApis(): ApiEntry[] {
  return [
    row(apis.Produce, produce, { need: topic('WRITE'), pipelined: true, large: true, advertisedMin: 0 }),
    row(apis.Fetch, fetch, { need: topic('READ'), large: true }),
    row(apis.ListOffsets, listOffsets, { need: topic('DESCRIBE') }),
    row(apis.Metadata, metadata, { need: topic('DESCRIBE') }),
    row(apis.OffsetCommit, offsetCommit, { need: group('READ') }),
    row(apis.OffsetFetch, offsetFetch, { need: group('DESCRIBE') }),
    row(apis.FindCoordinator, findCoordinator, { need: group('DESCRIBE') }),
    row(apis.JoinGroup, joinGroup, { need: group('READ') }),
    row(apis.Heartbeat, heartbeat, { need: group('READ') }),
    row(apis.LeaveGroup, leaveGroup, { need: group('READ') }),
    row(apis.SyncGroup, syncGroup, { need: group('READ') }),
    row(apis.DescribeGroups, describeGroups, { need: group('DESCRIBE') }),
    row(apis.ListGroups, listGroups, { need: cluster('DESCRIBE') }),
    row(apis.ApiVersions, apiVersions, { need: NOTHING, unsupported: apiVersionsUnsupported }),
    row(apis.CreateTopics, createTopics, { need: topic('CREATE') }),
    row(apis.DeleteTopics, deleteTopics, { need: topic('DELETE') }),
    row(apis.DeleteRecords, deleteRecords, { need: topic('DELETE') }),
    row(apis.InitProducerId, initProducerId, { need: { operation: 'IDEMPOTENT_WRITE', resource: 'CLUSTER' } }),
    row(apis.OffsetForLeaderEpoch, offsetForLeaderEpoch, { need: topic('DESCRIBE') }),
    row(apis.DescribeConfigs, describeConfigs, { need: topic('DESCRIBE_CONFIGS') }),
    row(apis.AlterReplicaLogDirs, alterReplicaLogDirs, { need: cluster('ALTER') }),
    row(apis.DescribeLogDirs, describeLogDirs, { need: cluster('DESCRIBE') }),
    row(apis.AlterConfigs, alterConfigs, { need: topic('ALTER_CONFIGS') }),
    row(apis.CreatePartitions, createPartitions, { need: topic('ALTER') }),
    row(apis.DeleteGroups, deleteGroups, { need: group('DELETE') }),
    row(apis.ElectLeaders, electLeaders, { need: cluster('ALTER') }),
    row(apis.IncrementalAlterConfigs, incrementalAlterConfigs, { need: topic('ALTER_CONFIGS') }),
    row(apis.AlterPartitionReassignments, alterPartitionReassignments, { need: cluster('ALTER') }),
    row(apis.ListPartitionReassignments, listPartitionReassignments, { need: cluster('DESCRIBE') }),
    row(apis.DescribeClientQuotas, describeClientQuotas, { need: cluster('DESCRIBE_CONFIGS') }),
    row(apis.AlterClientQuotas, alterClientQuotas, { need: cluster('ALTER_CONFIGS') }),
    row(apis.OffsetDelete, offsetDelete, { need: group('DELETE') }),
    row(apis.DescribeQuorum, describeQuorum, { need: cluster('DESCRIBE') }),
    row(apis.UpdateFeatures, updateFeatures, { need: cluster('ALTER') }),
    row(apis.DescribeCluster, describeCluster, { need: cluster('DESCRIBE') }),
    row(apis.DescribeProducers, describeProducers, { need: topic('READ') }),
    row(apis.UnregisterBroker, unregisterBroker, { need: cluster('ALTER') }),
    row(apis.ListConfigResources, listConfigResources, { need: cluster('DESCRIBE_CONFIGS') }),
    row(apis.DescribeTopicPartitions, describeTopicPartitions, { need: topic('DESCRIBE') }),
  ]
}

function controllerApis(): ApiEntry[] {
  const peer = { need: CLUSTER, pipelined: true, refuse: topLevel } as const
  return [
    row(apis.Fetch, fetchMetadataLog, { need: CLUSTER, pipelined: true, large: true, refuse: topLevel }),
    row(apis.ApiVersions, apiVersions, { need: NOTHING, unsupported: apiVersionsUnsupported }),
    row(apis.CreateTopics, createTopics, { need: topic('CREATE') }),
    row(apis.DeleteTopics, deleteTopics, { need: topic('DELETE') }),
    row(apis.DescribeConfigs, describeConfigs, { need: topic('DESCRIBE_CONFIGS') }),
    row(apis.AlterConfigs, alterConfigs, { need: topic('ALTER_CONFIGS') }),
    row(apis.CreatePartitions, createPartitions, { need: topic('ALTER') }),
    row(apis.ElectLeaders, electLeaders, { need: cluster('ALTER') }),
    row(apis.IncrementalAlterConfigs, incrementalAlterConfigs, { need: topic('ALTER_CONFIGS') }),
    row(apis.AlterPartitionReassignments, alterPartitionReassignments, { need: cluster('ALTER') }),
    row(apis.ListPartitionReassignments, listPartitionReassignments, { need: cluster('DESCRIBE') }),
    row(apis.AlterClientQuotas, alterClientQuotas, { need: cluster('ALTER_CONFIGS') }),
    row(apis.Vote, vote, peer),
    row(apis.BeginQuorumEpoch, beginQuorumEpoch, peer),
    row(apis.EndQuorumEpoch, endQuorumEpoch, peer),
    row(apis.DescribeQuorum, describeQuorum, { need: cluster('DESCRIBE') }),
    row(apis.AlterPartition, alterPartition, peer),
    row(apis.UpdateFeatures, updateFeatures, { need: cluster('ALTER') }),
    row(apis.FetchSnapshot, fetchSnapshot, { ...peer, large: true }),
    row(apis.DescribeCluster, describeCluster, { need: cluster('DESCRIBE') }),
    row(apis.BrokerRegistration, brokerRegistration, peer),
    row(apis.BrokerHeartbeat, brokerHeartbeat, peer),
    row(apis.UnregisterBroker, unregisterBroker, { need: cluster('ALTER') }),
    row(apis.AllocateProducerIds, allocateProducerIds, peer),
    row(apis.ControllerRegistration, controllerRegistration, peer),
    row(apis.AssignReplicasToDirs, assignReplicasToDirs, peer),
  ]
}

interface RowOptions<Req extends MessageSchema, Res extends MessageSchema> {
  readonly need: Need
  /** May be begun while earlier pipelined requests of its connection wait; false: one after the other, as in Kafka. */
  readonly pipelined?: boolean
  readonly large?: boolean
  readonly advertisedMin?: number
  /** The answer to one who may not; without it the connection is closed. */
  readonly refuse?: Refuse<Req, Res>
  readonly unsupported?: (call: Call) => Reply<Res>
}

function row<Req extends MessageSchema, Res extends MessageSchema>(
  api: Api<Req, Res>,
  handle: Handler<Req, Res>,
  options: RowOptions<Req, Res>,
): ApiEntry {
  const encoded = (reply: Reply<Res>, correlationId: number, call: Call): Outcome => {
    if (reply.kind === 'close') return reply
    if (reply.kind === 'silent') return { kind: 'silent', muteMs: call.throttle.settle(0) }
    const { throttleTimeMs = 0 } = reply.body as { readonly throttleTimeMs?: number }
    const wait = call.throttle.settle(throttleTimeMs)
    const body = wait === 0 ? reply.body : { ...reply.body, throttleTimeMs: wait }
    // Who asks a controller directly may be a broker that asks for many: it hears of the wait, and is not muted.
    const muteMs = call.listener.kind === 'controller' ? 0 : wait
    return { kind: 'respond', chunks: encodeResponse(api, call.version, correlationId, body), muteMs }
  }
  return {
    key: api.key,
    name: api.name,
    min: api.minVersion,
    max: api.latestStableVersion,
    advertisedMin: options.advertisedMin ?? api.minVersion,
    pipelined: options.pipelined ?? false,
    large: options.large ?? false,
    need: options.need,
    serve(frame, bodyAt, correlationId, call) {
      const request = decode(api.request, call.version, frame, bodyAt)
      const error = authorize(options.need, call.listener)
      if (error !== null) return refused(error)
      if (options.need.operation === 'CLUSTER_ACTION') call.throttle.exempt()
      const reply = handle(request, call)
      if (!(reply instanceof Promise)) return encoded(reply, correlationId, call)
      call.throttle.pause()
      return reply.then((settled) => {
        call.throttle.resume()
        return encoded(settled, correlationId, call)
      })

      function refused(name: ErrorName): Outcome {
        if (options.refuse === undefined) return { kind: 'close', reason: `${api.name}: ${name}` }
        const body = options.refuse(request, name, call.version)
        return encoded({ kind: 'respond', body }, correlationId, call)
      }
    },
    refuse(correlationId, call) {
      const reply = options.unsupported?.(call)
      return reply === undefined
        ? { kind: 'close', reason: `${api.name}: unsupported version` }
        : encoded(reply, correlationId, call)
    },
  }
}

function tableOf(rows: readonly ApiEntry[]): ReadonlyMap<number, ApiEntry> {
  return new Map(rows.map((entry) => [entry.key, entry]))
}

function topic(operation: Need['operation']): Need {
  return { operation, resource: 'TOPIC' }
}

function cluster(operation: Need['operation']): Need {
  return { operation, resource: 'CLUSTER' }
}

function group(operation: Need['operation']): Need {
  return { operation, resource: 'GROUP' }
}
