// Rows as bytes: msgpack, then a CRC-32 of key and msgpack, since leveldb does not check the blocks that it reads. Judges
// bytes only, not what they mean.

import { crc32 } from 'node:zlib'
import { pack, unpack } from 'msgpackr'
import type { TableKey } from '../base/index.ts'
import { StorageError } from '../base/index.ts'

const CHECKSUM_BYTES = 4

export function encodeRow(key: TableKey, value: unknown): Uint8Array {
  const packed = pack(value)
  const out = new Uint8Array(packed.length + CHECKSUM_BYTES)
  out.set(packed)
  view(out).setUint32(packed.length, checksum(key, packed))
  return out
}

/** Throws a StorageError with code CORRUPT for bytes that `encodeRow` did not make for this key. */
export function decodeRow(table: string, key: TableKey, bytes: Uint8Array): unknown {
  const length = bytes.length - CHECKSUM_BYTES
  if (length <= 0) throw corrupt(table, key)
  const packed = bytes.subarray(0, length)
  if (view(bytes).getUint32(length) !== checksum(key, packed)) throw corrupt(table, key)
  return unpack(packed)
}

export function corrupt(table: string, key: TableKey): StorageError {
  const message = `row ${JSON.stringify(key)} of table ${table} is not what was written; it is folded again from the log`
  return new StorageError(table, 'CORRUPT', message)
}

function checksum(key: TableKey, packed: Uint8Array): number {
  return crc32(packed, crc32(key))
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
