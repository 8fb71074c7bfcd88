// One end of a simulated connection, as its owner holds it: bytes in order, never one lost inside a connection. Segments
// are cut at random, so that nobody may take a read for a frame. A blocked link holds what is under way, as
// retransmission would, until it heals.

import type { Connection, ConnectionEvents, Endpoint } from '../base/index.ts'
import { oneIn } from './chance.ts'
import type { Process, SimEvent } from './kernel.ts'
import { ARRIVAL } from './kernel.ts'
import type { Link } from './links.ts'
import type { SimInternet } from './network.ts'
import { NetworkError } from './network-error.ts'
import { SEGMENT, type Segment, spaceFor } from './segments.ts'

/** What a receiver's kernel takes before its owner has read it. */
const WINDOW = 256 * 1024
const HIGH_WATER = 1024 * 1024
const LOW_WATER = 256 * 1024
/** How long an end that has closed waits for the other's answer. */
const LINGER_US = 5_000_000
/** What taking a chunk costs its owner; each KiB of it costs a microsecond more. */
const CHUNK_US = 8
/** How long Linux sends unanswered bytes again (tcp_retries2 = 15). */
const RETRANSMITS_FOR_US = 924_600_000
/** Idle for a minute, as our sockets ask for, and ten probes a second apart, as libuv does. */
const KEEP_ALIVE_US = 70_000_000

/** One end of a connection, as its owner holds it. */
export class End implements Connection {
  readonly local: Endpoint
  readonly remote: Endpoint
  readonly process: Process
  /** Towards the peer. */
  readonly link: Link
  readonly host: string
  readonly peerHost: string
  peer: End | null = null
  /** Null until the listener's owner has been told. */
  events: ConnectionEvents | null = null
  connecting = true
  /** The listener's: the other one connected. */
  answering = false
  readonly #internet: SimInternet
  #state: 'open' | 'closing' | 'closed' = 'open'
  // Towards the peer.
  readonly #queue: Uint8Array[] = []
  #unsent = 0
  #underWay = 0
  #tellDrained = false
  #flushPlanned = false
  #endSent = false
  #lastArrival = 0
  readonly #held: Segment[] = []
  /** What is sent must not simply arrive: it waits behind what is held, is detained, or vanishes. */
  #hindered = false
  #detainedUntil = 0
  #vanishing = false
  #retransmits = false
  #givesUp: SimEvent | null = null
  /** Something was sent into silence: a machine that comes back will answer with a reset. */
  #unanswered = false
  // From the peer.
  readonly #inbox: Segment[] = []
  #paused = false

  constructor(internet: SimInternet, process: Process, link: Link, local: Endpoint, remote: Endpoint) {
    this.#internet = internet
    this.process = process
    this.link = link
    this.host = link.from
    this.peerHost = link.to
    this.local = local
    this.remote = remote
  }

  get closed(): boolean {
    return this.#state === 'closed'
  }

  get unsent(): number {
    return this.#unsent
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const { kernel } = this.#internet
    if (!kernel.enter(this.process, 'net.write')) return true
    kernel.trace.int(this.local.port)
    if (this.#state === 'open') {
      kernel.tap?.wrote(kernel.now, this, chunks)
      kernel.bytes?.wrote(kernel.now, this, chunks)
      if (this.#internet.holds.waiting && !this.answering && chunks.length > 0)
        this.#internet.holds.wrote(this, chunks[0]!)
    }
    for (const chunk of chunks) {
      kernel.trace.bytes(chunk)
      if (this.#state !== 'open' || chunk.length === 0) continue
      this.#queue.push(chunk)
      this.#unsent += chunk.length
    }
    if (this.#state !== 'open') return true
    this.#planFlush()
    if (this.#unsent < HIGH_WATER) return true
    this.#tellDrained = true
    return false
  }

  pause(): void {
    if (this.#internet.kernel.enter(this.process, 'net.pause')) this.#paused = true
  }

  resume(): void {
    if (!this.#internet.kernel.enter(this.process, 'net.resume') || !this.#paused) return
    this.#paused = false
    this.#soon(0, () => this.deliver())
  }

  close(): void {
    if (!this.#internet.kernel.enter(this.process, 'net.close') || this.#state !== 'open') return
    this.#state = 'closing'
    if (this.connecting && this.#unsent === 0) {
      this.#finish()
      return
    }
    this.#planFlush()
    this.#soon(LINGER_US, () => this.#finish())
  }

  destroy(): void {
    if (!this.#internet.kernel.enter(this.process, 'net.destroy') || this.#state === 'closed') return
    this.#send({ kind: 'reset' })
    this.#finish()
  }

  accepted(): void {
    this.connecting = false
    this.answering = true
  }

  establish(): void {
    if (this.#state === 'closed') {
      this.#send({ kind: 'reset' })
      return
    }
    this.connecting = false
    if (this.#state === 'open') this.events?.connected?.()
    this.#planFlush()
    this.deliver()
  }

  failLater(afterUs: number, code: string, message: string): void {
    this.#soon(afterUs, () => this.#closeWith(new NetworkError(code, message)))
  }

  linkHealed(): void {
    if (this.#vanishing || this.#internet.kernel.now < this.#detainedUntil) return
    this.#hindered = false
    this.#retransmits = false
    this.#dontGiveUp()
    for (const segment of this.#held.splice(0)) this.#send(segment)
    if (this.#state === 'closed') this.#internet.forget(this)
  }

  /** The connection is lost: this owner hears at once, the peer's after what is under way. */
  cutOff(): void {
    if (this.connecting || this.#state === 'closed') return
    this.#send({ kind: 'reset' })
    this.#soon(0, () => this.#closeWith(this.#lost('ECONNRESET')))
  }

  /** Nothing gets through any more, either way. By chance this owner is told: its machine knows, the other's does not. */
  fallSilent(): void {
    const { peer } = this
    if (peer === null || this.connecting || this.#state === 'closed') return
    this.#vanish()
    peer.#vanish()
    if (oneIn(this.#internet.random, 2)) this.#soon(0, () => this.#closeWith(this.#lost('ECONNRESET')))
  }

  /** What this end sends, and what comes, waits somewhere on the way; the ends may close and others connect meanwhile. */
  detain(us: number): void {
    for (const end of [this, this.peer]) {
      if (end === null) continue
      const { kernel } = this.#internet
      end.#hindered = true
      end.#detainedUntil = Math.max(end.#detainedUntil, kernel.now + us)
      kernel.schedule(us, ARRIVAL, null, () => {
        if (!end.link.blocked) end.linkHealed()
      })
    }
  }

  /** What this end sends, and nothing of what comes, waits somewhere on the way until it is let go. */
  hold(): void {
    this.#hindered = true
    this.#detainedUntil = Number.POSITIVE_INFINITY
  }

  letGo(): void {
    this.#detainedUntil = this.#internet.kernel.now
    if (!this.link.blocked) this.linkHealed()
  }

  ownerDied(powerLost: boolean): void {
    if (this.#state === 'closed') return
    if (!powerLost) this.#send({ kind: 'reset' })
    this.#state = 'closed'
    this.#internet.forget(this)
  }

  peerHostBack(): void {
    if (this.#unanswered) this.#resetByPeerHost()
  }

  /** Hands over what has arrived, as far as the owner wants it. */
  deliver(): void {
    const { kernel } = this.#internet
    while (this.#inbox.length > 0 && this.events !== null && !this.connecting && this.#state !== 'closed') {
      const segment = this.#inbox[0]!
      if (segment.kind === 'reset') {
        this.#closeWith(this.#lost('ECONNRESET'))
        return
      }
      if (this.#paused && this.#state === 'open') return
      this.#inbox.shift()
      if (segment.kind === 'end') {
        // Half-open is not a state of ours: the peer's end ends both ways once what is queued has gone.
        if (this.#state === 'closing' && this.#endSent) this.#closeWith(undefined)
        else {
          this.#state = 'closing'
          this.#planFlush()
          this.#soon(0, () => this.#closeWith(undefined))
        }
        return
      }
      this.peer?.taken(segment.bytes.length)
      if (this.#state !== 'open') continue
      kernel.trace.int(this.local.port)
      kernel.trace.int(segment.bytes.length)
      kernel.work(this.process, Math.round((CHUNK_US + (segment.bytes.length >> 10)) * this.process.slowness))
      kernel.tap?.read(kernel.now, this, segment.bytes)
      kernel.bytes?.read(kernel.now, this, segment.bytes)
      this.events.data(segment.bytes)
    }
  }

  /** The peer's owner has read so much of what was under way. */
  taken(bytes: number): void {
    this.#underWay -= bytes
    if (this.#queue.length > 0) this.#planFlush()
  }

  arrive(segment: Segment): void {
    if (this.#state === 'closed' || !this.process.alive) return
    this.#inbox.push(segment)
    const { kernel } = this.#internet
    kernel.touch(this.process)
    // The common case needs no event of its own; a process that is stopped or at work hears of it afterwards.
    if (kernel.idle(this.process)) this.deliver()
    else kernel.schedule(0, ARRIVAL, this.process, () => this.deliver())
  }

  /** All writes of one turn leave together. */
  #planFlush(): void {
    if (this.#flushPlanned || this.connecting) return
    this.#flushPlanned = true
    this.#internet.kernel.atTurnEnd(() => {
      this.#flushPlanned = false
      if (this.process.alive) this.#flush()
    })
  }

  #flush(): void {
    if (this.#state === 'closed') return
    while (this.#queue.length > 0 && this.#underWay < WINDOW) {
      let room = Math.min(SEGMENT, WINDOW - this.#underWay)
      if (oneIn(this.#internet.random, 8)) room = 1 + this.#internet.random.below(room)
      this.#send({ kind: 'data', bytes: this.#take(room) })
    }
    if (this.#tellDrained && this.#unsent < LOW_WATER) {
      this.#tellDrained = false
      this.#soon(0, () => this.#state === 'open' && this.events?.drained())
    }
    if (this.#state === 'closing' && this.#queue.length === 0 && !this.#endSent) {
      this.#endSent = true
      this.#send({ kind: 'end' })
    }
  }

  #take(room: number): Uint8Array {
    const size = Math.min(room, this.#unsent)
    const out = spaceFor(size)
    let at = 0
    while (at < size) {
      const chunk = this.#queue[0]!
      const part = Math.min(chunk.length, size - at)
      out.set(part === chunk.length ? chunk : chunk.subarray(0, part), at)
      at += part
      if (part === chunk.length) this.#queue.shift()
      else this.#queue[0] = chunk.subarray(part)
    }
    this.#unsent -= size
    this.#underWay += size
    return out
  }

  #send(segment: Segment): void {
    const { kernel } = this.#internet
    if (this.peer === null) return
    // A stream keeps its order, whatever the latency of its segments.
    const bytes = segment.kind === 'data' ? segment.bytes.length : 0
    const at = Math.max(this.#lastArrival, kernel.now + this.link.delay(this.#internet.random, kernel.now, bytes))
    this.#lastArrival = at
    kernel.schedule(at - kernel.now, ARRIVAL, null, () => this.#reach(segment))
  }

  #reach(segment: Segment): void {
    const peer = this.peer!
    if (this.#hindered || this.link.blocked) {
      this.#hold(segment)
      return
    }
    const host = this.#internet.hosts.get(this.peerHost)
    if (peer.process.alive && peer.#state !== 'closed') peer.arrive(segment)
    else if (host?.up === true) {
      if (segment.kind === 'data') this.#resetByPeerHost()
      else if (segment.kind === 'end') this.#soon(0, () => this.#closeWith(undefined))
    } else this.#unanswered = true
  }

  #hold(segment: Segment): void {
    if (!this.#vanishing) {
      this.#hindered = true
      this.#held.push(segment)
    }
    this.#internet.add(this)
    if (this.#retransmits) return
    this.#retransmits = true
    this.#giveUpAfter(RETRANSMITS_FOR_US)
  }

  #vanish(): void {
    this.#vanishing = true
    this.#hindered = true
    this.#held.length = 0
    this.#retransmits = this.#underWay > 0
    this.#giveUpAfter(this.#retransmits ? RETRANSMITS_FOR_US : KEEP_ALIVE_US)
  }

  /** Its kernel gives the connection up if nothing has answered by then. */
  #giveUpAfter(us: number): void {
    this.#dontGiveUp()
    if (this.#state === 'closed') return
    this.#givesUp = this.#internet.kernel.schedule(us, ARRIVAL, this.process, () => {
      this.#held.length = 0
      this.#closeWith(this.#lost('ETIMEDOUT'))
    })
  }

  #dontGiveUp(): void {
    if (this.#givesUp !== null) this.#givesUp.run = null
    this.#givesUp = null
  }

  #lost(code: string): NetworkError {
    return new NetworkError(code, `read ${this.remote.host}:${this.remote.port}`)
  }

  #resetByPeerHost(): void {
    const back = this.#internet.links.link(this.peerHost, this.host)
    this.#soon(back.delay(this.#internet.random, this.#internet.kernel.now, 0), () => {
      this.#closeWith(this.#lost('ECONNRESET'))
    })
  }

  #soon(afterUs: number, run: () => void): void {
    this.#internet.kernel.schedule(afterUs, ARRIVAL, this.process, run)
  }

  /** The owner is told in an event of its own. */
  #finish(): void {
    if (this.#state === 'closed') return
    this.#drop()
    this.#soon(0, () => this.events?.closed())
  }

  #closeWith(error: Error | undefined): void {
    if (this.#state === 'closed') return
    // An end that its owner asked for is orderly, whatever the peer answers.
    const orderly = error === undefined || this.#state === 'closing'
    this.#flush()
    this.#drop()
    if (orderly) this.events?.closed()
    else this.events?.closed(error)
  }

  #drop(): void {
    this.connecting = false
    this.#state = 'closed'
    this.#queue.length = 0
    this.#unsent = 0
    this.#inbox.length = 0
    if (this.#held.length === 0) this.#internet.forget(this)
  }
}
