import { expect, test } from 'vitest'
import { Durability } from '../../../src/log/durability.ts'
import type { SegmentList } from '../../../src/log/segments.ts'

test('a sync under way while the log is cut makes nothing beyond the cut durable', async () => {
  let end = 25
  const segment = { dirty: true, sync: (): Promise<void> => Promise.resolve() }
  const durability = new Durability(
    {
      segments: { all: [segment], has: () => true } as unknown as SegmentList,
      endOffset: () => end,
      failed: () => null,
      fail: (error) => {
        throw error
      },
    },
    0,
  )
  const flushed = durability.until(25)
  durability.truncated(22)
  await flushed
  expect(durability.endOffset).toBe(22)
  durability.ended()
  end = 24
  await durability.until(24)
  expect(durability.endOffset).toBe(24)
})
