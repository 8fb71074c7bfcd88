// What only a leader does with the batches of a client: sequences of producers, and offsets, epoch and timestamps in place.

import type { Epoch, Offset, Timestamp } from '../base/index.ts'
import type { BatchHeader, JudgedBatch } from '../wire/index.ts'
import { patchBatch, patchTimestamps } from '../wire/index.ts'
import { refused } from './opening.ts'
import type { ProducerStates } from './producers.ts'
import type { LeaderAppend } from './types.ts'

/** Null: the batch may follow. */
export function judgeProducer(producers: ProducerStates, header: BatchHeader): LeaderAppend | null {
  if (header.transactional) return refused('INVALID_TXN_STATE', 'transactions are not served yet')
  if (header.producerId < 0) return null
  const judgement = producers.judge(header)
  if (judgement.kind === 'next') return null
  if (judgement.kind === 'refused') return judgement
  const { lastOffset, offsetDelta, timestamp } = judgement.of
  const baseOffset = lastOffset - offsetDelta
  return { kind: 'duplicate', baseOffset, endOffset: lastOffset + 1, logAppendTime: timestamp }
}

export interface Place {
  readonly baseOffset: Offset
  readonly epoch: Epoch
  /** −1 with CreateTime. */
  readonly appendTime: Timestamp
}

/** Gives the batches their offsets, epoch and timestamps; their headers as they are then. */
export function patchAll(bytes: Uint8Array, batches: readonly JudgedBatch[], place: Place): BatchHeader[] {
  const { epoch, appendTime } = place
  let next = place.baseOffset
  const headers: BatchHeader[] = []
  for (const { header, walk } of batches) {
    const { position, lastOffsetDelta } = header
    let { maxTimestamp } = header
    if (appendTime >= 0) maxTimestamp = appendTime
    else if (walk !== null) maxTimestamp = walk.maxTimestamp
    if (appendTime >= 0) patchTimestamps(bytes, position, 'LogAppendTime', appendTime)
    else if (maxTimestamp !== header.maxTimestamp) patchTimestamps(bytes, position, 'CreateTime', maxTimestamp)
    patchBatch(bytes, position, next, epoch)
    const lastOffset = next + lastOffsetDelta
    headers.push({ ...header, baseOffset: next, lastOffset, partitionLeaderEpoch: epoch, maxTimestamp })
    next = lastOffset + 1
  }
  return headers
}
