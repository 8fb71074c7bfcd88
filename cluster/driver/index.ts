// The shell of cluster metadata: images out, requests in, wherever the active controller is.

export { createClusterDriver } from './driver.ts'
export type * from './types.ts'
