// Bytes that requests hold, counted for a whole class of connections (clients; or brokers and controllers, D12). Taking
// never fails, since the bytes have arrived already; who holds more than a little while the class is over its cap stops
// reading and waits here, first come first served. One waiter with an unfinished request at a time may overdraw, or a cap
// full of unfinished requests would never empty; it loses its turn when it is slow.
// Invariant: used ≤ cap + one request + a chunk and `SMALL` for each connection.

/** Who holds no more than this is never made to wait: small requests, such as a follower's Fetch, always flow. */
export const SMALL: number = 16 * 1024

/** Ticks that one member may overdraw while others wait. */
const PATIENCE = 2

export interface BudgetMember {
  /** A request has arrived in part. */
  readonly unfinished: boolean
  /** May read again: bytes have been released, or it is its turn to overdraw. */
  admitted(): void
}

export class ByteBudget {
  readonly cap: number
  #used = 0
  readonly #waiting = new Set<BudgetMember>()
  #overdrawer: BudgetMember | null = null
  #overdrawnTicks = 0

  constructor(cap: number) {
    this.cap = cap
  }

  get used(): number {
    return this.#used
  }

  take(bytes: number): void {
    this.#used += bytes
  }

  release(bytes: number): void {
    this.#used -= bytes
    this.#admit()
  }

  /** True when `member`, which holds `held` bytes, has to stop reading; it is told by `admitted` when to go on. */
  mustWait(member: BudgetMember, held: number): boolean {
    if (this.#used < this.cap || held <= SMALL || this.#overdrawer === member) return false
    if (this.#overdrawer === null && member.unfinished) {
      this.#overdraw(member)
      return false
    }
    this.#waiting.add(member)
    return true
  }

  /** The member's request is whole, or it holds little now, or it has gone, or reads nothing anyway: it neither waits nor
   *  overdraws any longer. */
  settled(member: BudgetMember): void {
    this.#waiting.delete(member)
    if (this.#overdrawer !== member) return
    this.#overdrawer = null
    this.#admit()
  }

  /** Now and then: a peer that does not send on gives its turn to the next, and waits when it sends again. */
  tick(): void {
    if (this.#overdrawer === null || ++this.#overdrawnTicks < PATIENCE) return
    this.#overdrawer = null
    this.#admit()
  }

  #admit(): void {
    if (this.#waiting.size === 0 || (this.#used >= this.cap && this.#overdrawer !== null)) return
    for (const member of [...this.#waiting]) {
      if (this.#used >= this.cap) {
        if (this.#overdrawer !== null) return
        if (!member.unfinished) continue
        this.#overdraw(member)
      }
      if (this.#waiting.delete(member)) member.admitted()
    }
  }

  #overdraw(member: BudgetMember): void {
    this.#overdrawer = member
    this.#overdrawnTicks = 0
  }
}
