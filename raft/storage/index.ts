// What a node of the metadata quorum keeps on disk, in Kafka's own files: quorum-state, the log, snapshots.

/** Which snapshots may go. */
export { expiredSnapshots } from './retention.ts'
/** The directory `__cluster_metadata-0`. */
export { RaftStorage, type RaftStorageOptions, type StoredSnapshot } from './storage.ts'
