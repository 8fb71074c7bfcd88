// The judgement on record batches that a client sends (Kafka's LogValidator and the header checks of Produce), as values:
// either the headers, or a refusal by Kafka's error name with the sentence for the client. Uncompressed records are
// walked; compressed ones stay closed here (a named difference from Kafka, which opens every batch).
// Changes nothing in the bytes.

import type { Timestamp } from '../base/index.ts'
import type { BatchHeader, TimestampType } from './batch.ts'
import { BATCH_OVERHEAD, baseOffsetAt, claimedBatchSize, magicAt, readBatchHeader, validCrc } from './batch.ts'
import type { RecordsWalk } from './records.ts'
import { walkRecords } from './records.ts'

export interface BatchRules {
  /** False: what the broker itself writes (markers, coordinators), where control batches and any base offset pass. */
  readonly fromClient: boolean
  /** Produce v3 and later: exactly one batch a partition. */
  readonly singleBatch: boolean
  readonly maxMessageBytes: number
  readonly timestampType: TimestampType
  readonly now: Timestamp
  readonly timestampBeforeMaxMs: number
  readonly timestampAfterMaxMs: number
  /** Compacted topics: every record needs a key. Seen to for uncompressed batches. */
  readonly keysRequired: boolean
}

export type BatchRefusal =
  | 'CORRUPT_MESSAGE'
  | 'MESSAGE_TOO_LARGE'
  | 'INVALID_RECORD'
  | 'INVALID_TIMESTAMP'
  | 'UNSUPPORTED_COMPRESSION_TYPE'

export interface JudgedBatch {
  readonly header: BatchHeader
  /** Null where the records are compressed. */
  readonly walk: RecordsWalk | null
}

export type BatchJudgement =
  | {
      readonly kind: 'valid'
      readonly batches: readonly JudgedBatch[]
      /** Where the last whole batch ends; Kafka drops a partial one behind it, and so must the caller. */
      readonly end: number
    }
  | { readonly kind: 'refused'; readonly error: BatchRefusal; readonly message: string }

export function validateBatches(bytes: Uint8Array, rules: BatchRules): BatchJudgement {
  const batches: JudgedBatch[] = []
  let at = 0
  while (at < bytes.length) {
    const size = claimedBatchSize(bytes, at)
    const magic = magicAt(bytes, at)
    if (size < 0 || magic < 0 || at + size > bytes.length) break
    if (magic !== 2) return refused('INVALID_RECORD', `record batches have magic 2, this one has ${magic}`)
    if (size < BATCH_OVERHEAD) return refused('CORRUPT_MESSAGE', `a record batch cannot have ${size} bytes`)
    if (rules.singleBatch && batches.length === 1) {
      return refused('INVALID_RECORD', 'a produce request carries exactly one record batch for a partition')
    }
    if (rules.fromClient && baseOffsetAt(bytes, at) !== 0) {
      return refused(
        'INVALID_RECORD',
        `the base offset of a record batch to append is 0, not ${baseOffsetAt(bytes, at)}`,
      )
    }
    if (size > rules.maxMessageBytes) {
      return refused(
        'MESSAGE_TOO_LARGE',
        `the record batch has ${size} bytes, max.message.bytes is ${rules.maxMessageBytes}`,
      )
    }
    const header = readBatchHeader(bytes, at)!
    if (!validCrc(bytes, header))
      return refused('CORRUPT_MESSAGE', 'the CRC of the record batch does not match its bytes')
    const judged = judge(bytes, header, rules)
    if ('kind' in judged) return judged
    batches.push(judged)
    at += size
  }
  if (batches.length === 0) return refused('INVALID_RECORD', 'there is no whole record batch')
  return { kind: 'valid', batches, end: at }
}

/** The checks of a single whole batch with a good CRC. */
function judge(bytes: Uint8Array, header: BatchHeader, rules: BatchRules): JudgedBatch | Refused {
  const { count, lastOffsetDelta, codec } = header
  if (lastOffsetDelta < 0)
    return refused('INVALID_RECORD', `the record batch has a last offset delta of ${lastOffsetDelta}`)
  if (count < 1) return refused('INVALID_RECORD', `the record batch counts ${count} records`)
  if (count !== lastOffsetDelta + 1) {
    return refused('INVALID_RECORD', `the record batch counts ${count} records and ${lastOffsetDelta + 1} offsets`)
  }
  if (codec === 'unknown') {
    return refused('UNSUPPORTED_COMPRESSION_TYPE', `compression codec ${header.attributes & 7} is unknown`)
  }
  if (rules.fromClient && header.control) return refused('INVALID_RECORD', 'clients do not write control records')
  if (rules.fromClient && header.producerId >= 0 && header.baseSequence < 0) {
    return refused('INVALID_RECORD', `sequence ${header.baseSequence} of producer ${header.producerId} is negative`)
  }
  if (rules.fromClient && header.timestampType === 'LogAppendTime') {
    return refused('INVALID_TIMESTAMP', 'producers send CreateTime, LogAppendTime is for the broker to set')
  }
  const walk = codec === 'none' ? walkRecords(bytes, header) : null
  if (walk !== null && walk.problem !== null) return refused('INVALID_RECORD', walk.problem)
  if (walk !== null && rules.keysRequired && !header.control && walk.firstKeyless >= 0) {
    return refused('INVALID_RECORD', 'Compacted topic cannot accept message without key in topic partition.')
  }
  if (rules.timestampType === 'CreateTime') {
    const late = judgeTimestamps(header, walk, rules)
    if (late !== null) return late
  }
  return { header, walk }
}

/** Of compressed batches only the header's two timestamps are seen. */
function judgeTimestamps(header: BatchHeader, walk: RecordsWalk | null, rules: BatchRules): Refused | null {
  const max = walk === null ? header.maxTimestamp : walk.maxTimestamp
  const min = walk === null ? header.baseTimestamp : walk.minTimestamp
  const latest = rules.now + rules.timestampAfterMaxMs
  const earliest = rules.now - rules.timestampBeforeMaxMs
  const wrong = max > latest ? max : min !== -1 && min < earliest ? min : null
  if (wrong === null) return null
  return refused('INVALID_TIMESTAMP', `timestamp ${wrong} is out of the allowed range [${earliest}, ${latest}]`)
}

type Refused = { readonly kind: 'refused'; readonly error: BatchRefusal; readonly message: string }

function refused(error: BatchRefusal, message: string): Refused {
  return { kind: 'refused', error, message }
}
