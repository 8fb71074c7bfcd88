// Idempotent producers as Kafka 4.x judges them: duplicates among five, gaps, epochs, wrap, expiry, and the snapshot
// that carries the state over a restart.

import { expect, test } from 'vitest'
import { ProducerStates } from '../../../src/log/producers.ts'
import type { BatchHeader } from '../../../src/wire/index.ts'
import { buildBatch, readBatchHeader } from '../../../src/wire/index.ts'

const NOW = 1_700_000_000_000

function batch(sequence: number, count = 1, offset = sequence, epoch = 0, timestamp = NOW): BatchHeader {
  const records = Array.from({ length: count }, () => ({ timestamp, key: null, value: null }))
  const input = { producerId: 5, producerEpoch: epoch, baseSequence: sequence, baseOffset: offset, records }
  return readBatchHeader(buildBatch(input), 0)!
}

function after(...batches: BatchHeader[]): ProducerStates {
  const states = new ProducerStates()
  for (const one of batches) {
    expect(states.judge(one).kind).toBe('next')
    states.note(one)
  }
  return states
}

test('a producer that is not known begins with any sequence', () => {
  expect(new ProducerStates().judge(batch(77)).kind).toBe('next')
})

test('the last five batches are answered as duplicates, an older one is out of order', () => {
  const states = after(...[0, 2, 4, 6, 8, 10].map((sequence) => batch(sequence, 2, 100 + sequence)))
  for (const sequence of [2, 4, 6, 8, 10]) {
    const judgement = states.judge(batch(sequence, 2))
    expect(judgement).toMatchObject({ kind: 'duplicate', of: { lastOffset: 101 + sequence, offsetDelta: 1 } })
  }
  expect(states.judge(batch(0, 2))).toMatchObject({ kind: 'refused', error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
  // The same first sequence with another length is no duplicate.
  expect(states.judge(batch(10, 1))).toMatchObject({ kind: 'refused', error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
})

test('a gap is refused, the next sequence is taken, 0 follows 2^31 − 1', () => {
  const states = after(batch(0))
  expect(states.judge(batch(2))).toMatchObject({ kind: 'refused', error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
  expect(states.judge(batch(1)).kind).toBe('next')
  const wrapping = after(batch(2147483646, 2, 0))
  expect(wrapping.judge(batch(0)).kind).toBe('next')
  expect(wrapping.judge(batch(1))).toMatchObject({ kind: 'refused' })
  const across = after(batch(2147483647, 3, 0))
  expect(across.judge(batch(2)).kind).toBe('next')
  expect(across.judge(batch(2147483647, 3))).toMatchObject({ kind: 'duplicate' })
})

test('an older epoch is fenced, a newer one begins at sequence 0', () => {
  const states = after(batch(0, 1, 0, 3))
  expect(states.judge(batch(1, 1, 1, 2))).toMatchObject({ kind: 'refused', error: 'INVALID_PRODUCER_EPOCH' })
  expect(states.judge(batch(5, 1, 1, 4))).toMatchObject({ kind: 'refused', error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
  const bumped = batch(0, 1, 1, 4)
  expect(states.judge(bumped).kind).toBe('next')
  states.note(bumped)
  expect(states.judge(batch(0, 1, 1, 3))).toMatchObject({ kind: 'refused', error: 'INVALID_PRODUCER_EPOCH' })
})

test('silent producers expire', () => {
  const states = after(batch(0))
  states.expire(NOW + 999, 1000)
  expect(states.size).toBe(1)
  states.expire(NOW + 1000, 1000)
  expect(states.size).toBe(0)
})

test('a snapshot restores the last batch, also one whose sequences wrap; a changed byte makes it void', () => {
  const states = after(batch(2147483646, 4, 50))
  const bytes = states.snapshot()
  const restored = new ProducerStates()
  expect(restored.restore(bytes, NOW, 1000)).toBe(true)
  expect(restored.judge(batch(2147483646, 4))).toMatchObject({
    kind: 'duplicate',
    of: { lastOffset: 53, offsetDelta: 3 },
  })
  expect(restored.judge(batch(2)).kind).toBe('next')
  expect(restored.snapshot()).toEqual(bytes)
  for (let i = 0; i < bytes.length; i++) {
    const bad = bytes.slice()
    bad[i] = bad[i]! ^ 1
    expect(new ProducerStates().restore(bad, NOW, 1000)).toBe(false)
  }
  expect(new ProducerStates().restore(bytes.subarray(0, -1), NOW, 1000)).toBe(false)
})

test('the empty snapshot is Kafka’s, byte for byte', () => {
  // As in the directories that Kafka 4.3.1 wrote: version 1, CRC, no entries.
  expect(Buffer.from(new ProducerStates().snapshot()).toString('hex')).toBe(GOLDEN_EMPTY)
})

const GOLDEN_EMPTY = '000148674bc700000000'
