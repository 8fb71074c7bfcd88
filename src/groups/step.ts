// The one way in: `createShard` makes a shard, `step` lets one event happen to it, `deadline` says when the next tick is due.
// A shard is unloaded, loading, active or failed; which of them follows the leader epochs of its partition, and news of an
// epoch that is over is ignored, in whatever order it comes (KAFKA-10614, KAFKA-16030, KAFKA-9307).

import type { Epoch, Instant } from '../base/index.ts'
import { unreachable } from '../base/index.ts'
import type { ErrorName } from '../wire/index.ts'
import { deleteGroup, describe, list } from './admin.ts'
import { latest, newCell } from './cells.ts'
import { join } from './join.ts'
import { heartbeat, leave, sessionIsOver, sync } from './membership.ts'
import { commitOffsets, deleteOffsets, expireOffsets, fetchOffsets, topicsDeleted } from './offsets.ts'
import { joinTimeIsOver, prepareRebalance, startSession, syncTimeIsOver } from './rebalance.ts'
import { foldGroup, foldOffset } from './records.ts'
import { refuse } from './refusals.ts'
import { appendHasFailed, appendIsCommitted, commitTimeIsOver, failEverything } from './settle.ts'
import { type Alarm, type Contents, type GroupShard, newActive, newContents, offsetCell, type Work } from './shard.ts'
import type { GroupApi, GroupConfig, GroupEffect, GroupEvent, GroupRecord, GroupRequest, Moment } from './types.ts'

const RETENTION = 'retention'

export function createShard(config: GroupConfig): GroupShard {
  return { config, phase: { kind: 'unloaded' }, epoch: -1, nextAppend: 1 }
}

/** When the next tick is due; null: none. */
export function deadline(shard: GroupShard): Instant | null {
  const { phase } = shard
  if (phase.kind !== 'active') return null
  const alarm = phase.deadlines.next()
  // The first to wait is the first to have waited too long.
  const commit = phase.waiting[0]?.deadline ?? null
  if (alarm === null || commit === null) return alarm ?? commit
  return Math.min(alarm, commit)
}

export function step(shard: GroupShard, event: GroupEvent, at: Moment): GroupEffect[] {
  const effects: GroupEffect[] = []
  switch (event.kind) {
    case 'load':
      if (event.epoch < shard.epoch || (event.epoch === shard.epoch && knowsMore(shard))) return effects
      unload(shard, at, effects)
      shard.epoch = event.epoch
      shard.phase = { kind: 'loading', contents: newContents() }
      return effects
    case 'unload':
      if (event.epoch !== null && event.epoch <= shard.epoch) return effects
      unload(shard, at, effects)
      shard.epoch = event.epoch ?? shard.epoch
      return effects
    case 'replay':
      if (shard.phase.kind !== 'loading' || event.epoch !== shard.epoch) return effects
      for (const record of event.records) replay(shard.phase.contents, record)
      return effects
    case 'loaded':
      if (shard.phase.kind === 'loading' && event.epoch === shard.epoch)
        loaded(shard, shard.phase.contents, at, effects)
      return effects
    case 'load-failed':
      if (shard.phase.kind === 'loading' && event.epoch === shard.epoch) shard.phase = { kind: 'failed' }
      return effects
    case 'request':
      return ask(shard, event.request, at)
    case 'committed':
    case 'append-failed':
    case 'topics-deleted':
    case 'tick': {
      const { phase } = shard
      if (phase.kind === 'active') happen({ shard, active: phase, at, effects }, event)
      return effects
    }
    default:
      return unreachable(event)
  }
}

/** A load that is told twice; one that failed may be tried again in its epoch. */
function knowsMore({ phase }: GroupShard): boolean {
  return phase.kind === 'loading' || phase.kind === 'active'
}

type ActiveEvent = Extract<GroupEvent, { kind: 'committed' | 'append-failed' | 'topics-deleted' | 'tick' }>

function happen(work: Work, event: ActiveEvent): void {
  if (event.kind === 'committed') appendIsCommitted(work, event.append)
  else if (event.kind === 'append-failed') appendHasFailed(work, event.append, event.error, event.written)
  else if (event.kind === 'topics-deleted') topicsDeleted(work, event.topics)
  else if (event.kind === 'tick') tick(work)
  else unreachable(event)
}

/** One record as the log has it; a standby's rows are such records too. */
function replay(contents: Contents, record: GroupRecord): void {
  if (record.type === 'GroupMetadata') {
    const { group: groupId } = record.key
    if (record.value === null) contents.groups.delete(groupId)
    else contents.groups.set(groupId, newCell(foldGroup(groupId, record.value.body)))
  } else if (record.type === 'OffsetCommit' || record.type === 'LegacyOffsetCommit') {
    replayOffset(contents, record)
  }
}

function replayOffset(
  contents: Contents,
  record: Extract<GroupRecord, { type: 'OffsetCommit' | 'LegacyOffsetCommit' }>,
): void {
  const { key } = record
  const value = foldOffset(record)
  if (value !== null) {
    offsetCell(contents.offsets, key).committed = value
    return
  }
  const topics = contents.offsets.get(key.group)
  const partitions = topics?.get(key.topic)
  if (topics === undefined || partitions?.delete(key.partition) !== true) return
  if (partitions.size === 0) topics.delete(key.topic)
  if (topics.size === 0) contents.offsets.delete(key.group)
}

function loaded(shard: GroupShard, contents: Contents, at: Moment, effects: GroupEffect[]): void {
  const active = newActive(shard.epoch, contents)
  shard.phase = active
  const work: Work = { shard, active, at, effects }
  // Offsets whose group has no record are those of a group of offsets alone. Only now: rows come in any order.
  for (const groupId of contents.offsets.keys()) {
    if (!contents.groups.has(groupId)) {
      replay(contents, { type: 'GroupMetadata', key: { group: groupId }, value: { version: 3, body: NO_MEMBERS } })
    }
  }
  for (const cell of contents.groups.values()) {
    const group = latest(cell)
    if (group === null) continue
    // Nobody could be heard by a coordinator that was not there.
    for (const member of group.members.values()) startSession(work, group, member.memberId, member.sessionTimeoutMs)
    const { maxSize } = shard.config
    if (group.members.size > maxSize) {
      prepareRebalance(work, group, `it was loaded with ${group.members.size} members, more than ${maxSize}`)
    }
  }
  active.deadlines.set(RETENTION, at.now + shard.config.offsetsRetentionCheckIntervalMs, { kind: 'retention' })
}

const NO_MEMBERS: NonNullable<Extract<GroupRecord, { type: 'GroupMetadata' }>['value']>['body'] = {
  protocolType: '',
  generation: 0,
  protocol: null,
  leader: null,
  currentStateTimestamp: -1,
  members: [],
}

function unload(shard: GroupShard, at: Moment, effects: GroupEffect[]): void {
  if (shard.phase.kind === 'active') failEverything({ shard, active: shard.phase, at, effects })
  shard.phase = { kind: 'unloaded' }
}

function tick(work: Work): void {
  commitTimeIsOver(work)
  for (;;) {
    const alarm = work.active.deadlines.due(work.at.now)
    if (alarm === null) return
    ring(work, alarm)
  }
}

function ring(work: Work, alarm: Alarm): void {
  if (alarm.kind === 'session') sessionIsOver(work, alarm.groupId, alarm.memberId)
  else if (alarm.kind === 'join') joinTimeIsOver(work, alarm.groupId, alarm.initial)
  else if (alarm.kind === 'sync') syncTimeIsOver(work, alarm.groupId, alarm.generation)
  else if (alarm.kind === 'retention') {
    const { offsetsRetentionCheckIntervalMs } = work.shard.config
    work.active.deadlines.set(RETENTION, work.at.now + offsetsRetentionCheckIntervalMs, { kind: 'retention' })
    expireOffsets(work)
  } else unreachable(alarm)
}

/** What is asked of a group without a name is wrong wherever it is asked; offsets may have been committed for it, long ago. */
const NAMED: ReadonlySet<GroupApi> = new Set(['JoinGroup', 'SyncGroup', 'Heartbeat', 'LeaveGroup', 'OffsetDelete'])

function ask(shard: GroupShard, request: GroupRequest, at: Moment): GroupEffect[] {
  const { phase } = shard
  if (NAMED.has(request.api) && 'groupId' in request.body && request.body.groupId === '') {
    return [refuse(request, 'INVALID_GROUP_ID')]
  }
  if (phase.kind !== 'active') {
    const error: ErrorName = phase.kind === 'loading' ? 'COORDINATOR_LOAD_IN_PROGRESS' : 'NOT_COORDINATOR'
    return [refuse(request, error)]
  }
  const work: Work = { shard, active: phase, at, effects: [] }
  decide(work, request)
  return work.effects
}

function decide(work: Work, request: GroupRequest): void {
  switch (request.api) {
    case 'JoinGroup':
      join(work, request)
      return
    case 'SyncGroup':
      sync(work, request)
      return
    case 'Heartbeat':
      heartbeat(work, request)
      return
    case 'LeaveGroup':
      leave(work, request)
      return
    case 'OffsetCommit':
      commitOffsets(work, request)
      return
    case 'OffsetFetch':
      fetchOffsets(work, request)
      return
    case 'OffsetDelete':
      deleteOffsets(work, request)
      return
    case 'DescribeGroups':
      describe(work, request)
      return
    case 'DeleteGroups':
      deleteGroup(work, request)
      return
    case 'ListGroups':
      list(work, request)
      return
    default:
      unreachable(request)
  }
}

/** Which leader epoch a shard answers for, and whether it does: for whoever wants to see. */
export function phaseOf(shard: GroupShard): { readonly kind: GroupShard['phase']['kind']; readonly epoch: Epoch } {
  return { kind: shard.phase.kind, epoch: shard.epoch }
}
