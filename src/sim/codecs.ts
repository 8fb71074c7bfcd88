// The simulator's compressors *store*: each format's own way of carrying bytes uncompressed, so that no byte in the
// world depends on the runtime's compressor, whose output differs between versions. Every reader of the format reads it.

import { crc32 } from 'node:zlib'
import type { CompressionCodec } from '../base/index.ts'

const DEFLATE_STORED_MOST = 65_535
const SNAPPY_LITERAL_MOST = 65_536
const LZ4_BLOCK = 64 * 1024
const ZSTD_BLOCK = 128 * 1024

export function store(codec: CompressionCodec, bytes: Uint8Array): Uint8Array {
  switch (codec) {
    case 'gzip':
      return gzip(bytes)
    case 'snappy':
      return snappy(bytes)
    case 'lz4':
      return lz4(bytes)
    case 'zstd':
      return zstd(bytes)
  }
}

/** RFC 1952 around RFC 1951 §3.2.4. */
function gzip(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255)]
  const blocks = Math.max(1, Math.ceil(bytes.length / DEFLATE_STORED_MOST))
  for (let i = 0; i < blocks; i++) {
    const block = bytes.subarray(i * DEFLATE_STORED_MOST, (i + 1) * DEFLATE_STORED_MOST)
    const size = block.length
    const not = ~size & 0xffff
    parts.push(Uint8Array.of(i === blocks - 1 ? 1 : 0, size & 255, size >> 8, not & 255, not >> 8), block)
  }
  parts.push(word(crc32(bytes)), word(bytes.length))
  return Buffer.concat(parts)
}

/** A size and literals, google/snappy's format_description.txt. */
function snappy(bytes: Uint8Array): Uint8Array {
  const size: number[] = []
  let rest = bytes.length
  for (; rest > 127; rest >>>= 7) size.push((rest & 127) | 128)
  size.push(rest)
  const parts: Uint8Array[] = [Uint8Array.from(size)]
  for (let at = 0; at < bytes.length; at += SNAPPY_LITERAL_MOST) {
    const literal = bytes.subarray(at, at + SNAPPY_LITERAL_MOST)
    // Tag 61: the length minus one follows in two bytes.
    parts.push(Uint8Array.of(61 << 2, (literal.length - 1) & 255, (literal.length - 1) >> 8), literal)
  }
  return Buffer.concat(parts)
}

/** Independent blocks with the uncompressed bit, lz4_Frame_format.md. */
function lz4(bytes: Uint8Array): Uint8Array {
  const descriptor = Uint8Array.of(0x60, 0x40)
  const parts: Uint8Array[] = [word(0x184d2204), descriptor, Uint8Array.of((shortXxh32(descriptor) >>> 8) & 255)]
  for (let at = 0; at < bytes.length; at += LZ4_BLOCK) {
    const block = bytes.subarray(at, at + LZ4_BLOCK)
    parts.push(word(block.length | 0x80000000), block)
  }
  parts.push(word(0))
  return Buffer.concat(parts)
}

/** One segment of raw blocks, RFC 8878 §3.1.1. */
function zstd(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [word(0xfd2fb528), Uint8Array.of(0xa0), word(bytes.length)]
  const blocks = Math.max(1, Math.ceil(bytes.length / ZSTD_BLOCK))
  for (let i = 0; i < blocks; i++) {
    const block = bytes.subarray(i * ZSTD_BLOCK, (i + 1) * ZSTD_BLOCK)
    const header = (i === blocks - 1 ? 1 : 0) | (block.length << 3)
    parts.push(Uint8Array.of(header & 255, (header >> 8) & 255, header >> 16), block)
  }
  return Buffer.concat(parts)
}

/**
 * What `store` made, opened again; null for anything else, for damage and for what is larger than `limit`: the library
 * of the format decides then. Calling a library for every batch cost 3 % of a life.
 */
export function stored(codec: CompressionCodec, bytes: Uint8Array, limit: number): Uint8Array | null {
  const parts: Uint8Array[] = []
  if (!BLOCKS[codec](bytes, parts)) return null
  const plain = Buffer.concat(parts)
  if (plain.length > limit) return null
  const found = store(codec, plain)
  // Checksums, sizes and what lies between are right when all bytes are those that `store` writes.
  if (Buffer.compare(found, bytes) !== 0) return null
  return new Uint8Array(plain.buffer, plain.byteOffset, plain.length)
}

type Blocks = (bytes: Uint8Array, parts: Uint8Array[]) => boolean

/** The raw blocks of each format, as far as they can be found. */
const BLOCKS: { readonly [codec in CompressionCodec]: Blocks } = {
  gzip: (bytes, parts) => {
    for (let at = 10; ; ) {
      const size = bytes[at + 1]! | (bytes[at + 2]! << 8)
      if (at + 5 + size > bytes.length) return false
      parts.push(bytes.subarray(at + 5, at + 5 + size))
      if (bytes[at] === 1) return true
      if (bytes[at] !== 0) return false
      at += 5 + size
    }
  },
  snappy: (bytes, parts) => {
    let at = 0
    while (bytes[at]! > 127) at++
    for (at++; at < bytes.length; ) {
      if (bytes[at] !== 61 << 2) return false
      const size = 1 + (bytes[at + 1]! | (bytes[at + 2]! << 8))
      parts.push(bytes.subarray(at + 3, at + 3 + size))
      at += 3 + size
    }
    return true
  },
  lz4: (bytes, parts) => {
    for (let at = 7; at + 4 <= bytes.length; ) {
      const size = (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) & 0x7fffffff
      if (size === 0) return true
      parts.push(bytes.subarray(at + 4, at + 4 + size))
      at += 4 + size
    }
    return false
  },
  zstd: (bytes, parts) => {
    for (let at = 9; at + 3 <= bytes.length; ) {
      const header = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)
      const size = header >> 3
      parts.push(bytes.subarray(at + 3, at + 3 + size))
      if ((header & 1) === 1) return true
      at += 3 + size
    }
    return false
  },
}

function word(value: number): Uint8Array {
  return Uint8Array.of(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24)
}

/** xxHash32 with seed 0 of fewer than four bytes, which is all that a frame's descriptor needs. */
function shortXxh32(bytes: Uint8Array): number {
  let h = (0x165667b1 + bytes.length) | 0
  for (const byte of bytes) {
    h = (h + Math.imul(byte, 0x165667b1)) | 0
    h = Math.imul((h << 11) | (h >>> 21), 0x9e3779b1)
  }
  h = Math.imul(h ^ (h >>> 15), 0x85ebca77)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae3d)
  return (h ^ (h >>> 16)) >>> 0
}
