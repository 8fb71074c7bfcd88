// ListOffsets, asked of each partition's leader, again where it has moved.

import type { Instant } from '../base/index.ts'
import type { Peer } from '../rpc/index.ts'
import type { ErrorName, Input, ListOffsetsResponse } from '../wire/index.ts'
import { apis, errorName, isRetriable } from '../wire/index.ts'
import type { Cluster } from './cluster.ts'
import { ClientError } from './errors.ts'
import type { ListedOffset, OffsetSpec, TopicPartition } from './types.ts'

type Wanted = TopicPartition & { readonly at: OffsetSpec }

const NO_REPLICA = -1
const SPECIAL: { readonly [name in Exclude<OffsetSpec, number>]: number } = {
  latest: -1,
  earliest: -2,
  'max-timestamp': -3,
  'earliest-local': -4,
  'latest-tiered': -5,
}
/** The version that brought each of them (KIP-734, 405, 1005). */
const SPECIAL_SINCE: { readonly [name in Exclude<OffsetSpec, number>]: number } = {
  latest: 1,
  earliest: 1,
  'max-timestamp': 7,
  'earliest-local': 8,
  'latest-tiered': 9,
}

/** One answer for each partition asked, in that order. Rejects with ClientError only when no broker can be asked. */
export async function listOffsets(
  cluster: Cluster,
  wanted: readonly Wanted[],
  deadline: Instant,
): Promise<ListedOffset[]> {
  const found = new Map<Wanted, ListedOffset>()
  for (let attempt = 0; ; attempt++) {
    const open = wanted.filter((want) => !isSettled(found.get(want)))
    const groups = new Map<string, { peer: Peer; wants: Wanted[] }>()
    for (const want of open) {
      try {
        const { id, peer } = await cluster.leader(want.topic, want.partition, false, deadline)
        // Brokers refuse a partition that stands twice in one request: further questions go into further requests.
        const same = open.filter((other) => other.topic === want.topic && other.partition === want.partition)
        const key = `${id} ${same.indexOf(want)}`
        const group = groups.get(key) ?? { peer, wants: [] }
        group.wants.push(want)
        groups.set(key, group)
      } catch (error) {
        if (!(error instanceof ClientError)) throw error
        found.set(want, { ...nothing(want), error: error.error })
      }
    }
    await Promise.all([...groups.values()].map(({ peer, wants }) => askLeader(cluster, peer, wants, deadline, found)))
    const again = wanted.filter((want) => !isSettled(found.get(want)))
    for (const want of again) cluster.invalidate(want.topic)
    if (again.length === 0 || !(await cluster.retry.pause(attempt, deadline))) break
  }
  return wanted.map((want) => found.get(want) ?? nothing(want))
}

async function askLeader(
  cluster: Cluster,
  peer: Peer,
  wants: readonly Wanted[],
  deadline: Instant,
  found: Map<Wanted, ListedOffset>,
): Promise<void> {
  const body: Input<typeof apis.ListOffsets.request> = {
    replicaId: NO_REPLICA,
    timeoutMs: cluster.requestTimeoutMs,
    topics: [...new Set(wants.map(({ topic }) => topic))].map((name) => ({
      name,
      partitions: wants
        .filter(({ topic }) => topic === name)
        .map(({ partition, at }) => ({
          partitionIndex: partition,
          currentLeaderEpoch: cluster.known(name, partition)?.leaderEpoch ?? -1,
          timestamp: typeof at === 'number' ? at : SPECIAL[at],
        })),
    })),
  }
  const since = Math.max(...wants.map(({ at }) => (typeof at === 'number' ? 1 : SPECIAL_SINCE[at])))
  const timeoutMs = Math.max(1, Math.min(cluster.requestTimeoutMs, deadline - cluster.retry.now()))
  let tooOld = false
  const chosen = (version: number): Input<typeof apis.ListOffsets.request> => {
    tooOld = version < since
    return body
  }
  const result = await peer.send(apis.ListOffsets, chosen, { timeoutMs })
  for (const want of wants) {
    if (result.kind === 'ok' && !tooOld) found.set(want, answerTo(want, result.body))
    else
      found.set(want, {
        ...nothing(want),
        error: tooOld || isUnsupported(result) ? 'UNSUPPORTED_VERSION' : 'NETWORK_EXCEPTION',
      })
  }
}

function answerTo(want: Wanted, body: ListOffsetsResponse): ListedOffset {
  const topic = body.topics.find(({ name }) => name === want.topic)
  const answer = topic?.partitions.find(({ partitionIndex }) => partitionIndex === want.partition)
  if (answer === undefined) return nothing(want)
  const { offset, timestamp, leaderEpoch } = answer
  return { ...nothing(want), error: errorName(answer.errorCode), offset, timestamp, leaderEpoch }
}

function isUnsupported(result: { readonly kind: string; readonly reason?: string }): boolean {
  return result.kind === 'failed' && result.reason === 'unsupported-version'
}

/** Answered, or refused for a reason that asking again does not change. */
function isSettled(listed: ListedOffset | undefined): boolean {
  if (listed === undefined) return false
  const passing: readonly ErrorName[] = ['FENCED_LEADER_EPOCH', 'UNKNOWN_LEADER_EPOCH']
  return !isRetriable(listed.error) && !passing.includes(listed.error)
}

function nothing({ topic, partition }: TopicPartition): ListedOffset {
  return { topic, partition, error: 'UNKNOWN_SERVER_ERROR', offset: -1, timestamp: -1, leaderEpoch: -1 }
}
