// The judge of logs that every replica has cleaned for itself: what two of them may differ in, and what not.

import { describe, expect, test } from 'vitest'
import type { SimCluster } from '../../../src/sim/index.ts'
import { cleanedTopics, foldLog, judgeCleaned, swapping } from '../../../src/sim/life/cleaned.ts'
import { buildBatch } from '../../../src/wire/index.ts'

type Row = readonly [offset: number, key: string, value: string | null]

const KEY = { topic: 'compacted', partition: 0, key: 'compacted-0' }
const WHOLE: readonly Row[] = [
  [0, 'a', '1'],
  [1, 'b', '1'],
  [2, 'a', '2'],
  [3, 'b', null],
  [4, 'c', '1'],
]

/** A log of batches of one record each, as it lies on a disk. */
function logOf(rows: readonly Row[]): Uint8Array {
  return Buffer.concat(
    rows.map(([baseOffset, key, value]) => {
      const record = { key: Buffer.from(key), value: value === null ? null : Buffer.from(value), headers: [] }
      return buildBatch({ baseOffset, records: [{ ...record, timestamp: 1_000 }] })
    }),
  )
}

/** By node; null: it is no replica. */
function clusterOf(logs: Record<number, readonly Row[] | null>, paths: readonly string[] = []): SimCluster {
  const part = {
    ids: Object.keys(logs).map(Number),
    replica: (id: number) => (logs[id] === null ? undefined : {}),
    logBytes: (id: number) => logOf(logs[id]!),
    host: String,
    sim: { disk: () => ({ paths: () => paths }) },
  }
  return part as unknown as SimCluster
}

function told(logs: Record<number, readonly Row[] | null>): string[] {
  return judgeCleaned(clusterOf(logs), KEY).map(({ name, text }) => `${name} ${text}`)
}

describe('replicas', () => {
  test('may have let go different records, as long as the last of each key is the same', () => {
    const cleaned = WHOLE.slice(2)
    const further = WHOLE.filter(([offset]) => offset === 2 || offset === 4)
    expect(told({ 1: WHOLE, 2: cleaned, 3: further, 4: null })).toEqual([])
  })

  test('must not have lost a key, brought one back, or kept an older value', () => {
    const differ = 'D5 compacted-0: nodes 1 and 2 differ in the last value of'
    expect(told({ 1: WHOLE, 2: WHOLE.slice(0, 4) })).toEqual([`${differ} "c"`])
    expect(told({ 1: WHOLE, 2: WHOLE.filter(([offset]) => offset !== 3) })).toEqual([`${differ} "b"`])
    expect(told({ 1: WHOLE, 2: WHOLE.filter(([offset]) => offset !== 2) })).toEqual([`${differ} "a"`])
    expect(told({ 1: null, 2: WHOLE, 3: WHOLE.slice(0, 4) })).toHaveLength(1)
  })

  test('must have their offsets in order', () => {
    const [first, second, ...rest] = WHOLE
    const turned = [second!, first!, ...rest]
    expect(told({ 1: WHOLE, 2: turned })).toEqual(['D5 node 2: compacted-0 has offset 0 behind 1'])
    expect(foldLog(logOf([first!, first!])).unordered).toBe('has offset 0 behind 0')
  })
})

test('a segment is under way as long as it bears that name', () => {
  expect(swapping(clusterOf({ 1: WHOLE }, ['/d/t-0/00000000000000000000.log']))).toBe(false)
  expect(swapping(clusterOf({ 1: WHOLE }, ['/d/t-0/00000000000000000000.log.swap']))).toBe(true)
})

test('logs of coordinators are cleaned where the compacted topic is', () => {
  const workload = (compacted: number): Parameters<typeof cleanedTopics>[0] =>
    ({ compacted }) as Parameters<typeof cleanedTopics>[0]
  expect([...cleanedTopics(workload(0))]).toEqual([])
  expect([...cleanedTopics(workload(1))]).toEqual(['compacted', '__consumer_offsets'])
})
