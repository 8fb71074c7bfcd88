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
      const map = new OffsetMap(keys.length, 1e6, 0.9, seed)
      const model = new Map<string, number>()
      for (const [offset, bytes] of keys.entries()) {
        map.put(bytes, 0, bytes.length, offset)
        model.set(String(bytes), offset)
      }
      expect(map.size).toBe(model.size)
      for (const bytes of [...keys, ...others])
        expect(map.get(bytes, 0, bytes.length)).toBe(model.get(String(bytes)) ?? -1)
    }),
  )
})

test('memory is what the keys need, and never more than is given', () => {
  expect(new OffsetMap(10, 1e9, 0.9, 1).capacity).toBe(14)
  const small = new OffsetMap(1e9, 64 * BYTES_AN_ENTRY, 0.5, 1)
  expect(small.capacity).toBe(32)
  for (let i = 0; i < 32; i++) small.put(Uint8Array.of(i), 0, 1, i)
  expect(small.full).toBe(true)
  expect(() => small.put(Uint8Array.of(99), 0, 1, 99)).toThrow('asked whether it is full')
  small.put(Uint8Array.of(7), 0, 1, 99)
  expect(small.get(Uint8Array.of(7), 0, 1)).toBe(99)
})
