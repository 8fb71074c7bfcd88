// What one request of a client is charged with, and how long its connection is muted for it (KIP-124, KIP-219): the answer
// goes out at once and names the time, and nothing more is read from the connection until that has passed. Of bytes, time
// and partitions the longest wait counts. Brokers and controllers among themselves are charged nothing.

import type { Clock, Instant } from '../base/index.ts'
import type { Client, ClientQuotas } from '../quotas/index.ts'

/** Per millisecond of a request: Kafka's `request_percentage` is of one thread's time. */
const PERCENT_OF_SECOND_PER_MS = 0.1
type Bytes = 'producer_byte_rate' | 'consumer_byte_rate'

export class Throttle {
  readonly #quotas: ClientQuotas
  readonly #clock: Clock
  readonly #client: Client
  readonly #windowMs: number
  #free: boolean
  /** Since when this request has had the loop; null while it waits. */
  #since: Instant | null
  #spentMs = 0
  #ms = 0

  constructor(quotas: ClientQuotas, clock: Clock, client: Client, windowMs: number, free: boolean) {
    this.#quotas = quotas
    this.#clock = clock
    this.#client = client
    this.#windowMs = windowMs
    this.#free = free
    this.#since = this.#measures ? clock.monotonic() : null
  }

  /** It is a replica's, or the like. */
  exempt(): void {
    this.#free = true
  }

  /** Counts bytes; the milliseconds that the client must wait for them. */
  charge(kind: Bytes, amount: number): number {
    if (this.#free || !this.#quotas.has(kind)) return 0
    const ms = this.#quotas.charge(kind, this.#client, amount, this.#clock.monotonic())
    this.#ms = Math.max(this.#ms, ms)
    return ms
  }

  /** Counts bytes that the client gets, or says that it must not get them now: then they are not counted, and the wait remains. */
  admits(kind: Bytes, amount: number): boolean {
    if (this.#free || !this.#quotas.has(kind)) return true
    const now = this.#clock.monotonic()
    // One batch may be more than all windows hold, and would never be given. Kafka's clients wait for it for ever.
    const alone = amount > this.most(kind) && this.#quotas.used(kind, this.#client, now) <= 0
    if (this.charge(kind, amount) === 0 || alone) return true
    this.#quotas.refund(kind, this.#client, amount, now)
    return false
  }

  /** Bytes that the client may be given at once. */
  most(kind: Bytes): number {
    return this.#free || !this.#quotas.has(kind) ? Number.MAX_SAFE_INTEGER : this.#quotas.most(kind, this.#client)
  }

  /** It waits for something, and takes no time of ours. */
  pause(): void {
    if (this.#since !== null) this.#spentMs += this.#clock.monotonic() - this.#since
    this.#since = null
  }

  resume(): void {
    if (this.#measures) this.#since = this.#clock.monotonic()
  }

  /** At the answer: the whole wait, `also` being what others found (the controller). */
  settle(also: number): number {
    if (this.#free) return also
    const ms = Math.max(this.#ms, also)
    if (!this.#measures) return ms
    this.pause()
    const now = this.#clock.monotonic()
    const percent = this.#spentMs * PERCENT_OF_SECOND_PER_MS
    this.#spentMs = 0
    // Time alone mutes for a window at most, as in Kafka.
    return Math.max(ms, Math.min(this.#quotas.charge('request_percentage', this.#client, percent, now), this.#windowMs))
  }

  get #measures(): boolean {
    return !this.#free && this.#quotas.has('request_percentage')
  }
}
