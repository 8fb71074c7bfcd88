// The log of one partition in Kafka's own files on the `Disk` port, and the directory that holds many. Knows batches,
// offsets, epochs as numbers and producers' sequences; not leaders, not the ISR.

/** Compaction of the compacted logs of all directories of a node. */
export { LogCleaner } from './cleaner/cleaner.ts'
/** Log directories: meta.properties, checkpoints, the clean-shutdown marker, loading all logs. */
export { openLogDirectory } from './directory.ts'
/** `storage format` and reading what it wrote. */
export { formatDirectory, readDirectoryMeta } from './meta.ts'
/** One log in a directory of its own (raft's metadata log). */
export { openPartitionLog } from './open.ts'
export type * from './types.ts'
