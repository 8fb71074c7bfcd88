// Rows as bytes: msgpack, then a CRC-32 over it that the key goes into, since leveldb does not check the blocks that it reads. Judges
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
  const sum = checksum(key, packed)
  for (let i = 0; i < CHECKSUM_BYTES; i++) out[packed.length + i] = sum >>> (8 * i)
  return out
}

/** Throws a StorageError with code CORRUPT for bytes that `encodeRow` did not make for this key. */
export function decodeRow(table: string, key: TableKey, bytes: Uint8Array): unknown {
  const length = bytes.length - CHECKSUM_BYTES
  if (length <= 0) throw corrupt(table, key)
  const packed = bytes.subarray(0, length)
  const sum = checksum(key, packed)
  for (let i = 0; i < CHECKSUM_BYTES; i++)
    if (bytes[length + i] !== ((sum >>> (8 * i)) & 0xff)) throw corrupt(table, key)
  return unpack(packed)
}

export function corrupt(table: string, key: TableKey): StorageError {
  const message = `row ${JSON.stringify(key)} of table ${table} is not what was written; it is folded again from the log`
  return new StorageError(table, 'CORRUPT', message)
}

/** The CRC begins with a hash of the key (FNV-1a over its code units), so that a value under another key is found out;
 *  a second call into native code would cost more than all the rest. */
function checksum(key: TableKey, packed: Uint8Array): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return crc32(packed, hash >>> 0)
}
