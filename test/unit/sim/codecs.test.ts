// What the simulator's compressors store, its own decompressor and the libraries of the formats open alike.

import { expect, test } from 'vitest'
import type { CompressionCodec } from '../../../src/base/index.ts'
import { decompressSync } from '../../../src/io/index.ts'
import { store, stored } from '../../../src/sim/codecs.ts'

const CODECS: readonly CompressionCodec[] = ['gzip', 'snappy', 'lz4', 'zstd']
const SIZES = [0, 1, 100, 65_535, 65_536, 65_537, 131_072, 300_000]
const LIMIT = 1_000_000

test.each(CODECS)('%s: opened as it was stored, by both', (codec) => {
  for (const size of SIZES) {
    const plain = Uint8Array.from({ length: size }, (_, i) => (i * 7) & 255)
    const found = stored(codec, store(codec, plain), LIMIT)
    expect(found === null ? -1 : Buffer.compare(found, plain), `${size} bytes`).toBe(0)
    expect(Buffer.compare(decompressSync(codec, store(codec, plain), LIMIT), plain), `${size} bytes`).toBe(0)
  }
})

test.each(CODECS)('%s: damage, a limit and what others compressed are left to the library', (codec) => {
  const bytes = store(codec, new Uint8Array(100).fill(7))
  expect(stored(codec, bytes, 99)).toBeNull()
  expect(stored(codec, bytes.subarray(0, bytes.length - 1), LIMIT)).toBeNull()
  // The header: not all of a format's bytes are covered by a checksum.
  const damaged = Uint8Array.from(bytes)
  damaged[codec === 'snappy' ? 0 : 2]! ^= 1
  expect(stored(codec, damaged, LIMIT)).toBeNull()
  expect(stored(codec, new Uint8Array(0), LIMIT)).toBeNull()
})
