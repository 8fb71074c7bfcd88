// How a cleaned segment takes the place of those it was made from, and what opening a log makes of any moment of that, by
// Kafka's rules: `.cleaned` files are nothing yet; a `.swap` is whole and durable, and what it replaces is over.
//
//   1 write `….cleaned`, fsync            crash: removed, the old segments stand
//   2 rename to `….swap`, log first       crash: while one of its files is `.cleaned` still, as before
//   3 fsync the directory                 from here on the swap will be done
//   4 rename the old ones to `.deleted`   crash: whatever of them lies within the swap's offsets is removed,
//   5 fsync the directory                        the swap's files are renamed
//   6 rename to the final names, fsync    crash: the rest of the files are renamed
//
// Old segments go before the new one gets its name, or two would hold the same offsets.

import type { Disk, Offset } from '../../base/index.ts'
import { StorageError } from '../../base/index.ts'
import { scanBatches } from '../scan.ts'
import { CLEANED_SUFFIX, type Segment, SWAP_SUFFIX, segmentName } from '../segment.ts'

/** `shown` is called when the new segment may be read, and the old ones must not be any more. */
export async function swapIn(
  disk: Disk,
  directory: string,
  old: readonly Segment[],
  cleaned: Segment,
  shown: () => void,
): Promise<void> {
  await removeOtherCleaned(disk, directory, cleaned)
  await cleaned.rename(SWAP_SUFFIX)
  await disk.syncDirectory(directory)
  shown()
  // From the end backwards, as everywhere.
  for (const segment of old.toReversed()) await segment.markDeleted(segment.baseOffset !== cleaned.baseOffset)
  await disk.syncDirectory(directory)
  await cleaned.rename('')
  await disk.syncDirectory(directory)
  cleaned.nameDurable = true
  cleaned.sealed = true
}

/** One that was given up would make recovery take this swap for an incomplete one, when its old segments are gone already. */
async function removeOtherCleaned(disk: Disk, directory: string, cleaned: Segment): Promise<void> {
  const own = disk.join(directory, `${segmentName(cleaned.baseOffset)}.`)
  for (const { name } of await disk.list(directory)) {
    const path = disk.join(directory, name)
    if (name.endsWith(CLEANED_SUFFIX) && !path.startsWith(own)) await disk.remove(path)
  }
}

interface Named {
  readonly name: string
  readonly baseOffset: Offset
  readonly kind: string
  readonly size: number
}

/** Ends what a stop left in the middle. Safe to repeat, and after it there are neither `.cleaned` nor `.swap` files. */
export async function recoverSwaps(disk: Disk, directory: string): Promise<void> {
  const entries = await disk.list(directory)
  const named = (suffix: string): Named[] => {
    const found: Named[] = []
    for (const { name, size } of entries) {
      if (!name.endsWith(suffix)) continue
      const match = /^(\d{20})\.(log|index|timeindex|txnindex|snapshot)$/.exec(
        name.slice(0, name.length - suffix.length),
      )
      if (match !== null) found.push({ name, baseOffset: Number(match[1]), kind: match[2]!, size })
    }
    return found
  }
  const cleaned = named(CLEANED_SUFFIX)
  let swaps = named(SWAP_SUFFIX)
  if (cleaned.length === 0 && swaps.length === 0) return
  // Kafka's rule: such a swap, or splitting of a segment, was not complete yet (KAFKA-6264).
  const incomplete = Math.min(...cleaned.map((file) => file.baseOffset))
  for (const file of swaps) if (file.baseOffset >= incomplete) await disk.remove(disk.join(directory, file.name))
  swaps = swaps.filter((file) => file.baseOffset < incomplete)
  // Gone for good before what said that the swaps were incomplete is.
  await disk.syncDirectory(directory)
  for (const file of cleaned) await disk.remove(disk.join(directory, file.name))
  const standing = named('')
  for (const swap of swaps.filter((file) => file.kind === 'log')) {
    const end = await endOf(disk, disk.join(directory, swap.name), swap)
    for (const file of standing) {
      const replaced = file.kind === 'snapshot' ? file.baseOffset > swap.baseOffset : file.baseOffset >= swap.baseOffset
      if (replaced && file.baseOffset < end) await disk.remove(disk.join(directory, file.name))
    }
  }
  await disk.syncDirectory(directory)
  for (const file of swaps) {
    await disk.rename(disk.join(directory, file.name), disk.join(directory, file.name.slice(0, -SWAP_SUFFIX.length)))
  }
  await disk.syncDirectory(directory)
}

/** Where the offsets of a segment end; at least one lies in it. */
async function endOf(disk: Disk, path: string, swap: Named): Promise<Offset> {
  const file = await disk.open(path)
  try {
    const range = { from: 0, size: swap.size, nextOffset: swap.baseOffset, crcFrom: Number.POSITIVE_INFINITY }
    const source = { baseOffset: swap.baseOffset, read: (at: number, length: number) => file.read(at, length) }
    const { fault, nextOffset } = await scanBatches(source, range, () => {})
    if (fault === null) return Math.max(nextOffset, swap.baseOffset + 1)
    const remedy = 'move the partition away and let it be copied from its leader'
    throw new StorageError(path, 'CORRUPT', `${path}: a batch at offset ${nextOffset} is corrupt (${fault}); ${remedy}`)
  } finally {
    await file.close()
  }
}
