// OffsetCommit, OffsetFetch, OffsetDelete, and the end of offsets by retention (KIP-211) or with their topic. Decides; the
// records that it returns change the state when they are appended (shard.ts).

import { type Uuid, ZERO_UUID } from '../base/index.ts'
import type { ErrorName } from '../wire/index.ts'
import { errorCode } from '../wire/index.ts'
import { type Cell, committed, latest } from './cells.ts'
import { CONSUMER, type Group, identify, isSubscribed } from './group.ts'
import { hear } from './membership.ts'
import { type CommittedOffset, groupTombstone, offsetRecord, offsetTombstone } from './records.ts'
import { answerAfter, answerAfterAll, answerError, appendInParts, groupOf, note, type Work } from './shard.ts'
import type { GroupRecord, GroupRequest, GroupResponses } from './types.ts'

type CommitRequest = Extract<GroupRequest, { api: 'OffsetCommit' }>
type FetchRequest = Extract<GroupRequest, { api: 'OffsetFetch' }>
type DeleteRequest = Extract<GroupRequest, { api: 'OffsetDelete' }>

/** From here on, a commit for a generation of a group that is not there hears that the group is not. */
const GROUP_ID_NOT_FOUND_FROM = 9

export function commitOffsets(work: Work, request: CommitRequest): void {
  const { body } = request
  const group = groupOf(work, body.groupId)
  const error = validateCommit(group, request)
  if (error !== 'NONE') {
    answerError(work, request, error)
    return
  }
  // A commit is a sign of life.
  if (group !== null && (group.state === 'Stable' || group.state === 'PreparingRebalance')) {
    hear(work, group, body.memberId)
  }
  const records: GroupRecord[] = []
  const commitTimestamp = work.at.wall
  const expireTimestamp = body.retentionTimeMs === -1 ? -1 : commitTimestamp + body.retentionTimeMs
  const topics = body.topics.map(({ name, topicId, partitions }) => ({
    name,
    topicId,
    partitions: partitions.map((one) => {
      const { partitionIndex } = one
      const metadata = one.committedMetadata ?? ''
      if (metadata.length > work.shard.config.offsetMetadataMaxBytes) {
        return { partitionIndex, errorCode: errorCode('OFFSET_METADATA_TOO_LARGE') }
      }
      const offset = one.committedOffset
      const leaderEpoch = one.committedLeaderEpoch
      const value = { offset, leaderEpoch, metadata, commitTimestamp, expireTimestamp, topicId }
      records.push(offsetRecord(body.groupId, name, partitionIndex, value))
      return { partitionIndex, errorCode: errorCode('NONE') }
    }),
  }))
  answerAfter(work, request, { topics }, records)
}

/** G4: what an earlier generation or a fenced instance has read is nobody's progress any more. */
function validateCommit(group: Group | null, { body, version }: CommitRequest): ErrorName {
  const generation = body.generationIdOrMemberEpoch
  if (group === null) {
    // Not managed by membership: an administrator, or a consumer that assigns its own partitions. It makes a group of offsets.
    if (generation < 0) return 'NONE'
    return version >= GROUP_ID_NOT_FOUND_FROM ? 'GROUP_ID_NOT_FOUND' : 'ILLEGAL_GENERATION'
  }
  if (generation < 0 && group.state === 'Empty') return 'NONE'
  if (generation < 0 && body.memberId === '' && body.groupInstanceId === null) return 'UNKNOWN_MEMBER_ID'
  const error = identify(group, body.memberId, body.groupInstanceId)
  if (error !== 'NONE') return error
  if (generation !== group.generation) return 'ILLEGAL_GENERATION'
  // It knows the generation, so it has joined, but the assignments are not out: what it commits may be another's by now.
  return group.state === 'CompletingRebalance' ? 'REBALANCE_IN_PROGRESS' : 'NONE'
}

/**
 * What is committed; with `requireStable` also what is written, once it is committed. There is nothing else to wait for as
 * long as there are no transactions.
 */
export function fetchOffsets(work: Work, request: FetchRequest): void {
  const { groupId, topics, requireStable } = request.body
  const { contents } = work.active
  const read = requireStable ? latest : committed
  const group: Group | null = read(contents.groups.get(groupId))
  const offsets = group === null ? undefined : contents.offsets.get(groupId)
  const seen = (cell: Cell<CommittedOffset> | undefined): CommittedOffset | null => read(cell)
  const asked =
    topics === null
      ? [...(offsets ?? [])].map(([name, cells]) => everyOffset(name, cells, seen))
      : topics.map(({ name, topicId, partitionIndexes }) => ({
          name,
          topicId,
          partitions: partitionIndexes.map((partition) => {
            const value = seen(offsets?.get(name)?.get(partition))
            // Committed for an earlier topic of this name.
            return fetched(partition, value !== null && sameTopic(value.topicId, topicId) ? value : null)
          }),
        }))
  const found = topics === null ? asked.filter(({ partitions }) => partitions.length > 0) : asked
  const response: GroupResponses['OffsetFetch'] = { groupId, topics: found, errorCode: errorCode('NONE') }
  if (requireStable) answerAfterAll(work, request, response)
  else work.effects.push({ kind: 'answer', api: 'OffsetFetch', token: request.token, response })
}

type FetchedTopic = GroupResponses['OffsetFetch']['topics'][number]

function everyOffset(
  name: string,
  cells: ReadonlyMap<number, Cell<CommittedOffset>>,
  seen: (cell: Cell<CommittedOffset>) => CommittedOffset | null,
): FetchedTopic {
  let topicId: Uuid = ZERO_UUID
  const partitions: FetchedTopic['partitions'] = []
  for (const [partition, cell] of cells) {
    const value = seen(cell)
    if (value === null) continue
    topicId = value.topicId
    partitions.push(fetched(partition, value))
  }
  return { name, topicId, partitions }
}

function fetched(partitionIndex: number, value: CommittedOffset | null): FetchedTopic['partitions'][number] {
  return {
    partitionIndex,
    committedOffset: value?.offset ?? -1,
    committedLeaderEpoch: value?.leaderEpoch ?? -1,
    metadata: value?.metadata ?? '',
    errorCode: errorCode('NONE'),
  }
}

function sameTopic(a: Uuid, b: Uuid): boolean {
  return a === ZERO_UUID || b === ZERO_UUID || a === b
}

export function deleteOffsets(work: Work, request: DeleteRequest): void {
  const { body } = request
  const group = groupOf(work, body.groupId)
  if (group === null) {
    answerError(work, request, 'GROUP_ID_NOT_FOUND')
    return
  }
  // What members of other protocols read is not known.
  if (group.state !== 'Empty' && group.protocolType !== CONSUMER) {
    answerError(work, request, 'NON_EMPTY_GROUP')
    return
  }
  const records: GroupRecord[] = []
  const topics = body.topics.map(({ name, partitions }) => {
    const subscribed = isSubscribed(group, name)
    return {
      name,
      partitions: partitions.map(({ partitionIndex }) => {
        if (subscribed) return { partitionIndex, errorCode: errorCode('GROUP_SUBSCRIBED_TO_TOPIC') }
        const cell = work.active.contents.offsets.get(body.groupId)?.get(name)?.get(partitionIndex)
        if (latest(cell) !== null) records.push(offsetTombstone(body.groupId, name, partitionIndex))
        return { partitionIndex, errorCode: errorCode('NONE') }
      }),
    }
  })
  answerAfter(work, request, { errorCode: errorCode('NONE'), topics }, records)
}

/** Tombstones for all that a group has committed. */
export function allOffsetTombstones(work: Work, groupId: string): GroupRecord[] {
  return [...offsetsOf(work, groupId)].map(({ topic, partition }) => offsetTombstone(groupId, topic, partition))
}

export function topicsDeleted(work: Work, deleted: readonly { readonly name: string; readonly topicId: Uuid }[]): void {
  const ids = new Map(deleted.map(({ name, topicId }) => [name, topicId]))
  const records: GroupRecord[] = []
  for (const groupId of work.active.contents.offsets.keys()) {
    for (const { topic, partition, value } of offsetsOf(work, groupId)) {
      const topicId = ids.get(topic)
      if (topicId !== undefined && sameTopic(value.topicId, topicId)) {
        records.push(offsetTombstone(groupId, topic, partition))
      }
    }
  }
  appendInParts(work, records)
}

/**
 * KIP-211. Offsets of an empty group expire so long after it became empty; those of a group of offsets alone, and of topics
 * that a stable group of consumers does not read, so long after their commit; in any other state none do (G7, KAFKA-13636).
 * A group that is empty and has none left goes with them.
 */
export function expireOffsets(work: Work): void {
  for (const groupId of work.active.contents.groups.keys()) {
    const group = groupOf(work, groupId)
    if (group === null) continue
    const { records, left } = expiredOf(work, group)
    if (!left && group.state === 'Empty' && group.pendingJoin.size === 0) records.push(groupTombstone(groupId))
    if (records.length > 0) note(work, groupId, `${records.length} tombstones by retention`)
    appendInParts(work, records)
  }
}

/** Loops that make nothing but what they find: there may be a hundred thousand offsets, and all of them young. */
function expiredOf(work: Work, group: Group): { readonly records: GroupRecord[]; readonly left: boolean } {
  const { wall } = work.at
  const { offsetsRetentionMs } = work.shard.config
  const { groupId } = group
  const records: GroupRecord[] = []
  const since = retentionBegins(group)
  if (since === null) return { records, left: true }
  let left = false
  for (const [topic, cells] of work.active.contents.offsets.get(groupId) ?? []) {
    const mayExpire = !isSubscribed(group, topic)
    for (const [partition, cell] of cells) {
      const value = latest(cell)
      if (value === null) continue
      const dies = value.expireTimestamp === -1 ? since(value) + offsetsRetentionMs : value.expireTimestamp
      if (mayExpire && wall >= dies) records.push(offsetTombstone(groupId, topic, partition))
      else left = true
    }
  }
  return { records, left }
}

function retentionBegins(group: Group): ((value: CommittedOffset) => number) | null {
  if (group.protocolType === null) return (value) => value.commitTimestamp
  const { state, stateTimestamp } = group
  if (state === 'Empty') return (value) => stateTimestamp ?? value.commitTimestamp
  if (state === 'Stable' && group.protocolType === CONSUMER && group.subscribedTopics !== null) {
    return (value) => value.commitTimestamp
  }
  return null
}

function* offsetsOf(
  work: Work,
  groupId: string,
): Generator<{ readonly topic: string; readonly partition: number; readonly value: CommittedOffset }> {
  for (const [topic, cells] of work.active.contents.offsets.get(groupId) ?? []) {
    for (const [partition, cell] of cells) {
      const value = latest(cell)
      if (value !== null) yield { topic, partition, value }
    }
  }
}
