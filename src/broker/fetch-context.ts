// What one Fetch request asks for, its session taken into account (KIP-227): a full fetch with or without a new session,
// an incremental one, or a refusal. Settled once, after the read, when it says which session id goes back.

import type { FetchRequest, Message } from '../wire/index.ts'
import {
  type FetchedPartition,
  type FetchSession,
  FINAL_EPOCH,
  INITIAL_EPOCH,
  partitionKey,
  remember,
  type SessionError,
} from './sessions.ts'
import type { Call } from './types.ts'

export type FetchContext =
  | { readonly kind: 'refused'; readonly error: SessionError }
  | {
      readonly kind: 'full' | 'incremental'
      readonly usesTopicIds: boolean
      /** In the order in which they are to be read. */
      readonly partitions: ReadonlyMap<string, FetchedPartition>
      /** Its turn to be read comes after the others next time. */
      toEnd(partition: FetchedPartition): void
      /** The id to answer with, 0 for none; null when another request has used the session meanwhile. */
      settle(): number | null
    }

type Request = Message<typeof FetchRequest>

const TOPIC_IDS_FROM = 13
const REPLICA_STATE_FROM = 15
const NO_SESSION = 0

export function fetchContext(request: Request, call: Call): FetchContext {
  const { sessionId, sessionEpoch } = request
  const usesTopicIds = call.version >= TOPIC_IDS_FROM
  const { sessions, clock } = call.services
  if (sessionEpoch === FINAL_EPOCH || sessionEpoch === INITIAL_EPOCH) {
    if (sessionId !== NO_SESSION) sessions.close(sessionId)
    return fullContext(request, call, usesTopicIds, sessionEpoch === INITIAL_EPOCH)
  }
  const session = sessions.resume(sessionId, sessionEpoch, usesTopicIds, clock.monotonic())
  if (typeof session === 'string') return { kind: 'refused', error: session }
  ask(session.partitions, request, usesTopicIds)
  forget(session, request)
  if (session.partitions.size > 0) return incrementalContext(session)
  sessions.close(session.id)
  return fullContext(request, call, usesTopicIds, false)
}

function fullContext(request: Request, call: Call, usesTopicIds: boolean, openSession: boolean): FetchContext {
  const { sessions, clock } = call.services
  const partitions = new Map<string, FetchedPartition>()
  ask(partitions, request, usesTopicIds)
  const replicaId = call.version >= REPLICA_STATE_FROM ? request.replicaState.replicaId : request.replicaId
  return {
    kind: 'full',
    usesTopicIds,
    partitions,
    toEnd() {},
    settle() {
      if (!openSession) return NO_SESSION
      const privileged = replicaId >= 0 && call.listener.clusterActions
      return sessions.open(partitions, { privileged, usesTopicIds, now: clock.monotonic() })?.id ?? NO_SESSION
    },
  }
}

function incrementalContext(session: FetchSession): FetchContext {
  const epoch = session.epoch
  return {
    kind: 'incremental',
    usesTopicIds: session.usesTopicIds,
    partitions: session.partitions,
    toEnd(partition) {
      const key = partitionKey(partition.topic, partition.topicId, partition.partition, session.usesTopicIds)
      if (session.partitions.delete(key)) session.partitions.set(key, partition)
    },
    settle() {
      return session.epoch === epoch ? session.id : null
    },
  }
}

function ask(partitions: Map<string, FetchedPartition>, request: Request, usesTopicIds: boolean): void {
  for (const { topic, topicId, partitions: asked } of request.topics) {
    const name = usesTopicIds ? null : topic
    for (const each of asked) {
      remember(partitions, partitionKey(name, topicId, each.partition, usesTopicIds), {
        topic: name,
        topicId,
        partition: each.partition,
        maxBytes: each.partitionMaxBytes,
        fetchOffset: each.fetchOffset,
        currentLeaderEpoch: each.currentLeaderEpoch,
        lastFetchedEpoch: each.lastFetchedEpoch,
        logStartOffset: each.logStartOffset,
        // Absent, its default is as high as can be (KIP-1166): the fetcher does not care for news of it.
        knownHighWatermark: each.highWatermark >= Number.MAX_SAFE_INTEGER ? -1 : each.highWatermark,
      })
    }
  }
}

function forget(session: FetchSession, request: Request): void {
  for (const { topic, topicId, partitions } of request.forgottenTopicsData) {
    for (const partition of partitions) {
      session.partitions.delete(partitionKey(topic, topicId, partition, session.usesTopicIds))
    }
  }
}
