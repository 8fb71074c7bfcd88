// A million operations: judged whole, in bounded memory. The time is printed, not asserted: machines differ.

import process from 'node:process'
import { expect, it } from 'vitest'
import { checkHistory, type HistoryLine, type HistoryReport } from '../../../src/check/index.ts'

const OPERATIONS = 1_000_000
const KEYS = 12
const PRODUCERS = 20
const RECORDS_A_POLL = 8

it('judges a million operations with 1.6 million polled records', { timeout: 120_000 }, () => {
  const before = process.memoryUsage()
  const start = performance.now()
  const cpu = process.cpuUsage()
  let generating = 0
  let lines = 0
  const timed = function* (): Generator<HistoryLine> {
    const source = history()
    for (;;) {
      const from = lines % 1024 === 0 ? performance.now() : 0
      const next = source.next()
      if (from !== 0) generating += (performance.now() - from) * 1024
      if (next.done === true) return
      lines += 1
      yield next.value
    }
  }
  const report: HistoryReport = checkHistory(timed())
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const after = process.memoryUsage()
  const grown = (after.arrayBuffers - before.arrayBuffers + after.heapUsed - before.heapUsed) / 2 ** 20
  process.stdout.write(
    `history of ${report.stats.operations} operations, ${report.stats.polled} polled records: judged in ${seconds.toFixed(1)} s (${((user + system) / 1e6).toFixed(1)} s of CPU), of which about ${(generating / 1000).toFixed(1)} s made it; ${grown.toFixed(0)} MiB\n`,
  )
  expect(report.stats.operations).toBe(OPERATIONS)
  expect(report.stats.polled).toBe(2 * report.stats.sent)
  expect(report).toMatchObject({ valid: true, anomalies: [], allowed: {}, allowedLosses: {} })
  expect(report.consumeCounts).toEqual({ 1: report.stats.sent })
})

// What grows with the square of the commits at one offset takes minutes here.
it('judges a million operations of groups, most of them commits of the same offset', { timeout: 60_000 }, () => {
  const start = performance.now()
  const report = checkHistory(idleGroups())
  const seconds = (performance.now() - start) / 1000
  process.stdout.write(
    `history of ${report.stats.operations} operations of groups: judged in ${seconds.toFixed(1)} s\n`,
  )
  expect(report.stats.operations).toBe(OPERATIONS)
  expect(report).toMatchObject({ valid: true, counts: {}, allowed: {} })
})

/** Three groups that have nothing to read and commit where they stand, again and again, some of it without an answer; now and
 *  then they rebalance, or a commit is still under way while somebody joins. */
function* idleGroups(): Generator<HistoryLine> {
  let time = 0
  const late: HistoryLine[] = []
  for (let op = 0; op < OPERATIONS; op++) {
    const group = `g${op % 3}`
    const generation = 1 + Math.floor(op / 30)
    const member = `${group}-${op % 5}`
    const base = { process: member, op, group } as const
    if (op % 10 < 3) {
      yield { ...base, time: time++, type: 'invoke', f: 'join' }
      const told = { generation, keys: ['x'], committed: op < 60 ? {} : { x: 7 }, reset: 'latest' } as const
      yield { ...base, time: time++, type: 'ok', f: 'join', ...told, keys: op % 5 === 0 ? ['x'] : [] }
    } else {
      const commit = { ...base, f: 'commit', generation, offsets: { x: 7 } } as const
      yield { ...commit, time: time++, type: 'invoke' }
      const isUnknown = op < 60 || op % 7 === 0
      if (!isUnknown && op % 11 === 0) late.push({ ...commit, time, type: 'ok' })
      else yield { ...commit, time: time++, type: isUnknown ? 'info' : 'ok' }
    }
    if (late.length > 5) for (const line of late.splice(0)) yield { ...line, time: time++ }
  }
  for (const line of late) yield { ...line, time: time++ }
}

/** Twenty producers with two sends under way each, two consumers of everything: one assigned, one subscribed. */
function* history(): Generator<HistoryLine> {
  const keys = Array.from({ length: KEYS }, (_, i) => `topic-${i}`)
  const ends = keys.map(() => 0)
  let op = 0
  let time = 0
  yield* assign('assigned', 'assign')
  yield* assign('subscribed', 'subscribe')
  const logs: [number, string][][] = keys.map(() => [])
  const read = new Map<string, number[]>([
    ['assigned', keys.map(() => 0)],
    ['subscribed', keys.map(() => 0)],
  ])
  const sends = OPERATIONS * 0.8
  let sent = 0
  while (sent < sends) {
    const n = Math.min(PRODUCERS * 2, sends - sent)
    const first = op
    for (let i = 0; i < n; i++) yield send('invoke', first + i, i, undefined)
    for (let i = 0; i < n; i++) {
      const k = (first + i) % KEYS
      const offset = ends[k]!
      // A transaction's marker now and then: offsets have gaps.
      ends[k] = offset + 1 + (offset % 97 === 0 ? 1 : 0)
      logs[k]!.push([offset, `v${first + i}`])
      yield send('ok', first + i, i, offset)
    }
    op += n
    sent += n
    for (const consumer of ['assigned', 'subscribed']) yield* poll(consumer, RECORDS_A_POLL)
  }
  for (const consumer of ['assigned', 'subscribed']) while (hasMore(consumer)) yield* poll(consumer, 1 << 20)
  while (op < OPERATIONS) yield* poll('assigned', 1)

  function* assign(process: string, f: 'assign' | 'subscribe'): Generator<HistoryLine> {
    yield { process, op, time: time++, type: 'invoke', f, keys }
    yield { process, op, time: time++, type: 'ok', f, keys }
    op += 1
  }

  function send(type: 'invoke' | 'ok', it: number, i: number, offset: number | undefined): HistoryLine {
    const step = { f: 'send', key: keys[it % KEYS]!, value: `v${it}` } as const
    return {
      process: `producer-${i % PRODUCERS}`,
      op: it,
      time: time++,
      type,
      f: 'send',
      steps: [offset === undefined ? step : { ...step, offset }],
    }
  }

  function hasMore(consumer: string): boolean {
    return read.get(consumer)!.some((at, k) => at < logs[k]!.length)
  }

  function* poll(process: string, most: number): Generator<HistoryLine> {
    const at = read.get(process)!
    const records: Record<string, [number, string][]> = {}
    for (let k = 0; k < KEYS; k++) {
      const batch = logs[k]!.slice(at[k], at[k]! + most)
      if (batch.length === 0) continue
      records[keys[k]!] = batch
      at[k]! += batch.length
    }
    yield { process, op, time: time++, type: 'invoke', f: 'poll', steps: [{ f: 'poll' }] }
    yield { process, op, time: time++, type: 'ok', f: 'poll', steps: [{ f: 'poll', records }] }
    op += 1
  }
}
