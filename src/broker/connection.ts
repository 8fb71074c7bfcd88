// One accepted connection: bytes in, whole requests through the API table, answers out in request order. It owns the
// order, the limits and the life of the connection; what a request means is dispatch's business.
//
//   state      on                                   becomes
//   unproven   first valid request                  serving
//   unproven   handshake time-out                   closed
//   serving    `drain` (the node stops)             draining: reads nothing more, answers what is in progress
//   any        malformed bytes, a limit, peer gone  closed: what is queued still goes out, for `lingerMs`
//   draining   last answer taken by the peer        closed
//
// Requests are begun one after the other, as in Kafka, except that those marked `pipelined` (Produce, raft, brokers'
// own) may be begun while earlier ones of that kind wait. Invariant: `held` = bytes received − bytes released.

import type { Connection, ConnectionEvents, Instant, Logger, Timer } from '../base/index.ts'
import { ProtocolError } from '../base/index.ts'
import { FrameParser } from '../wire/index.ts'
import { type BudgetMember, type ByteBudget, SMALL } from './budget.ts'
import type { Begun, Origin } from './dispatch.ts'
import type { Limits } from './limits.ts'
import { quoted } from './sanitize.ts'
import type { Outcome } from './types.ts'

/** Bytes of a frame's length prefix. */
const PREFIX = 4

export interface ConnectionHost {
  readonly limits: Limits
  readonly budget: ByteBudget
  readonly logger: Logger
  now(): Instant
  /** Whether a request frame may be begun beside others of its kind. */
  isPipelined(frame: Uint8Array): boolean
  /** Decodes, checks and begins one request. Never throws. */
  begin(frame: Uint8Array, origin: Origin): Begun
  /** Calls `unmute` at that instant. */
  unmuteAt(at: Instant, connection: PeerConnection): Timer
  /** Calls `resume` in the next turn of the event loop. */
  nextTurn(connection: PeerConnection): void
  /** Once, when the connection has gone. */
  gone(connection: PeerConnection): void
}

interface Exchange {
  readonly size: number
  readonly pipelined: boolean
  outcome: Outcome | null
  cancel: (() => void) | null
}

type State = 'unproven' | 'serving' | 'draining' | 'closed'

export class PeerConnection implements ConnectionEvents, BudgetMember {
  readonly #host: ConnectionHost
  readonly #socket: Connection
  readonly #origin: Origin
  readonly #parser: FrameParser
  readonly #openedAt: Instant
  #state: State = 'unproven'
  #waiting: Uint8Array[] = []
  #nextWaiting = 0
  readonly #inFlight: Exchange[] = []
  #held = 0
  /** Of whole requests, waiting or in progress. */
  #heldWhole = 0
  #reading = true
  /** The peer does not take what we write: from a `write` that answered false until `drained`. */
  #outputFull = false
  #budgetWait = false
  /** Until then the client waits for having used too much (KIP-219): nothing is begun or read. */
  #mutedUntil: Instant | null = null
  /** May be set for weeks: it goes with the connection. */
  #unmuting: Timer | null = null
  #condemned = false
  #turnUsed = 0
  #turnAsked = false
  #lastActivity: Instant
  /** When the frame that is arriving began, moved forward by what we ourselves did not read. */
  #frameSince: Instant | null = null
  #pausedAt: Instant = 0
  /** All the time that we ourselves did not read. */
  #pausedMs = 0
  #lastUnsent = 0
  #unsentMovedAt: Instant
  #endedAt: Instant = 0

  constructor(host: ConnectionHost, socket: Connection, origin: Origin) {
    this.#host = host
    this.#socket = socket
    this.#origin = origin
    this.#parser = new FrameParser(Math.min(host.limits.firstRequestBytes, host.limits.requestBytes))
    this.#openedAt = host.now()
    this.#lastActivity = this.#openedAt
    this.#unsentMovedAt = this.#openedAt
  }

  get unsent(): number {
    return this.#state === 'closed' ? 0 : this.#socket.unsent
  }

  get address(): string {
    return this.#origin.clientAddress
  }

  get unfinished(): boolean {
    return this.#partial > 0
  }

  data(chunk: Uint8Array): void {
    if (this.#state === 'closed' || this.#state === 'draining') return
    const now = this.#host.now()
    this.#lastActivity = now
    this.#turnUsed = 0
    this.#held += chunk.length
    this.#host.budget.take(chunk.length)
    let whole = 0
    this.#parser.push(chunk)
    try {
      for (let frame = this.#parser.next(); frame !== null; frame = this.#parser.next()) {
        this.#waiting.push(frame)
        this.#heldWhole += PREFIX + frame.length
        whole++
        // The first valid request raises the bound that the next frame's length is held to.
        if (this.#state === 'unproven') this.#pump()
        if (this.#over) return
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#pump()
      this.#end(error.message)
      return
    }
    if (whole > 0) this.#host.budget.settled(this)
    if (this.#partial === 0) this.#frameSince = null
    else if (whole > 0 || this.#frameSince === null) this.#frameSince = now
    this.#pump()
    this.#flow()
  }

  drained(): void {
    if (this.#state === 'closed') return
    this.#outputFull = false
    this.#lastActivity = this.#host.now()
    this.#turnUsed = 0
    this.#pump()
    this.#flow()
  }

  closed(error?: Error): void {
    if (this.#state !== 'closed') this.#release()
    this.#host.gone(this)
    if (error !== undefined)
      this.#host.logger.debug({ client: this.#origin.clientAddress, error: error.message }, 'connection lost')
  }

  admitted(): void {
    this.#budgetWait = false
    this.#flow()
  }

  /** Begins and reads nothing for so long. */
  mute(ms: number): void {
    const until = this.#host.now() + ms
    if (this.#over || this.#state === 'draining' || (this.#mutedUntil !== null && until <= this.#mutedUntil)) return
    this.#mutedUntil = until
    this.#unmuting?.cancel()
    this.#unmuting = this.#host.unmuteAt(until, this)
    // It can take no turn at the budget, and must not keep others from theirs.
    this.#host.budget.settled(this)
    this.#budgetWait = false
    this.#flow()
  }

  /** Begins and reads nothing for so long, and then it is over. */
  condemn(ms: number): void {
    this.#condemned = true
    this.mute(ms)
  }

  unmute(): void {
    this.#mutedUntil = null
    this.#unmuting = null
    if (this.#condemned) {
      this.destroy()
      return
    }
    this.#lastActivity = this.#host.now()
    this.resume()
  }

  /** The next turn of the loop has come. */
  resume(): void {
    this.#turnAsked = false
    this.#turnUsed = 0
    if (this.#state === 'closed') return
    this.#pump()
    this.#flow()
  }

  /** Reads nothing more and closes when what is in progress has been answered and taken. */
  drain(): void {
    if (this.#state === 'closed') return
    this.#state = 'draining'
    for (const frame of this.#waiting.splice(this.#nextWaiting)) this.#forget(PREFIX + frame.length)
    this.#waiting = []
    this.#nextWaiting = 0
    // A read that waits for bytes is answered with what there is.
    for (const exchange of this.#inFlight) exchange.cancel?.()
    this.#flow()
    this.#closeIfDrained()
  }

  /** At once, whatever is in progress. */
  destroy(): void {
    if (this.#state === 'closed') return
    this.#release()
    this.#socket.destroy()
  }

  /** Time-outs; called every second or so. `pressed`: the unread output of the class is over its budget. */
  sweep(now: Instant, pressed: boolean): void {
    const limits = this.#host.limits
    if (this.#state === 'closed') {
      if (now - this.#endedAt >= limits.lingerMs) this.#socket.destroy()
      return
    }
    const unsent = this.#socket.unsent
    if (unsent !== this.#lastUnsent) {
      this.#lastUnsent = unsent
      this.#unsentMovedAt = now
      this.#lastActivity = now
    }
    if (this.#state === 'unproven' && this.#reading && now - this.#openedAt - this.#pausedMs >= limits.handshakeMs) {
      this.#end(`no complete request within ${limits.handshakeMs} ms`)
    } else if (this.#frameIsLate(now)) {
      this.#end('a request arrives too slowly')
    } else if (unsent > 0 && pressed && now - this.#unsentMovedAt >= limits.outputStallMs) {
      this.#end(`has read nothing of ${unsent} bytes for ${limits.outputStallMs} ms while memory is short`)
    } else if ((this.#inFlight.length === 0 || unsent > 0) && now - this.#lastActivity >= limits.idleMs) {
      // Kafka closes idle connections without a word too.
      this.destroy()
    }
  }

  get #over(): boolean {
    return this.#state === 'closed'
  }

  get #partial(): number {
    return this.#held - this.#heldWhole
  }

  #frameIsLate(now: Instant): boolean {
    if (this.#frameSince === null || !this.#reading) return false
    const allowed = this.#host.limits.frameMs + (this.#partial * 1000) / this.#host.limits.frameBytesPerSecond
    return now - this.#frameSince >= allowed
  }

  /** Begins what may be begun. */
  #pump(): void {
    const { limits } = this.#host
    while (this.#nextWaiting < this.#waiting.length && this.#state !== 'closed' && this.#state !== 'draining') {
      if (this.#mutedUntil !== null || this.#outputFull || this.#inFlight.length >= limits.inFlightRequests) break
      const frame = this.#waiting[this.#nextWaiting]!
      const pipelined = this.#host.isPipelined(frame)
      if (this.#inFlight.length > 0 && !(pipelined && this.#inFlight.at(-1)!.pipelined)) break
      if (this.#turnUsed >= limits.requestsPerTurn) {
        this.#askTurn()
        break
      }
      this.#turnUsed++
      this.#nextWaiting++
      this.#begin(frame, pipelined)
    }
    // What has been begun must not be held by this list any longer.
    if (this.#nextWaiting > 0) {
      this.#waiting.splice(0, this.#nextWaiting)
      this.#nextWaiting = 0
    }
  }

  #askTurn(): void {
    if (this.#turnAsked) return
    this.#turnAsked = true
    this.#host.nextTurn(this)
  }

  #begin(frame: Uint8Array, pipelined: boolean): void {
    const exchange: Exchange = { size: PREFIX + frame.length, pipelined, outcome: null, cancel: null }
    this.#inFlight.push(exchange)
    const begun = this.#host.begin(frame, this.#origin)
    exchange.cancel = begun.cancel
    if (begun.outcome instanceof Promise || begun.outcome.kind !== 'close') this.#prove()
    if (begun.outcome instanceof Promise) {
      void begun.outcome.then((outcome) => {
        this.#done(exchange, outcome)
        if (this.#state === 'closed') return
        this.#pump()
        this.#flow()
      })
    } else this.#done(exchange, begun.outcome)
  }

  #prove(): void {
    if (this.#state !== 'unproven') return
    this.#state = 'serving'
    this.#parser.maxBytes = this.#host.limits.requestBytes
  }

  #done(exchange: Exchange, outcome: Outcome): void {
    exchange.outcome = outcome
    exchange.cancel = null
    // Closing empties `#inFlight`, so nothing follows the answer that closes.
    for (let first = this.#inFlight[0]; first?.outcome; first = this.#inFlight[0]) {
      this.#inFlight.shift()
      this.#forget(first.size)
      this.#answer(first.outcome)
    }
    if (this.#budgetWait && this.#held <= SMALL) {
      this.#host.budget.settled(this)
      this.#budgetWait = false
    }
    this.#closeIfDrained()
  }

  #answer(outcome: Outcome): void {
    if (outcome.kind === 'close') {
      this.#end(outcome.reason)
      return
    }
    if (outcome.muteMs > 0) this.mute(outcome.muteMs)
    if (outcome.kind === 'silent') return
    if (this.#socket.unsent > this.#host.limits.outputBytes) {
      this.#end(`does not read: ${this.#socket.unsent} bytes of answers wait for it`)
      return
    }
    if (!this.#socket.write(outcome.chunks)) this.#outputFull = true
  }

  #closeIfDrained(): void {
    if (this.#state !== 'draining' || this.#inFlight.length > 0) return
    this.#release()
    this.#socket.close()
  }

  #forget(size: number): void {
    this.#held -= size
    this.#heldWhole -= size
    this.#host.budget.release(size)
  }

  /** Reads or stops reading, by what is held and unread. */
  #flow(): void {
    if (this.#state === 'closed') return
    const { limits, budget } = this.#host
    if (!this.#budgetWait && this.#mutedUntil === null) this.#budgetWait = budget.mustWait(this, this.#held)
    const read =
      this.#state !== 'draining' &&
      !this.#budgetWait &&
      this.#mutedUntil === null &&
      this.#waiting.length - this.#nextWaiting < limits.inFlightRequests &&
      this.#heldWhole < limits.inFlightBytes &&
      !this.#outputFull
    if (read === this.#reading) return
    this.#reading = read
    const now = this.#host.now()
    if (read) {
      const paused = now - this.#pausedAt
      this.#pausedMs += paused
      if (this.#frameSince !== null) this.#frameSince += paused
      this.#socket.resume()
    } else {
      this.#pausedAt = now
      this.#socket.pause()
    }
  }

  /** Closes with one line in the log; answers given before it still go out. */
  #end(reason: string): void {
    if (this.#state === 'closed') return
    const { clientAddress, listener } = this.#origin
    this.#host.logger.info({ client: clientAddress, listener: listener.name }, `connection closed: ${quoted(reason)}`)
    this.#release()
    this.#socket.close()
  }

  #release(): void {
    this.#state = 'closed'
    this.#unmuting?.cancel()
    this.#unmuting = null
    this.#host.budget.settled(this)
    this.#host.budget.release(this.#held)
    this.#held = 0
    this.#heldWhole = 0
    this.#waiting = []
    this.#nextWaiting = 0
    for (const exchange of this.#inFlight.splice(0)) exchange.cancel?.()
    this.#endedAt = this.#host.now()
  }
}
