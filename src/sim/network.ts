// The simulated network: byte streams between hosts, in order, never losing a byte inside a connection; whole
// connections are lost by resets, kills and power losses. A blocked link holds what is under way, as retransmission
// would, until it heals. Segments are cut at random, so that nobody may take a read for a frame.

import type { Connection, ConnectionEvents, Endpoint, Listener, Network, SeededRandom } from '../base/index.ts'
import { draw, LOOPBACK_LATENCY, NETWORK_LATENCY, oneIn } from './chance.ts'
import { never } from './disk.ts'
import type { Kernel, Process } from './kernel.ts'
import { ARRIVAL } from './kernel.ts'

/** What a receiver's kernel takes before its owner has read it. */
const WINDOW = 256 * 1024
const SEGMENT = 64 * 1024
const HIGH_WATER = 1024 * 1024
const LOW_WATER = 256 * 1024
const FIRST_EPHEMERAL_PORT = 32_768
/** Linux sends a SYN again after 1, 3, 7, 15, 31 and 63 s and gives up after 127 s. */
const SYN_RETRIES_US: readonly number[] = [1, 2, 4, 8, 16, 32, 64].map((s) => s * 1_000_000)
/** How long an end that has closed waits for the other's answer. */
const LINGER_US = 5_000_000

class NetworkError extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(`${code}: ${message}`)
    this.code = code
  }
}

/** A machine on the network. */
export interface NetworkHost {
  readonly name: string
  /** False after a power loss until a restart: no answer to anything. */
  up: boolean
  process: Process
}

interface Bound {
  readonly process: Process
  readonly accept: (connection: Connection) => ConnectionEvents
}

export class SimInternet {
  readonly kernel: Kernel
  readonly random: SeededRandom
  readonly hosts: Map<string, NetworkHost> = new Map()
  readonly #listeners: Map<string, Bound> = new Map()
  readonly #ends: Set<End> = new Set()
  readonly #blocked: Set<string> = new Set()
  #nextPort = FIRST_EPHEMERAL_PORT

  constructor(kernel: Kernel, random: SeededRandom) {
    this.kernel = kernel
    this.random = random
  }

  /** The port of one process on one host. */
  port(host: NetworkHost, process: Process): Network {
    return new SimNetwork(this, host, process)
  }

  block(from: string, to: string): void {
    this.#blocked.add(`${from}>${to}`)
  }

  unblock(from: string, to: string): void {
    if (!this.#blocked.delete(`${from}>${to}`)) return
    for (const end of [...this.#ends]) if (end.host === from && end.peerHost === to) end.linkHealed()
  }

  blocked(from: string, to: string): boolean {
    return this.#blocked.has(`${from}>${to}`)
  }

  latency(from: string, to: string): number {
    return draw(this.random, from === to ? LOOPBACK_LATENCY : NETWORK_LATENCY)
  }

  /** The kernel of a killed process resets its connections; a machine without power says nothing. */
  processEnded(process: Process, powerLost: boolean): void {
    for (const [key, bound] of this.#listeners) if (bound.process === process) this.#listeners.delete(key)
    for (const end of [...this.#ends]) if (end.process === process) end.ownerDied(powerLost)
  }

  /** A machine that has come back answers what is sent to its old connections with a reset. */
  hostRestarted(host: string): void {
    for (const end of [...this.#ends]) if (end.peerHost === host) end.peerHostBack()
  }

  resolve(from: NetworkHost, name: string): NetworkHost | undefined {
    if (name === 'localhost' || name === '127.0.0.1' || name === '::1') return from
    return this.hosts.get(name)
  }

  bind(host: NetworkHost, at: Endpoint, bound: Bound): Endpoint {
    const port = at.port === 0 ? this.#nextPort++ : at.port
    const key = `${host.name}:${port}`
    if (this.#listeners.has(key)) throw new NetworkError('EADDRINUSE', `address already in use ${at.host}:${port}`)
    this.#listeners.set(key, bound)
    return { host: at.host, port }
  }

  unbind(host: NetworkHost, port: number, process: Process): void {
    const key = `${host.name}:${port}`
    if (this.#listeners.get(key)?.process === process) this.#listeners.delete(key)
  }

  bound(host: NetworkHost, port: number): Bound | undefined {
    return this.#listeners.get(`${host.name}:${port}`)
  }

  ephemeralPort(): number {
    return this.#nextPort++
  }

  add(end: End): void {
    this.#ends.add(end)
  }

  forget(end: End): void {
    this.#ends.delete(end)
  }
}

class SimNetwork implements Network {
  readonly #internet: SimInternet
  readonly #host: NetworkHost
  readonly #process: Process

  constructor(internet: SimInternet, host: NetworkHost, process: Process) {
    this.#internet = internet
    this.#host = host
    this.#process = process
  }

  connect(to: Endpoint, events: ConnectionEvents): Connection {
    const internet = this.#internet
    const target = internet.resolve(this.#host, to.host)
    const local = { host: this.#host.name, port: internet.ephemeralPort() }
    const end = new End(internet, this.#process, this.#host.name, target?.name ?? to.host, local, to)
    end.events = events
    if (!internet.kernel.enter(this.#process, 'net.connect')) return end
    internet.kernel.trace.text(`${to.host}:${to.port}`)
    internet.add(end)
    if (target === undefined) end.failLater(1_000, 'ENOTFOUND', `no host ${to.host}`)
    else this.#knock(end, target, to.port, 0)
    return end
  }

  listen(at: Endpoint, accept: (connection: Connection) => ConnectionEvents): Promise<Listener> {
    const { kernel } = this.#internet
    if (!kernel.enter(this.#process, 'net.listen')) return never()
    kernel.trace.text(`${at.host}:${at.port}`)
    return kernel.later(20, this.#process, () => {
      const endpoint = this.#internet.bind(this.#host, at, { process: this.#process, accept })
      return {
        endpoint,
        close: () => {
          if (!kernel.enter(this.#process, 'listener.close')) return never<void>()
          this.#internet.unbind(this.#host, endpoint.port, this.#process)
          return kernel.later(10, this.#process, () => undefined)
        },
      }
    })
  }

  /** One SYN: accepted, refused, or lost and sent again. */
  #knock(end: End, target: NetworkHost, port: number, attempt: number): void {
    const internet = this.#internet
    const { kernel } = internet
    const from = this.#host.name
    kernel.schedule(internet.latency(from, target.name), ARRIVAL, null, () => {
      if (!end.connecting) return
      if (!target.up || internet.blocked(from, target.name) || internet.blocked(target.name, from)) {
        const wait = SYN_RETRIES_US[attempt]
        if (wait === undefined) end.failLater(0, 'ETIMEDOUT', `connect ${target.name}:${port}`)
        else kernel.schedule(wait, ARRIVAL, null, () => end.connecting && this.#knock(end, target, port, attempt + 1))
        return
      }
      const bound = internet.bound(target, port)
      if (bound === undefined) {
        end.failLater(internet.latency(target.name, from), 'ECONNREFUSED', `connect ${target.name}:${port}`)
        return
      }
      this.#join(end, target, port, bound)
    })
  }

  #join(end: End, target: NetworkHost, port: number, bound: Bound): void {
    const internet = this.#internet
    const local = { host: target.name, port }
    const peer = new End(internet, bound.process, target.name, this.#host.name, local, end.local)
    internet.add(peer)
    end.peer = peer
    peer.peer = end
    peer.accepted()
    internet.kernel.schedule(0, ARRIVAL, bound.process, () => {
      peer.events = bound.accept(peer)
      peer.deliver()
    })
    internet.kernel.schedule(internet.latency(target.name, this.#host.name), ARRIVAL, end.process, () => {
      end.establish()
    })
  }
}

type Segment =
  | { readonly kind: 'data'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  | { readonly kind: 'reset' }

/** One end of a connection, as its owner holds it. */
class End implements Connection {
  readonly local: Endpoint
  readonly remote: Endpoint
  readonly process: Process
  readonly host: string
  readonly peerHost: string
  peer: End | null = null
  /** Null until the listener's owner has been told. */
  events: ConnectionEvents | null = null
  connecting = true
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
  readonly #heldByLink: Segment[] = []
  /** Something was sent into silence: a machine that comes back will answer with a reset. */
  #unanswered = false
  // From the peer.
  readonly #inbox: Segment[] = []
  #paused = false

  constructor(
    internet: SimInternet,
    process: Process,
    host: string,
    peerHost: string,
    local: Endpoint,
    remote: Endpoint,
  ) {
    this.#internet = internet
    this.process = process
    this.host = host
    this.peerHost = peerHost
    this.local = local
    this.remote = remote
  }

  get unsent(): number {
    return this.#unsent
  }

  write(chunks: readonly Uint8Array[]): boolean {
    const { kernel } = this.#internet
    if (!kernel.enter(this.process, 'net.write')) return true
    kernel.trace.int(this.local.port)
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
    for (const segment of this.#heldByLink.splice(0)) this.#send(segment)
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
        this.#closeWith(new NetworkError('ECONNRESET', `read ${this.remote.host}:${this.remote.port}`))
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
    // The common case needs no event of its own; a process that is stopped or at work hears of it afterwards.
    if (!this.process.paused && this.process.busyUntil <= kernel.now) this.deliver()
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
    const out = new Uint8Array(size)
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
    const at = Math.max(this.#lastArrival, kernel.now + this.#internet.latency(this.host, this.peerHost))
    this.#lastArrival = at
    kernel.schedule(at - kernel.now, ARRIVAL, null, () => this.#reach(segment))
  }

  #reach(segment: Segment): void {
    const peer = this.peer!
    if (this.#heldByLink.length > 0 || this.#internet.blocked(this.host, this.peerHost)) {
      this.#heldByLink.push(segment)
      this.#internet.add(this)
      return
    }
    const host = this.#internet.hosts.get(this.peerHost)
    if (peer.process.alive && peer.#state !== 'closed') peer.arrive(segment)
    else if (host?.up === true) {
      if (segment.kind === 'data') this.#resetByPeerHost()
      else if (segment.kind === 'end') this.#soon(0, () => this.#closeWith(undefined))
    } else this.#unanswered = true
  }

  #resetByPeerHost(): void {
    this.#soon(this.#internet.latency(this.peerHost, this.host), () => {
      this.#closeWith(new NetworkError('ECONNRESET', `read ${this.remote.host}:${this.remote.port}`))
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
    if (this.#heldByLink.length === 0) this.#internet.forget(this)
  }
}
