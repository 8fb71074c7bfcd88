// The state of one shard, and the few things that every decision does with it: answer, append, wait for what is written.
// Invariant: what a shard knows exists only while it loads or is active; a request stands in at most one place that waits.

import type { Epoch, Instant } from '../base/index.ts'
import type { ErrorName } from '../wire/index.ts'
import { type Cell, latest, newCell, write } from './cells.ts'
import { Deadlines } from './deadlines.ts'
import { type Group, newGroup } from './group.ts'
import { type CommittedOffset, foldOffset } from './records.ts'
import { refuse } from './refusals.ts'
import type {
  GroupAnswer,
  GroupApi,
  GroupConfig,
  GroupEffect,
  GroupRecord,
  GroupRequest,
  GroupResponses,
  Moment,
} from './types.ts'

export type Offsets = Map<string, Map<string, Map<number, Cell<CommittedOffset>>>>

/** What the records say, with what is written and not committed on top. */
export interface Contents {
  readonly groups: Map<string, Cell<Group>>
  /** By group, topic and partition. */
  readonly offsets: Offsets
}

export type Alarm =
  | { readonly kind: 'session'; readonly groupId: string; readonly memberId: string }
  | { readonly kind: 'join'; readonly groupId: string; readonly initial: InitialDelay | null }
  | { readonly kind: 'sync'; readonly groupId: string; readonly generation: number }
  | { readonly kind: 'retention' }

/** How long the first rebalance was put off, and how long it may still be. */
export interface InitialDelay {
  readonly delayMs: number
  readonly remainingMs: number
}

type Touched =
  /** The group is there because of this append, or would be if it were not there before. */
  | { readonly kind: 'group'; readonly groupId: string }
  | { readonly kind: 'offset'; readonly groupId: string; readonly topic: string; readonly partition: number }

/** An append that the log has, or will have, and that is not committed. */
export interface Outstanding {
  readonly append: number
  readonly touched: readonly Touched[]
}

/** What happens when appends `first` to `append` are committed, or one of them has failed. */
export interface Waiting {
  readonly first: number
  readonly append: number
  readonly deadline: Instant
  readonly then: Then
}

export type Then =
  | { readonly kind: 'answer'; readonly request: GroupRequest; readonly answer: GroupAnswer }
  /** The leader's assignment: the group is stable when it is committed. */
  | {
      readonly kind: 'assigned'
      readonly groupId: string
      readonly generation: number
      readonly assignments: ReadonlyMap<string, Uint8Array>
    }
  /** A static member that came back under another id, without a rebalance. */
  | {
      readonly kind: 'replaced'
      readonly groupId: string
      readonly instanceId: string
      readonly oldId: string
      readonly newId: string
      readonly before: Pick<Group['members'] extends Map<string, infer M> ? M : never, BeforeField>
      readonly oldLeader: string | null
      readonly request: GroupRequest
    }
type BeforeField = 'protocols' | 'rebalanceTimeoutMs' | 'sessionTimeoutMs'

export interface Active {
  readonly kind: 'active'
  readonly epoch: Epoch
  readonly contents: Contents
  readonly deadlines: Deadlines<Alarm>
  readonly outstanding: Outstanding[]
  readonly waiting: Waiting[]
}

export type Phase =
  | { readonly kind: 'unloaded' }
  | { readonly kind: 'loading'; readonly contents: Contents }
  | { readonly kind: 'failed' }
  | Active

export interface GroupShard {
  readonly config: GroupConfig
  phase: Phase
  /** The newest leader epoch heard of, led here or elsewhere; what is older is late. */
  epoch: Epoch
  /** Ids of appends never come again, so news of an earlier life finds nothing. */
  nextAppend: number
}

/** One event on an active shard. */
export interface Work {
  readonly shard: GroupShard
  readonly active: Active
  readonly at: Moment
  readonly effects: GroupEffect[]
}

export function newContents(): Contents {
  return { groups: new Map(), offsets: new Map() }
}

export function newActive(epoch: Epoch, contents: Contents): Active {
  return { kind: 'active', epoch, contents, deadlines: new Deadlines(), outstanding: [], waiting: [] }
}

/** The group as the latest write has it. */
export function groupOf(work: Work, groupId: string): Group | null {
  return latest(work.active.contents.groups.get(groupId))
}

export function answer<Api extends GroupApi>(work: Work, api: Api, token: number, response: GroupResponses[Api]): void {
  work.effects.push({ kind: 'answer', api, token, response } as GroupAnswer)
}

export function note(work: Work, groupId: string, text: string): void {
  work.effects.push({ kind: 'note', groupId, text })
}

/** Appends records, and what they say is known at once. `made`: a group that begins with them. */
export function append(work: Work, records: readonly GroupRecord[], made: Group | null = null): number {
  const id = work.shard.nextAppend++
  const touched: Touched[] = []
  const { contents } = work.active
  // Offsets of one request are of one group.
  let told: string | null = null
  if (made !== null) writeGroup(contents, made.groupId, made, id)
  for (const record of records) {
    if (record.type === 'OffsetCommit') {
      const { group: groupId, topic, partition } = record.key
      // A group of offsets alone: no record of its own tells of it.
      if (record.value !== null && latest(contents.groups.get(groupId)) === null) {
        writeGroup(contents, groupId, newGroup(groupId, work.at.wall), id)
      }
      writeOffset(contents.offsets, record.key, id, foldOffset(record))
      if (record.value !== null && groupId !== told) touched.push({ kind: 'group', groupId })
      told = groupId
      touched.push({ kind: 'offset', groupId, topic, partition })
    } else if (record.type === 'GroupMetadata') {
      const { group: groupId } = record.key
      if (record.value === null) writeGroup(contents, groupId, null, id)
      touched.push({ kind: 'group', groupId })
    }
  }
  work.active.outstanding.push({ append: id, touched })
  work.effects.push({ kind: 'append', append: id, epoch: work.active.epoch, records })
  return id
}

export function waitFor(work: Work, first: number, last: number, then: Then): void {
  const deadline = work.at.now + work.shard.config.commitTimeoutMs
  work.active.waiting.push({ first, append: last, deadline, then })
}

/**
 * Answers when everything written until now is committed: what is said may rest on it. `records` are appended before, in
 * batches of a bounded size; the answer stands for all of them.
 */
export function answerAfter(
  work: Work,
  request: GroupRequest,
  response: GroupResponses[GroupApi],
  records: readonly GroupRecord[] = [],
): void {
  const reply = { kind: 'answer', api: request.api, token: request.token, response } as GroupAnswer
  const appends = appendInParts(work, records)
  const { outstanding } = work.active
  const last = outstanding[outstanding.length - 1]?.append
  if (last === undefined) work.effects.push(reply)
  else waitFor(work, appends[0] ?? last, last, { kind: 'answer', request, answer: reply })
}

/** Answers what was read of the latest writes when all of them are committed; if any is refused, nobody has ever said so. */
export function answerAfterAll(work: Work, request: GroupRequest, response: GroupResponses[GroupApi]): void {
  const reply = { kind: 'answer', api: request.api, token: request.token, response } as GroupAnswer
  const { outstanding } = work.active
  const [first] = outstanding
  if (first === undefined) work.effects.push(reply)
  else waitFor(work, first.append, outstanding.at(-1)!.append, { kind: 'answer', request, answer: reply })
}

/** A batch must stay below `max.message.bytes`, whose default is 1 MiB; offsets of a large group need several. */
const PART_BYTES = 256 * 1024

export function appendInParts(work: Work, records: readonly GroupRecord[]): number[] {
  const appends: number[] = []
  let part: GroupRecord[] = []
  let bytes = 0
  for (const record of records) {
    part.push(record)
    bytes += sizeOf(record)
    if (bytes < PART_BYTES) continue
    appends.push(append(work, part))
    part = []
    bytes = 0
  }
  if (part.length > 0) appends.push(append(work, part))
  return appends
}

/** Answers whoever asked with an error. */
export function answerError(work: Work, request: GroupRequest, error: ErrorName): void {
  work.effects.push(refuse(request, error))
}

/** At most; a tombstone is a key. */
function sizeOf(record: GroupRecord): number {
  if (record.type !== 'OffsetCommit') return 1024
  const { group, topic } = record.key
  return 64 + 3 * (group.length + topic.length + (record.value?.body.metadata.length ?? 0))
}

function writeGroup(contents: Contents, groupId: string, group: Group | null, append: number): void {
  let cell = contents.groups.get(groupId)
  if (cell === undefined) {
    cell = newCell<Group>(null)
    contents.groups.set(groupId, cell)
  }
  write(cell, append, group)
}

function writeOffset(
  offsets: Offsets,
  key: { readonly group: string; readonly topic: string; readonly partition: number },
  append: number,
  value: CommittedOffset | null,
): void {
  write(offsetCell(offsets, key), append, value)
}

export function offsetCell(
  offsets: Offsets,
  key: { readonly group: string; readonly topic: string; readonly partition: number },
): Cell<CommittedOffset> {
  let topics = offsets.get(key.group)
  if (topics === undefined) {
    topics = new Map()
    offsets.set(key.group, topics)
  }
  let partitions = topics.get(key.topic)
  if (partitions === undefined) {
    partitions = new Map()
    topics.set(key.topic, partitions)
  }
  let cell = partitions.get(key.partition)
  if (cell === undefined) {
    cell = newCell<CommittedOffset>(null)
    partitions.set(key.partition, cell)
  }
  return cell
}
