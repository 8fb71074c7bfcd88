// The law books of `Clock`, `Random` and `Offload`.

import { describe, expect, test } from 'vitest'
import type { CompressionCodec } from '../../src/base/index.ts'
import { isReservedUuid, isUuid } from '../../src/base/index.ts'
import { delay, law, type WorldFactory } from './worlds.ts'

export function clockLaws(open: WorldFactory): void {
  describe('Clock', () => {
    test(
      'an alarm rings once, not before its instant, never synchronously',
      law(open, async ({ ports }) => {
        const { clock } = ports
        let rings = 0
        const start = clock.monotonic()
        let rangAt = 0
        const alarm = clock.alarm(() => {
          rings++
          rangAt = clock.monotonic()
        })
        alarm.set(start + 15.5)
        await delay(clock, 40)
        expect(rings).toBe(1)
        expect(rangAt).toBeGreaterThanOrEqual(start + 15.5)
        alarm.set(start - 100)
        expect(rings).toBe(1)
        await delay(clock, 5)
        expect(rings).toBe(2)
      }),
    )

    test(
      'a later setting replaces the earlier one, in both directions',
      law(open, async ({ ports }) => {
        const { clock } = ports
        const rang: number[] = []
        const start = clock.monotonic()
        const alarm = clock.alarm(() => rang.push(clock.monotonic() - start))
        alarm.set(start + 5)
        alarm.set(start + 5_000)
        await delay(clock, 20)
        expect(rang).toEqual([])
        alarm.set(start + 25)
        await delay(clock, 60)
        expect(rang).toHaveLength(1)
        expect(rang[0]).toBeGreaterThanOrEqual(25)
        expect(rang[0]).toBeLessThan(5_000)
      }),
    )

    test(
      'a cleared alarm is silent, and can be set again from within',
      law(open, async ({ ports }) => {
        const { clock } = ports
        let rings = 0
        const cleared = clock.alarm(() => expect.fail('cleared'))
        cleared.set(clock.monotonic() + 5)
        cleared.clear()
        const again = clock.alarm(() => {
          if (++rings < 3) again.set(clock.monotonic() + 1)
        })
        again.set(clock.monotonic() + 1)
        // However late a busy machine is: it rings again, and then no more.
        while (rings < 3) await delay(clock, 1)
        await delay(clock, 5)
        expect(rings).toBe(3)
      }),
    )

    test(
      'a delay longer than 31 bits of milliseconds does not ring now',
      law(open, async ({ ports }) => {
        const { clock } = ports
        const alarm = clock.alarm(() => expect.fail('rang'))
        alarm.set(clock.monotonic() + 2 ** 31 + 1000)
        await delay(clock, 10)
        alarm.clear()
      }),
    )

    test(
      'monotonic never goes back; wall is whole milliseconds since 1970',
      law(open, async ({ ports }) => {
        const { clock } = ports
        let last = clock.monotonic()
        for (let i = 0; i < 5; i++) {
          await delay(clock, 1)
          expect(clock.monotonic()).toBeGreaterThanOrEqual(last)
          last = clock.monotonic()
        }
        expect(Number.isInteger(clock.wall())).toBe(true)
        expect(clock.wall()).toBeGreaterThan(1_700_000_000_000)
      }),
    )
  })
}

export function randomLaws(open: WorldFactory): void {
  describe('Random', () => {
    test(
      'numbers are below their bound and reach every value',
      law(open, async ({ ports }) => {
        const seen = new Set<number>()
        for (let i = 0; i < 500; i++) seen.add(ports.random.below(7))
        expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6])
        expect(ports.random.below(1)).toBe(0)
        expect(ports.random.below(2 ** 32)).toBeLessThan(2 ** 32)
      }),
    )

    test(
      'bytes and uuids are fresh, and no uuid is reserved',
      law(open, async ({ ports }) => {
        for (const n of [0, 1, 16, 5000]) expect(ports.random.bytes(n).length).toBe(n)
        const first = ports.random.bytes(16)
        const kept = [...first]
        expect([...ports.random.bytes(16)]).not.toEqual(kept)
        expect([...first]).toEqual(kept)
        const uuids = new Set(Array.from({ length: 300 }, () => ports.random.uuid()))
        expect(uuids.size).toBe(300)
        for (const uuid of uuids) expect(isUuid(uuid) && !isReservedUuid(uuid)).toBe(true)
      }),
    )
  })
}

const CODECS: readonly CompressionCodec[] = ['gzip', 'snappy', 'lz4', 'zstd']

export function offloadLaws(open: WorldFactory): void {
  describe.each(CODECS)('Offload %s', (codec) => {
    const inputs = [0, 1, 100, 65_536, 300_000].map((n) => new Uint8Array(n).map((_, i) => (i * i) >> 8))

    test(
      'what was compressed comes back',
      law(open, async ({ ports }) => {
        for (const input of inputs) {
          const packed = await ports.offload.run({ kind: 'compress', codec, bytes: input })
          const plain = await ports.offload.run({ kind: 'decompress', codec, bytes: packed, limit: input.length })
          expect(Buffer.compare(plain, input)).toBe(0)
        }
      }),
    )

    test(
      'a limit that is reached is a RangeError',
      law(open, async ({ ports }) => {
        const bytes = await ports.offload.run({ kind: 'compress', codec, bytes: new Uint8Array(100_000) })
        await expect(ports.offload.run({ kind: 'decompress', codec, bytes, limit: 99_999 })).rejects.toThrow(RangeError)
        await expect(ports.offload.run({ kind: 'decompress', codec, bytes, limit: 0 })).rejects.toThrow(RangeError)
      }),
    )

    test(
      'malformed input is an error that is no RangeError',
      law(open, async ({ ports }) => {
        const good = await ports.offload.run({ kind: 'compress', codec, bytes: inputs[2]! })
        const cut = good.subarray(0, good.length - 3)
        for (const bytes of [new Uint8Array(0), Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), cut]) {
          const error = await ports.offload.run({ kind: 'decompress', codec, bytes, limit: 1_000 }).then(
            () => null,
            (reason: unknown) => reason,
          )
          expect(error, `${bytes.length} bytes`).toBeInstanceOf(Error)
          expect(error).not.toBeInstanceOf(RangeError)
        }
      }),
    )
  })
}
