// The rate of partitions that a client may have made or deleted (KIP-599), from a bucket that holds as much as all windows
// give: bursts pass as long as there is anything left, and the debt is waited for. Strict charges are refused while there
// is debt; the others, of requests older than the error for it, are counted and told to wait.

import type { Instant } from '../base/index.ts'
import type { QuotaWindows } from './client-quotas.ts'
import { type Client, type QuotaRecord, QuotaTable } from './table.ts'

interface Bucket {
  tokens: number
  at: Instant
}

/** One request's account. */
export interface MutationCharge {
  /** False: there is debt, and nothing was charged. */
  take(partitions: number): boolean
  /** How long the client must wait, for all that was asked so far. */
  readonly throttleMs: number
}

const FREE: MutationCharge = { take: () => true, throttleMs: 0 }
const KIND = 'controller_mutation_rate'
const SWEEP_AT = 1_000

export class MutationQuotas {
  readonly #windows: QuotaWindows
  readonly #buckets = new Map<string, Bucket>()
  #records: object | null = null
  #table = new QuotaTable([])

  constructor(windows: QuotaWindows) {
    this.#windows = windows
  }

  follow(limits: ReadonlyMap<string, QuotaRecord>): this {
    if (limits !== this.#records) {
      this.#records = limits
      this.#table = new QuotaTable(limits.values())
    }
    return this
  }

  open(client: Client, strict: boolean, now: Instant): MutationCharge {
    const limit = this.#table.ofClient(KIND, client)
    if (limit === null) return FREE
    const { bound, account } = limit
    const burst = (bound * this.#windows.count * this.#windows.ms) / 1000
    const bucket = this.#bucket(account, burst, now)
    bucket.tokens = Math.min(burst, bucket.tokens + (bound * (now - bucket.at)) / 1000)
    bucket.at = now
    let throttleMs = 0
    const debt = (): number => (bucket.tokens >= 0 ? 0 : Math.round((-bucket.tokens / bound) * 1000))
    return {
      get throttleMs() {
        return throttleMs
      },
      take(partitions) {
        if (strict && bucket.tokens < 0) {
          throttleMs = debt()
          return false
        }
        bucket.tokens = Math.min(burst, bucket.tokens - partitions)
        if (!strict) throttleMs = debt()
        return true
      },
    }
  }

  #bucket(account: string, burst: number, now: Instant): Bucket {
    const known = this.#buckets.get(account)
    if (known !== undefined) return known
    // One that was not asked of for all windows is full again, and as good as new.
    if (this.#buckets.size >= SWEEP_AT) {
      const fresh = now - this.#windows.count * this.#windows.ms
      for (const [each, { tokens, at }] of this.#buckets) if (tokens >= 0 && at < fresh) this.#buckets.delete(each)
    }
    const bucket = { tokens: burst, at: now }
    this.#buckets.set(account, bucket)
    return bucket
  }
}
