// Batches as the checks of `src/check` know them: by their headers. Nothing else.

import type { BatchFact } from '../../check/index.ts'
import { type BatchHeader, readBatchHeader, validCrc } from '../../wire/index.ts'

export function factOf(header: BatchHeader): BatchFact {
  return {
    baseOffset: header.baseOffset,
    lastOffset: header.lastOffset,
    epoch: header.partitionLeaderEpoch,
    crc: header.crc,
    size: header.size,
    producerId: header.producerId,
    producerEpoch: header.producerEpoch,
    baseSequence: header.baseSequence,
    lastSequence: header.lastSequence,
    control: header.control,
    appendTime: header.timestampType === 'LogAppendTime' ? header.maxTimestamp : -1,
    maxTimestamp: header.maxTimestamp,
    bytes: null,
  }
}

/** Batches from the start on, as long as they are whole; their checksums are looked at from `verifyFrom` on. */
export function wholeBatches(
  bytes: Uint8Array,
  verifyFrom: number,
): { readonly headers: BatchHeader[]; readonly end: number } {
  const headers: BatchHeader[] = []
  let at = 0
  for (;;) {
    const header = readBatchHeader(bytes, at)
    if (header === null || header.magic !== 2) break
    if (at >= verifyFrom && !validCrc(bytes, header)) break
    headers.push(header)
    at += header.size
  }
  return { headers, end: at }
}

/** With its bytes, where those are wanted: of the whole file. */
export function logFact(header: BatchHeader, bytes: Uint8Array | null): BatchFact {
  const fact = factOf(header)
  return bytes === null ? fact : { ...fact, bytes: bytes.slice(header.position, header.position + header.size) }
}
