// Groups as an administrator sees them: listed at every broker, the rest asked of each group's coordinator, again where that
// has moved or still loads. Is a member of none.

import type { Endpoint, Epoch, Instant, NodeId, Offset } from '../base/index.ts'
import type { Api, ErrorName, Input, Message, MessageSchema } from '../wire/index.ts'
import { apis, decodeAssignment, errorName } from '../wire/index.ts'
import type { Cluster } from './cluster.ts'
import { ClientError } from './errors.ts'
import type { AdminOptions, Outcome, TopicPartition } from './types.ts'

export interface GroupListing {
  readonly group: string
  /** `consumer`, `connect`, …; empty: no member has said. */
  readonly protocolType: string
  /** As `Stable`; empty from brokers that do not tell. */
  readonly state: string
  /** As `classic`; empty from brokers that do not tell. */
  readonly type: string
}

export interface GroupMember {
  readonly memberId: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly host: string
  /** Empty where the group is not one of consumers. */
  readonly assignment: readonly TopicPartition[]
}

export interface GroupDescription extends Outcome {
  readonly group: string
  readonly state: string
  readonly protocolType: string
  /** What the members have agreed on: for consumers, the assignor. */
  readonly protocol: string
  readonly coordinator: Endpoint & { readonly id: NodeId }
  readonly members: readonly GroupMember[]
}

export interface CommittedOffset extends TopicPartition {
  readonly offset: Offset
  /** −1: not said. */
  readonly leaderEpoch: Epoch
  readonly metadata: string | null
}

export interface GroupAdmin {
  /** Of all brokers; `states` and `types` as they are printed, none: all. */
  list(
    filter?: { readonly states?: readonly string[]; readonly types?: readonly string[] },
    options?: AdminOptions,
  ): Promise<GroupListing[]>
  /** In the order of the question. A group that is not there has state `Dead`, or an error from version 6 on. */
  describe(groups: readonly string[], options?: AdminOptions): Promise<GroupDescription[]>
  delete(groups: readonly string[], options?: AdminOptions): Promise<({ readonly group: string } & Outcome)[]>
  /** What the group has committed. Rejects with ClientError. */
  offsets(group: string, options?: AdminOptions): Promise<CommittedOffset[]>
  /** Commits for a group that nobody is in. */
  alterOffsets(
    group: string,
    offsets: readonly (TopicPartition & { readonly offset: Offset })[],
    options?: AdminOptions,
  ): Promise<(TopicPartition & Outcome)[]>
  /** `error`: of the request as a whole; the partitions have it too. */
  deleteOffsets(
    group: string,
    partitions: readonly TopicPartition[],
    options?: AdminOptions,
  ): Promise<{ readonly error: ErrorName; readonly partitions: readonly (TopicPartition & Outcome)[] }>
}

/** By name: from version 10 on topics have ids. */
const LAST_BY_NAME = 9
const NO_GENERATION = -1
const ELSEWHERE: ReadonlySet<ErrorName> = new Set([
  'NOT_COORDINATOR',
  'COORDINATOR_NOT_AVAILABLE',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'NETWORK_EXCEPTION',
])

export class SmallGroupAdmin implements GroupAdmin {
  readonly #cluster: Cluster

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  async list(
    filter: { readonly states?: readonly string[]; readonly types?: readonly string[] } = {},
    options: AdminOptions = {},
  ): Promise<GroupListing[]> {
    const deadline = this.#deadline(options)
    const { body } = await this.#cluster.ask(apis.DescribeCluster, {}, deadline, (answer) => answer.errorCode)
    const request = (version: number): Input<typeof apis.ListGroups.request> => ({
      ...(version >= 4 ? { statesFilter: filter.states ?? [] } : {}),
      ...(version >= 5 ? { typesFilter: filter.types ?? [] } : {}),
    })
    const lists = await Promise.all(
      body.brokers.map(async ({ brokerId }) => {
        const answer = await this.#cluster.ask(apis.ListGroups, request, deadline, (a) => a.errorCode, brokerId)
        refuse(errorName(answer.body.errorCode), `ListGroups of broker ${brokerId}`)
        return answer.body.groups
      }),
    )
    // While a coordinator moves, two may name its groups.
    const found = new Map(lists.flat().map((row) => [row.groupId, row]))
    return [...found.values()].map(({ groupId, protocolType, groupState, groupType }) => ({
      group: groupId,
      protocolType,
      state: groupState,
      type: groupType,
    }))
  }

  describe(groups: readonly string[], options: AdminOptions = {}): Promise<GroupDescription[]> {
    return Promise.all(
      groups.map(async (group) => {
        const request = { groups: [group] }
        const { body, coordinator } = await this.#ask(
          group,
          apis.DescribeGroups,
          request,
          options,
          (answer) => answer.groups[0]?.errorCode ?? 0,
        )
        const row = body.groups[0]
        if (row === undefined) throw new ClientError('UNKNOWN_SERVER_ERROR', `an answer without group ${group}`)
        return {
          group,
          error: errorName(row.errorCode),
          message: row.errorMessage,
          state: row.groupState,
          protocolType: row.protocolType,
          protocol: row.protocolData,
          coordinator,
          members: row.members.map((member) => ({
            memberId: member.memberId,
            instanceId: member.groupInstanceId,
            clientId: member.clientId,
            host: member.clientHost,
            assignment: row.protocolType === 'consumer' ? assignmentOf(member.memberAssignment) : [],
          })),
        }
      }),
    )
  }

  delete(groups: readonly string[], options: AdminOptions = {}): Promise<({ group: string } & Outcome)[]> {
    return Promise.all(
      groups.map(async (group) => {
        const request = { groupsNames: [group] }
        const errorOf = (answer: Message<typeof apis.DeleteGroups.response>): number =>
          answer.results[0]?.errorCode ?? 0
        const { body } = await this.#ask(group, apis.DeleteGroups, request, options, errorOf)
        return { group, error: errorName(errorOf(body)), message: null }
      }),
    )
  }

  async offsets(group: string, options: AdminOptions = {}): Promise<CommittedOffset[]> {
    const request = (version: number): Input<typeof apis.OffsetFetch.request> => ({
      ...(version >= 8 ? { groups: [{ groupId: group, topics: null }] } : { groupId: group, topics: null }),
      ...(version >= 7 ? { requireStable: false } : {}),
    })
    const errorOf = (answer: Message<typeof apis.OffsetFetch.response>): number =>
      answer.groups[0]?.errorCode ?? answer.errorCode
    const { body } = await this.#ask(group, apis.OffsetFetch, request, options, errorOf)
    refuse(errorName(errorOf(body)), `offsets of group ${group}`)
    const { topics } = body.groups[0] ?? body
    return topics.flatMap(({ name, partitions }) =>
      partitions
        .filter(({ committedOffset, errorCode }) => committedOffset >= 0 && errorCode === 0)
        .map(({ partitionIndex, committedOffset, committedLeaderEpoch, metadata }) => ({
          topic: name,
          partition: partitionIndex,
          offset: committedOffset,
          leaderEpoch: committedLeaderEpoch,
          metadata,
        })),
    )
  }

  async alterOffsets(
    group: string,
    offsets: readonly (TopicPartition & { readonly offset: Offset })[],
    options: AdminOptions = {},
  ): Promise<(TopicPartition & Outcome)[]> {
    const request = {
      groupId: group,
      generationIdOrMemberEpoch: NO_GENERATION,
      memberId: '',
      topics: byTopic(offsets, ({ partition, offset }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedMetadata: '',
      })),
    }
    const { body } = await this.#ask(
      group,
      apis.OffsetCommit,
      request,
      options,
      (answer) => answer.topics[0]?.partitions[0]?.errorCode ?? 0,
    )
    return body.topics.flatMap(outcomesOf)
  }

  async deleteOffsets(
    group: string,
    partitions: readonly TopicPartition[],
    options: AdminOptions = {},
  ): Promise<{ error: ErrorName; partitions: (TopicPartition & Outcome)[] }> {
    const topics = byTopic(partitions, ({ partition }) => ({ partitionIndex: partition }))
    const request = { groupId: group, topics }
    const { body } = await this.#ask(group, apis.OffsetDelete, request, options, (answer) => answer.errorCode)
    const error = errorName(body.errorCode)
    if (error === 'NONE') return { error, partitions: body.topics.flatMap(outcomesOf) }
    return {
      error,
      partitions: partitions.map(({ topic, partition }) => ({ topic, partition, error, message: null })),
    }
  }

  /** Of the group's coordinator, wherever that is by then. */
  async #ask<Req extends MessageSchema, Res extends MessageSchema>(
    group: string,
    api: Api<Req, Res>,
    body: Input<Req> | ((version: number) => Input<Req>),
    options: AdminOptions,
    errorOf: (body: Message<Res>) => number,
  ): Promise<{ readonly body: Message<Res>; readonly coordinator: Endpoint & { readonly id: NodeId } }> {
    const { retry, requestTimeoutMs } = this.#cluster
    const deadline = this.#deadline(options)
    for (let attempt = 0; ; attempt++) {
      const coordinator = await this.#cluster.coordinator(group, deadline)
      const timeoutMs = Math.max(1, Math.min(requestTimeoutMs, deadline - retry.now()))
      const peer = this.#cluster.connect(coordinator)
      const result = await peer.send(api, body, { timeoutMs, maxVersion: Math.min(api.maxVersion, lastOf(api.name)) })
      peer.close()
      if (result.kind === 'failed' && result.reason === 'unsupported-version') {
        throw new ClientError('UNSUPPORTED_VERSION', `the coordinator of ${group} has no usable version of ${api.name}`)
      }
      const error = result.kind === 'failed' ? 'NETWORK_EXCEPTION' : errorName(errorOf(result.body))
      const again = ELSEWHERE.has(error) && (await retry.pause(attempt, deadline))
      if (again) continue
      if (result.kind === 'failed') throw new ClientError(error, `${api.name} of group ${group}`, result.sent)
      return { body: result.body, coordinator }
    }
  }

  #deadline(options: AdminOptions): Instant {
    return this.#cluster.retry.now() + (options.timeoutMs ?? this.#cluster.apiTimeoutMs)
  }
}

function lastOf(api: string): number {
  return api === 'OffsetFetch' || api === 'OffsetCommit' ? LAST_BY_NAME : Number.POSITIVE_INFINITY
}

/** Empty where a member has none, as while the group rebalances. */
function assignmentOf(bytes: Uint8Array): TopicPartition[] {
  if (bytes.length === 0) return []
  return decodeAssignment(bytes).body.assignedPartitions.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  )
}

function outcomesOf(row: {
  readonly name: string
  readonly partitions: readonly { readonly partitionIndex: number; readonly errorCode: number }[]
}): (TopicPartition & Outcome)[] {
  return row.partitions.map(({ partitionIndex, errorCode }) => ({
    topic: row.name,
    partition: partitionIndex,
    error: errorName(errorCode),
    message: null,
  }))
}

function byTopic<T extends TopicPartition, P>(
  all: readonly T[],
  partitionOf: (item: T) => P,
): { name: string; partitions: P[] }[] {
  const topics = new Map<string, P[]>()
  for (const each of all) topics.set(each.topic, [...(topics.get(each.topic) ?? []), partitionOf(each)])
  return [...topics].map(([name, partitions]) => ({ name, partitions }))
}

function refuse(error: ErrorName, what: string): void {
  if (error !== 'NONE') throw new ClientError(error, what)
}
