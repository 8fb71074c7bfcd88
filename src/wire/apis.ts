// Every request Kafka 4.3.1 knows, under the name that ApiVersions and its documentation use. Whether a node serves one
// is not said here: that is the broker's handler table.

import { assert } from '../base/index.ts'
import {
  AlterClientQuotasRequest,
  AlterClientQuotasResponse,
  AlterConfigsRequest,
  AlterConfigsResponse,
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse,
  AlterReplicaLogDirsRequest,
  AlterReplicaLogDirsResponse,
  CreatePartitionsRequest,
  CreatePartitionsResponse,
  CreateTopicsRequest,
  CreateTopicsResponse,
  DeleteTopicsRequest,
  DeleteTopicsResponse,
  DescribeClientQuotasRequest,
  DescribeClientQuotasResponse,
  DescribeConfigsRequest,
  DescribeConfigsResponse,
  DescribeLogDirsRequest,
  DescribeLogDirsResponse,
  ElectLeadersRequest,
  ElectLeadersResponse,
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
  ListConfigResourcesRequest,
  ListConfigResourcesResponse,
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse,
} from './messages/admin.ts'
import {
  AlterPartitionRequest,
  AlterPartitionResponse,
  AssignReplicasToDirsRequest,
  AssignReplicasToDirsResponse,
  BrokerHeartbeatRequest,
  BrokerHeartbeatResponse,
  BrokerRegistrationRequest,
  BrokerRegistrationResponse,
  ControllerRegistrationRequest,
  ControllerRegistrationResponse,
  UnregisterBrokerRequest,
  UnregisterBrokerResponse,
  UpdateFeaturesRequest,
  UpdateFeaturesResponse,
} from './messages/cluster.ts'
import {
  DeleteRecordsRequest,
  DeleteRecordsResponse,
  FetchRequest,
  FetchResponse,
  ListOffsetsRequest,
  ListOffsetsResponse,
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse,
  ProduceRequest,
  ProduceResponse,
} from './messages/data.ts'
import {
  ConsumerGroupDescribeRequest,
  ConsumerGroupDescribeResponse,
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
  DeleteGroupsRequest,
  DeleteGroupsResponse,
  DescribeGroupsRequest,
  DescribeGroupsResponse,
  FindCoordinatorRequest,
  FindCoordinatorResponse,
  HeartbeatRequest,
  HeartbeatResponse,
  JoinGroupRequest,
  JoinGroupResponse,
  LeaveGroupRequest,
  LeaveGroupResponse,
  ListGroupsRequest,
  ListGroupsResponse,
  OffsetCommitRequest,
  OffsetCommitResponse,
  OffsetDeleteRequest,
  OffsetDeleteResponse,
  OffsetFetchRequest,
  OffsetFetchResponse,
  SyncGroupRequest,
  SyncGroupResponse,
} from './messages/groups.ts'
import {
  ApiVersionsRequest,
  ApiVersionsResponse,
  DescribeClusterRequest,
  DescribeClusterResponse,
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse,
  GetTelemetrySubscriptionsRequest,
  GetTelemetrySubscriptionsResponse,
  MetadataRequest,
  MetadataResponse,
  PushTelemetryRequest,
  PushTelemetryResponse,
} from './messages/metadata.ts'
import {
  AddRaftVoterRequest,
  AddRaftVoterResponse,
  BeginQuorumEpochRequest,
  BeginQuorumEpochResponse,
  DescribeQuorumRequest,
  DescribeQuorumResponse,
  EndQuorumEpochRequest,
  EndQuorumEpochResponse,
  FetchSnapshotRequest,
  FetchSnapshotResponse,
  RemoveRaftVoterRequest,
  RemoveRaftVoterResponse,
  UpdateRaftVoterRequest,
  UpdateRaftVoterResponse,
  VoteRequest,
  VoteResponse,
} from './messages/quorum.ts'
import {
  AlterUserScramCredentialsRequest,
  AlterUserScramCredentialsResponse,
  CreateAclsRequest,
  CreateAclsResponse,
  CreateDelegationTokenRequest,
  CreateDelegationTokenResponse,
  DeleteAclsRequest,
  DeleteAclsResponse,
  DescribeAclsRequest,
  DescribeAclsResponse,
  DescribeDelegationTokenRequest,
  DescribeDelegationTokenResponse,
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse,
  EnvelopeRequest,
  EnvelopeResponse,
  ExpireDelegationTokenRequest,
  ExpireDelegationTokenResponse,
  RenewDelegationTokenRequest,
  RenewDelegationTokenResponse,
  SaslAuthenticateRequest,
  SaslAuthenticateResponse,
  SaslHandshakeRequest,
  SaslHandshakeResponse,
} from './messages/security.ts'
import {
  AlterShareGroupOffsetsRequest,
  AlterShareGroupOffsetsResponse,
  DeleteShareGroupOffsetsRequest,
  DeleteShareGroupOffsetsResponse,
  DeleteShareGroupStateRequest,
  DeleteShareGroupStateResponse,
  DescribeShareGroupOffsetsRequest,
  DescribeShareGroupOffsetsResponse,
  InitializeShareGroupStateRequest,
  InitializeShareGroupStateResponse,
  ReadShareGroupStateRequest,
  ReadShareGroupStateResponse,
  ReadShareGroupStateSummaryRequest,
  ReadShareGroupStateSummaryResponse,
  ShareAcknowledgeRequest,
  ShareAcknowledgeResponse,
  ShareFetchRequest,
  ShareFetchResponse,
  ShareGroupDescribeRequest,
  ShareGroupDescribeResponse,
  ShareGroupHeartbeatRequest,
  ShareGroupHeartbeatResponse,
  WriteShareGroupStateRequest,
  WriteShareGroupStateResponse,
} from './messages/share.ts'
import {
  StreamsGroupDescribeRequest,
  StreamsGroupDescribeResponse,
  StreamsGroupHeartbeatRequest,
  StreamsGroupHeartbeatResponse,
} from './messages/streams.ts'
import {
  AddOffsetsToTxnRequest,
  AddOffsetsToTxnResponse,
  AddPartitionsToTxnRequest,
  AddPartitionsToTxnResponse,
  AllocateProducerIdsRequest,
  AllocateProducerIdsResponse,
  DescribeProducersRequest,
  DescribeProducersResponse,
  DescribeTransactionsRequest,
  DescribeTransactionsResponse,
  EndTxnRequest,
  EndTxnResponse,
  InitProducerIdRequest,
  InitProducerIdResponse,
  ListTransactionsRequest,
  ListTransactionsResponse,
  TxnOffsetCommitRequest,
  TxnOffsetCommitResponse,
  WriteTxnMarkersRequest,
  WriteTxnMarkersResponse,
} from './messages/transactions.ts'
import type { Api, ApiListener, MessageSchema } from './types.ts'
import { rangeOf } from './versions.ts'

const BROKER: readonly ApiListener[] = ['broker']
const CONTROLLER: readonly ApiListener[] = ['controller']
const BOTH: readonly ApiListener[] = ['broker', 'controller']

export interface Apis {
  readonly Produce: Api<typeof ProduceRequest, typeof ProduceResponse>
  readonly Fetch: Api<typeof FetchRequest, typeof FetchResponse>
  readonly ListOffsets: Api<typeof ListOffsetsRequest, typeof ListOffsetsResponse>
  readonly Metadata: Api<typeof MetadataRequest, typeof MetadataResponse>
  readonly OffsetCommit: Api<typeof OffsetCommitRequest, typeof OffsetCommitResponse>
  readonly OffsetFetch: Api<typeof OffsetFetchRequest, typeof OffsetFetchResponse>
  readonly FindCoordinator: Api<typeof FindCoordinatorRequest, typeof FindCoordinatorResponse>
  readonly JoinGroup: Api<typeof JoinGroupRequest, typeof JoinGroupResponse>
  readonly Heartbeat: Api<typeof HeartbeatRequest, typeof HeartbeatResponse>
  readonly LeaveGroup: Api<typeof LeaveGroupRequest, typeof LeaveGroupResponse>
  readonly SyncGroup: Api<typeof SyncGroupRequest, typeof SyncGroupResponse>
  readonly DescribeGroups: Api<typeof DescribeGroupsRequest, typeof DescribeGroupsResponse>
  readonly ListGroups: Api<typeof ListGroupsRequest, typeof ListGroupsResponse>
  readonly SaslHandshake: Api<typeof SaslHandshakeRequest, typeof SaslHandshakeResponse>
  readonly ApiVersions: Api<typeof ApiVersionsRequest, typeof ApiVersionsResponse>
  readonly CreateTopics: Api<typeof CreateTopicsRequest, typeof CreateTopicsResponse>
  readonly DeleteTopics: Api<typeof DeleteTopicsRequest, typeof DeleteTopicsResponse>
  readonly DeleteRecords: Api<typeof DeleteRecordsRequest, typeof DeleteRecordsResponse>
  readonly InitProducerId: Api<typeof InitProducerIdRequest, typeof InitProducerIdResponse>
  readonly OffsetForLeaderEpoch: Api<typeof OffsetForLeaderEpochRequest, typeof OffsetForLeaderEpochResponse>
  readonly AddPartitionsToTxn: Api<typeof AddPartitionsToTxnRequest, typeof AddPartitionsToTxnResponse>
  readonly AddOffsetsToTxn: Api<typeof AddOffsetsToTxnRequest, typeof AddOffsetsToTxnResponse>
  readonly EndTxn: Api<typeof EndTxnRequest, typeof EndTxnResponse>
  readonly WriteTxnMarkers: Api<typeof WriteTxnMarkersRequest, typeof WriteTxnMarkersResponse>
  readonly TxnOffsetCommit: Api<typeof TxnOffsetCommitRequest, typeof TxnOffsetCommitResponse>
  readonly DescribeAcls: Api<typeof DescribeAclsRequest, typeof DescribeAclsResponse>
  readonly CreateAcls: Api<typeof CreateAclsRequest, typeof CreateAclsResponse>
  readonly DeleteAcls: Api<typeof DeleteAclsRequest, typeof DeleteAclsResponse>
  readonly DescribeConfigs: Api<typeof DescribeConfigsRequest, typeof DescribeConfigsResponse>
  readonly AlterConfigs: Api<typeof AlterConfigsRequest, typeof AlterConfigsResponse>
  readonly AlterReplicaLogDirs: Api<typeof AlterReplicaLogDirsRequest, typeof AlterReplicaLogDirsResponse>
  readonly DescribeLogDirs: Api<typeof DescribeLogDirsRequest, typeof DescribeLogDirsResponse>
  readonly SaslAuthenticate: Api<typeof SaslAuthenticateRequest, typeof SaslAuthenticateResponse>
  readonly CreatePartitions: Api<typeof CreatePartitionsRequest, typeof CreatePartitionsResponse>
  readonly CreateDelegationToken: Api<typeof CreateDelegationTokenRequest, typeof CreateDelegationTokenResponse>
  readonly RenewDelegationToken: Api<typeof RenewDelegationTokenRequest, typeof RenewDelegationTokenResponse>
  readonly ExpireDelegationToken: Api<typeof ExpireDelegationTokenRequest, typeof ExpireDelegationTokenResponse>
  readonly DescribeDelegationToken: Api<typeof DescribeDelegationTokenRequest, typeof DescribeDelegationTokenResponse>
  readonly DeleteGroups: Api<typeof DeleteGroupsRequest, typeof DeleteGroupsResponse>
  readonly ElectLeaders: Api<typeof ElectLeadersRequest, typeof ElectLeadersResponse>
  readonly IncrementalAlterConfigs: Api<typeof IncrementalAlterConfigsRequest, typeof IncrementalAlterConfigsResponse>
  readonly AlterPartitionReassignments: Api<
    typeof AlterPartitionReassignmentsRequest,
    typeof AlterPartitionReassignmentsResponse
  >
  readonly ListPartitionReassignments: Api<
    typeof ListPartitionReassignmentsRequest,
    typeof ListPartitionReassignmentsResponse
  >
  readonly OffsetDelete: Api<typeof OffsetDeleteRequest, typeof OffsetDeleteResponse>
  readonly DescribeClientQuotas: Api<typeof DescribeClientQuotasRequest, typeof DescribeClientQuotasResponse>
  readonly AlterClientQuotas: Api<typeof AlterClientQuotasRequest, typeof AlterClientQuotasResponse>
  readonly DescribeUserScramCredentials: Api<
    typeof DescribeUserScramCredentialsRequest,
    typeof DescribeUserScramCredentialsResponse
  >
  readonly AlterUserScramCredentials: Api<
    typeof AlterUserScramCredentialsRequest,
    typeof AlterUserScramCredentialsResponse
  >
  readonly Vote: Api<typeof VoteRequest, typeof VoteResponse>
  readonly BeginQuorumEpoch: Api<typeof BeginQuorumEpochRequest, typeof BeginQuorumEpochResponse>
  readonly EndQuorumEpoch: Api<typeof EndQuorumEpochRequest, typeof EndQuorumEpochResponse>
  readonly DescribeQuorum: Api<typeof DescribeQuorumRequest, typeof DescribeQuorumResponse>
  readonly AlterPartition: Api<typeof AlterPartitionRequest, typeof AlterPartitionResponse>
  readonly UpdateFeatures: Api<typeof UpdateFeaturesRequest, typeof UpdateFeaturesResponse>
  readonly Envelope: Api<typeof EnvelopeRequest, typeof EnvelopeResponse>
  readonly FetchSnapshot: Api<typeof FetchSnapshotRequest, typeof FetchSnapshotResponse>
  readonly DescribeCluster: Api<typeof DescribeClusterRequest, typeof DescribeClusterResponse>
  readonly DescribeProducers: Api<typeof DescribeProducersRequest, typeof DescribeProducersResponse>
  readonly BrokerRegistration: Api<typeof BrokerRegistrationRequest, typeof BrokerRegistrationResponse>
  readonly BrokerHeartbeat: Api<typeof BrokerHeartbeatRequest, typeof BrokerHeartbeatResponse>
  readonly UnregisterBroker: Api<typeof UnregisterBrokerRequest, typeof UnregisterBrokerResponse>
  readonly DescribeTransactions: Api<typeof DescribeTransactionsRequest, typeof DescribeTransactionsResponse>
  readonly ListTransactions: Api<typeof ListTransactionsRequest, typeof ListTransactionsResponse>
  readonly AllocateProducerIds: Api<typeof AllocateProducerIdsRequest, typeof AllocateProducerIdsResponse>
  readonly ConsumerGroupHeartbeat: Api<typeof ConsumerGroupHeartbeatRequest, typeof ConsumerGroupHeartbeatResponse>
  readonly ConsumerGroupDescribe: Api<typeof ConsumerGroupDescribeRequest, typeof ConsumerGroupDescribeResponse>
  readonly ControllerRegistration: Api<typeof ControllerRegistrationRequest, typeof ControllerRegistrationResponse>
  readonly GetTelemetrySubscriptions: Api<
    typeof GetTelemetrySubscriptionsRequest,
    typeof GetTelemetrySubscriptionsResponse
  >
  readonly PushTelemetry: Api<typeof PushTelemetryRequest, typeof PushTelemetryResponse>
  readonly AssignReplicasToDirs: Api<typeof AssignReplicasToDirsRequest, typeof AssignReplicasToDirsResponse>
  readonly ListConfigResources: Api<typeof ListConfigResourcesRequest, typeof ListConfigResourcesResponse>
  readonly DescribeTopicPartitions: Api<typeof DescribeTopicPartitionsRequest, typeof DescribeTopicPartitionsResponse>
  readonly ShareGroupHeartbeat: Api<typeof ShareGroupHeartbeatRequest, typeof ShareGroupHeartbeatResponse>
  readonly ShareGroupDescribe: Api<typeof ShareGroupDescribeRequest, typeof ShareGroupDescribeResponse>
  readonly ShareFetch: Api<typeof ShareFetchRequest, typeof ShareFetchResponse>
  readonly ShareAcknowledge: Api<typeof ShareAcknowledgeRequest, typeof ShareAcknowledgeResponse>
  readonly AddRaftVoter: Api<typeof AddRaftVoterRequest, typeof AddRaftVoterResponse>
  readonly RemoveRaftVoter: Api<typeof RemoveRaftVoterRequest, typeof RemoveRaftVoterResponse>
  readonly UpdateRaftVoter: Api<typeof UpdateRaftVoterRequest, typeof UpdateRaftVoterResponse>
  readonly InitializeShareGroupState: Api<
    typeof InitializeShareGroupStateRequest,
    typeof InitializeShareGroupStateResponse
  >
  readonly ReadShareGroupState: Api<typeof ReadShareGroupStateRequest, typeof ReadShareGroupStateResponse>
  readonly WriteShareGroupState: Api<typeof WriteShareGroupStateRequest, typeof WriteShareGroupStateResponse>
  readonly DeleteShareGroupState: Api<typeof DeleteShareGroupStateRequest, typeof DeleteShareGroupStateResponse>
  readonly ReadShareGroupStateSummary: Api<
    typeof ReadShareGroupStateSummaryRequest,
    typeof ReadShareGroupStateSummaryResponse
  >
  readonly StreamsGroupHeartbeat: Api<typeof StreamsGroupHeartbeatRequest, typeof StreamsGroupHeartbeatResponse>
  readonly StreamsGroupDescribe: Api<typeof StreamsGroupDescribeRequest, typeof StreamsGroupDescribeResponse>
  readonly DescribeShareGroupOffsets: Api<
    typeof DescribeShareGroupOffsetsRequest,
    typeof DescribeShareGroupOffsetsResponse
  >
  readonly AlterShareGroupOffsets: Api<typeof AlterShareGroupOffsetsRequest, typeof AlterShareGroupOffsetsResponse>
  readonly DeleteShareGroupOffsets: Api<typeof DeleteShareGroupOffsetsRequest, typeof DeleteShareGroupOffsetsResponse>
}

export const apis: Apis = {
  Produce: api(ProduceRequest, ProduceResponse, BROKER),
  Fetch: api(FetchRequest, FetchResponse, BOTH),
  ListOffsets: api(ListOffsetsRequest, ListOffsetsResponse, BROKER),
  Metadata: api(MetadataRequest, MetadataResponse, BROKER),
  OffsetCommit: api(OffsetCommitRequest, OffsetCommitResponse, BROKER),
  OffsetFetch: api(OffsetFetchRequest, OffsetFetchResponse, BROKER),
  FindCoordinator: api(FindCoordinatorRequest, FindCoordinatorResponse, BROKER),
  JoinGroup: api(JoinGroupRequest, JoinGroupResponse, BROKER),
  Heartbeat: api(HeartbeatRequest, HeartbeatResponse, BROKER),
  LeaveGroup: api(LeaveGroupRequest, LeaveGroupResponse, BROKER),
  SyncGroup: api(SyncGroupRequest, SyncGroupResponse, BROKER),
  DescribeGroups: api(DescribeGroupsRequest, DescribeGroupsResponse, BROKER),
  ListGroups: api(ListGroupsRequest, ListGroupsResponse, BROKER),
  SaslHandshake: api(SaslHandshakeRequest, SaslHandshakeResponse, BOTH),
  ApiVersions: api(ApiVersionsRequest, ApiVersionsResponse, BOTH),
  CreateTopics: api(CreateTopicsRequest, CreateTopicsResponse, BOTH),
  DeleteTopics: api(DeleteTopicsRequest, DeleteTopicsResponse, BOTH),
  DeleteRecords: api(DeleteRecordsRequest, DeleteRecordsResponse, BROKER),
  InitProducerId: api(InitProducerIdRequest, InitProducerIdResponse, BROKER, 5),
  OffsetForLeaderEpoch: api(OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, BROKER),
  AddPartitionsToTxn: api(AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, BROKER),
  AddOffsetsToTxn: api(AddOffsetsToTxnRequest, AddOffsetsToTxnResponse, BROKER),
  EndTxn: api(EndTxnRequest, EndTxnResponse, BROKER),
  WriteTxnMarkers: api(WriteTxnMarkersRequest, WriteTxnMarkersResponse, BROKER),
  TxnOffsetCommit: api(TxnOffsetCommitRequest, TxnOffsetCommitResponse, BROKER),
  DescribeAcls: api(DescribeAclsRequest, DescribeAclsResponse, BOTH),
  CreateAcls: api(CreateAclsRequest, CreateAclsResponse, BOTH),
  DeleteAcls: api(DeleteAclsRequest, DeleteAclsResponse, BOTH),
  DescribeConfigs: api(DescribeConfigsRequest, DescribeConfigsResponse, BOTH),
  AlterConfigs: api(AlterConfigsRequest, AlterConfigsResponse, BOTH),
  AlterReplicaLogDirs: api(AlterReplicaLogDirsRequest, AlterReplicaLogDirsResponse, BROKER),
  DescribeLogDirs: api(DescribeLogDirsRequest, DescribeLogDirsResponse, BROKER),
  SaslAuthenticate: api(SaslAuthenticateRequest, SaslAuthenticateResponse, BOTH),
  CreatePartitions: api(CreatePartitionsRequest, CreatePartitionsResponse, BOTH),
  CreateDelegationToken: api(CreateDelegationTokenRequest, CreateDelegationTokenResponse, BOTH),
  RenewDelegationToken: api(RenewDelegationTokenRequest, RenewDelegationTokenResponse, BOTH),
  ExpireDelegationToken: api(ExpireDelegationTokenRequest, ExpireDelegationTokenResponse, BOTH),
  DescribeDelegationToken: api(DescribeDelegationTokenRequest, DescribeDelegationTokenResponse, BOTH),
  DeleteGroups: api(DeleteGroupsRequest, DeleteGroupsResponse, BROKER),
  ElectLeaders: api(ElectLeadersRequest, ElectLeadersResponse, BOTH),
  IncrementalAlterConfigs: api(IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, BOTH),
  AlterPartitionReassignments: api(AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse, BOTH),
  ListPartitionReassignments: api(ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse, BOTH),
  OffsetDelete: api(OffsetDeleteRequest, OffsetDeleteResponse, BROKER),
  DescribeClientQuotas: api(DescribeClientQuotasRequest, DescribeClientQuotasResponse, BROKER),
  AlterClientQuotas: api(AlterClientQuotasRequest, AlterClientQuotasResponse, BOTH),
  DescribeUserScramCredentials: api(DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse, BOTH),
  AlterUserScramCredentials: api(AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse, BOTH),
  Vote: api(VoteRequest, VoteResponse, CONTROLLER),
  BeginQuorumEpoch: api(BeginQuorumEpochRequest, BeginQuorumEpochResponse, CONTROLLER),
  EndQuorumEpoch: api(EndQuorumEpochRequest, EndQuorumEpochResponse, CONTROLLER),
  DescribeQuorum: api(DescribeQuorumRequest, DescribeQuorumResponse, BOTH),
  AlterPartition: api(AlterPartitionRequest, AlterPartitionResponse, CONTROLLER),
  UpdateFeatures: api(UpdateFeaturesRequest, UpdateFeaturesResponse, BOTH),
  Envelope: api(EnvelopeRequest, EnvelopeResponse, CONTROLLER),
  FetchSnapshot: api(FetchSnapshotRequest, FetchSnapshotResponse, CONTROLLER),
  DescribeCluster: api(DescribeClusterRequest, DescribeClusterResponse, BOTH),
  DescribeProducers: api(DescribeProducersRequest, DescribeProducersResponse, BROKER),
  BrokerRegistration: api(BrokerRegistrationRequest, BrokerRegistrationResponse, CONTROLLER),
  BrokerHeartbeat: api(BrokerHeartbeatRequest, BrokerHeartbeatResponse, CONTROLLER),
  UnregisterBroker: api(UnregisterBrokerRequest, UnregisterBrokerResponse, BOTH),
  DescribeTransactions: api(DescribeTransactionsRequest, DescribeTransactionsResponse, BROKER),
  ListTransactions: api(ListTransactionsRequest, ListTransactionsResponse, BROKER),
  AllocateProducerIds: api(AllocateProducerIdsRequest, AllocateProducerIdsResponse, CONTROLLER),
  ConsumerGroupHeartbeat: api(ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, BROKER),
  ConsumerGroupDescribe: api(ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, BROKER),
  ControllerRegistration: api(ControllerRegistrationRequest, ControllerRegistrationResponse, CONTROLLER),
  GetTelemetrySubscriptions: api(GetTelemetrySubscriptionsRequest, GetTelemetrySubscriptionsResponse, BROKER),
  PushTelemetry: api(PushTelemetryRequest, PushTelemetryResponse, BROKER),
  AssignReplicasToDirs: api(AssignReplicasToDirsRequest, AssignReplicasToDirsResponse, CONTROLLER),
  ListConfigResources: api(ListConfigResourcesRequest, ListConfigResourcesResponse, BROKER),
  DescribeTopicPartitions: api(DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, BROKER),
  ShareGroupHeartbeat: api(ShareGroupHeartbeatRequest, ShareGroupHeartbeatResponse, BROKER),
  ShareGroupDescribe: api(ShareGroupDescribeRequest, ShareGroupDescribeResponse, BROKER),
  ShareFetch: api(ShareFetchRequest, ShareFetchResponse, BROKER),
  ShareAcknowledge: api(ShareAcknowledgeRequest, ShareAcknowledgeResponse, BROKER),
  AddRaftVoter: api(AddRaftVoterRequest, AddRaftVoterResponse, BOTH),
  RemoveRaftVoter: api(RemoveRaftVoterRequest, RemoveRaftVoterResponse, BOTH),
  UpdateRaftVoter: api(UpdateRaftVoterRequest, UpdateRaftVoterResponse, CONTROLLER),
  InitializeShareGroupState: api(InitializeShareGroupStateRequest, InitializeShareGroupStateResponse, BROKER),
  ReadShareGroupState: api(ReadShareGroupStateRequest, ReadShareGroupStateResponse, BROKER),
  WriteShareGroupState: api(WriteShareGroupStateRequest, WriteShareGroupStateResponse, BROKER),
  DeleteShareGroupState: api(DeleteShareGroupStateRequest, DeleteShareGroupStateResponse, BROKER),
  ReadShareGroupStateSummary: api(ReadShareGroupStateSummaryRequest, ReadShareGroupStateSummaryResponse, BROKER),
  StreamsGroupHeartbeat: api(StreamsGroupHeartbeatRequest, StreamsGroupHeartbeatResponse, BROKER),
  StreamsGroupDescribe: api(StreamsGroupDescribeRequest, StreamsGroupDescribeResponse, BROKER),
  DescribeShareGroupOffsets: api(DescribeShareGroupOffsetsRequest, DescribeShareGroupOffsetsResponse, BROKER),
  AlterShareGroupOffsets: api(AlterShareGroupOffsetsRequest, AlterShareGroupOffsetsResponse, BROKER),
  DeleteShareGroupOffsets: api(DeleteShareGroupOffsetsRequest, DeleteShareGroupOffsetsResponse, BROKER),
}

const BY_KEY: ReadonlyMap<number, Api> = new Map(Object.values(apis).map((entry: Api) => [entry.key, entry]))

export function apiByKey(key: number): Api | undefined {
  return BY_KEY.get(key)
}

/** All of them in key order. */
export function allApis(): readonly Api[] {
  return [...BY_KEY.values()]
}

function api<Request extends MessageSchema, Response extends MessageSchema>(
  request: Request,
  response: Response,
  listeners: readonly ApiListener[],
  latestStable?: number,
): Api<Request, Response> {
  const range = rangeOf(request.versions)
  assert(range !== null && request.key !== undefined && request.key === response.key, `${request.name} is no request`)
  return {
    key: request.key,
    name: request.name.slice(0, -'Request'.length),
    request,
    response,
    minVersion: range.min,
    maxVersion: range.max,
    latestStableVersion: latestStable ?? range.max,
    listeners,
  }
}
