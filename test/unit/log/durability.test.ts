import { expect, test } from 'vitest'
import { Durability } from '../../../src/log/durability.ts'
import type { SegmentList } from '../../../src/log/segments.ts'

interface Fake {
  end: number
  syncs: number
  readonly durability: Durability
}

/** A log of one dirty segment whose syncs take a turn each. */
function fake(): Fake {
  const segment = {
    dirty: true,
    sync: (): Promise<void> => {
      log.syncs++
      return Promise.resolve()
    },
  }
  const log: { end: number; syncs: number } = { end: 25, syncs: 0 }
  const durability = new Durability(
    {
      segments: { all: [segment], has: () => true } as unknown as SegmentList,
      endOffset: () => log.end,
      failed: () => null,
      fail: (error) => {
        throw error
      },
    },
    0,
  )
  return Object.assign(log, { durability })
}

const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

test('a sync under way while the log is cut makes nothing beyond the cut durable', async () => {
  const log = fake()
  let flushed = false
  void log.durability.until(25).then(() => {
    flushed = true
  })
  log.durability.cutting(22)
  await turns()
  // The log still says that it ends at 25: until it is cut, nobody who waits for that is told anything.
  expect([log.durability.endOffset, flushed]).toEqual([0, false])
  log.end = 22
  log.durability.cut(22)
  await turns()
  expect([log.durability.endOffset, flushed]).toEqual([22, true])
})

test('what was durable beyond the cut is not any more, and is again when it is written anew', async () => {
  const log = fake()
  await log.durability.until(25)
  log.durability.cutting(22)
  expect(log.durability.endOffset).toBe(22)
  log.end = 22
  log.durability.cut(22)
  log.end = 24
  await log.durability.until(24)
  expect(log.durability.endOffset).toBe(24)
})

test('who begins to wait during a cut waits without turning in a circle', async () => {
  const log = fake()
  log.durability.cutting(22)
  let flushed = false
  void log.durability.until(25).then(() => {
    flushed = true
  })
  await turns()
  expect([log.syncs, flushed, log.durability.waiting]).toEqual([0, false, 1])
  log.end = 22
  log.durability.cut(22)
  await turns()
  expect([flushed, log.durability.waiting]).toEqual([true, 0])
})
