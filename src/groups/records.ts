// The records of `__consumer_offsets` that classic groups and offsets need: written as Kafka 4.3 writes them (GroupMetadata at
// version 3; OffsetCommit at 4, or at 1 where the client set an expiry), read at every version that ever was. Records of the
// newer group protocols are skipped.

import type { Epoch, Offset, Timestamp, Uuid } from '../base/index.ts'
import { ZERO_UUID } from '../base/index.ts'
import { addMember, type Group, type Member, metadataOf, NO_BYTES, newGroup, subscribedTopics } from './group.ts'
import type { GroupRecord } from './types.ts'

export interface CommittedOffset {
  readonly offset: Offset
  /** −1: the client did not say. */
  readonly leaderEpoch: Epoch
  readonly metadata: string
  readonly commitTimestamp: Timestamp
  /** Old clients set it; −1: the broker's retention holds. */
  readonly expireTimestamp: Timestamp
  /** All zeros where nobody knew it. */
  readonly topicId: Uuid
}

const GROUP_VERSION = 3
const OFFSET_VERSION = 4
/** The last version that can say when an offset expires. */
const EXPIRING_OFFSET_VERSION = 1

/** A group that has nobody: the first record of its life. */
export function emptyGroupRecord(group: Group): GroupRecord {
  return groupRecord(newGroup(group.groupId, group.stateTimestamp), new Map())
}

/** The group with these assignments, which need not be in force yet. */
export function groupRecord(group: Group, assignments: ReadonlyMap<string, Uint8Array>): GroupRecord {
  const { protocolName } = group
  const body = {
    protocolType: group.protocolType ?? '',
    generation: group.generation,
    protocol: protocolName,
    leader: group.leaderId,
    currentStateTimestamp: group.stateTimestamp ?? -1,
    members: [...group.members.values()].map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      rebalanceTimeout: member.rebalanceTimeoutMs,
      sessionTimeout: member.sessionTimeoutMs,
      subscription: metadataOf(member, protocolName ?? ''),
      assignment: assignments.get(member.memberId) ?? NO_BYTES,
    })),
  }
  return { type: 'GroupMetadata', key: { group: group.groupId }, value: { version: GROUP_VERSION, body } }
}

export function groupTombstone(groupId: string): GroupRecord {
  return { type: 'GroupMetadata', key: { group: groupId }, value: null }
}

export function offsetRecord(group: string, topic: string, partition: number, value: CommittedOffset): GroupRecord {
  const version = value.expireTimestamp === -1 ? OFFSET_VERSION : EXPIRING_OFFSET_VERSION
  return { type: 'OffsetCommit', key: { group, topic, partition }, value: { version, body: { ...value } } }
}

export function offsetTombstone(group: string, topic: string, partition: number): GroupRecord {
  return { type: 'OffsetCommit', key: { group, topic, partition }, value: null }
}

/** What a record says of an offset; null: that there is none. */
export function foldOffset(
  record: Extract<GroupRecord, { type: 'OffsetCommit' | 'LegacyOffsetCommit' }>,
): CommittedOffset | null {
  if (record.value === null) return null
  if (record.type === 'OffsetCommit') return { ...record.value.body }
  const { offset, metadata, commitTimestamp } = record.value.body
  return { offset, metadata, commitTimestamp, leaderEpoch: -1, expireTimestamp: -1, topicId: ZERO_UUID }
}

/** What a record says of a group. One with members is stable: only what was assigned is written. */
export function foldGroup(
  groupId: string,
  value: NonNullable<Extract<GroupRecord, { type: 'GroupMetadata' }>['value']>['body'],
): Group {
  const group = newGroup(groupId, value.currentStateTimestamp === -1 ? null : value.currentStateTimestamp)
  for (const saved of value.members) {
    // No coordinator writes one twice; a log that has it is read as its first.
    if (group.members.has(saved.memberId) || group.staticMembers.has(saved.groupInstanceId ?? '')) continue
    const member: Member = {
      memberId: saved.memberId,
      groupInstanceId: saved.groupInstanceId,
      clientId: saved.clientId,
      clientHost: saved.clientHost,
      rebalanceTimeoutMs: saved.rebalanceTimeout === -1 ? saved.sessionTimeout : saved.rebalanceTimeout,
      sessionTimeoutMs: saved.sessionTimeout,
      protocols: [{ name: value.protocol ?? '', metadata: saved.subscription.slice() }],
      assignment: saved.assignment.slice(),
      awaitingJoin: null,
      awaitingSync: null,
      isNew: false,
    }
    addMember(group, member, value.protocolType)
  }
  group.protocolType = value.protocolType === '' ? null : value.protocolType
  group.protocolName = value.protocol
  group.generation = value.generation
  group.leaderId = value.leader
  if (group.members.size > 0) group.state = 'Stable'
  group.subscribedTopics = subscribedTopics(group)
  return group
}

/** The group or the offset that a record is about: of two records with one key, the later holds. Null: of another protocol. */
export function recordKey(record: GroupRecord): string | null {
  if (record.type === 'GroupMetadata') return JSON.stringify(['group', record.key.group])
  if (record.type !== 'OffsetCommit' && record.type !== 'LegacyOffsetCommit') return null
  return JSON.stringify(['offset', record.key.group, record.key.topic, record.key.partition])
}
