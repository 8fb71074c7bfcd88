// Incremental fetch sessions (KIP-227): what a fetcher has asked for before, so that a request carries only changes and an
// answer only news. A session is (id, epoch): every request must carry the next epoch, or it is refused and nothing
// changes; content = union of what was asked, less what was forgotten. Bounded: a full cache gives a slot away only from
// a session that has been idle, or from a consumer's to a replica's; otherwise the fetch is answered without a session.

import type { Instant, Offset, Random, Uuid } from '../base/index.ts'
import type { Limits } from './limits.ts'

/** Epoch of a request that opens a session, or asks in full. */
export const INITIAL_EPOCH = 0
/** Epoch of a request that wants no session, or closes the one it names. */
export const FINAL_EPOCH = -1
const MAX_EPOCH = 2147483647

/** One partition as its fetcher asked for it. Owned by the session. */
export interface FetchedPartition {
  /** Null where the id was not known; looked up again in every fetch. */
  topic: string | null
  readonly topicId: Uuid
  readonly partition: number
  maxBytes: number
  fetchOffset: Offset
  currentLeaderEpoch: number
  lastFetchedEpoch: number
  logStartOffset: Offset
  knownHighWatermark: Offset
  /** What the last answer said; −1 when it said an error, so that the next one says everything. */
  toldHighWatermark: Offset
  toldLogStartOffset: Offset
}

export interface FetchSession {
  readonly id: number
  readonly privileged: boolean
  readonly usesTopicIds: boolean
  /** What the next request must carry. */
  epoch: number
  lastUsed: Instant
  /** In the order in which they are read: who was just answered with records goes to the end. */
  readonly partitions: Map<string, FetchedPartition>
}

export type SessionError = 'FETCH_SESSION_ID_NOT_FOUND' | 'INVALID_FETCH_SESSION_EPOCH' | 'FETCH_SESSION_TOPIC_ID_ERROR'

export class FetchSessions {
  readonly #limits: Limits
  readonly #random: Random
  /** Least recently used first. */
  readonly #sessions = new Map<number, FetchSession>()

  constructor(limits: Limits, random: Random) {
    this.#limits = limits
    this.#random = random
  }

  get size(): number {
    return this.#sessions.size
  }

  /** A new session over `partitions`, or null when there is no room for it. */
  open(
    partitions: Map<string, FetchedPartition>,
    options: { readonly privileged: boolean; readonly usesTopicIds: boolean; readonly now: Instant },
  ): FetchSession | null {
    if (partitions.size === 0 || partitions.size > this.#limits.fetchSessionPartitions) return null
    if (!this.#makeRoom(options.privileged, options.now)) return null
    const { privileged, usesTopicIds, now } = options
    const session = { id: this.#newId(), privileged, usesTopicIds, epoch: 1, lastUsed: now, partitions }
    this.#sessions.set(session.id, session)
    return session
  }

  /** The session a request continues; its epoch moves on. */
  resume(id: number, epoch: number, usesTopicIds: boolean, now: Instant): FetchSession | SessionError {
    const session = this.#sessions.get(id)
    if (session === undefined) return 'FETCH_SESSION_ID_NOT_FOUND'
    if (session.epoch !== epoch) return 'INVALID_FETCH_SESSION_EPOCH'
    if (session.usesTopicIds !== usesTopicIds) return 'FETCH_SESSION_TOPIC_ID_ERROR'
    session.epoch = epoch === MAX_EPOCH ? 1 : epoch + 1
    session.lastUsed = now
    this.#sessions.delete(id)
    this.#sessions.set(id, session)
    return session
  }

  close(id: number): void {
    this.#sessions.delete(id)
  }

  #makeRoom(privileged: boolean, now: Instant): boolean {
    if (this.#limits.fetchSessions === 0) return false
    if (this.#sessions.size < this.#limits.fetchSessions) return true
    let victim: FetchSession | null = null
    for (const session of this.#sessions.values()) {
      if (now - session.lastUsed >= this.#limits.fetchSessionIdleMs) {
        victim = session
        break
      }
      if (privileged && !session.privileged) {
        victim = session
        break
      }
      if (!privileged) break
    }
    if (victim === null) return false
    this.#sessions.delete(victim.id)
    return true
  }

  /** Not to be guessed by others: 31 random bits, never 0, which means "none". */
  #newId(): number {
    for (;;) {
      const id = 1 + this.#random.below(MAX_EPOCH - 1)
      if (!this.#sessions.has(id)) return id
    }
  }
}

export interface AskedPartition {
  readonly topic: string | null
  readonly topicId: Uuid
  readonly partition: number
  readonly maxBytes: number
  readonly fetchOffset: Offset
  readonly currentLeaderEpoch: number
  readonly lastFetchedEpoch: number
  readonly logStartOffset: Offset
  readonly knownHighWatermark: Offset
}

/** How sessions tell partitions apart: by id where the version has ids, else by name. */
export function partitionKey(topic: string | null, topicId: Uuid, partition: number, usesTopicIds: boolean): string {
  return `${partition}:${usesTopicIds ? topicId : topic}`
}

/** Adds or updates one partition of a session. */
export function remember(partitions: Map<string, FetchedPartition>, key: string, asked: AskedPartition): void {
  const known = partitions.get(key)
  if (known === undefined) {
    partitions.set(key, { ...asked, toldHighWatermark: -1, toldLogStartOffset: -1 })
    return
  }
  known.topic = asked.topic ?? known.topic
  known.maxBytes = asked.maxBytes
  known.fetchOffset = asked.fetchOffset
  known.currentLeaderEpoch = asked.currentLeaderEpoch
  known.lastFetchedEpoch = asked.lastFetchedEpoch
  known.logStartOffset = asked.logStartOffset
  known.knownHighWatermark = asked.knownHighWatermark
}

export interface Told {
  readonly failed: boolean
  readonly bytes: number
  readonly highWatermark: Offset
  readonly logStartOffset: Offset
  readonly diverging: boolean
  /** It is sent elsewhere. */
  readonly redirected: boolean
}

/** Whether an incremental answer must name this partition; takes down what it says. */
export function isNews(cached: FetchedPartition, told: Told): boolean {
  const news =
    told.failed ||
    told.bytes > 0 ||
    told.diverging ||
    told.redirected ||
    cached.toldHighWatermark !== told.highWatermark ||
    cached.toldLogStartOffset !== told.logStartOffset
  cached.toldHighWatermark = told.failed || told.diverging ? -1 : told.highWatermark
  cached.toldLogStartOffset = told.logStartOffset
  return news
}
