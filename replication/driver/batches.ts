// The part of a fetched byte string that a follower may append: whole batches of epochs it knows of. Looks at lengths
// and epochs only; the log checks the rest.

import type { Epoch, Offset } from '../../src/base/index.ts'
import type { PartitionLog } from '../../src/log/index.ts'
import { BATCH_OVERHEAD, LOG_OVERHEAD, readBatchHeader, readInt32 } from '../../src/wire/index.ts'

/** The leader epoch's place in a batch header. */
const EPOCH_AT = 12

/**
 * Whole batches up to the first whose leader epoch is newer than `epoch`: a leader answers in its epoch, so such bytes
 * were read while its log was being replaced (KAFKA-18723). A last batch that the leader cut off is left out.
 */
export function batchesUpToEpoch(bytes: Uint8Array, epoch: Epoch): Uint8Array {
  let end = 0
  while (end + BATCH_OVERHEAD <= bytes.length) {
    const size = LOG_OVERHEAD + readInt32(bytes, end + 8)
    if (size < BATCH_OVERHEAD || end + size > bytes.length || readInt32(bytes, end + EPOCH_AT) > epoch) break
    end += size
  }
  return end === bytes.length ? bytes : bytes.subarray(0, end)
}

/**
 * Where an empty log must begin to take these bytes, if not at its end: DeleteRecords may let the log that is copied begin
 * within a batch, which comes whole (Kafka's UnexpectedAppendOffsetException). Null: it takes them as it is.
 */
export function startsWithin(bytes: Uint8Array | undefined, log: PartitionLog): Offset | null {
  if (log.endOffset !== log.logStartOffset || bytes === undefined) return null
  const first = readBatchHeader(bytes, 0)
  if (first === null || first.baseOffset >= log.endOffset || first.lastOffset < log.endOffset) return null
  return first.baseOffset
}
