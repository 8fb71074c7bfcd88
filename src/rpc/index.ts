// The door of outgoing connections: `createRpc(ports, options)`, then one `Peer` per endpoint and purpose.

/** Correlation, time-outs, version negotiation, back-off. */
export { createRpc, SOFTWARE } from './rpc.ts'
export type * from './types.ts'
