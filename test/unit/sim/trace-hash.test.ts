// Whatever differs in what a run has done, its hash differs.

import { expect, test } from 'vitest'
import { TraceHash } from '../../../src/sim/trace.ts'

function hashOf(...parts: readonly Uint8Array[]): string {
  const trace = new TraceHash()
  for (const part of parts) trace.bytes(part)
  return trace.digest()
}

test('one bit of any byte, one byte more, and where bytes are divided', () => {
  for (const size of [0, 1, 3, 4, 7, 8, 9, 100, 16 * 1024, 16 * 1024 + 1, 40_000]) {
    const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 31) & 255)
    const hash = hashOf(bytes)
    expect(hashOf(Uint8Array.from(bytes))).toBe(hash)
    expect(hashOf(Uint8Array.from([...bytes, 0])), `${size} bytes and a zero`).not.toBe(hash)
    for (const at of new Set([0, size >> 1, size - 5, size - 1].filter((each) => each >= 0 && each < size))) {
      const other = Uint8Array.from(bytes)
      other[at]! ^= 1
      expect(hashOf(other), `byte ${at} of ${size}`).not.toBe(hash)
      if (at > 0) expect(hashOf(bytes.subarray(0, at), bytes.subarray(at)), `${size} divided at ${at}`).not.toBe(hash)
    }
  }
})

test('what was hashed before leaves nothing behind', () => {
  hashOf(new Uint8Array(100).fill(255))
  const first = hashOf(Uint8Array.of(1, 2, 3))
  hashOf(new Uint8Array(16 * 1024).fill(7))
  expect(hashOf(Uint8Array.of(1, 2, 3))).toBe(first)
})

test('order of numbers and texts', () => {
  const of = (act: (trace: TraceHash) => void): string => {
    const trace = new TraceHash()
    act(trace)
    return trace.digest()
  }
  const hashes = [
    of((trace) => {
      trace.int(1)
      trace.int(2)
    }),
    of((trace) => {
      trace.int(2)
      trace.int(1)
    }),
    of((trace) => trace.int(2 ** 32 + 1)),
    of((trace) => trace.int(1)),
    of((trace) => trace.text('net.write')),
    of((trace) => trace.text('net.writf')),
    of((trace) => trace.text('')),
  ]
  expect(new Set(hashes).size).toBe(hashes.length)
})
