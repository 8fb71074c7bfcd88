// A value with the writes on top of it that are in the log and not committed yet. Requests that decide see the latest, reads
// that are answered at once see what is committed (Kafka: timeline data structures). A write that was refused is taken out
// wherever it stands; what was written after it stays.

export interface Cell<T> {
  committed: T | null
  /** In the order of the log; null while there are none, since there may be a hundred thousand cells. */
  newer: Write<T>[] | null
}

interface Write<T> {
  readonly append: number
  readonly value: T | null
}

export function newCell<T>(committed: T | null): Cell<T> {
  return { committed, newer: null }
}

export function latest<T>(cell: Cell<T> | undefined): T | null {
  if (cell === undefined) return null
  const { newer } = cell
  return newer === null ? cell.committed : newer[newer.length - 1]!.value
}

export function committed<T>(cell: Cell<T> | undefined): T | null {
  return cell?.committed ?? null
}

export function isGone<T>(cell: Cell<T>): boolean {
  return cell.committed === null && cell.newer === null
}

export function write<T>(cell: Cell<T>, append: number, value: T | null): void {
  if (cell.newer === null) cell.newer = [{ append, value }]
  else cell.newer.push({ append, value })
}

/** Before all that was written after `append`. */
export function insert<T>(cell: Cell<T>, append: number, value: T): void {
  const newer = cell.newer ?? []
  const at = newer.findIndex((one) => one.append > append)
  newer.splice(at < 0 ? newer.length : at, 0, { append, value })
  cell.newer = newer
}

/** All writes up to `append` are committed; answers the values that are so replaced. */
export function commit<T>(cell: Cell<T>, append: number): T[] {
  const replaced: T[] = []
  while (cell.newer !== null && cell.newer[0]!.append <= append) {
    const { value } = cell.newer.shift()!
    if (cell.committed !== null && cell.committed !== value) replaced.push(cell.committed)
    cell.committed = value
    if (cell.newer.length === 0) cell.newer = null
  }
  return replaced
}

/** The log does not have this write; answers the values that are so taken back. */
export function drop<T>(cell: Cell<T>, append: number): T[] {
  if (cell.newer === null) return []
  const gone = cell.newer.filter((one) => one.append === append)
  const kept = cell.newer.filter((one) => one.append !== append)
  cell.newer = kept.length === 0 ? null : kept
  return gone.flatMap((one) => (one.value === null ? [] : [one.value]))
}
