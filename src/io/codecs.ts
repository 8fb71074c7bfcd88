// What the four compression formats say about their own output, so that a lie in a frame cannot make us allocate
// without bound, and the synchronous decoders that the simulator runs. Kafka's framing of snappy is wire's business.

import zlib from 'node:zlib'
import type { CompressionCodec } from '../base/index.ts'
import { lz4, snappy } from './native.ts'

const LZ4_FRAME_MAGIC = 0x184d2204
const LZ4_SKIPPABLE_MAGIC = 0x184d2a50
/** By the frame's block-size code; the lower ones are invalid. */
const LZ4_BLOCK_BYTES: readonly number[] = [0, 0, 0, 0, 64 << 10, 256 << 10, 1 << 20, 4 << 20]
/** Snappy's best case is a copy of 64 bytes in three. */
const SNAPPY_MOST_EXPANSION = 22
const ZSTD_WINDOW_LOG_MAX = 27

export function tooLarge(codec: CompressionCodec, limit: number): RangeError {
  return new RangeError(`${codec}: more than ${limit} bytes uncompressed`)
}

/** Throws before anything is allocated: RangeError over the limit, another Error for what is malformed. */
export function checkBound(codec: CompressionCodec, bytes: Uint8Array, limit: number): void {
  if (codec === 'snappy') checkSnappy(bytes, limit)
  else if (codec === 'lz4') checkLz4(bytes, limit)
}

/** `maxOutputLength` is at least one byte; the caller checks again. */
export function zlibOptions(limit: number): { maxOutputLength: number } {
  return { maxOutputLength: Math.max(1, limit) }
}

export function zstdOptions(limit: number): zlib.ZstdOptions {
  return { ...zlibOptions(limit), params: { [zlib.constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX } }
}

/** The same result and the same errors as the offload port, in one synchronous call. */
export function decompressSync(codec: CompressionCodec, bytes: Uint8Array, limit: number): Uint8Array {
  checkBound(codec, bytes, limit)
  const plain = open(codec, bytes, limit)
  if (plain.length > limit) throw tooLarge(codec, limit)
  return plain
}

function open(codec: CompressionCodec, bytes: Uint8Array, limit: number): Uint8Array {
  switch (codec) {
    case 'gzip':
      return zlib.gunzipSync(bytes, zlibOptions(limit))
    case 'zstd':
      return zlib.zstdDecompressSync(bytes, zstdOptions(limit))
    case 'snappy':
      return bufferOf(
        snappy().uncompressSync(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), { asBuffer: true }),
      )
    case 'lz4':
      return lz4().decompressFrameSync(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
  }
}

/** The library's type allows text, which `asBuffer` excludes. */
export function bufferOf(value: string | Buffer): Buffer {
  return typeof value === 'string' ? Buffer.from(value, 'latin1') : value
}

function checkSnappy(bytes: Uint8Array, limit: number): void {
  let size = 0
  for (let i = 0; i < 5; i++) {
    const byte = bytes[i]
    if (byte === undefined) break
    size += (byte & 127) * 2 ** (7 * i)
    if (byte < 128) {
      if (size > limit) throw tooLarge('snappy', limit)
      if (size > bytes.length * SNAPPY_MOST_EXPANSION) throw new Error('snappy: claims more than it can hold')
      return
    }
  }
  throw new Error('snappy: no size in front')
}

/** Walks the blocks of every frame. Only when their greatest possible size exceeds the limit are sequences counted. */
function checkLz4(bytes: Uint8Array, limit: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length === 0) throw new Error('lz4: not a frame')
  let most = 0
  let exact = 0
  let at = 0
  const compressed: [number, number][] = []
  while (at < bytes.length) {
    need(bytes, at + 4)
    const magic = view.getUint32(at, true)
    if ((magic & 0xfffffff0) >>> 0 === LZ4_SKIPPABLE_MAGIC) {
      need(bytes, at + 8)
      at += 8 + view.getUint32(at + 4, true)
      continue
    }
    if (magic !== LZ4_FRAME_MAGIC) throw new Error('lz4: not a frame')
    need(bytes, at + 7)
    const flags = bytes[at + 4]!
    const blockBytes = LZ4_BLOCK_BYTES[(bytes[at + 5]! >> 4) & 7]!
    if (blockBytes === 0) throw new Error('lz4: invalid block size')
    at += 6
    if ((flags & 8) !== 0) {
      need(bytes, at + 8)
      if (view.getUint32(at + 4, true) !== 0 || view.getUint32(at, true) > limit) throw tooLarge('lz4', limit)
      at += 8
    }
    at += ((flags & 1) !== 0 ? 4 : 0) + 1
    for (;;) {
      need(bytes, at + 4)
      const word = view.getUint32(at, true)
      at += 4
      if (word === 0) break
      const size = word & 0x7fffffff
      need(bytes, at + size)
      if (size > blockBytes) throw new Error('lz4: a block larger than the frame allows')
      if (word >>> 31 === 1) {
        most += size
        exact += size
      } else {
        most += Math.min(blockBytes, size * 255)
        compressed.push([at, size])
      }
      at += size + ((flags & 16) !== 0 ? 4 : 0)
    }
    if ((flags & 4) !== 0) at += 4
  }
  if (most <= limit) return
  for (const [from, size] of compressed) {
    exact += lz4BlockSize(bytes, from, from + size)
    if (exact > limit) throw tooLarge('lz4', limit)
  }
}

/** The plain size of one block, from its sequences alone. */
function lz4BlockSize(bytes: Uint8Array, from: number, end: number): number {
  let size = 0
  let at = from
  while (at < end) {
    const token = bytes[at++]!
    let literals = token >> 4
    if (literals === 15) {
      for (let more = 255; more === 255; ) {
        more = bytes[at++] ?? 0
        literals += more
      }
    }
    at += literals
    size += literals
    if (at >= end) break
    at += 2
    let match = (token & 15) + 4
    if (match === 19) {
      for (let more = 255; more === 255; ) {
        more = bytes[at++] ?? 0
        match += more
      }
    }
    size += match
  }
  return size
}

function need(bytes: Uint8Array, end: number): void {
  if (end > bytes.length) throw new Error('lz4: cut short')
}
