// A shard of the group coordinator with everything around it that a test needs: both clocks, a log of what it appended, short
// names for members, requests with sensible defaults. Used by the text scenarios, the unit tests and the model.

import { uuidFromBytes, ZERO_UUID } from '../../src/base/index.ts'
import {
  createShard,
  deadline,
  type GroupApi,
  type GroupBodies,
  type GroupConfig,
  type GroupEffect,
  type GroupEvent,
  type GroupRecord,
  type GroupRequest,
  type GroupShard,
  step,
} from '../../src/groups/index.ts'
import { ConsumerProtocolSubscription, encodeVersioned } from '../../src/wire/index.ts'

export const CONFIG: GroupConfig = {
  minSessionTimeoutMs: 6_000,
  maxSessionTimeoutMs: 1_800_000,
  maxSize: 2 ** 31 - 1,
  initialRebalanceDelayMs: 3_000,
  offsetMetadataMaxBytes: 4_096,
  offsetsRetentionMs: 7 * 24 * 3_600_000,
  offsetsRetentionCheckIntervalMs: 600_000,
  commitTimeoutMs: 5_000,
}

/** Wall time at the beginning, far from the monotonic clock's zero. */
export const BEGIN = 1_700_000_000_000

export interface Appended {
  readonly append: number
  readonly records: readonly GroupRecord[]
  state: 'written' | 'committed' | 'refused'
}

export class TestShard {
  readonly config: GroupConfig
  readonly shard: GroupShard
  readonly log: Appended[] = []
  now = 0
  #nextToken = 1

  constructor(config: Partial<GroupConfig> = {}) {
    this.config = { ...CONFIG, ...config }
    this.shard = createShard(this.config)
  }

  /** Another process, later: what is not committed is cut off. */
  successor(config: Partial<GroupConfig> = {}): TestShard {
    const next = new TestShard({ ...this.config, ...config })
    next.now = this.now
    next.#nextToken = this.#nextToken
    next.log.push({ append: 0, records: this.committedRecords(), state: 'committed' })
    return next
  }

  /** Leads as of this epoch and has read the log. */
  load(epoch: number, log: readonly GroupRecord[] = this.committedRecords()): GroupEffect[] {
    return [
      ...this.happen({ kind: 'load', epoch }),
      ...this.happen({ kind: 'replay', epoch, records: log }),
      ...this.happen({ kind: 'loaded', epoch }),
    ]
  }

  happen(event: GroupEvent): GroupEffect[] {
    const effects = step(this.shard, event, { now: this.now, wall: BEGIN + this.now })
    for (const effect of effects) {
      if (effect.kind === 'append') this.log.push({ append: effect.append, records: effect.records, state: 'written' })
    }
    return effects
  }

  ask<Api extends GroupApi>(api: Api, body: Partial<GroupBodies[Api]>, options: AskOptions = {}): GroupEffect[] {
    return this.happen({ kind: 'request', request: this.request(api, body, options) })
  }

  request<Api extends GroupApi>(api: Api, body: Partial<GroupBodies[Api]>, options: AskOptions = {}): GroupRequest {
    const token = this.#nextToken++
    return {
      api,
      token,
      version: options.version ?? USUAL[api],
      clientId: options.clientId ?? 'c',
      clientHost: '/127.0.0.1',
      uuid: uuidOf(token),
      body: { ...DEFAULTS[api], ...body },
    } as unknown as GroupRequest
  }

  /** The watermark passes this append. */
  commit(append: number): GroupEffect[] {
    for (const one of this.log) if (one.append <= append && one.state === 'written') one.state = 'committed'
    return this.happen({ kind: 'committed', append })
  }

  fail(append: number, error: string, written: boolean): GroupEffect[] {
    const one = this.log.find((entry) => entry.append === append)
    if (one !== undefined && !written) one.state = 'refused'
    return this.happen({ kind: 'append-failed', append, error: error as never, written })
  }

  deadline(): number | null {
    return deadline(this.shard)
  }

  committedRecords(): GroupRecord[] {
    return this.log.flatMap((one) => (one.state === 'committed' ? one.records : []))
  }
}

export interface AskOptions {
  readonly version?: number
  readonly clientId?: string
}

/** The newest, but for SyncGroup, which must say more from version 5 on. */
const USUAL: Record<GroupApi, number> = {
  JoinGroup: 9,
  SyncGroup: 4,
  Heartbeat: 4,
  LeaveGroup: 5,
  OffsetCommit: 9,
  OffsetFetch: 9,
  OffsetDelete: 0,
  DescribeGroups: 6,
  DeleteGroups: 2,
  ListGroups: 5,
}

const DEFAULTS: { readonly [Api in GroupApi]: Partial<GroupBodies[Api]> } = {
  JoinGroup: {
    groupId: 'g',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    memberId: '',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription(['t']) }],
    reason: null,
  },
  SyncGroup: {
    groupId: 'g',
    generationId: 1,
    memberId: '',
    groupInstanceId: null,
    protocolType: null,
    protocolName: null,
    assignments: [],
  },
  Heartbeat: { groupId: 'g', generationId: 1, memberId: '', groupInstanceId: null },
  LeaveGroup: { groupId: 'g', memberId: '', members: [] },
  OffsetCommit: {
    groupId: 'g',
    generationIdOrMemberEpoch: -1,
    memberId: '',
    groupInstanceId: null,
    retentionTimeMs: -1,
    topics: [],
  },
  OffsetFetch: { groupId: 'g', topics: null, requireStable: false },
  OffsetDelete: { groupId: 'g', topics: [] },
  DescribeGroups: { groupId: 'g' },
  DeleteGroups: { groupId: 'g' },
  ListGroups: { statesFilter: [], typesFilter: [] },
}

export function subscription(topics: readonly string[]): Uint8Array {
  return encodeVersioned(ConsumerProtocolSubscription, 3, { topics })
}

export interface Position {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** A topic of OffsetCommit, OffsetFetch and OffsetDelete alike. */
export interface TestTopic {
  readonly name: string
  readonly topicId: string
  readonly partitionIndexes: number[]
  readonly partitions: {
    partitionIndex: number
    committedOffset: number
    committedLeaderEpoch: number
    committedMetadata: string | null
  }[]
}

export function topicsOf(
  positions: readonly Position[],
  metadata: string | null = null,
  topicId: string = ZERO_UUID,
): TestTopic[] {
  return [...new Set(positions.map(({ topic }) => topic))].map((name) => {
    const own = positions.filter(({ topic }) => topic === name)
    return {
      name,
      topicId,
      partitionIndexes: own.map(({ partition }) => partition),
      partitions: own.map(({ partition, offset }) => ({
        partitionIndex: partition,
        committedOffset: offset,
        committedLeaderEpoch: -1,
        committedMetadata: metadata,
      })),
    }
  })
}

/** Counted ids, so that a story can be read. */
export function uuidOf(n: number): string {
  const bytes = new Uint8Array(16)
  new DataView(bytes.buffer).setUint32(12, n)
  return uuidFromBytes(bytes)
}

/** `c-00000000-0000-0000-0000-000000000007` as `c-7`, and back. */
export function short(text: string): string {
  return text.replace(/-00000000-0000-0000-0000-([0-9a-f]{12})/g, (_, hex: string) => `-${Number.parseInt(hex, 16)}`)
}
export function long(memberId: string): string {
  return memberId.replace(/-(\d+)$/, (_, n: string) => {
    return `-00000000-0000-0000-0000-${Number(n).toString(16).padStart(12, '0')}`
  })
}
