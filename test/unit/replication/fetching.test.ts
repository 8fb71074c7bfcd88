// A follower's plans: sessions, back-off, round robin, and where it must cut.

import { describe, expect, it } from 'vitest'
import {
  addPartition,
  createFetcher,
  delayPartition,
  type FetchPartition,
  type FetchPosition,
  judge,
  outOfRange,
  partitionSucceeded,
  plan,
  removePartition,
  resumesAt,
  sessionAnswered,
  sessionFailed,
  truncationPoint,
} from '../../../replication/fetching/index.ts'

const backoff = { firstMs: 50, maxMs: 1000 }

function setting(count: number) {
  const state = createFetcher()
  const offsets = new Map<string, number>()
  const partitions = Array.from({ length: count }, (_, i) => {
    offsets.set(`t:${i}`, 0)
    return addPartition(state, `t:${i}`, { topic: 't', topicId: 't', partition: i }, 3)
  })
  const position = (partition: FetchPartition): FetchPosition => ({
    currentLeaderEpoch: partition.leaderEpoch,
    fetchOffset: offsets.get(partition.key)!,
    lastFetchedEpoch: 2,
    logStartOffset: 0,
  })
  return { state, offsets, partitions, next: (now = 0) => plan(state, now, position) }
}

describe('a session (KIP-227)', () => {
  it('names everything once, then only what changed', () => {
    const { state, offsets, next } = setting(3)
    const full = next()!
    expect([full.sessionId, full.sessionEpoch, full.send.length]).toEqual([0, 0, 3])
    expect(sessionAnswered(state.session, full, 'NONE', 77)).toBe(true)
    offsets.set('t:1', 5)
    const second = next()!
    expect([second.sessionId, second.sessionEpoch]).toEqual([77, 1])
    expect(second.send.map((one) => [one.partition, one.position.fetchOffset])).toEqual([[1, 5]])
    expect([...second.expected.keys()]).toEqual(['t:0', 't:1', 't:2'])
    sessionAnswered(state.session, second, 'NONE', 77)
    removePartition(state, 't:0')
    const third = next()!
    expect(third.sessionEpoch).toBe(2)
    expect(third.send).toEqual([])
    expect(third.forget.map((one) => one.partition)).toEqual([0])
  })

  it('starts again after an error, closing what may still be there', () => {
    const { state, next } = setting(1)
    sessionAnswered(state.session, next()!, 'NONE', 77)
    expect(sessionAnswered(state.session, next()!, 'INVALID_FETCH_SESSION_EPOCH', 0)).toBe(false)
    expect(next()).toMatchObject({ sessionId: 77, sessionEpoch: 0, forget: [] })
    sessionAnswered(state.session, next()!, 'NONE', 78)
    expect(sessionAnswered(state.session, next()!, 'FETCH_SESSION_ID_NOT_FOUND', 0)).toBe(false)
    expect(next()).toMatchObject({ sessionId: 0, sessionEpoch: 0 })
    sessionAnswered(state.session, next()!, 'NONE', 79)
    sessionFailed(state.session)
    expect(next()).toMatchObject({ sessionId: 79, sessionEpoch: 0 })
  })

  it('asks in full each time of a leader without room for sessions', () => {
    const { state, next } = setting(2)
    expect(sessionAnswered(state.session, next()!, 'NONE', 0)).toBe(true)
    expect(next()).toMatchObject({ sessionId: 0, sessionEpoch: 0, forget: [] })
    expect(next()!.send.length).toBe(2)
  })

  it('counts on past 2^31 − 1 at 1', () => {
    const { state, next } = setting(1)
    sessionAnswered(state.session, { ...next()!, sessionEpoch: 2 ** 31 - 1 }, 'NONE', 5)
    expect(next()!.sessionEpoch).toBe(1)
  })
})

describe('partitions', () => {
  it('in trouble wait twice as long each time, and leave the request meanwhile', () => {
    const { state, partitions, next } = setting(2)
    const pauses = Array.from({ length: 7 }, () => {
      delayPartition(partitions[0]!, 0, backoff)
      return resumesAt(state)
    })
    expect(pauses).toEqual([50, 100, 200, 400, 800, 1000, 1000])
    expect([...next(999)!.expected.keys()]).toEqual(['t:1'])
    expect([...next(1000)!.expected.keys()]).toEqual(['t:0', 't:1'])
    partitionSucceeded(state, partitions[0]!, false)
    delayPartition(partitions[0]!, 0, backoff)
    expect(resumesAt(state)).toBe(50)
  })

  it('with data go to the end of the round', () => {
    const { state, partitions, next } = setting(3)
    partitionSucceeded(state, partitions[0]!, true)
    expect(next()!.send.map((one) => one.partition)).toEqual([1, 2, 0])
    partitions[1]!.phase = { kind: 'busy' }
    expect(next()!.send.map((one) => one.partition)).toEqual([2, 0])
    for (const partition of partitions) partition.phase = { kind: 'parked' }
    expect(next()).toBeNull()
  })

  it('are judged by their error', () => {
    expect(['NONE', 'OFFSET_OUT_OF_RANGE', 'FENCED_LEADER_EPOCH', 'NOT_LEADER_OR_FOLLOWER'].map(judge)).toEqual([
      'use',
      'out-of-range',
      'park',
      'delay',
    ])
  })
})

describe('the point to cut at', () => {
  const log = (epochs: readonly (readonly [number, number])[], endOffset: number) => ({
    endOffset,
    endOffsetForEpoch: (epoch: number) => {
      let floor = epochs.length - 1
      while (floor >= 0 && epochs[floor]![0] > epoch) floor--
      if (epochs.length === 0) return { epoch: -1, endOffset: -1 }
      if (floor < 0) return { epoch, endOffset: epochs[0]![1] }
      return { epoch: epochs[floor]![0], endOffset: epochs[floor + 1]?.[1] ?? endOffset }
    },
  })

  it('is the smaller end of the largest common epoch', () => {
    expect(
      truncationPoint(
        log(
          [
            [1, 0],
            [2, 10],
          ],
          20,
        ),
        { epoch: 1, endOffset: 15 },
      ),
    ).toBe(10)
    expect(truncationPoint(log([[1, 0]], 20), { epoch: 1, endOffset: 15 })).toBe(15)
    expect(truncationPoint(log([[1, 0]], 20), { epoch: 1, endOffset: 25 })).toBe(20)
  })

  it('is our own next smaller epoch’s end where we don’t have the leader’s (KIP-279)', () => {
    expect(
      truncationPoint(
        log(
          [
            [1, 0],
            [3, 10],
          ],
          20,
        ),
        { epoch: 2, endOffset: 15 },
      ),
    ).toBe(10)
    expect(truncationPoint(log([[3, 4]], 20), { epoch: 2, endOffset: 15 })).toBe(4)
    expect(truncationPoint(log([], 20), { epoch: 2, endOffset: 15 })).toBe(15)
  })

  it('or a new beginning, when the leader doesn’t have the offset', () => {
    expect(outOfRange({ start: 0, end: 5 }, 9)).toEqual({ kind: 'truncate', to: 5 })
    expect(outOfRange({ start: 10, end: 15 }, 9)).toEqual({ kind: 'restart', at: 10 })
    expect(outOfRange({ start: 0, end: 15 }, 9)).toEqual({ kind: 'resume' })
  })
})
