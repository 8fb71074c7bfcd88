// Whether bytes that a leader sent are a continuation of this log: whole v2 batches with good CRCs, offsets that go on
// where the log ends, epochs that do not go back. A partial batch at the end is left out, as leaders cut at a size.

import type { Epoch, Offset } from '../base/index.ts'
import type { BatchHeader } from '../wire/index.ts'
import { batchesOf, validCrc } from '../wire/index.ts'

export interface Continuation {
  readonly endOffset: Offset
  readonly lastEpoch: Epoch
  /** Compaction leaves offsets out. */
  readonly gapsAllowed: boolean
}

export type FollowedJudgement =
  | { readonly kind: 'good'; readonly headers: readonly BatchHeader[]; readonly end: number }
  | { readonly kind: 'refused'; readonly message: string }

export function judgeFollowed(bytes: Uint8Array, log: Continuation): FollowedJudgement {
  const headers: BatchHeader[] = []
  let next = log.endOffset
  let epoch = log.lastEpoch
  let end = 0
  for (const header of batchesOf(bytes)) {
    const { baseOffset, lastOffset } = header
    if (header.magic !== 2) return refused(`a batch has magic ${header.magic}`)
    if (baseOffset < next || (baseOffset > next && !log.gapsAllowed) || lastOffset < baseOffset) {
      return refused(`offsets ${baseOffset}..${lastOffset} do not continue a log that ends at ${next}`)
    }
    if (header.partitionLeaderEpoch < epoch) {
      return refused(`epoch ${header.partitionLeaderEpoch} at offset ${baseOffset} goes back from ${epoch}`)
    }
    if (!validCrc(bytes, header)) return refused(`the CRC of the batch at offset ${baseOffset} does not match`)
    headers.push(header)
    next = lastOffset + 1
    epoch = header.partitionLeaderEpoch
    end = header.position + header.size
  }
  return headers.length === 0 ? refused('there is no whole batch') : { kind: 'good', headers, end }
}

function refused(message: string): FollowedJudgement {
  return { kind: 'refused', message }
}
