// What a run's notes come to: gaps, effects, the rate between episodes.

import { describe, expect, test } from 'vitest'
import { GroupNotes } from '../../src/chaos/groups.ts'
import type { ChaosReport, Episode } from '../../src/chaos/index.ts'
import { formatReport, isGood } from '../../src/chaos/index.ts'
import { measure, measureGroup, type Notes } from '../../src/chaos/report.ts'

/** An acknowledgement of each key every 20 ms from 0 to 30 s, but for the silences. */
function acks(keys: readonly string[], silences: readonly { key: string; from: number; to: number }[]): Notes['acks'] {
  const found: { at: number; key: string }[] = []
  for (let at = 0; at < 30_000; at += 20) {
    for (const key of keys) {
      if (!silences.some((silence) => silence.key === key && at >= silence.from && at < silence.to))
        found.push({ at, key })
    }
  }
  return found
}

const pause = (at: number, until: number | null, passedOver: string | null = null): Episode => ({
  ...{ fault: { verb: 'pause', node: 2, ms: 2000 }, at, until, passedOver },
})
const KEYS = ['a-0', 'a-1']
const notes = (change: Partial<Notes>): Notes => ({
  ...{ durationMs: 30_000, keys: KEYS, acks: acks(KEYS, []), changes: [], episodes: [] },
  ...change,
})

describe('an episode', () => {
  test('has the longest gap of any partition, and its effect is seen by it', () => {
    const silences = [{ key: 'a-1', from: 10_500, to: 12_300 }]
    const { episodes, calmGapMs } = measure(notes({ acks: acks(KEYS, silences), episodes: [pause(10_000, 12_000)] }))
    expect(episodes).toEqual([
      {
        ...{ text: 'pause 2 for 2.0 s', verb: 'pause', atMs: 10_000, untilMs: 12_000 },
        ...{ leaderChanges: 0, isrChanges: 0, gapMs: 1820, gapPartition: 'a-1', observed: true },
      },
    ])
    expect(calmGapMs).toBe(20)
  })

  test('has none where nothing happened', () => {
    expect(measure(notes({ episodes: [pause(10_000, 12_000)] })).episodes[0]).toMatchObject({
      gapMs: 20,
      observed: false,
    })
  })

  test('is seen by a change of metadata until shortly after its end, and not later', () => {
    const change = (at: number) => ({ at, partition: 'a-0', kind: 'isr', before: '1,2,3', after: '1,3' }) as const
    const seen = (at: number): boolean =>
      measure(notes({ changes: [change(at)], episodes: [pause(10_000, 12_000)] })).episodes[0]!.observed
    expect([9_999, 10_000, 13_900, 14_100].map(seen)).toEqual([false, true, true, false])
  })

  test('that never ended goes on to the end, and a silence with it', () => {
    const silences = KEYS.map((key) => ({ key, from: 25_000, to: 30_000 }))
    const [episode] = measure(notes({ acks: acks(KEYS, silences), episodes: [pause(25_000, null)] })).episodes
    expect(episode).toMatchObject({ untilMs: 30_000, gapMs: 5000, observed: true })
  })

  test('that was passed over is told apart', () => {
    const { episodes, passedOver } = measure(notes({ episodes: [pause(10_000, null, 'broker 2 is down')] }))
    expect(episodes).toEqual([])
    expect(passedOver).toEqual([{ text: 'pause 2 for 2.0 s', why: 'broker 2 is down' }])
  })

  test('no gap counts that calm times have as well', () => {
    const slow = KEYS.flatMap((key) =>
      Array.from({ length: 29 }, (_, i) => ({ key, from: i * 1000 + 40, to: i * 1000 + 940 })),
    )
    const { episodes, calmGapMs } = measure(notes({ acks: acks(KEYS, slow), episodes: [pause(10_000, 12_000)] }))
    expect(calmGapMs).toBeGreaterThan(800)
    expect(episodes[0]!.observed).toBe(false)
  })
})

test('the rate between episodes leaves the episodes out, however they overlap', () => {
  const silences = KEYS.map((key) => ({ key, from: 10_000, to: 20_000 }))
  const episodes = [pause(10_000, 15_000), pause(12_000, 20_000), pause(13_000, 14_000)]
  const { acknowledgedPerSecond } = measure(notes({ acks: acks(KEYS, silences), episodes }))
  expect(acknowledgedPerSecond).toBeCloseTo(100, 5)
})

test('a group’s gap is the longest of any partition since its first record; what it reads again is counted', () => {
  const group = new GroupNotes('g')
  group.polled(3_000, 'a-0', [0, 1])
  group.polled(3_500, 'a-1', [0])
  group.polled(9_000, 'a-0', [1, 2])
  group.polled(9_100, 'a-1', [1])
  expect(measureGroup(group, KEYS, 10_000)).toMatchObject({ read: 6, again: 1, gapMs: 6_000, gapPartition: 'a-0' })
  expect(measureGroup(new GroupNotes('idle'), KEYS, 10_000)).toMatchObject({ read: 0, gapMs: 10_000 })
  const late = new GroupNotes('late')
  late.polled(11_000, 'a-0', [0])
  expect(measureGroup(late, KEYS, 10_000)).toMatchObject({ read: 1, gapMs: 10_000 })
})

describe('as text', () => {
  const report: ChaosReport = {
    ...{ target: 'up', seed: 7, durationMs: 30_000, passedOver: [{ text: 'kill 2', why: 'it is down' }] },
    episodes: [
      {
        ...{ text: 'kill 1 for 3.0 s', verb: 'kill', atMs: 4000, untilMs: 7000 },
        ...{ leaderChanges: 2, isrChanges: 1, gapMs: 900, gapPartition: 'a-0', observed: true },
      },
    ],
    ...{ acknowledged: 500, failed: 1, unknown: 2, consumed: 400, acknowledgedPerSecond: 120.4, calmGapMs: 30 },
    ...{ recoveryMs: 1500, anomalies: [], allowed: [], failures: [] },
    groups: [
      {
        ...{ name: 'g', rebalances: 4, lives: 5, committed: 60, refused: 2, unknown: 1, read: 380, again: 12 },
        ...{ failedPolls: { NETWORK_EXCEPTION: 3 }, gapMs: 3100, gapPartition: 'a-1' },
      },
    ],
  }

  test('it says what happened', () => {
    expect(formatReport(report)).toMatchInlineSnapshot(`
      "   1    4.0 s  kill 1 for 3.0 s  2 leader changes, 1 ISR change, gap 900 ms on a-0
        passed over: kill 2: it is down

      1 episodes in 30.0 s, 1 with an observed effect; longest gap 900 ms, between episodes 30 ms
      500 records acknowledged (120 a second between episodes), 1 refused, 2 unknown, 400 read; every replica was in sync 1.5 s after the last fault was healed
      g: 4 rebalances of 5 members, 60 commits (2 refused, 1 unknown), 380 records read, 12 of them again, polls failed (NETWORK_EXCEPTION 3 times); longest gap 3100 ms on a-1
      0 anomalies"
    `)
    expect(isGood(report)).toBe(true)
  })

  test('an anomaly, or a cluster that does not come back, makes it bad', () => {
    expect(isGood({ ...report, anomalies: ['lost-write: …'] })).toBe(false)
    expect(isGood({ ...report, failures: ['not every replica was in sync'] })).toBe(false)
    expect(formatReport({ ...report, anomalies: ['lost-write: gone'] })).toContain(
      'ANOMALY: lost-write: gone\n1 anomalies',
    )
  })
})
