// The batches of a segment for a cleaning, a bounded piece of the file at a time, so that every piece is one turn of the
// loop; each is held to its CRC, and to its neighbours in what no CRC covers, since what is written anew gets a new one,
// under which damage could never be found.

import type { Epoch, Offset } from '../../base/index.ts'
import { ProtocolError } from '../../base/index.ts'
import type { BatchHeader } from '../../wire/index.ts'
import { claimedBatchSize, decodeControlRecord, readBatchHeader, recordsOf, validCrc } from '../../wire/index.ts'
import type { Segment } from '../segment.ts'
import type { MarkerType } from './transactions.ts'

export interface Piece {
  /** Whole batches from the start on. */
  readonly bytes: Uint8Array
  /** In the file. */
  readonly position: number
  readonly headers: readonly BatchHeader[]
}

/** What a segment's batches are held against. */
export interface Expected {
  /** Where the next segment begins. */
  readonly endBelow: Offset
  /** −1 where nothing is known of it. */
  readonly epochAt: (offset: Offset) => Epoch
}

/**
 * Pieces of about `length` bytes, or as long as one batch is. Throws ProtocolError for what is no good batch.
 */
export async function* piecesOf(
  segment: Segment,
  expected: Expected,
  length: number,
  before: (bytes: number) => Promise<void>,
): AsyncGenerator<Piece, void> {
  let position = 0
  let nextOffset = segment.baseOffset
  let wanted = length
  while (position < segment.size) {
    const asked = Math.min(wanted, segment.size - position)
    await before(asked)
    const bytes = await segment.read(position, asked)
    const headers: BatchHeader[] = []
    let end = 0
    for (let header = readBatchHeader(bytes, 0); header !== null; header = readBatchHeader(bytes, end)) {
      const { baseOffset, lastOffset, partitionLeaderEpoch } = header
      const fits = baseOffset >= nextOffset && lastOffset >= baseOffset && lastOffset < expected.endBelow
      const epoch = expected.epochAt(baseOffset)
      const sameEpoch = epoch < 0 || epoch === partitionLeaderEpoch
      if (header.magic !== 2 || !fits || !sameEpoch || !validCrc(bytes, header)) throw corrupt(segment, position + end)
      nextOffset = lastOffset + 1
      headers.push(header)
      end += header.size
    }
    if (end === 0) {
      const size = claimedBatchSize(bytes, 0)
      if (size <= asked || size > segment.size - position) throw corrupt(segment, position)
      wanted = size
      continue
    }
    yield { bytes, position, headers }
    wanted = length
    position += end
  }
}

/** What a control batch says; null for a batch of data. */
export function markerOf(bytes: Uint8Array, header: BatchHeader): MarkerType | null {
  if (!header.control) return null
  if (header.count === 0) return 'EMPTY'
  const record = recordsOf(bytes, header)[0]!
  const type = record.key === null ? null : decodeControlRecord(record.key, record.value ?? new Uint8Array(0))?.type
  return type === 'COMMIT' || type === 'ABORT' ? type : 'OTHER'
}

function corrupt(segment: Segment, position: number): ProtocolError {
  return new ProtocolError(`there is no good batch at byte ${position} of ${segment.pathOf('.log')}`)
}
