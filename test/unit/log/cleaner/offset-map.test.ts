// The map of keys to offsets against a Map, and murmur3 against the values of its author's implementation.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BYTES_AN_ENTRY, murmur3, OffsetMap } from '../../../../src/log/cleaner/offset-map.ts'

const hashOf = (text: string, seed: number): string => {
  const bytes = new TextEncoder().encode(text)
  const out = new Uint32Array(4)
  murmur3(bytes, 0, bytes.length, seed, out)
  return [...out].map((word) => word.toString(16).padStart(8, '0')).join(' ')
}

test('murmur3 x86_128 is what others compute', () => {
  expect(hashOf('', 0)).toBe('00000000 00000000 00000000 00000000')
  expect(hashOf('The quick brown fox jumps over the lazy dog', 0)).toBe('2f1583c3 ecee2c67 5d7bf66c e5e91d2c')
  expect(hashOf("I will not buy this tobacconist's, it is scratched.", 0)).toBe('9b5b7ba2 ef3f7866 889adeaf 00f3f98e')
})

test('the map is a map, as far as it has room', () => {
  const key = fc.uint8Array({ maxLength: 40 })
  fc.assert(
    fc.property(fc.array(key, { maxLength: 200 }), fc.array(key, { maxLength: 20 }), fc.nat(), (keys, others, seed) => {
      const map = new OffsetMap(1e6, 0.9, seed)
      const model = new Map<string, number>()
      for (const [offset, bytes] of keys.entries()) {
        expect(map.put(bytes, 0, bytes.length, offset)).toBe(true)
        model.set(String(bytes), offset)
      }
      expect(map.size).toBe(model.size)
      for (const bytes of [...keys, ...others])
        expect(map.get(bytes, 0, bytes.length)).toBe(model.get(String(bytes)) ?? -1)
    }),
  )
})

test('it grows with its keys, up to the memory that it is given, and then takes what it has', () => {
  const keyOf = (n: number): Uint8Array => Uint8Array.of(n, n >> 8, n >> 16)
  const map = new OffsetMap(10_000 * BYTES_AN_ENTRY, 0.75, 7)
  let room = 0
  while (map.put(keyOf(room), 0, 3, room)) room++
  expect(map.size).toBe(room)
  expect(room).toBeGreaterThan(2_500)
  expect(room).toBeLessThanOrEqual(7_500)
  for (let n = 0; n < room; n++) {
    expect(map.put(keyOf(n), 0, 3, n + 20_000)).toBe(true)
    expect(map.get(keyOf(n), 0, 3)).toBe(n + 20_000)
  }
  expect(map.get(keyOf(room), 0, 3)).toBe(-1)
  expect(new OffsetMap(0, 0.9, 1).put(keyOf(1), 0, 3, 5)).toBe(true)
})
