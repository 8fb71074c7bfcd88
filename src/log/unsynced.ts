// What a failed fsync leaves behind. The kernel has marked the pages clean although they never reached the disk, so a
// later fsync, of a later process too, answers yes and writes nothing ("fsyncgate", 2018). A log whose disk failed
// leaves a mark beside its segments; who opens the log next writes them anew before any of it counts as durable. The
// mark needs no fsync of its own: it lives in the page cache as the doubtful bytes do, and goes with them.

import type { Clock, Disk } from '../base/index.ts'
import { Timers } from '../base/index.ts'

const MARK = 'unsynced-after-failure'
const COPIED_AT_ONCE = 1024 * 1024

/** How long a failing disk may take over the mark that it failed. */
const MARK_WITHIN_MS = 1_000

/** Resolves when the mark is left, or the disk would not take it, or does not answer. */
export function markWithin(ports: { readonly disk: Disk; readonly clock: Clock }, path: string): Promise<void> {
  return new Promise((resolve) => {
    const timer = new Timers(ports.clock).after(MARK_WITHIN_MS, resolve)
    const over = (): void => {
      timer.cancel()
      resolve()
    }
    // A disk that takes no mark takes no new copy either: there is nothing to be said to the next process.
    markUnsynced(ports.disk, path).then(over, over)
  })
}

/** Rejects where the disk takes nothing any more; what it then holds cannot be written anew by anybody. */
async function markUnsynced(disk: Disk, path: string): Promise<void> {
  const file = await disk.open(disk.join(path, MARK), { create: true })
  await file.close()
}

/** Writes every segment anew that reaches to the recovery point or beyond, if the mark is there. Safe to repeat. */
export async function rewriteUnsynced(disk: Disk, path: string, recoveryPoint: number): Promise<void> {
  const entries = await disk.list(path)
  if (!entries.some((entry) => entry.name === MARK)) return
  const segments = entries
    .filter((entry) => /^\d{20}\.log$/.test(entry.name))
    .map((entry) => ({ ...entry, baseOffset: Number(entry.name.slice(0, 20)) }))
    .sort((a, b) => a.baseOffset - b.baseOffset)
  for (const [i, segment] of segments.entries()) {
    const next = segments[i + 1]
    if (next !== undefined && next.baseOffset <= recoveryPoint) continue
    const from = disk.join(path, segment.name)
    // Segments without timestamps are as old as their files.
    await copyDurably(disk, from, `${from}.tmp`)
    await disk.setModified(`${from}.tmp`, segment.modified)
    await disk.rename(`${from}.tmp`, from)
  }
  await disk.syncDirectory(path)
  await disk.remove(disk.join(path, MARK))
  await disk.syncDirectory(path)
}

async function copyDurably(disk: Disk, from: string, to: string): Promise<void> {
  await disk.remove(to)
  const source = await disk.open(from)
  const target = await disk.open(to, { create: true })
  try {
    for (let at = 0; at < source.size; ) {
      const bytes = await source.read(at, Math.min(COPIED_AT_ONCE, source.size - at))
      await new Promise<void>((resolve, reject) => {
        target.append([bytes], (error) => (error === null ? resolve() : reject(error)))
      })
      at += bytes.length
    }
    await target.sync()
  } finally {
    await source.close()
    await target.close()
  }
}
