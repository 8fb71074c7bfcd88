// Materialised state on the Tables port: rows in msgpack, and in the same batch how far of the log they are folded. Never the
// source of truth, that is the log.

export { openStates } from './states.ts'
export type * from './types.ts'
