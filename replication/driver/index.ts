// The door of replication/driver: this broker's replicas. It runs the pure rooms' effects on the log, the network and
// the clock; it edits no metadata and answers no clients.

/** The single constructor; `main` hands in the logs, the outgoing connections and the way to propose an ISR. */
export { createReplicationDriver } from './driver.ts'
export type * from './throttle-types.ts'
export type * from './types.ts'
