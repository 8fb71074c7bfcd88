// Whether bytes that a leader sent are a continuation of this log: whole v2 batches with good CRCs, offsets that go on
// where the log ends, epochs that do not go back. A partial batch at the end is left out, as leaders cut at a size.

import type { Epoch, Offset } from '../base/index.ts'
import type { BatchHeader } from '../wire/index.ts'
import { BATCH_OVERHEAD, baseOffsetAt, batchesOf, validCrc } from '../wire/index.ts'

export interface Continuation {
  readonly endOffset: Offset
  readonly lastEpoch: Epoch
  /** The topic is compacted, or this log has been: offsets may be left out anywhere. */
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
    if (baseOffset < next || lastOffset < baseOffset || (baseOffset > next && !mayLeap(bytes, header, log))) {
      const why = `offsets ${baseOffset}..${lastOffset} do not continue a log that ends at ${next}`
      return headers.length === 0 || baseOffset < next ? refused(why) : { kind: 'good', headers, end }
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

/**
 * A topic that is not compacted any more may have been, and a new replica cannot know. Offsets lie outside of the CRC, so one
 * that leaps is believed when the batch behind it goes on from there: compaction leaves none out before the last batch.
 */
function mayLeap(bytes: Uint8Array, header: BatchHeader, log: Continuation): boolean {
  if (log.gapsAllowed) return true
  const behind = header.position + header.size
  return behind + BATCH_OVERHEAD <= bytes.length && baseOffsetAt(bytes, behind) > header.lastOffset
}

function refused(message: string): FollowedJudgement {
  return { kind: 'refused', message }
}
