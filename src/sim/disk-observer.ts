// What a checker is told of a simulated disk, as it happens and before the node hears of it: facts that do not depend on
// what a node says of itself. Told of what reaches the page cache and what reaches the platter; not of reads.

export interface DiskObserver {
  /** An empty file is there. */
  created(path: string): void
  /** `bytes` of the chunks are in the page cache now, from `position` of the file on; less than was asked for when the
   *  disk failed or was full. */
  written(path: string, position: number, chunks: readonly Uint8Array[], bytes: number): void
  /** The file ends at `size` now. */
  cut(path: string, size: number): void
  /** Everything below `size` is on the platter, if fsync did not lie. */
  synced(path: string, size: number): void
  /** A whole file was put in place of another: in the cache, its bytes durable, its name not before its directory is. */
  replaced(path: string, bytes: Uint8Array): void
  /** And now its name is. */
  replacedDurably(path: string, bytes: Uint8Array): void
  /** The names in a directory are on the platter, those that a dead process left there among them. */
  directorySynced(path: string): void
  /** A write or an fsync failed: EIO, ENOSPC. */
  failed(path: string, code: string): void
  renamed(from: string, to: string): void
  removed(path: string): void
  /** A bit of that byte reads wrong, or is right again; nothing else has changed. */
  flipped(path: string, byte: number, wrong: boolean): void
  /** Something else than a process changed what is there; whoever keeps a picture of it has to look again. */
  disturbed(cause: DiskDisturbance): void
}

/** `died`: of what the dead process had begun, a part may have been done. `sync-failed`: pages are gone from the cache. */
export type DiskDisturbance = 'died' | 'sync-failed' | 'power-loss' | 'replaced'
