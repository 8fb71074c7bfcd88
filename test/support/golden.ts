// Checks one line of a golden file against our codecs: messages as Kafka's JSON and hex, both ways; record batches as
// decoded fields and hex. Decompressed bytes are compared, never compressed ones, since compressors differ.

import { isDeepStrictEqual } from 'node:util'
import type { Offload } from '../../src/base/index.ts'
import {
  type BatchHeader,
  batchesOf,
  buildBatch,
  compressBatch,
  decompressBatch,
  type Json,
  messageFromJson,
  messageToJson,
  parseJson,
  printJson,
  readBatchHeader,
  recordsOf,
  schemaByName,
  validCrc,
} from '../../src/wire/index.ts'

type JsonObject = { readonly [key: string]: Json }

const LIMIT = 256 * 1024 * 1024

/** Null when everything holds, otherwise what does not. */
export async function checkGoldenLine(line: string, offload: Offload): Promise<string | null> {
  try {
    const vector = parseJson(line) as JsonObject
    if (typeof vector.message === 'string') return checkMessage(vector)
    if (Array.isArray(vector.batches)) return await checkBatches(vector, offload)
    return 'neither a message nor batches'
  } catch (error) {
    return String(error)
  }
}

function checkMessage(vector: JsonObject): string | null {
  const name = String(vector.message)
  const version = Number(vector.version)
  const hex = String(vector.hex).toLowerCase()
  const schema = schemaByName(name)
  if (schema === undefined) return `no message ${name}`
  const read = messageToJson(schema, version, bytesOf(hex))
  if (!isDeepStrictEqual(read, vector.value)) return `${name} v${version} reads as ${printJson(read)}`
  const written = hexOf(messageFromJson(schema, version, vector.value ?? null))
  return written === hex ? null : `${name} v${version} is written as ${written}`
}

async function checkBatches(vector: JsonObject, offload: Offload): Promise<string | null> {
  const bytes = bytesOf(String(vector.hex))
  const expected = vector.batches as readonly JsonObject[]
  const headers = [...batchesOf(bytes)]
  if (headers.length !== expected.length) return `${headers.length} batches, ${expected.length} expected`
  for (const [i, header] of headers.entries()) {
    const wanted = expected[i]!
    if (!validCrc(bytes, header)) return `batch ${i}: wrong CRC`
    const codec = vector.codec
    if (codec !== undefined && header.codec !== codec) return `batch ${i}: codec ${header.codec}`
    const plain = await decompressBatch(bytes, header, offload, LIMIT)
    const found = describe(header, plain)
    for (const [key, value] of Object.entries(wanted)) {
      if (key in found && !isDeepStrictEqual(found[key], value)) return `batch ${i}: ${key} is ${short(found[key])}`
    }
    const problem = await checkWriting(header, plain, offload)
    if (problem !== null) return `batch ${i}: ${problem}`
  }
  return null
}

/** Our own batch of the same records: byte for byte when nothing is compressed, opened again when it is. */
async function checkWriting(header: BatchHeader, plain: Uint8Array, offload: Offload): Promise<string | null> {
  const plainHeader = readBatchHeader(plain, 0)!
  if (header.codec !== 'none' && header.codec !== 'unknown') {
    const packed = await compressBatch(plain, plainHeader, header.codec, offload)
    const again = await decompressBatch(packed, readBatchHeader(packed, 0)!, offload, LIMIT)
    return hexOf(again) === hexOf(plain) ? null : `records compressed with ${header.codec} come out otherwise`
  }
  // The base timestamp of a LogAppendTime batch is the producer's, which its records no longer show.
  if (header.timestampType === 'LogAppendTime' || header.hasDeleteHorizon) return null
  const records = recordsOf(plain, plainHeader)
  const dense = records.length > 0 && records.every((record, i) => record.offset === header.baseOffset + i)
  if (!dense || header.lastOffset !== header.baseOffset + records.length - 1) return null
  const built = buildBatch({ ...header, leaderEpoch: header.partitionLeaderEpoch, records })
  return hexOf(built) === hexOf(plain) ? null : `is built as ${short(hexOf(built))}`
}

function describe(header: BatchHeader, plain: Uint8Array): JsonObject {
  return {
    base_offset: header.baseOffset,
    last_offset: header.lastOffset,
    partition_leader_epoch: header.partitionLeaderEpoch,
    producer_id: header.producerId,
    producer_epoch: header.producerEpoch,
    base_sequence: header.baseSequence,
    transactional: header.transactional,
    control: header.control,
    max_timestamp: header.maxTimestamp,
    timestamp_type: header.timestampType,
    crc: header.crc,
    records: recordsOf(plain, readBatchHeader(plain, 0)!).map((record) => ({
      offset: record.offset,
      timestamp: record.timestamp,
      key: record.key === null ? null : hexOf(record.key),
      value: record.value === null ? null : hexOf(record.value),
      headers: record.headers.map((h) => [h.key, h.value === null ? null : hexOf(h.value)]),
    })),
  }
}

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function short(value: Json | undefined): string {
  const text = typeof value === 'string' ? value : printJson(value ?? null)
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
