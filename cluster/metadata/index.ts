// The metadata of a cluster as a fold over its log. Pure; knows neither raft nor requests.

/** What an image step means for one broker. */
export { localChanges } from './changes.ts'
/** Feature levels: supported ranges, and what a cluster's metadata.version calls for. */
export * from './features.ts'
/** The fold itself; also the controller's draft. */
export { MetadataFold } from './fold.ts'
/** The empty image, and look-ups. */
export * from './image.ts'
/** Partitions out of records, and their directories. */
export * from './partition.ts'
/** An image as the records of a snapshot. */
export { imageToRecords, partitionRecord } from './snapshot.ts'
export type * from './types.ts'
