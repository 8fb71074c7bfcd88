// What is in Kafka's files, ours or Apache Kafka's: segments, indexes, checkpoints of the metadata log.

import fs from 'node:fs'
import path from 'node:path'
import type { Offload } from '../base/index.ts'
import { PoolOffload } from '../io/index.ts'
import type { BatchHeader, LogRecord } from '../wire/index.ts'
import {
  BATCH_OVERHEAD,
  claimedBatchSize,
  decodeControlRecord,
  decompressBatch,
  metadataRecordToJson,
  readBatchHeader,
  recordsOf,
  validCrc,
} from '../wire/index.ts'
import type { DumpArguments } from './commands/dump-log.ts'
import { print } from './output.ts'

/** Larger batches do not come out of any broker: the length is damaged. */
const LARGEST_BATCH = 256 * 1024 * 1024
const HEADER_AT_LEAST = 17
const OFFSET_ENTRY = 8
const TIME_ENTRY = 12

/** Prints one file. Sets the exit code to 1 when something in it is damaged. */
export async function dump(file: string, args: DumpArguments): Promise<void> {
  if (!args.json) print(`Dumping ${file}`)
  if (file.endsWith('.index') || file.endsWith('.timeindex')) return dumpIndex(file, args.json)
  if (!file.endsWith('.log') && !file.endsWith('.checkpoint')) {
    throw new Error(`${file}: files that end in .log, .checkpoint, .index or .timeindex can be printed`)
  }
  const isMetadata =
    args.metadata ||
    file.endsWith('.checkpoint') ||
    path.resolve(file).includes(`${path.sep}__cluster_metadata-0${path.sep}`)
  const offload = new PoolOffload()
  for (const bytes of batchesOfFile(file)) await dumpBatch(bytes, args, isMetadata, offload)
}

/** Whole batches with their place in the file; a torn one at the end is told and ends it. */
function* batchesOfFile(file: string): Generator<{ readonly bytes: Uint8Array; readonly position: number }> {
  const handle = fs.openSync(file, 'r')
  try {
    const { size } = fs.fstatSync(handle)
    const head = Buffer.alloc(HEADER_AT_LEAST)
    for (let position = 0; position < size; ) {
      const length =
        fs.readSync(handle, head, 0, HEADER_AT_LEAST, position) < HEADER_AT_LEAST ? -1 : claimedBatchSize(head, 0)
      if (length < BATCH_OVERHEAD || length > LARGEST_BATCH || position + length > size) {
        print(`${size - position} bytes at position ${position} are not a whole batch`)
        process.exitCode = 1
        return
      }
      const bytes = Buffer.alloc(length)
      fs.readSync(handle, bytes, 0, length, position)
      yield { bytes, position }
      position += length
    }
  } finally {
    fs.closeSync(handle)
  }
}

async function dumpBatch(
  { bytes, position }: { readonly bytes: Uint8Array; readonly position: number },
  args: DumpArguments,
  isMetadata: boolean,
  offload: Offload,
): Promise<void> {
  const header = readBatchHeader(bytes, 0)
  if (header === null || header.magic !== 2) {
    print(
      `the batch at position ${position} is of message format ${header?.magic ?? '?'}: only format 2 can be printed`,
    )
    process.exitCode = 1
    return
  }
  const isValid = validCrc(bytes, header)
  if (!isValid) process.exitCode = 1
  const wantsRecords = isValid && (args.records || isMetadata)
  const records = wantsRecords ? await recordsIn(bytes, header, offload) : []
  if (args.json) {
    const told = records.map((record) => ({
      ...plainRecord(record),
      decoded: decoded(record, header, isMetadata) ?? undefined,
    }))
    print(JSON.stringify({ ...header, position, isValid, records: wantsRecords ? told : undefined }))
    return
  }
  print(batchLine(header, position, isValid))
  for (const record of records) print(recordLine(record, header, isMetadata))
}

async function recordsIn(bytes: Uint8Array, header: BatchHeader, offload: Offload): Promise<LogRecord[]> {
  if (header.codec === 'none') return recordsOf(bytes, header)
  const plain = await decompressBatch(bytes, header, offload, LARGEST_BATCH)
  return recordsOf(plain, readBatchHeader(plain, 0)!)
}

// The words and their order are those of kafka-dump-log, which scripts read.
function batchLine(batch: BatchHeader, position: number, isValid: boolean): string {
  const horizon = batch.hasDeleteHorizon ? `OptionalLong[${batch.baseTimestamp}]` : 'OptionalLong.empty'
  return (
    `baseOffset: ${batch.baseOffset} lastOffset: ${batch.lastOffset} count: ${batch.count} baseSequence: ${batch.baseSequence} ` +
    `lastSequence: ${batch.lastSequence} producerId: ${batch.producerId} producerEpoch: ${batch.producerEpoch} ` +
    `partitionLeaderEpoch: ${batch.partitionLeaderEpoch} isTransactional: ${batch.transactional} isControl: ${batch.control} ` +
    `deleteHorizonMs: ${horizon} position: ${position} ${batch.timestampType}: ${batch.maxTimestamp} size: ${batch.size} ` +
    `magic: ${batch.magic} compresscodec: ${batch.codec} crc: ${batch.crc} isvalid: ${isValid}`
  )
}

function recordLine(record: LogRecord, header: BatchHeader, isMetadata: boolean): string {
  const sequence = header.baseSequence < 0 ? -1 : header.baseSequence + (record.offset - header.baseOffset)
  const names = record.headers.map(({ key }) => key).join(',')
  const head =
    `| offset: ${record.offset} ${header.timestampType}: ${record.timestamp} keySize: ${record.key?.length ?? -1} ` +
    `valueSize: ${record.value?.length ?? -1} sequence: ${sequence} headerKeys: [${names}]`
  const meaning = decoded(record, header, isMetadata)
  if (meaning !== null) return `${head} payload: ${JSON.stringify(meaning)}`
  const key = record.key === null ? '' : ` key: ${Buffer.from(record.key).toString()}`
  return `${head}${key} payload: ${record.value === null ? '' : Buffer.from(record.value).toString()}`
}

function decoded(record: LogRecord, header: BatchHeader, isMetadata: boolean): unknown {
  if (header.control && record.key !== null && record.value !== null)
    return decodeControlRecord(record.key, record.value)
  return isMetadata && !header.control && record.value !== null ? metadataRecordToJson(record.value) : null
}

function plainRecord(record: LogRecord): object {
  const text = (bytes: Uint8Array | null): string | null =>
    bytes === null ? null : Buffer.from(bytes).toString('base64')
  return {
    offset: record.offset,
    timestamp: record.timestamp,
    key: text(record.key),
    value: text(record.value),
    headers: record.headers.map(({ key, value }) => [key, text(value)]),
  }
}

function dumpIndex(file: string, json: boolean): void {
  const base = Number.parseInt(path.basename(file), 10)
  const bytes = fs.readFileSync(file)
  const isTime = file.endsWith('.timeindex')
  const size = isTime ? TIME_ENTRY : OFFSET_ENTRY
  const entries: object[] = []
  for (let at = 0; at + size <= bytes.length; at += size) {
    const offset = base + bytes.readInt32BE(at + size - (isTime ? 4 : 8))
    const entry = isTime
      ? { timestamp: Number(bytes.readBigInt64BE(at)), offset }
      : { offset, position: bytes.readInt32BE(at + 4) }
    // A preallocated index ends in zeros.
    if (at > 0 && bytes.subarray(at, at + size).every((byte) => byte === 0)) break
    entries.push(entry)
    if (!json)
      print(
        Object.entries(entry)
          .map(([name, value]) => `${name}: ${value}`)
          .join(' '),
      )
  }
  if (json) print(JSON.stringify({ file, entries }))
}
