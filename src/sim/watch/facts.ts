// A batch's header as the checks of `src/check` know it. Nothing else.

import type { BatchFact } from '../../check/index.ts'
import type { BatchHeader } from '../../wire/index.ts'

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
