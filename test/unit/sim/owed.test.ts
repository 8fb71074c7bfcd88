import { expect, test } from 'vitest'
import { LogModel } from '../../../src/check/index.ts'
import type { TappedEnd } from '../../../src/sim/tap.ts'
import { Owed } from '../../../src/sim/watch/owed.ts'
import { Collected } from '../check/findings.ts'

const AT = { host: 'node-1', port: 9092 }
const end = (closed = false): TappedEnd => ({ host: 'node-1', peerHost: 'client', local: AT, remote: AT, closed })

/** Node 1 leads `leads`; two partitions are asked for, by two connections or by one. */
function waits(leads: ReadonlySet<string>, ends: readonly TappedEnd[], forMs: number, everyMs = 500): string[] {
  const found = new Collected()
  const owed = new Owed((_node, model) => leads.has(model.name), found)
  for (const [i, each] of ends.entries()) owed.asked(1, each, {}, [new LogModel(`t-${i}`, 'partition', found)])
  for (let now = 0; now <= forMs; now += everyMs) owed.look(1, now)
  return found.names
}

test('P18: who leads may wait, who leads no more must say so', () => {
  expect(waits(new Set(['t-0']), [end()], 60_000)).toEqual([])
  expect(waits(new Set(), [end()], 60_000)).toEqual(['P18'])
  expect(waits(new Set(), [end()], 4_000)).toEqual([])
})

test('P18: an answer behind another one that may still wait is not owed yet', () => {
  const one = end()
  expect(waits(new Set(['t-0']), [one, one], 60_000)).toEqual([])
  expect(waits(new Set(['t-0']), [end(), end()], 60_000)).toEqual(['P18'])
})

test('P18: nobody waits on a connection that is closed, and a process that sleeps owes nothing', () => {
  expect(waits(new Set(), [end(true)], 60_000)).toEqual([])
  expect(waits(new Set(), [end()], 60_000, 10_000)).toEqual([])
})
