// The door of client quotas: who is limited in what, how much of it was used, and how long to wait. Pure: amounts and
// instants come in, milliseconds go out. Knows no requests and no connections.

/** Bytes, request time and connections, as rates over windows. */
export { ClientQuotas, type QuotaWindows } from './client-quotas.ts'
/** Partitions made and deleted, from a bucket (KIP-599). */
export { type MutationCharge, MutationQuotas } from './mutations.ts'
export type { Client, Limit, QuotaKind, QuotaRecord } from './table.ts'
