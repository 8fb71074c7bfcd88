// From the bytes of a fetch answer to records: batches opened through the offload port, control batches and what lies
// before the asked offset left out.

import type { Offload, Offset } from '../base/index.ts'
import { batchesOf, decompressBatch, readBatchHeader, recordsOf, validCrc } from '../wire/index.ts'
import { ClientError } from './errors.ts'
import type { ConsumedRecord, TopicPartition } from './types.ts'

export interface FetchedRecords {
  readonly records: ConsumedRecord[]
  /** Where to fetch next. */
  readonly nextOffset: Offset
}

/** Rejects with ClientError CORRUPT_MESSAGE where a checksum fails, and as `decompressBatch` does. */
export async function recordsFrom(
  bytes: Uint8Array,
  at: TopicPartition,
  fromOffset: Offset,
  offload: Offload,
  options: { readonly checkCrcs: boolean; readonly decompressedBytesMax: number },
): Promise<FetchedRecords> {
  const records: ConsumedRecord[] = []
  let nextOffset = fromOffset
  for (const header of batchesOf(bytes)) {
    // A batch of an older format cannot be read in place by our reader; brokers of 4.x never send one.
    if (header.magic !== 2) {
      throw new ClientError('UNSUPPORTED_FOR_MESSAGE_FORMAT', `${at.topic}-${at.partition}: magic ${header.magic}`)
    }
    if (options.checkCrcs && !validCrc(bytes, header)) {
      throw new ClientError('CORRUPT_MESSAGE', `${at.topic}-${at.partition} at offset ${header.baseOffset}`)
    }
    nextOffset = Math.max(nextOffset, header.lastOffset + 1)
    if (header.control || header.lastOffset < fromOffset) continue
    const plain = await decompressBatch(bytes, header, offload, options.decompressedBytesMax)
    for (const record of recordsOf(plain, readBatchHeader(plain, 0)!)) {
      if (record.offset < fromOffset) continue
      records.push({
        topic: at.topic,
        partition: at.partition,
        offset: record.offset,
        timestamp: record.timestamp,
        timestampType: header.timestampType,
        leaderEpoch: header.partitionLeaderEpoch,
        key: record.key,
        value: record.value,
        headers: record.headers,
      })
    }
  }
  return { records, nextOffset }
}
