import { expect, test } from 'vitest'
import { AnswerInvariants, LogModel } from '../../../src/check/index.ts'
import type { TappedEnd } from '../../../src/sim/tap.ts'
import { Owed } from '../../../src/sim/watch/owed.ts'
import { batch, Collected } from '../check/findings.ts'

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

test('P18: who has committed what was sent has nothing left to wait for', () => {
  const found = new Collected()
  const checks = new AnswerInvariants(found)
  const model = new LogModel('t-0', 'partition', found)
  const sent = { acks: -1, producerId: 7, producerEpoch: 0, baseSequence: 0, lastOffsetDelta: 0, batchesBefore: 1 }
  const settled = (): boolean => checks.settled(1, model, sent)
  model.written(1, 0, batch(0, 0, 1))
  model.written(1, 0, batch(1, 1, 1, { producerId: 7, producerEpoch: 0, baseSequence: 0, lastSequence: 0 }))
  expect(settled()).toBe(false)
  // Another leader has committed it; this one does not know.
  model.written(2, 0, batch(0, 0, 1))
  model.written(2, 0, batch(1, 1, 1, { producerId: 7, producerEpoch: 0, baseSequence: 0, lastSequence: 0 }))
  model.claimed(2, 2)
  expect(settled()).toBe(false)
  model.claimed(1, 2)
  expect(settled()).toBe(true)
})

test('P18: the time of an acknowledgement is that of the batch', () => {
  const found = new Collected()
  const checks = new AnswerInvariants(found)
  const model = new LogModel('t-0', 'partition', found)
  const sent = { acks: 1, producerId: -1, producerEpoch: -1, baseSequence: -1, lastOffsetDelta: 0, batchesBefore: 0 }
  model.written(1, 0, batch(0, 0, 1, { appendTime: 17 }))
  checks.acknowledged(1, model, sent, 0, 17)
  expect(found.names).toEqual([])
  checks.acknowledged(1, model, sent, 0, -1)
  expect(found.names).toEqual(['P18'])
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
