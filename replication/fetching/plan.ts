// What one follower asks one leader for next: which partitions are ready, which must wait after an error, and how to say
// it within a fetch session. It remembers no offsets of its own: the log is asked anew each time (KAFKA-15510).
// Invariant: a partition that is busy (being cut or appended to) is in no request.

import type { Epoch, Instant, Offset, Uuid } from '../../src/base/index.ts'
import type { Session } from './session.ts'

export interface FetchTarget {
  readonly topic: string
  readonly topicId: Uuid
  readonly partition: number
}

export interface FetchPosition {
  /** The epoch in which this replica follows; the leader refuses any other (KIP-320). */
  readonly currentLeaderEpoch: Epoch
  readonly fetchOffset: Offset
  /** Of the last record here; −1 in an empty log. */
  readonly lastFetchedEpoch: Epoch
  readonly logStartOffset: Offset
}

export type FetchPhase =
  | { readonly kind: 'ready' }
  /** After an error, until then. */
  | { readonly kind: 'delayed'; readonly until: Instant }
  /** The log is being worked on. */
  | { readonly kind: 'busy' }
  /** The leader has a newer epoch than we: only new metadata helps. */
  | { readonly kind: 'parked' }

export interface FetchPartition {
  readonly key: string
  readonly target: FetchTarget
  readonly leaderEpoch: Epoch
  phase: FetchPhase
  /** Errors in a row. */
  failures: number
}

export interface FetcherState {
  /** In the order of asking: what has brought data goes to the end, so that none starves. */
  readonly partitions: Map<string, FetchPartition>
  readonly session: Session
}

export interface PlannedPartition extends FetchTarget {
  readonly key: string
  readonly position: FetchPosition
}

export interface FetchPlan {
  readonly sessionId: number
  readonly sessionEpoch: number
  /** New or changed since the session's last request; all of them when `sessionEpoch` is 0. */
  readonly send: readonly PlannedPartition[]
  readonly forget: readonly FetchTarget[]
  /** Everything the leader may answer about, with the position it will answer for. */
  readonly expected: ReadonlyMap<string, PlannedPartition>
}

export interface Backoff {
  readonly firstMs: number
  readonly maxMs: number
}

/** What to do with one partition's answer. */
export type Verdict = 'use' | 'out-of-range' | 'delay' | 'park'

const READY: FetchPhase = { kind: 'ready' }

export function createFetcher(): FetcherState {
  return { partitions: new Map(), session: { id: 0, epoch: 0, held: new Map() } }
}

/** Replaces an entry of an earlier epoch. */
export function addPartition(
  state: FetcherState,
  key: string,
  target: FetchTarget,
  leaderEpoch: Epoch,
): FetchPartition {
  const partition: FetchPartition = { key, target, leaderEpoch, phase: READY, failures: 0 }
  state.partitions.delete(key)
  state.partitions.set(key, partition)
  return partition
}

export function removePartition(state: FetcherState, key: string): void {
  state.partitions.delete(key)
}

export function delayPartition(partition: FetchPartition, now: Instant, backoff: Backoff): void {
  const ms = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(partition.failures, 20))
  partition.failures++
  partition.phase = { kind: 'delayed', until: now + ms }
}

/** It answered without an error; with data it goes to the end of the round. */
export function partitionSucceeded(state: FetcherState, partition: FetchPartition, withData: boolean): void {
  partition.failures = 0
  partition.phase = READY
  if (!withData || state.partitions.get(partition.key) !== partition) return
  state.partitions.delete(partition.key)
  state.partitions.set(partition.key, partition)
}

/** The next request, or null while no partition is ready. Delays that are over end here. Who abstains is left out. */
export function plan(
  state: FetcherState,
  now: Instant,
  positionOf: (partition: FetchPartition) => FetchPosition,
  abstains: (partition: FetchPartition) => boolean = () => false,
): FetchPlan | null {
  const session = state.session
  const full = session.epoch === 0
  const expected = new Map<string, PlannedPartition>()
  const send: PlannedPartition[] = []
  for (const partition of state.partitions.values()) {
    if (partition.phase.kind === 'delayed' && partition.phase.until <= now) partition.phase = READY
    if (partition.phase.kind !== 'ready' || abstains(partition)) continue
    const position = positionOf(partition)
    const held = full ? undefined : session.held.get(partition.key)
    if (held !== undefined && samePosition(held.position, position)) {
      expected.set(partition.key, held)
      continue
    }
    const planned = { ...partition.target, key: partition.key, position }
    expected.set(partition.key, planned)
    send.push(planned)
  }
  if (expected.size === 0) return null
  const forget: FetchTarget[] = []
  if (!full) for (const [key, target] of session.held) if (!expected.has(key)) forget.push(target)
  return { sessionId: session.id, sessionEpoch: session.epoch, send, forget, expected }
}

/** When the first delay ends; Infinity when none is delayed. */
export function resumesAt(state: FetcherState): Instant {
  let earliest = Number.POSITIVE_INFINITY
  for (const { phase } of state.partitions.values())
    if (phase.kind === 'delayed' && phase.until < earliest) earliest = phase.until
  return earliest
}

export function judge(error: string): Verdict {
  switch (error) {
    case 'NONE':
      return 'use'
    case 'OFFSET_OUT_OF_RANGE':
      return 'out-of-range'
    case 'FENCED_LEADER_EPOCH':
      return 'park'
    default:
      return 'delay'
  }
}

function samePosition(a: FetchPosition, b: FetchPosition): boolean {
  return (
    a.fetchOffset === b.fetchOffset &&
    a.currentLeaderEpoch === b.currentLeaderEpoch &&
    a.lastFetchedEpoch === b.lastFetchedEpoch &&
    a.logStartOffset === b.logStartOffset
  )
}
