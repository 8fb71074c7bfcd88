// The way of a produced batch: permission from the partition, into the log, and the wait that its acks ask for. Never
// answers a client. Invariant: calls for one partition reach its log in call order, and an error carries offset −1.

import type { Offset, Timestamp } from '../../src/base/index.ts'
import { StorageError } from '../../src/base/index.ts'
import type { LeaderAppend } from '../../src/log/index.ts'
import type { Host } from './host.ts'
import type { Replica } from './replica.ts'
import type { AppendRequest, AppendResult, LocalAppend, ReplicationError } from './types.ts'

export function append(host: Host, request: AppendRequest): Promise<AppendResult> {
  const replica = host.locate(request.at)
  if (typeof replica === 'string') return Promise.resolve(refusal(host, request, replica, null))
  const permission = replica.ask({ kind: 'append', acks: request.acks, count: 1 })
  if (permission === null || permission.kind === 'refuse')
    return Promise.resolve(refusal(host, request, permission?.error ?? 'NOT_LEADER_OR_FOLLOWER', null))
  const log = replica.log
  const epoch = permission.epoch
  const progress = new AppendProgress(replica)
  const options = { stillLeader: () => leads(replica, epoch) }
  if (!log.needsOpening(request.bytes)) {
    replica.writing()
    return settle(host, request, replica, log.appendAsLeader(request.bytes, epoch, progress.appended), progress)
  }
  return openAndAppend(host, request, replica, epoch, options, progress)
}

/** Batches that must be opened leave the loop; the log keeps their order, the new role of a replica waits for them. */
async function openAndAppend(
  host: Host,
  request: AppendRequest,
  replica: Replica,
  epoch: number,
  options: { readonly stillLeader: () => boolean },
  progress: AppendProgress,
): Promise<AppendResult> {
  replica.beginWork()
  replica.writing()
  let outcome: LeaderAppend
  try {
    outcome = await replica.log.openAndAppendAsLeader(request.bytes, epoch, progress.appended, options)
  } catch (error) {
    replica.notWritten()
    if (!(error instanceof StorageError)) throw error
    host.failed(replica, error)
    return refusal(host, request, 'KAFKA_STORAGE_ERROR', null)
  } finally {
    replica.endWork()
  }
  if (outcome.kind === 'refused' && !leads(replica, epoch)) {
    replica.notWritten()
    return refusal(host, request, 'NOT_LEADER_OR_FOLLOWER', null)
  }
  return settle(host, request, replica, outcome, progress)
}

function leads(replica: Replica, epoch: number): boolean {
  const role = replica.state?.role
  return role?.kind === 'leader' && role.epoch === epoch
}

/** What became of one staged append; the log may tell before `appendAsLeader` has returned, or long after. */
class AppendProgress {
  readonly #replica: Replica
  #error: Error | null | undefined
  #then: ((error: Error | null) => void) | null = null
  readonly appended = (error: Error | null): void => {
    this.#error = error
    this.#replica.appended(error)
    this.#then?.(error)
  }

  constructor(replica: Replica) {
    this.#replica = replica
  }

  /** Calls back at once when it is known already. */
  whenAppended(then: (error: Error | null) => void): void {
    if (this.#error === undefined) this.#then = then
    else then(this.#error)
  }
}

/** What this broker itself writes, as the leader in exactly this epoch; resolves when it is staged. */
export async function appendLocally(
  host: Host,
  replica: Replica,
  bytes: Uint8Array,
  epoch: number,
): Promise<LocalAppend> {
  if (replica.offline) return { kind: 'refused', error: 'KAFKA_STORAGE_ERROR', message: null }
  if (!leads(replica, epoch)) return { kind: 'refused', error: 'NOT_LEADER_OR_FOLLOWER', message: null }
  const permission = replica.ask({ kind: 'append', acks: -1, count: 1 })
  if (permission?.kind !== 'write')
    return { kind: 'refused', error: permission?.error ?? 'NOT_LEADER_OR_FOLLOWER', message: null }
  const log = replica.log
  const opening = log.needsOpening(bytes)
  if (opening) replica.beginWork()
  replica.writing()
  const appended = (error: Error | null): void => replica.appended(error)
  const options = { origin: 'internal', stillLeader: () => leads(replica, epoch) } as const
  let outcome: LeaderAppend
  try {
    outcome = opening
      ? await log.openAndAppendAsLeader(bytes, epoch, appended, options)
      : log.appendAsLeader(bytes, epoch, appended, options)
  } catch (error) {
    replica.notWritten()
    if (!(error instanceof StorageError)) throw error
    host.failed(replica, error)
    return { kind: 'refused', error: 'KAFKA_STORAGE_ERROR', message: error.message }
  } finally {
    if (opening) replica.endWork()
  }
  if (outcome.kind !== 'staged') replica.notWritten()
  if (outcome.kind === 'refused') return outcome
  return { kind: 'staged', baseOffset: outcome.baseOffset, endOffset: outcome.endOffset }
}

function settle(
  host: Host,
  request: AppendRequest,
  replica: Replica,
  outcome: LeaderAppend,
  progress: AppendProgress,
): Promise<AppendResult> {
  if (outcome.kind !== 'staged') replica.notWritten()
  if (outcome.kind === 'refused') return Promise.resolve(refusal(host, request, outcome.error, outcome.message))
  const logStartOffset = outcome.kind === 'staged' ? outcome.logStartOffset : replica.log.logStartOffset
  const success = accepted(outcome.baseOffset, outcome.logAppendTime, logStartOffset)
  if (request.acks === 0) return Promise.resolve(success)
  return new Promise((resolve) => {
    // A repeated batch whose first copy is still on its way to the disk has no answer of its own to wait for.
    if (request.acks === -1 || (outcome.kind === 'duplicate' && !isWritten(replica, outcome.endOffset))) {
      replica.awaitAck(outcome.endOffset, request.deadline, (error) => {
        resolve(error === 'NONE' ? success : refusal(host, request, error, null))
      })
      return
    }
    if (outcome.kind === 'duplicate') {
      resolve(success)
      return
    }
    progress.whenAppended((error) => {
      resolve(error === null ? success : refusal(host, request, 'KAFKA_STORAGE_ERROR', null))
    })
  })
}

function isWritten(replica: Replica, upTo: Offset): boolean {
  const { log } = replica
  return upTo <= (log.config.flush === 'fsync' ? log.durableEndOffset : log.appendedOffset)
}

function accepted(baseOffset: Offset, logAppendTime: Timestamp, logStartOffset: Offset): AppendResult {
  return { error: 'NONE', message: null, baseOffset, logAppendTime, logStartOffset, leader: null }
}

function refusal(host: Host, request: AppendRequest, error: ReplicationError, message: string | null): AppendResult {
  return {
    error,
    message,
    baseOffset: -1,
    logAppendTime: -1,
    logStartOffset: -1,
    leader: host.hint(request.at, error),
  }
}
