// How much each account has used of what limits it, and how long it must wait (KIP-124, KIP-219): as long as it takes until
// the rate is back at the bound when nothing more comes. What goes beyond a bound is counted all the same; who answers
// nothing instead gives it back. Accounts whose windows have passed are forgotten.

import type { Instant } from '../base/index.ts'
import { Rate, wholeWait } from './rate.ts'
import { type Client, type Limit, type QuotaKind, type QuotaRecord, QuotaTable } from './table.ts'

export interface QuotaWindows {
  /** `quota.window.num`. */
  readonly count: number
  /** `quota.window.size.seconds`, in milliseconds. */
  readonly ms: number
}

/** Accounts kept before those that are over are looked for. */
const SWEEP_AT = 1_000

export class ClientQuotas {
  readonly #windows: QuotaWindows
  readonly #rates = new Map<string, Rate>()
  #records: object | null = null
  #table = new QuotaTable([])
  #sweepAt = SWEEP_AT

  constructor(windows: QuotaWindows) {
    this.#windows = windows
  }

  /** The limits as they are now; the same object again costs nothing. What was used stays. */
  follow(limits: ReadonlyMap<string, QuotaRecord>): this {
    if (limits !== this.#records) {
      this.#records = limits
      this.#table = new QuotaTable(limits.values())
    }
    return this
  }

  has(kind: QuotaKind): boolean {
    return this.#table.has(kind)
  }

  /** Counts it, and says how many milliseconds the client must wait; 0 within its limit. */
  charge(kind: QuotaKind, client: Client, amount: number, now: Instant): number {
    const limit = this.#table.ofClient(kind, client)
    return limit === null ? 0 : this.#charge(limit, amount, now)
  }

  /** Takes back what was charged and not given. */
  refund(kind: QuotaKind, client: Client, amount: number, now: Instant): void {
    const limit = this.#table.ofClient(kind, client)
    if (limit !== null) this.#rate(limit.account, now).record(-amount, now)
  }

  /** What counts against the client's limit now; 0 without one. */
  used(kind: QuotaKind, client: Client, now: Instant): number {
    const limit = this.#table.ofClient(kind, client)
    return limit === null ? 0 : (this.#rates.get(limit.account)?.total(now) ?? 0)
  }

  chargeAddress(kind: QuotaKind, address: string, amount: number, now: Instant): number {
    const limit = this.#table.ofAddress(kind, address)
    return limit === null ? 0 : this.#charge(limit, amount, now)
  }

  refundAddress(kind: QuotaKind, address: string, amount: number, now: Instant): void {
    const limit = this.#table.ofAddress(kind, address)
    if (limit !== null) this.#rate(limit.account, now).record(-amount, now)
  }

  /** What the client may get at once at most: all that its windows hold. */
  most(kind: QuotaKind, client: Client): number {
    const limit = this.#table.ofClient(kind, client)
    if (limit === null) return Number.MAX_SAFE_INTEGER
    return Math.floor((limit.bound * (this.#windows.count - 1) * this.#windows.ms) / 1000)
  }

  #charge({ bound, account }: Limit, amount: number, now: Instant): number {
    const rate = this.#rate(account, now)
    rate.record(amount, now)
    const used = rate.measure(now)
    return used <= bound ? 0 : wholeWait(((used - bound) / bound) * rate.spanMs(now))
  }

  #rate(account: string, now: Instant): Rate {
    const known = this.#rates.get(account)
    if (known !== undefined) return known
    if (this.#rates.size >= this.#sweepAt) {
      for (const [each, rate] of this.#rates) if (rate.isOver(now)) this.#rates.delete(each)
      this.#sweepAt = Math.max(SWEEP_AT, this.#rates.size * 2)
    }
    const rate = new Rate(this.#windows.count, this.#windows.ms)
    this.#rates.set(account, rate)
    return rate
  }
}
