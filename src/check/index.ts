// The door of the checkers: histories and their anomalies, invariants over what is observed of a cluster. A public
// product, `odradek/check`; knows nothing of where a history or an observation came from.

export type * from './history/types.ts'
export type * from './invariants/types.ts'
