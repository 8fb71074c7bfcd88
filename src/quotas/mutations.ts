// The rate of partitions that a client may have made or deleted (KIP-599), from a bucket that holds as much as all windows
// give: bursts pass as long as there is anything left, and the debt is waited for. Strict charges are refused while there
// is debt; the others, of requests older than the error for it, are counted and told to wait.

import type { Instant } from '../base/index.ts'
import type { QuotaWindows } from './client-quotas.ts'
import { wholeWait } from './rate.ts'
import { type Client, type QuotaRecord, QuotaTable } from './table.ts'

interface Bucket {
  /** Below 0: what is owed. */
  tokens: number
  at: Instant
  /** When it is as good as new, if nothing more is asked of it. */
  full: Instant
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
/** Buckets kept before those that are full again are looked for. */
const SWEEP_AT = 1_000

export class MutationQuotas {
  readonly #windows: QuotaWindows
  readonly #buckets = new Map<string, Bucket>()
  #records: object | null = null
  #table = new QuotaTable([])
  #sweepAt = SWEEP_AT

  constructor(windows: QuotaWindows) {
    this.#windows = windows
  }

  /** Clients that something is known of. */
  get accounts(): number {
    return this.#buckets.size
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
    // So much that it cannot be reckoned with: infinity may be set, too.
    if (burst === Number.POSITIVE_INFINITY) return FREE
    const bucket = this.#bucket(account, burst, now)
    bucket.tokens = Math.min(burst, bucket.tokens + (bound * (now - bucket.at)) / 1000)
    bucket.at = now
    let throttleMs = 0
    const debt = (): number => (bucket.tokens >= 0 ? 0 : wholeWait((-bucket.tokens / bound) * 1000))
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
        bucket.full = now + ((burst - bucket.tokens) / bound) * 1000
        if (!strict) throttleMs = debt()
        return true
      },
    }
  }

  #bucket(account: string, burst: number, now: Instant): Bucket {
    const known = this.#buckets.get(account)
    if (known !== undefined) return known
    if (this.#buckets.size >= this.#sweepAt) {
      for (const [each, { full }] of this.#buckets) if (full <= now) this.#buckets.delete(each)
      this.#sweepAt = Math.max(SWEEP_AT, this.#buckets.size * 2)
    }
    const bucket = { tokens: burst, at: now, full: now }
    this.#buckets.set(account, bucket)
    return bucket
  }
}
