// Kafka's index of aborted transactions (`.txnindex`) of a cleaned segment: the entries of those it was made from whose
// marker is still there. One without its marker would make a consumer of committed records skip the producer's next
// transactions. We do not write such an index ourselves; Kafka's directories have them.

import type { Disk, Offset } from '../../base/index.ts'
import { readInt64 } from '../../wire/index.ts'
import type { Segment } from '../segment.ts'

/** Version 2, producer id 8, first offset 8, last offset 8 (of the marker), last stable offset 8. */
const ENTRY = 34
const LAST_OFFSET_AT = 18

export async function keepAborted(
  disk: Disk,
  old: readonly Segment[],
  cleaned: Segment,
  markers: ReadonlySet<Offset>,
): Promise<void> {
  const kept: Uint8Array[] = []
  for (const segment of old) {
    const bytes = await disk.readFile(segment.pathOf('.txnindex'))
    for (let at = 0; bytes !== null && at + ENTRY <= bytes.length; at += ENTRY) {
      if (markers.has(readInt64(bytes, at + LAST_OFFSET_AT))) kept.push(bytes.subarray(at, at + ENTRY))
    }
  }
  if (kept.length === 0) return
  const file = await disk.open(cleaned.pathOf('.txnindex'), { create: true })
  try {
    await new Promise<void>((resolve, reject) => {
      file.append(kept, (error) => (error === null ? resolve() : reject(error)))
    })
    await file.sync()
  } finally {
    await file.close()
  }
}
