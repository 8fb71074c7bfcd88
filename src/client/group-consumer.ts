// A consumer that shares topics with the other members of its group: joins when it is polled, begins where the group has
// committed, commits what it has handed out. What was handed out in a generation that is over is no progress of the group any
// more, and is not committed.

import type { Instant, Offset } from '../base/index.ts'
import type { Input, OffsetCommitResponse, OffsetFetchResponse } from '../wire/index.ts'
import { apis, errorName } from '../wire/index.ts'
import type { Cluster } from './cluster.ts'
import { SmallConsumer } from './consumer.ts'
import { ClientError } from './errors.ts'
import { Membership } from './membership.ts'
import type {
  Assignment,
  ClientPorts,
  ConsumedRecord,
  GroupConsumer,
  GroupConsumerOptions,
  TopicPartition,
} from './types.ts'

/** How long one look at the records lasts before it is asked whether the group rebalances. */
const LOOK_MS = 500
/** By name: from version 10 on topics have ids, which the metadata may not know at that moment. */
const LAST_BY_NAME = 9
const LEAVE_MS = 5_000

interface Progress extends TopicPartition {
  readonly next: Offset
  readonly leaderEpoch: number
}

/** What the group gave to this member. */
interface Given {
  readonly generation: number
  readonly partitions: readonly TopicPartition[]
}

export class SmallGroupConsumer implements GroupConsumer {
  readonly #cluster: Cluster
  readonly #options: GroupConsumerOptions
  readonly #consumer: SmallConsumer
  readonly #membership: Membership
  #assignment: readonly TopicPartition[] = []
  /** Before it is known where to begin in it, too. */
  #given: Given | null = null
  /** In which `#assignment` was given; null: it is not one's own any more, or cannot be read yet. */
  #since: number | null = null
  #joining: Promise<void> | null = null
  #failed: Error | null = null
  /** What was handed out and not committed, in this generation. */
  #progress: Map<string, Progress> = new Map()
  #closed = false

  constructor(cluster: Cluster, ports: ClientPorts, options: GroupConsumerOptions) {
    this.#cluster = cluster
    this.#options = options
    this.#consumer = new SmallConsumer(cluster, ports, options)
    this.#membership = new Membership(cluster, options)
  }

  get memberId(): string {
    return this.#membership.memberId
  }

  get generation(): number {
    return this.#current ? (this.#since ?? -1) : -1
  }

  get assignment(): readonly TopicPartition[] {
    return this.#current ? this.#assignment : []
  }

  position(topic: string, partition: number): Offset | null {
    return this.#current ? this.#consumer.position(topic, partition) : null
  }

  async poll(timeoutMs: number, maxRecords?: number): Promise<ConsumedRecord[]> {
    const { retry } = this.#cluster
    const deadline = retry.now() + timeoutMs
    for (;;) {
      if (this.#closed) throw new ClientError('NETWORK_EXCEPTION', 'the consumer is closed')
      this.#membership.polled()
      this.#throwFailure()
      if (!this.#current) await this.#joined(deadline)
      const left = deadline - retry.now()
      if (!this.#current) {
        if (left <= 0) return []
        continue
      }
      const records = await this.#consumer.poll(Math.min(Math.max(left, 0), LOOK_MS), maxRecords)
      for (const record of records) this.#advance(record)
      if (records.length > 0 || retry.now() >= deadline) return records
    }
  }

  async commit(timeoutMs: number = this.#cluster.apiTimeoutMs): Promise<void> {
    const progress = [...this.#progress.values()]
    if (progress.length === 0) return
    const since = this.#since
    const { retry } = this.#cluster
    const deadline = retry.now() + timeoutMs
    let maybeApplied = false
    for (let attempt = 0; ; attempt++) {
      const generation = this.#membership.generation
      if (generation === null || generation.id !== since) {
        throw new ClientError('ILLEGAL_GENERATION', `group ${this.#options.group} rebalances`, maybeApplied)
      }
      const left = Math.max(deadline - retry.now(), 1)
      const request = commitRequest(this.#options, generation, progress)
      const options = { timeoutMs: Math.min(left, this.#cluster.requestTimeoutMs), maxVersion: LAST_BY_NAME }
      const { body, sent } = await this.#membership.ask(apis.OffsetCommit, request, options, errorIn)
      const error = body === null ? null : errorName(errorIn(body))
      if (error === 'NONE') {
        for (const each of progress) this.#committed(each)
        return
      }
      maybeApplied ||= sent && body === null
      if (error !== null && error !== 'COORDINATOR_LOAD_IN_PROGRESS') {
        this.#membership.heard(error)
        throw new ClientError(error, `commit of group ${this.#options.group}`, maybeApplied)
      }
      const again = attempt < (this.#options.commitRetries ?? Number.POSITIVE_INFINITY)
      if (!again || !(await retry.pause(attempt, deadline))) {
        throw new ClientError(error ?? 'NETWORK_EXCEPTION', `commit of group ${this.#options.group}`, maybeApplied)
      }
    }
  }

  giveBack(records: readonly ConsumedRecord[]): void {
    for (const { topic, partition, offset, leaderEpoch } of records) {
      const key = keyOf({ topic, partition })
      const progress = this.#progress.get(key)
      if (progress !== undefined && progress.next > offset) {
        this.#progress.set(key, { topic, partition, next: offset, leaderEpoch })
      }
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#revoke()
    this.#consumer.close()
    await this.#membership.leave(LEAVE_MS)
  }

  /** As a process that dies: the group hears nothing of it. */
  stop(): void {
    this.#closed = true
    this.#consumer.close()
    this.#membership.stop()
  }

  /** The assignment is of the generation that the group is in, as far as this member has heard. */
  get #current(): boolean {
    const generation = this.#membership.generation
    return generation !== null && generation.id === this.#since
  }

  #throwFailure(): void {
    if (this.#failed === null) return
    const error = this.#failed
    this.#failed = null
    throw error
  }

  #revoke(): void {
    this.#given = null
    this.#since = null
    this.#assignment = []
    this.#progress = new Map()
    this.#consumer.assign([])
  }

  /** Joins, which goes on when the deadline has passed. */
  async #joined(deadline: Instant): Promise<void> {
    const { retry, timers } = this.#cluster
    this.#joining ??= this.#join()
      .catch((error: unknown) => {
        if (!this.#closed) this.#failed = error instanceof Error ? error : new Error(String(error))
      })
      .finally(() => {
        this.#joining = null
      })
    const joining = this.#joining
    await new Promise<void>((resolve) => {
      const timer = timers.after(Math.max(deadline - retry.now(), 0), resolve)
      void joining.then(() => {
        timer.cancel()
        resolve()
      })
    })
    this.#throwFailure()
  }

  /** What was given in a generation that goes on is not joined for again: only where to begin is still to be found. */
  async #join(): Promise<void> {
    if (this.#given === null || this.#given.generation !== this.#membership.generation?.id) {
      this.#revoke()
      this.#options.onRevoked?.()
      const partitions = await this.#membership.join()
      const generation = this.#membership.generation
      if (generation === null || this.#closed) return
      this.#given = { generation: generation.id, partitions }
    }
    await this.#begin(this.#given)
  }

  async #begin({ generation, partitions }: Given): Promise<void> {
    const offsets = partitions.length === 0 ? new Map<string, Offset>() : await this.#committedOffsets(partitions)
    if (offsets === null || this.#membership.generation?.id !== generation || this.#closed) return
    const starts = this.#starts(partitions, offsets)
    this.#since = generation
    this.#assignment = partitions
    this.#consumer.assign(starts)
    const told = partitions.map((at) => {
      const committed = offsets.get(keyOf(at))
      return committed === undefined ? at : { ...at, committed }
    })
    this.#options.onAssigned?.({ generation, partitions: told })
  }

  /** Throws, at each poll until it has somewhere to begin, what Java's consumers call NoOffsetForPartitionException: the
   *  partitions stay with the member, which reads none of them. */
  #starts(partitions: readonly TopicPartition[], offsets: ReadonlyMap<string, Offset>): Assignment[] {
    const { group, reset = 'latest' } = this.#options
    const unset: string[] = []
    const starts = partitions.flatMap((at): Assignment[] => {
      const offset = offsets.get(keyOf(at)) ?? reset
      if (offset !== 'none') return [{ ...at, offset }]
      unset.push(keyOf(at))
      return []
    })
    if (unset.length === 0) return starts
    const what = `group ${group} has committed no offset of ${unset.join(', ')}, and reset is none`
    const remedy = 'commit an offset for the group, or let it begin with reset earliest or latest (auto.offset.reset)'
    throw new ClientError('OFFSET_OUT_OF_RANGE', `${what}: ${remedy}`)
  }

  /** What the group has committed of these; null: the generation is over. */
  async #committedOffsets(assigned: readonly TopicPartition[]): Promise<Map<string, Offset> | null> {
    const { group } = this.#options
    const topics = byTopic(assigned).map(([name, partitions]) => ({
      name,
      partitionIndexes: partitions.map(({ partition }) => partition),
    }))
    const request = (version: number): Input<typeof apis.OffsetFetch.request> => ({
      ...(version >= 8 ? { groups: [{ groupId: group, topics }] } : { groupId: group, topics }),
      ...(version >= 7 ? { requireStable: true } : {}),
    })
    const options = { timeoutMs: this.#cluster.requestTimeoutMs, maxVersion: LAST_BY_NAME }
    for (let attempt = 0; this.#membership.generation !== null; attempt++) {
      const { body } = await this.#membership.ask(
        apis.OffsetFetch,
        request,
        options,
        (answer) => refusalIn(answer).code,
      )
      if (body !== null) {
        const { code, of } = refusalIn(body)
        const error = errorName(code)
        if (error === 'NONE') return offsetsIn(body)
        if (error !== 'COORDINATOR_LOAD_IN_PROGRESS' && error !== 'UNSTABLE_OFFSET_COMMIT') {
          this.#membership.heard(error)
          throw new ClientError(error, `offsets of group ${group}${of === null ? '' : `, partition ${of}`}`)
        }
      }
      await this.#cluster.retry.pause(attempt, Number.POSITIVE_INFINITY)
      if (this.#closed) return null
    }
    return null
  }

  #advance({ topic, partition, offset, leaderEpoch }: ConsumedRecord): void {
    this.#progress.set(keyOf({ topic, partition }), { topic, partition, next: offset + 1, leaderEpoch })
  }

  #committed(progress: Progress): void {
    const key = keyOf(progress)
    if (this.#progress.get(key) === progress) this.#progress.delete(key)
  }
}

/** The first error of any partition; 0: none. */
function errorIn(answer: OffsetCommitResponse): number {
  const codes = answer.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))
  return codes.find((code) => code !== 0) ?? 0
}

/** What stands in the way of an answer about offsets, 0: nothing. What passes (UNSTABLE_OFFSET_COMMIT) only where nothing
 *  else does, as Java's consumers hold it: they begin nowhere before they know of every partition. */
function refusalIn(answer: OffsetFetchResponse): { readonly code: number; readonly of: string | null } {
  const { errorCode: whole, topics } = answer.groups[0] ?? answer
  if (whole !== 0) return { code: whole, of: null }
  const refused = topics.flatMap(({ name, partitions }) =>
    partitions.flatMap(({ partitionIndex: partition, errorCode: code }) =>
      code === 0 ? [] : [{ code, of: keyOf({ topic: name, partition }) }],
    ),
  )
  const final = refused.find(({ code }) => errorName(code) !== 'UNSTABLE_OFFSET_COMMIT')
  return final ?? refused[0] ?? { code: 0, of: null }
}

/** Of what is committed; the other partitions have −1. */
function offsetsIn(answer: OffsetFetchResponse): Map<string, Offset> {
  const offsets = new Map<string, Offset>()
  for (const { name, partitions } of (answer.groups[0] ?? answer).topics) {
    for (const { partitionIndex: partition, committedOffset } of partitions) {
      if (committedOffset >= 0) offsets.set(keyOf({ topic: name, partition }), committedOffset)
    }
  }
  return offsets
}

function commitRequest(
  { group, instanceId }: GroupConsumerOptions,
  generation: { readonly memberId: string; readonly id: number },
  progress: readonly Progress[],
): Input<typeof apis.OffsetCommit.request> {
  return {
    groupId: group,
    generationIdOrMemberEpoch: generation.id,
    memberId: generation.memberId,
    groupInstanceId: instanceId ?? null,
    topics: byTopic(progress).map(([name, partitions]) => ({
      name,
      partitions: partitions.map(({ partition, next, leaderEpoch }) => ({
        partitionIndex: partition,
        committedOffset: next,
        committedLeaderEpoch: leaderEpoch,
        committedMetadata: '',
      })),
    })),
  }
}

function byTopic<T extends TopicPartition>(all: readonly T[]): [string, T[]][] {
  const topics = new Map<string, T[]>()
  for (const each of all) {
    const same = topics.get(each.topic)
    if (same === undefined) topics.set(each.topic, [each])
    else same.push(each)
  }
  return [...topics]
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}
