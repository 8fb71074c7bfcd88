// Copies partitions from one leader: one Fetch at a time on a connection of its own, the next one goes out as soon as
// what came is in the logs. It runs replication/fetching's plans; what an offset means it leaves to that room.
// Invariant: an answer counts only if its partition still follows this leader in the epoch, and stands at the offset, of
// the question (KAFKA-12153, KAFKA-13207, KIP-320).

import type { Endpoint, Instant, NodeId, Timer } from '../../src/base/index.ts'
import { assert, messageOf } from '../../src/base/index.ts'
import type { Peer } from '../../src/rpc/index.ts'
import type { FetchResponse } from '../../src/wire/index.ts'
import { apis, errorName } from '../../src/wire/index.ts'
import {
  addPartition,
  type Backoff,
  createFetcher,
  delayPartition,
  type FetcherState,
  type FetchPartition,
  type FetchPlan,
  judge,
  outOfRange,
  type PlannedPartition,
  partitionSucceeded,
  plan,
  removePartition,
  resumesAt,
  sessionAnswered,
  sessionFailed,
  truncationPoint,
} from '../fetching/index.ts'
import { askOffset, EARLIEST, LATEST } from './ask-offset.ts'
import { batchesUpToEpoch, startsWithin } from './batches.ts'
import { fetchRequest } from './fetch-request.ts'
import type { Host } from './host.ts'
import type { Replica } from './replica.ts'

type PartitionAnswer = FetchResponse['responses'][number]['partitions'][number]

interface Followed {
  readonly replica: Replica
  readonly partition: FetchPartition
  /** The leader has found its own history in this log, or there is nothing of another. */
  proven: boolean
}

export class Fetcher {
  readonly leader: NodeId
  readonly #host: Host
  readonly #backoff: Backoff
  readonly #state: FetcherState = createFetcher()
  readonly #followed = new Map<string, Followed>()
  #endpoint: Endpoint | null = null
  #peer: Peer | null = null
  #inFlight = false
  /** Appends, truncations and questions that the next fetch waits for. */
  #outstanding = 0
  #kicked = false
  #closed = false
  /** Connections or whole responses that failed, in a row. */
  #failures = 0
  #pausedUntil: Instant = Number.NEGATIVE_INFINITY
  #timer: Timer | null = null

  constructor(host: Host, leader: NodeId) {
    this.#host = host
    this.leader = leader
    const maxMs = host.options.fetchBackoffMs
    this.#backoff = { firstMs: Math.max(1, Math.floor(maxMs / 20)), maxMs }
  }

  get size(): number {
    return this.#followed.size
  }

  /** Null: the leader is not registered. A broker that comes back elsewhere is fetched from there. */
  set endpoint(endpoint: Endpoint | null) {
    const same = endpoint?.host === this.#endpoint?.host && endpoint?.port === this.#endpoint?.port
    if (same) return
    this.#endpoint = endpoint
    this.#peer?.close()
    this.#peer = endpoint === null ? null : this.#host.options.rpc.peer(endpoint)
    this.#failures = 0
    this.#pausedUntil = Number.NEGATIVE_INFINITY
    this.kick()
  }

  add(replica: Replica): void {
    const state = replica.state
    assert(state !== null, 'only an open replica follows')
    const partition = addPartition(this.#state, replica.key, replica.at, state.leaderEpoch)
    this.#followed.set(replica.key, { replica, partition, proven: false })
    if (replica.log.damaged !== null) this.#work(replica.cutDamage())
    if (replica.free) this.kick()
    else partition.phase = { kind: 'busy' }
  }

  remove(key: string): void {
    this.#followed.delete(key)
    removePartition(this.#state, key)
  }

  /** The replica's log is free of the work of before. */
  released(replica: Replica): void {
    const followed = this.#followed.get(replica.key)
    if (followed?.partition.phase.kind !== 'busy') return
    followed.partition.phase = { kind: 'ready' }
    this.kick()
  }

  /** Sends before this turn ends, with whatever else is added meanwhile. */
  kick(): void {
    if (this.#kicked || this.#closed) return
    this.#kicked = true
    Promise.resolve()
      .then(() => {
        this.#kicked = false
        this.#next()
      })
      .catch(this.#host.options.onFatal)
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    this.#peer?.close()
    this.#peer = null
  }

  #next(): void {
    if (this.#closed || this.#inFlight || this.#outstanding > 0 || this.#peer === null) return
    const now = this.#host.now()
    if (this.#pausedUntil > now) {
      this.#wakeAt(this.#pausedUntil)
      return
    }
    const { throttles } = this.#host
    let abstained = false
    const abstains = (partition: FetchPartition): boolean => {
      if (!throttles.abstains(this.#followedOf(partition).replica)) return false
      abstained = true
      return true
    }
    const next = plan(this.#state, now, (partition) => this.#position(partition), abstains)
    if (next === null) {
      this.#wakeAt(Math.min(resumesAt(this.#state), abstained ? throttles.resumesAt : Number.POSITIVE_INFINITY))
      return
    }
    this.#inFlight = true
    this.#send(this.#peer, next).catch(this.#host.options.onFatal)
  }

  #wakeAt(at: Instant): void {
    this.#timer?.cancel()
    this.#timer = null
    if (at === Number.POSITIVE_INFINITY) return
    this.#timer = this.#host.timers.at(at, () => this.#next())
  }

  #position(partition: FetchPartition): PlannedPartition['position'] {
    const log = this.#followedOf(partition).replica.log
    return {
      currentLeaderEpoch: partition.leaderEpoch,
      fetchOffset: log.endOffset,
      lastFetchedEpoch: log.lastEpoch,
      logStartOffset: log.logStartOffset,
    }
  }

  #followedOf(partition: FetchPartition): Followed {
    const followed = this.#followed.get(partition.key)
    assert(followed !== undefined, 'every planned partition is followed')
    return followed
  }

  async #send(peer: Peer, asked: FetchPlan): Promise<void> {
    const { fetchWaitMaxMs, fetchTimeoutMs } = this.#host.options
    const timeoutMs = Math.max(fetchTimeoutMs, 2 * fetchWaitMaxMs)
    const answer = await peer.send(apis.Fetch, (version) => fetchRequest(this.#host, asked, version), { timeoutMs })
    this.#inFlight = false
    if (this.#closed) return
    if (peer !== this.#peer) {
      sessionFailed(this.#state.session)
      this.#next()
      return
    }
    if (answer.kind === 'failed') {
      sessionFailed(this.#state.session)
      this.#pause(answer.reason, peer.retryAt)
      return
    }
    const error = errorName(answer.body.errorCode)
    if (!sessionAnswered(this.#state.session, asked, error, answer.body.sessionId)) {
      // A forgotten session is simply asked for again; any other error of the whole response needs time.
      if (error === 'FETCH_SESSION_ID_NOT_FOUND' || error === 'INVALID_FETCH_SESSION_EPOCH') this.#next()
      else this.#pause(error, 0)
      return
    }
    this.#failures = 0
    for (const topic of answer.body.responses) {
      for (const partition of topic.partitions) {
        const expected = asked.expected.get(`${topic.topicId}:${partition.partitionIndex}`)
        if (expected !== undefined) this.#answered(expected, partition)
      }
    }
    this.#next()
  }

  #pause(reason: string, retryAt: Instant): void {
    const { firstMs, maxMs } = this.#backoff
    const ms = Math.min(maxMs, firstMs * 2 ** Math.min(this.#failures, 20))
    if (this.#failures === 0)
      this.#host.options.logger.info({ leader: this.leader, reason }, 'fetching from a leader failed')
    this.#failures++
    this.#pausedUntil = Math.max(this.#host.now() + ms, retryAt)
    this.#wakeAt(this.#pausedUntil)
  }

  #answered(expected: PlannedPartition, answer: PartitionAnswer): void {
    const followed = this.#current(expected)
    if (followed === null) return
    const { replica, partition } = followed
    const error = errorName(answer.errorCode)
    switch (judge(error)) {
      case 'use':
        this.#use(followed, answer)
        return
      case 'out-of-range':
        partition.phase = { kind: 'busy' }
        this.#work(this.#findRange(expected, followed))
        return
      case 'park':
        partition.phase = { kind: 'parked' }
        return
      case 'delay':
        if (partition.failures === 0)
          this.#host.options.logger.debug({ ...replica.at, leader: this.leader, error }, 'the leader refused a fetch')
        delayPartition(partition, this.#host.now(), this.#backoff)
    }
  }

  /** Only while nothing has changed since the question. */
  #current(expected: PlannedPartition): Followed | null {
    const followed = this.#followed.get(expected.key)
    if (followed === undefined || followed.partition.phase.kind !== 'ready') return null
    if (followed.partition.leaderEpoch !== expected.position.currentLeaderEpoch) return null
    return this.#follows(followed) && followed.replica.log.endOffset === expected.position.fetchOffset ? followed : null
  }

  #follows({ replica, partition }: Followed): boolean {
    const role = replica.state?.role
    return (
      this.#followed.get(replica.key)?.partition === partition &&
      role?.kind === 'follower' &&
      role.leader === this.leader &&
      role.epoch === partition.leaderEpoch
    )
  }

  #use(followed: Followed, answer: PartitionAnswer): void {
    const { replica, partition } = followed
    if (answer.divergingEpoch.epoch >= 0) {
      // Nothing else of this answer counts, least of all its high watermark (KAFKA-14704).
      partitionSucceeded(this.#state, partition, false)
      partition.phase = { kind: 'busy' }
      this.#work(replica.truncate({ to: truncationPoint(replica.log, answer.divergingEpoch) }))
      return
    }
    if (this.#beginsAnew(followed, answer)) return
    const records = answer.records === null ? null : batchesUpToEpoch(answer.records, partition.leaderEpoch)
    if (records === null || records.length === 0) {
      // Bytes, and none of them of use: the leader's log is in motion.
      if ((answer.records?.length ?? 0) > 0) delayPartition(partition, this.#host.now(), this.#backoff)
      else partitionSucceeded(this.#state, partition, false)
      this.#learn(followed, answer)
    } else {
      this.#host.throttles.taken(replica, records.length)
      if (startsWithin(records, replica.log) !== null) {
        partition.phase = { kind: 'busy' }
        this.#work(this.#beginWithin(followed, records, answer))
      } else if (this.#append(followed, records, answer)) partitionSucceeded(this.#state, partition, true)
    }
  }

  /**
   * A leader that has deleted all that is here cannot tell whether it was its own: it knows neither records nor epochs of
   * there. What a former leader wrote alone would go with retention, but the sequences of its producers would stay, and
   * once it leads again it would answer for records that nobody has. (Kafka keeps them.) What was committed is its own,
   * and so is everything before a record that both have.
   */
  #beginsAnew(followed: Followed, { logStartOffset }: PartitionAnswer): boolean {
    if (followed.proven) return false
    followed.proven = true
    const { replica, partition } = followed
    const { log } = replica
    const committed = replica.state?.highWatermark ?? 0
    if (log.endOffset > logStartOffset || log.endOffset <= Math.max(log.logStartOffset, committed)) return false
    this.#host.options.logger.info(
      { ...replica.at, leader: this.leader, end: log.endOffset, logStartOffset },
      'beginning anew where the leader begins: it knows nothing of what is here',
    )
    partitionSucceeded(this.#state, partition, false)
    partition.phase = { kind: 'busy' }
    this.#work(replica.truncate({ startAt: logStartOffset }))
    return true
  }

  /** An empty log begins with the whole batch: asked for from there, the leader would say that it has no such offset. */
  async #beginWithin(followed: Followed, records: Uint8Array, answer: PartitionAnswer): Promise<void> {
    const { replica, partition } = followed
    const base = startsWithin(records, replica.log)
    if (base === null || !(await replica.truncate({ startAt: base })) || !this.#follows(followed)) return
    if (this.#append(followed, records, answer)) partitionSucceeded(this.#state, partition, true)
  }

  /** False when the log would not have them. */
  #append(followed: Followed, records: Uint8Array, answer: PartitionAnswer): boolean {
    const { replica, partition } = followed
    let staged = false
    let done = false
    replica.writing()
    const outcome = replica.log.appendAsFollower(records, (error) => {
      done = true
      replica.appended(error)
      if (error === null && this.#follows(followed)) this.#learn(followed, answer)
      if (staged) this.#workDone()
    })
    if (outcome.kind === 'staged') {
      staged = true
      if (!done) this.#outstanding++
      return true
    }
    replica.notWritten()
    this.#host.options.logger.warn(
      { ...replica.at, leader: this.leader, reason: outcome.message },
      'fetched bytes refused',
    )
    delayPartition(partition, this.#host.now(), this.#backoff)
    return false
  }

  #learn({ replica, partition }: Followed, answer: PartitionAnswer): void {
    replica.followed(partition.leaderEpoch, answer.highWatermark)
    const log = replica.log
    const start = Math.min(answer.logStartOffset, replica.state?.highWatermark ?? 0)
    if (start > log.logStartOffset)
      log.advanceLogStart(start).catch((error: unknown) => this.#host.failed(replica, asError(error)))
  }

  /** The leader doesn't have the offset asked for: what does it have? */
  async #findRange(expected: PlannedPartition, followed: Followed): Promise<void> {
    const { replica, partition } = followed
    const end = await askOffset(this.#host, this.#peer, expected, LATEST)
    const start = end === null ? null : await askOffset(this.#host, this.#peer, expected, EARLIEST)
    if (!this.#follows(followed)) return
    if (start === null || end === null) {
      delayPartition(partition, this.#host.now(), this.#backoff)
      return
    }
    const remedy = outOfRange({ start, end }, replica.log.endOffset)
    this.#host.options.logger.warn({ ...replica.at, start, end, remedy }, 'the offset to fetch is out of range')
    switch (remedy.kind) {
      case 'truncate':
        await replica.truncate({ to: remedy.to })
        break
      case 'restart':
        await replica.truncate({ startAt: remedy.at })
        break
      case 'resume':
        // It may be out of range again for a reason that offsets don't tell: not in a tight loop.
        delayPartition(partition, this.#host.now(), this.#backoff)
        return
    }
    if (this.#follows(followed)) partitionSucceeded(this.#state, partition, false)
  }

  #work(work: Promise<unknown>): void {
    this.#outstanding++
    work.then(
      () => this.#workDone(),
      (error: unknown) => this.#host.options.onFatal(asError(error)),
    )
  }

  #workDone(): void {
    this.#outstanding--
    if (this.#outstanding === 0) this.#next()
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(messageOf(error))
}
