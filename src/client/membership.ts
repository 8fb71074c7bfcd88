// A member of a group by the classic protocol, eager: finds the coordinator, joins, assigns where it leads, heartbeats, leaves.
// The connection to the coordinator is its own, for a JoinGroup waits and holds up what comes behind it. Knows nothing of
// records. Invariant: a generation is held only between the end of `join` and whatever says that it is over.

import type { Endpoint, Instant, Timer } from '../base/index.ts'
import { messageOf } from '../base/index.ts'
import type { Peer } from '../rpc/index.ts'
import type { Api, ErrorName, Input, JoinGroupResponse, Message, MessageSchema } from '../wire/index.ts'
import {
  apis,
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
  decodeAssignment,
  decodeSubscription,
  encodeVersioned,
  errorName,
} from '../wire/index.ts'
import type { Cluster } from './cluster.ts'
import { ClientError } from './errors.ts'
import { assignRanges } from './range.ts'
import type { GroupConsumerOptions, TopicPartition } from './types.ts'

const PROTOCOL_TYPE = 'consumer'
const PROTOCOL = 'range'
/** What Java's consumers allow for the way of a JoinGroup beside the rebalance. */
const JOIN_SLACK_MS = 5_000
const SESSION_TIMEOUT_MS = 45_000
const REBALANCE_TIMEOUT_MS = 300_000
const HEARTBEAT_INTERVAL_MS = 3_000
const NO_GENERATION = -1

export interface Generation {
  readonly memberId: string
  readonly id: number
}

export class Membership {
  readonly #cluster: Cluster
  readonly #options: GroupConsumerOptions
  readonly #sessionTimeoutMs: number
  readonly #rebalanceTimeoutMs: number
  readonly #heartbeatIntervalMs: number
  #coordinator: { readonly endpoint: Endpoint; readonly peer: Peer } | null = null
  #memberId = ''
  #generation: number = NO_GENERATION
  #heartbeat: Timer | null = null
  #lastPoll: Instant = 0
  #fatal: ClientError | null = null
  /** Why the heartbeats have stopped, until it is told: the user begins them again by his next poll, as in Java's consumers. */
  #beatFailed: Error | null = null
  #closed = false

  constructor(cluster: Cluster, options: GroupConsumerOptions) {
    this.#cluster = cluster
    this.#options = options
    this.#sessionTimeoutMs = options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS
    this.#rebalanceTimeoutMs = options.rebalanceTimeoutMs ?? REBALANCE_TIMEOUT_MS
    this.#heartbeatIntervalMs = options.heartbeatIntervalMs ?? HEARTBEAT_INTERVAL_MS
  }

  /** Null: it must join (again) before it may read. */
  get generation(): Generation | null {
    return this.#generation === NO_GENERATION ? null : { memberId: this.#memberId, id: this.#generation }
  }

  get memberId(): string {
    return this.#memberId
  }

  /** Its user is there; throws what ended the membership for good, and once what kept a heartbeat from being sent. */
  polled(): void {
    this.#lastPoll = this.#cluster.retry.now()
    if (this.#fatal !== null) throw this.#fatal
    const failed = this.#beatFailed
    if (failed === null) return
    this.#beatFailed = null
    if (this.generation !== null) this.#beatLater()
    throw failed
  }

  /** Until it is in a generation that has assignments. Rejects with what no further attempt would change. */
  async join(): Promise<readonly TopicPartition[]> {
    for (let attempt = 0; !this.#closed; attempt++) {
      const assigned = await this.#tryToJoin()
      if (assigned !== null) return assigned
      await this.#cluster.retry.pause(attempt, Number.POSITIVE_INFINITY)
    }
    throw new ClientError('NETWORK_EXCEPTION', 'the consumer is closed')
  }

  /**
   * Sends to the coordinator, which is looked for where it is not known; null: there was no answer, or one that says that the
   * coordinator is elsewhere. `errorOf` gives the error that decides about that.
   */
  async ask<Req extends MessageSchema, Res extends MessageSchema>(
    api: Api<Req, Res>,
    body: Input<Req> | ((version: number) => Input<Req>),
    options: { readonly timeoutMs: number; readonly maxVersion?: number },
    errorOf: (body: Message<Res>) => number,
  ): Promise<{ readonly body: Message<Res> | null; readonly sent: boolean }> {
    const peer = await this.#find(options.timeoutMs)
    if (peer === null) return { body: null, sent: false }
    const result = await peer.send(api, body, options)
    if (result.kind === 'failed') {
      if (result.reason === 'unsupported-version') throw new ClientError('UNSUPPORTED_VERSION', api.name)
      this.#lose(peer)
      return { body: null, sent: result.sent }
    }
    const error = errorName(errorOf(result.body))
    if (error !== 'NOT_COORDINATOR' && error !== 'COORDINATOR_NOT_AVAILABLE') return { body: result.body, sent: true }
    this.#lose(peer)
    return { body: null, sent: true }
  }

  /** What a coordinator has said of this member, in any answer. */
  heard(error: ErrorName): void {
    switch (error) {
      case 'UNKNOWN_MEMBER_ID':
        this.#memberId = ''
        this.#over()
        return
      case 'ILLEGAL_GENERATION':
      case 'REBALANCE_IN_PROGRESS':
        this.#over()
        return
      case 'FENCED_INSTANCE_ID':
      case 'INVALID_GROUP_ID':
      case 'GROUP_AUTHORIZATION_FAILED':
        this.#over()
        this.#fatal = new ClientError(error, `group ${this.#options.group}`)
        return
      default:
        return
    }
  }

  /** Tells the group, if it can be told; a static member keeps its place. */
  async leave(timeoutMs: number): Promise<void> {
    const memberId = this.#memberId
    const endpoint = this.#coordinator?.endpoint
    this.stop()
    if (memberId === '' || this.#options.instanceId !== undefined || endpoint === undefined) return
    // On a connection of its own, not behind a JoinGroup that waits.
    const peer = this.#cluster.connect(endpoint)
    await peer.send(apis.LeaveGroup, this.#leaving(memberId), { timeoutMs })
    peer.close()
  }

  stop(): void {
    this.#closed = true
    this.#over()
    this.#memberId = ''
    this.#coordinator?.peer.close()
    this.#coordinator = null
  }

  #leaving(memberId: string): (version: number) => Input<typeof apis.LeaveGroup.request> {
    const groupId = this.#options.group
    return (version) => ({ groupId, ...(version < 3 ? { memberId } : { members: [{ memberId }] }) })
  }

  #over(): void {
    this.#generation = NO_GENERATION
    this.#heartbeat?.cancel()
    this.#heartbeat = null
  }

  async #find(timeoutMs: number): Promise<Peer | null> {
    if (this.#coordinator !== null) return this.#coordinator.peer
    const deadline = this.#cluster.retry.now() + timeoutMs
    const found = await this.#cluster.coordinator(this.#options.group, deadline).catch((error: unknown) => {
      if (error instanceof ClientError) return null
      throw error
    })
    if (found === null || this.#closed) return null
    this.#coordinator ??= { endpoint: found, peer: this.#cluster.connect(found) }
    return this.#coordinator.peer
  }

  #lose(peer: Peer): void {
    if (this.#coordinator?.peer !== peer) return
    this.#coordinator = null
    peer.close()
  }

  /** Null: to be tried again. */
  async #tryToJoin(): Promise<readonly TopicPartition[] | null> {
    this.#over()
    const { group, topics, instanceId } = this.#options
    const subscription = { topics: [...topics], userData: null, ownedPartitions: [] }
    const timeoutMs = Math.max(this.#cluster.requestTimeoutMs, this.#rebalanceTimeoutMs + JOIN_SLACK_MS)
    const request: Input<typeof apis.JoinGroup.request> = {
      groupId: group,
      sessionTimeoutMs: this.#sessionTimeoutMs,
      rebalanceTimeoutMs: this.#rebalanceTimeoutMs,
      memberId: this.#memberId,
      groupInstanceId: instanceId ?? null,
      protocolType: PROTOCOL_TYPE,
      protocols: [{ name: PROTOCOL, metadata: encodeVersioned(ConsumerProtocolSubscription, 1, subscription) }],
    }
    const { body } = await this.ask(apis.JoinGroup, request, { timeoutMs }, (answer) => answer.errorCode)
    if (body === null || this.#closed) return null
    const error = errorName(body.errorCode)
    if (error === 'MEMBER_ID_REQUIRED') {
      this.#memberId = body.memberId
      return this.#tryToJoin()
    }
    if (error !== 'NONE') return this.#notIn(error)
    this.#memberId = body.memberId
    return this.#sync(body)
  }

  async #sync(joined: JoinGroupResponse): Promise<readonly TopicPartition[] | null> {
    const { group, instanceId } = this.#options
    const leads = joined.leader === joined.memberId && !joined.skipAssignment
    const request: Input<typeof apis.SyncGroup.request> = {
      groupId: group,
      generationId: joined.generationId,
      memberId: joined.memberId,
      groupInstanceId: instanceId ?? null,
      protocolType: PROTOCOL_TYPE,
      protocolName: PROTOCOL,
      assignments: leads ? await this.#assignments(joined) : [],
    }
    const timeoutMs = Math.max(this.#cluster.requestTimeoutMs, this.#rebalanceTimeoutMs + JOIN_SLACK_MS)
    const { body } = await this.ask(apis.SyncGroup, request, { timeoutMs }, (answer) => answer.errorCode)
    if (body === null || this.#closed) return null
    const error = errorName(body.errorCode)
    if (error !== 'NONE') return this.#notIn(error)
    this.#generation = joined.generationId
    this.#beatLater()
    if (body.assignment.length === 0) return []
    return decodeAssignment(body.assignment).body.assignedPartitions.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => ({ topic, partition })),
    )
  }

  #notIn(error: ErrorName): null {
    this.heard(error)
    if (this.#fatal !== null) throw this.#fatal
    const passing: readonly ErrorName[] = [
      'UNKNOWN_MEMBER_ID',
      'ILLEGAL_GENERATION',
      'REBALANCE_IN_PROGRESS',
      'COORDINATOR_LOAD_IN_PROGRESS',
    ]
    if (!passing.includes(error)) throw new ClientError(error, `group ${this.#options.group}`)
    return null
  }

  async #assignments(
    joined: JoinGroupResponse,
  ): Promise<NonNullable<Input<typeof apis.SyncGroup.request>['assignments']>> {
    const members = joined.members.map(({ memberId, groupInstanceId, metadata }) => ({
      memberId,
      instanceId: groupInstanceId,
      topics: decodeSubscription(metadata).body.topics,
    }))
    const counts = new Map<string, number>()
    const deadline = this.#cluster.retry.now() + this.#cluster.requestTimeoutMs
    for (const topic of new Set(members.flatMap(({ topics }) => topics))) {
      counts.set(topic, await this.#partitions(topic, deadline))
    }
    return [...assignRanges(members, counts)].map(([memberId, byTopic]) => ({
      memberId,
      assignment: encodeVersioned(ConsumerProtocolAssignment, 1, {
        assignedPartitions: [...byTopic].map(([topic, partitions]) => ({ topic, partitions })),
        userData: null,
      }),
    }))
  }

  /** None of a topic that is not there (yet). */
  async #partitions(topic: string, deadline: Instant): Promise<number> {
    try {
      return await this.#cluster.partitionCount(topic, false, deadline)
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      return 0
    }
  }

  #beatLater(): void {
    this.#heartbeat?.cancel()
    this.#heartbeat = this.#cluster.timers.after(this.#heartbeatIntervalMs, () => {
      this.#beat().catch((error: unknown) => {
        this.#beatFailed = error instanceof Error ? error : new Error(messageOf(error))
      })
    })
  }

  async #beat(): Promise<void> {
    const generation = this.generation
    if (generation === null) return
    // Java's consumers leave when their user has not polled within the rebalance time-out: others can do the work.
    if (this.#cluster.retry.now() - this.#lastPoll > this.#rebalanceTimeoutMs) {
      await this.#drop()
      return
    }
    const { group, instanceId } = this.#options
    const { memberId, id } = generation
    const request = { groupId: group, generationId: id, memberId, groupInstanceId: instanceId ?? null }
    const timeoutMs = Math.min(this.#cluster.requestTimeoutMs, this.#sessionTimeoutMs)
    const { body } = await this.ask(apis.Heartbeat, request, { timeoutMs }, (answer) => answer.errorCode)
    // Another generation has begun since, and has its own heartbeats.
    if (this.#generation !== id || this.#memberId !== memberId) return
    if (body !== null) this.heard(errorName(body.errorCode))
    if (this.generation !== null) this.#beatLater()
  }

  async #drop(): Promise<void> {
    const memberId = this.#memberId
    this.#over()
    this.#memberId = ''
    if (this.#options.instanceId !== undefined) return
    const timeoutMs = this.#cluster.requestTimeoutMs
    await this.ask(apis.LeaveGroup, this.#leaving(memberId), { timeoutMs }, (answer) => answer.errorCode)
  }
}
