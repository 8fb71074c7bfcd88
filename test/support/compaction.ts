// What tests of compaction share: a compacted log whose cleanings are begun by hand, keyed records, and what a reader from
// the start sees of them.

import type { CleaningOutcome, Compaction } from '../../src/log/cleaner/compaction.ts'
import type { LogConfig, OpenLogOptions, PartitionLog } from '../../src/log/index.ts'
import { openPartitionLog } from '../../src/log/index.ts'
import type { BatchHeader, LogRecord, RecordInput } from '../../src/wire/index.ts'
import {
  batchesOf,
  buildBatch,
  compressBatch,
  decompressBatch,
  readBatchHeader,
  recordsOf,
} from '../../src/wire/index.ts'
import { logConfig, START, type TestPorts } from './logs.ts'
import { plainOffload } from './plain-offload.ts'

export const PATH = '/d/t-0'
export const TOPIC_ID = 'zpGfm-zqSkui9IFmjX8wHA'

/** Small segments, and whatever is sealed is worth cleaning. */
export function compactConfig(changes: Partial<LogConfig> = {}): LogConfig {
  return logConfig({
    cleanupDelete: false,
    cleanupCompact: true,
    segmentBytes: 1000,
    indexIntervalBytes: 100,
    minCleanableDirtyRatio: 0,
    deleteRetentionMs: 10_000,
    ...changes,
  })
}

/** As the directory's cleaner sees a log. */
export function compactionOf(log: PartitionLog): Compaction {
  return (log as PartitionLog & { readonly compaction: Compaction }).compaction
}

export function openCompacted(
  ports: TestPorts,
  config: LogConfig = compactConfig(),
  options: Partial<OpenLogOptions> = {},
): Promise<PartitionLog> {
  return openPartitionLog(ports, PATH, 't', 0, config, { topicId: TOPIC_ID, ...options })
}

const text = new TextEncoder()
const textOf = new TextDecoder()

export function record(key: string | null, value: string | null, timestamp: number = START): RecordInput {
  return { key: key === null ? null : text.encode(key), value: value === null ? null : text.encode(value), timestamp }
}

export interface Sent {
  readonly records: readonly RecordInput[]
  readonly epoch?: number
  readonly producer?: { readonly id: number; readonly epoch: number; readonly sequence: number }
  readonly codec?: 'gzip' | 'snappy' | 'lz4' | 'zstd'
  readonly transactional?: boolean
  readonly control?: boolean
}

export async function batch(sent: Sent): Promise<Uint8Array> {
  const { producer } = sent
  const plain = buildBatch({
    records: sent.records,
    transactional: sent.transactional ?? false,
    control: sent.control ?? false,
    ...(producer === undefined
      ? {}
      : { producerId: producer.id, producerEpoch: producer.epoch, baseSequence: producer.sequence }),
  })
  if (sent.codec === undefined) return plain
  return compressBatch(plain, readBatchHeader(plain, 0)!, sent.codec, plainOffload)
}

/** Appends as the broker itself does, which may write anything. */
export async function send(log: PartitionLog, ...sent: Sent[]): Promise<void> {
  for (const each of sent) {
    const answer = log.appendAsLeader(await batch(each), each.epoch ?? 0, () => {}, { origin: 'internal' })
    if (answer.kind !== 'staged') throw new Error(JSON.stringify(answer))
  }
  await log.flush()
  log.updateHighWatermark(log.endOffset)
}

/** Ends the active segment, so that all before may be cleaned. */
export async function seal(log: PartitionLog): Promise<void> {
  const { config } = log
  log.config = { ...config, segmentIndexBytes: 0 }
  await send(log, { records: [record('-', '-')] })
  log.config = config
  // Sealing is queued behind the roll; a change of the log comes behind it.
  await log.advanceLogStart(log.logStartOffset)
  await log.truncateTo(log.endOffset)
  await new Promise((resolve) => setImmediate(resolve))
}

export async function clean(log: PartitionLog, now: number, dedupeBytes = 100_000): Promise<CleaningOutcome> {
  const compaction = compactionOf(log)
  const cleanable = await compaction.cleanable(now)
  if (cleanable === null) throw new Error('there is nothing to clean')
  return compaction.clean(cleanable, now, {
    ioBufferBytes: 512,
    dedupeBytes,
    loadFactor: 0.9,
    spend: () => null,
  })
}

export interface SeenBatch {
  readonly header: BatchHeader
  readonly records: readonly LogRecord[]
}

export async function readAll(log: PartitionLog): Promise<SeenBatch[]> {
  const seen: SeenBatch[] = []
  for (let at = log.logStartOffset; at < log.endOffset; ) {
    const read = await log.read(at, { maxBytes: 700, upTo: log.endOffset, minOneBatch: true })
    for (const chunk of read.chunks) {
      for (const header of batchesOf(chunk)) {
        const plain = await decompressBatch(chunk, header, plainOffload, 1e6)
        seen.push({ header, records: recordsOf(plain, readBatchHeader(plain, 0)!) })
      }
    }
    if (read.endOffset === at) throw new Error(`a reader stands still at ${at}`)
    at = read.endOffset
  }
  return seen
}

/**
 * `offset:key=value` of every record, control batches as `offset!`, batches without records as `base..last`; what `seal`
 * wrote is left out.
 */
export async function story(log: PartitionLog): Promise<string[]> {
  const lines: string[] = []
  for (const { header, records } of await readAll(log)) {
    if (records.length === 0) lines.push(`${header.baseOffset}..${header.lastOffset}`)
    for (const { offset, key, value } of records) {
      if (header.control) lines.push(`${offset}!`)
      else if (key === null || textOf.decode(key) !== '-') {
        const shown = value === null ? 'null' : textOf.decode(value)
        lines.push(`${offset}:${key === null ? 'null' : textOf.decode(key)}=${shown}`)
      }
    }
  }
  return lines
}
