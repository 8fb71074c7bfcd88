// Batches that must be opened before they may be appended: a topic codec unlike the batch's, compacted topics (every
// record needs a key). Opening and compressing again happen off the loop, several at once; appending keeps call order.

import type { Offload, Timestamp } from '../base/index.ts'
import type { BatchHeader, BatchRules } from '../wire/index.ts'
import { compressBatch, decompressBatch, readBatchHeader, validateBatches } from '../wire/index.ts'
import type { AppendRefusal, LogConfig } from './types.ts'

/** The largest number of bytes that a batch may have once opened; beyond it is a decompression bomb. */
export const MAX_OPENED_BYTES: number = 128 * 1024 * 1024

export interface Refused {
  readonly kind: 'refused'
  readonly error: AppendRefusal
  readonly message: string
}

export function refused(error: AppendRefusal, message: string): Refused {
  return { kind: 'refused', error, message }
}

/** What a client's batches must be like for a topic. */
export function rulesOf(config: LogConfig, now: Timestamp, fromClient: boolean): BatchRules {
  return {
    fromClient,
    singleBatch: fromClient,
    maxMessageBytes: config.maxMessageBytes,
    timestampType: config.messageTimestampType,
    now,
    timestampBeforeMaxMs: config.messageTimestampBeforeMaxMs,
    timestampAfterMaxMs: config.messageTimestampAfterMaxMs,
    keysRequired: config.cleanupCompact,
  }
}

export function mustOpen(bytes: Uint8Array, config: LogConfig): boolean {
  const header = readBatchHeader(bytes, 0)
  return header !== null && header.magic === 2 && headerMustOpen(header, config)
}

/** The batch as the topic wants it, not yet patched; or the refusal. */
export async function openForTopic(
  bytes: Uint8Array,
  config: LogConfig,
  now: Timestamp,
  offload: Offload,
): Promise<Uint8Array | Refused> {
  const header = readBatchHeader(bytes, 0)
  if (header === null || header.magic !== 2 || !headerMustOpen(header, config)) return bytes
  const rules = rulesOf(config, now, true)
  const closed = validateBatches(bytes, rules)
  if (closed.kind === 'refused') return closed
  let plain: Uint8Array
  try {
    plain = await decompressBatch(bytes, header, offload, MAX_OPENED_BYTES)
  } catch (error) {
    return refused('INVALID_RECORD', (error as Error).message)
  }
  const judged = validateBatches(plain, { ...rules, maxMessageBytes: MAX_OPENED_BYTES })
  if (judged.kind === 'refused') return judged
  const codec = wantedCodec(header, config)
  if (codec === header.codec) return bytes
  if (codec === 'none' || codec === 'unknown') return plain
  return compressBatch(plain, readBatchHeader(plain, 0)!, codec, offload)
}

function headerMustOpen(header: BatchHeader, config: LogConfig): boolean {
  if (header.codec === 'unknown') return false
  return (config.cleanupCompact && header.codec !== 'none') || wantedCodec(header, config) !== header.codec
}

function wantedCodec(header: BatchHeader, config: LogConfig): BatchHeader['codec'] {
  const { compressionType } = config
  if (compressionType === 'producer') return header.codec
  return compressionType === 'uncompressed' ? 'none' : compressionType
}
