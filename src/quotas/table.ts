// Which limit holds for a client, by Kafka's order (KIP-55): the more is said of it the sooner, a name before a default,
// users before client ids. What holds for a user alone is shared by all of that user's clients, and so on: `account` names
// who uses it up together.

import { canonicalAddress } from '../base/index.ts'

export type QuotaKind =
  | 'producer_byte_rate'
  | 'consumer_byte_rate'
  | 'request_percentage'
  | 'controller_mutation_rate'
  | 'connection_creation_rate'

/** One limit as the metadata keeps it; a null name is the default of its type. */
export interface QuotaRecord {
  readonly entity: readonly { readonly entityType: string; readonly entityName: string | null }[]
  readonly key: string
  readonly value: number
}

export interface Client {
  readonly user: string
  /** '' where the client gave none: then no limit of client ids holds. */
  readonly clientId: string
}

export interface Limit {
  readonly bound: number
  readonly account: string
}

/** Stands for a default; no name can be the same, since names are quoted. */
const ANY = '*'
const NONE = '-'

export class QuotaTable {
  readonly #limits = new Map<string, number>()
  readonly #kinds = new Set<string>()

  constructor(records: Iterable<QuotaRecord>) {
    for (const { entity, key, value } of records) {
      const part = (type: string): string => {
        const found = entity.find(({ entityType }) => entityType === type)
        if (found === undefined) return NONE
        if (found.entityName === null) return ANY
        return quoted(type === 'ip' ? addressKey(found.entityName) : found.entityName)
      }
      this.#limits.set(`${key} ${part('user')} ${part('client-id')} ${part('ip')}`, value)
      this.#kinds.add(key)
    }
  }

  /** Whether anybody is limited in it. */
  has(kind: QuotaKind): boolean {
    return this.#kinds.has(kind)
  }

  ofClient(kind: QuotaKind, client: Client): Limit | null {
    if (!this.#kinds.has(kind)) return null
    const user = quoted(client.user)
    const clientIds = client.clientId === '' ? [] : [quoted(client.clientId), ANY]
    for (const [of, owner] of [
      [user, user],
      [ANY, user],
      [NONE, NONE],
    ] as const) {
      for (const clientId of clientIds) {
        const bound = this.#limits.get(`${kind} ${of} ${clientId} ${NONE}`)
        if (bound !== undefined) return { bound, account: `${kind} ${owner} ${clientIds[0]}` }
      }
      if (of === NONE) continue
      const bound = this.#limits.get(`${kind} ${of} ${NONE} ${NONE}`)
      if (bound !== undefined) return { bound, account: `${kind} ${owner}` }
    }
    return null
  }

  ofAddress(kind: QuotaKind, address: string): Limit | null {
    if (!this.#kinds.has(kind)) return null
    const ip = quoted(addressKey(address))
    const bound =
      this.#limits.get(`${kind} ${NONE} ${NONE} ${ip}`) ?? this.#limits.get(`${kind} ${NONE} ${NONE} ${ANY}`)
    return bound === undefined ? null : { bound, account: `${kind} ${ip}` }
  }
}

/** However somebody wrote it. */
function addressKey(text: string): string {
  return canonicalAddress(text) ?? text
}

function quoted(name: string): string {
  return JSON.stringify(name)
}
