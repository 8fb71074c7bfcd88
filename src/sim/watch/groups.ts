// What members ask coordinators and are told, as it passes: joins, assignments, heartbeats, commits and offsets, decoded and
// handed to the checks with what the broker is at that moment; everything else goes to who listened before. Judges nothing.
// Knows one partition of `__consumer_offsets`: lives that have groups have one.

import type { Epoch, NodeId, Offset } from '../../base/index.ts'
import {
  type ClusterTruth,
  type CommitAsked,
  type FetchAsked,
  type Findings,
  type GroupAsked,
  GroupInvariants,
  type GroupLimits,
} from '../../check/index.ts'
import { apis, decode, decodeAssignment, decodeRequestHeader, decodeResponse, errorName } from '../../wire/index.ts'
import type { SimCluster } from '../cluster.ts'
import type { TappedEnd } from '../tap.ts'
import type { FrameSink, Heard, HeardRequest } from './frames.ts'

const CLIENT_PORT = 9092
const GROUP_TOPIC = '__consumer_offsets'
const OF_GROUPS: ReadonlySet<number> = new Set([
  apis.JoinGroup.key,
  apis.SyncGroup.key,
  apis.Heartbeat.key,
  apis.OffsetCommit.key,
  apis.OffsetFetch.key,
])

/** What is known besides what is said. */
interface GroupWorld extends GroupLimits {
  readonly cluster: SimCluster
  readonly truth: ClusterTruth
  readonly found: Findings
}

interface GroupFacts {
  nodeOf(host: string): NodeId
  /** In which a broker coordinates, by its own word and by the controller's; −1 where it does not. */
  coordinates(node: NodeId): Epoch
}

interface HeardMember extends Heard {
  readonly asked: GroupAsked
  readonly generation: number
  readonly member: string
}

interface HeardJoin extends HeardMember {
  readonly instance: string | null
}

interface HeardCommit extends Heard {
  readonly asked: CommitAsked
}

interface HeardOffsets extends Heard {
  readonly asked: FetchAsked
}

/** Hears what is said of groups, and lets `others` hear the rest. */
export function listenToGroups(others: FrameSink, world: GroupWorld, nodeOf: (host: string) => NodeId): FrameSink {
  const { cluster, truth, found } = world
  const coordinates = (node: NodeId): Epoch => {
    const topic = [...truth.topics].find(([, name]) => name === GROUP_TOPIC)
    const registered = topic === undefined ? undefined : truth.partitions.get(`${topic[0]}:0`)
    if (registered?.leader !== node) return -1
    const shard = cluster.observed(node)?.groups.find(({ partition }) => partition === 0)
    return shard?.phase === 'active' && shard.epoch === registered.leaderEpoch ? shard.epoch : -1
  }
  return new GroupFrames(others, { nodeOf, coordinates }, new GroupInvariants(world, () => cluster.sim.now, found))
}

class GroupFrames implements FrameSink {
  readonly #others: FrameSink
  readonly #facts: GroupFacts
  readonly #checks: GroupInvariants

  constructor(others: FrameSink, facts: GroupFacts, checks: GroupInvariants) {
    this.#others = others
    this.#facts = facts
    this.#checks = checks
  }

  wants(apiKey: number, port: number): 'body' | 'answer' | null {
    return port === CLIENT_PORT && OF_GROUPS.has(apiKey) ? 'body' : this.#others.wants(apiKey, port)
  }

  request(end: TappedEnd, request: HeardRequest): Heard | null {
    const { apiKey, version, frame } = request
    if (!OF_GROUPS.has(apiKey)) return this.#others.request(end, request)
    const { bodyAt } = decodeRequestHeader(frame)
    if (bodyAt < 0) return null
    const node = this.#facts.nodeOf(end.host)
    switch (apiKey) {
      case apis.JoinGroup.key: {
        const { groupId, groupInstanceId } = decode(apis.JoinGroup.request, version, frame, bodyAt)
        const heard: HeardJoin = { apiKey, version, instance: groupInstanceId, ...this.#member(node, groupId, -1, '') }
        return heard
      }
      case apis.SyncGroup.key:
        return this.#sync(node, version, frame, bodyAt)
      case apis.Heartbeat.key: {
        const { groupId, generationId, memberId } = decode(apis.Heartbeat.request, version, frame, bodyAt)
        return { apiKey, version, ...this.#member(node, groupId, generationId, memberId) }
      }
      case apis.OffsetCommit.key:
        return this.#commit(node, version, frame, bodyAt)
      default:
        return this.#fetch(node, version, frame, bodyAt)
    }
  }

  response(end: TappedEnd, heard: Heard, frame: Uint8Array): void {
    const node = this.#facts.nodeOf(end.host)
    switch (heard.apiKey) {
      case apis.JoinGroup.key:
        this.#joined(node, heard as HeardJoin, frame)
        return
      case apis.SyncGroup.key:
        this.#synced(node, heard as HeardMember, frame)
        return
      case apis.Heartbeat.key:
        this.#beat(node, heard as HeardMember, frame)
        return
      case apis.OffsetCommit.key:
        this.#committed(node, heard as HeardCommit, frame)
        return
      case apis.OffsetFetch.key:
        this.#fetched(node, heard as HeardOffsets, frame)
        return
      default:
        this.#others.response(end, heard, frame)
    }
  }

  #asked(node: NodeId, group: string): GroupAsked {
    return this.#checks.asked(group, node, this.#facts.coordinates(node))
  }

  #member(node: NodeId, group: string, generation: number, member: string): Omit<HeardMember, 'apiKey' | 'version'> {
    return { asked: this.#asked(node, group), generation, member }
  }

  #sync(node: NodeId, version: number, frame: Uint8Array, bodyAt: number): HeardMember {
    const request = decode(apis.SyncGroup.request, version, frame, bodyAt)
    const { groupId, generationId, memberId, assignments } = request
    const named = new Map(assignments.map((each) => [each.memberId, partitionsIn(each.assignment)]))
    if (named.size > 0) this.#checks.named(groupId, generationId, named)
    return { apiKey: apis.SyncGroup.key, version, ...this.#member(node, groupId, generationId, memberId) }
  }

  #commit(node: NodeId, version: number, frame: Uint8Array, bodyAt: number): HeardCommit {
    const request = decode(apis.OffsetCommit.request, version, frame, bodyAt)
    const { groupId, memberId, generationIdOrMemberEpoch: generation, topics } = request
    const offsets = new Map<string, Offset>()
    for (const { name, partitions } of topics)
      for (const { partitionIndex, committedOffset } of partitions)
        offsets.set(`${name}-${partitionIndex}`, committedOffset)
    const asked = this.#checks.commitAsked(node, this.#asked(node, groupId), { generation, member: memberId }, offsets)
    return { apiKey: apis.OffsetCommit.key, version, asked }
  }

  /** Of one group, as clients here ask. */
  #fetch(node: NodeId, version: number, frame: Uint8Array, bodyAt: number): HeardOffsets | null {
    const { groupId, groups } = decode(apis.OffsetFetch.request, version, frame, bodyAt)
    if (groups.length > 1) return null
    const asked = this.#checks.fetchAsked(this.#asked(node, groups[0]?.groupId ?? groupId))
    return { apiKey: apis.OffsetFetch.key, version, asked }
  }

  #joined(node: NodeId, { version, asked, instance }: HeardJoin, frame: Uint8Array): void {
    const { errorCode, generationId, memberId, members } = decodeResponse(apis.JoinGroup, version, frame).body
    if (errorCode !== 0) return
    const epoch = this.#facts.coordinates(node)
    this.#checks.joined(node, asked, epoch, generationId, members.length)
    if (instance !== null) this.#checks.admitted(asked, epoch, generationId, memberId, instance)
    for (const each of members)
      if (each.groupInstanceId !== null) this.#checks.known(asked.group, each.memberId, each.groupInstanceId)
  }

  #synced(node: NodeId, { version, asked, generation, member }: HeardMember, frame: Uint8Array): void {
    const { errorCode, assignment } = decodeResponse(apis.SyncGroup, version, frame).body
    if (errorCode !== 0) return
    const partitions = partitionsIn(assignment)
    this.#checks.synced(node, asked, this.#facts.coordinates(node), { generation, member, partitions })
  }

  #beat(node: NodeId, { version, asked, generation }: HeardMember, frame: Uint8Array): void {
    const { errorCode } = decodeResponse(apis.Heartbeat, version, frame).body
    if (errorCode === 0) this.#checks.beat(node, asked, this.#facts.coordinates(node), generation)
  }

  #committed(node: NodeId, { version, asked }: HeardCommit, frame: Uint8Array): void {
    const errors = new Map<string, string>()
    for (const { name, partitions } of decodeResponse(apis.OffsetCommit, version, frame).body.topics)
      for (const { partitionIndex, errorCode } of partitions)
        errors.set(`${name}-${partitionIndex}`, errorName(errorCode))
    this.#checks.commitAnswered(node, asked, errors)
  }

  #fetched(node: NodeId, { version, asked }: HeardOffsets, frame: Uint8Array): void {
    const { body } = decodeResponse(apis.OffsetFetch, version, frame)
    const answer = body.groups[0] ?? body
    if (answer.errorCode !== 0) return
    const offsets = new Map<string, Offset>()
    for (const { name, partitions } of answer.topics)
      for (const { partitionIndex, errorCode, committedOffset } of partitions)
        if (errorCode === 0) offsets.set(`${name}-${partitionIndex}`, committedOffset)
    this.#checks.fetchAnswered(node, asked, this.#facts.coordinates(node), offsets)
  }
}

function partitionsIn(assignment: Uint8Array): string[] {
  if (assignment.length === 0) return []
  return decodeAssignment(assignment).body.assignedPartitions.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => `${topic}-${partition}`),
  )
}
