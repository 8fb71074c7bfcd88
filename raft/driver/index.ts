// The metadata quorum as the rest of the node sees it.

/** One node's part in the quorum: storage, loop, requests, delivery of what is committed. */
export { createRaftDriver, type RaftDriverOptions } from './driver.ts'
export type * from './types.ts'
