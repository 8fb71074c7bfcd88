// The simulated network: byte streams between hosts, in order, never losing a byte inside a connection; whole
// connections are lost by resets, kills and power losses. A blocked link holds what is under way, as retransmission
// would, until it heals. A host's kernel takes connections for a process that is busy or stopped, up to the backlog.

import type { Connection, ConnectionEvents, Endpoint, Listener, Network, SeededRandom } from '../base/index.ts'
import { oneIn } from './chance.ts'
import { End } from './end.ts'
import { Holds } from './holds.ts'
import type { Kernel, Process } from './kernel.ts'
import { ARRIVAL, never } from './kernel.ts'
import { Links } from './links.ts'
import { NetworkError } from './network-error.ts'

const FIRST_EPHEMERAL_PORT = 32_768
/** Linux sends a SYN again after 1, 3, 7, 15, 31 and 63 s and gives up after 127 s. */
const SYN_RETRIES_US: readonly number[] = [1, 2, 4, 8, 16, 32, 64].map((s) => s * 1_000_000)

/** Connections that stand in a listener's kernel before its owner has taken them: what `listen` is called with. */
const BACKLOG = 511

/** How late the last bytes of a lost connection may arrive. */
const RESET_DETAINS_US = 3_000_000
const DEATH_DETAINS_US = 1_000_000

/** A machine on the network. */
export interface NetworkHost {
  readonly name: string
  /** It can be hidden from. */
  readonly client: boolean
  /** False after a power loss until a restart: no answer to anything. */
  up: boolean
  process: Process
}

interface Bound {
  readonly process: Process
  readonly accept: (connection: Connection) => ConnectionEvents
  /** Connections that its kernel has taken and its owner has not. */
  waiting: number
}

export class SimInternet {
  readonly kernel: Kernel
  readonly random: SeededRandom
  readonly hosts: Map<string, NetworkHost> = new Map()
  readonly #listeners: Map<string, Bound> = new Map()
  readonly #ends: Set<End> = new Set()
  readonly links: Links
  readonly holds: Holds = new Holds(this)
  /** By host; who is not in it has the default. */
  readonly backlogs: Map<string, number> = new Map()
  #nextPort = FIRST_EPHEMERAL_PORT

  constructor(kernel: Kernel, random: SeededRandom) {
    this.kernel = kernel
    this.random = random
    this.links = new Links(
      (name) => this.hosts.get(name)?.client === true,
      (link) => {
        for (const end of [...this.#ends]) if (end.link === link) end.linkHealed()
      },
    )
  }

  /** The port of one process on one host. */
  port(host: NetworkHost, process: Process): Network {
    return new SimNetwork(this, host, process)
  }

  /** Connections of a host, or those between two, are lost: one owner hears at once, the other after what is under way. */
  reset(host: string, other?: string): void {
    for (const end of this.connections(host, other)) {
      if (oneIn(this.random, 3)) end.detain(this.random.below(RESET_DETAINS_US))
      const first = oneIn(this.random, 2) ? end : (end.peer ?? end)
      first.cutOff()
    }
  }

  /** Something on the way forgets the connections of a host: they stand, and nothing comes through any more. */
  halfOpen(host: string, other?: string): void {
    for (const end of this.connections(host, other)) end.fallSilent()
  }

  /** What is sent on the connections of a host that stand now, or still under way on them, arrives so much later. */
  detain(host: string, other: string | undefined, us: number): void {
    for (const end of this.connections(host, other)) end.detain(us)
  }

  /** The ends that a host holds. */
  connections(host: string, other: string | undefined): End[] {
    return [...this.#ends].filter(
      (end) => end.host === host && end.peerHost !== host && (other === undefined || end.peerHost === other),
    )
  }

  /** The kernel of a killed process resets its connections; a machine without power says nothing. What the dead one has
   *  said last may be on its way for long, and arrive when its successor is at work. */
  processEnded(process: Process, powerLost: boolean): void {
    for (const [key, bound] of this.#listeners) if (bound.process === process) this.#listeners.delete(key)
    for (const end of [...this.#ends]) {
      if (end.process !== process) continue
      if (end.host !== end.peerHost && oneIn(this.random, 8)) end.detain(this.random.below(DEATH_DETAINS_US))
      end.ownerDied(powerLost)
    }
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
    const end = new End(
      internet,
      this.#process,
      internet.links.link(this.#host.name, target?.name ?? to.host),
      local,
      to,
    )
    end.events = events
    if (!internet.kernel.enter(this.#process, 'net.connect')) return end
    internet.kernel.trace.text(`${to.host}:${to.port}`)
    internet.kernel.tap?.about(`${to.host}:${to.port}`)
    internet.add(end)
    if (target === undefined) end.failLater(1_000, 'ENOTFOUND', `no host ${to.host}`)
    else this.#knock(end, target, to.port, 0)
    return end
  }

  listen(at: Endpoint, accept: (connection: Connection) => ConnectionEvents): Promise<Listener> {
    const { kernel } = this.#internet
    if (!kernel.enter(this.#process, 'net.listen')) return never()
    kernel.trace.text(`${at.host}:${at.port}`)
    kernel.tap?.about(`${at.host}:${at.port}`)
    return kernel.later(20, this.#process, () => {
      const endpoint = this.#internet.bind(this.#host, at, { process: this.#process, accept, waiting: 0 })
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
    const back = internet.links.link(target.name, this.#host.name)
    kernel.schedule(end.link.delay(internet.random, kernel.now, 0), ARRIVAL, null, () => {
      if (!end.connecting) return
      const bound = internet.bound(target, port)
      const full = bound !== undefined && bound.waiting >= (internet.backlogs.get(target.name) ?? BACKLOG)
      if (!target.up || end.link.blocked || back.blocked || full) {
        const wait = SYN_RETRIES_US[attempt]
        if (wait === undefined) end.failLater(0, 'ETIMEDOUT', `connect ${target.name}:${port}`)
        else kernel.schedule(wait, ARRIVAL, null, () => end.connecting && this.#knock(end, target, port, attempt + 1))
      } else if (bound === undefined) {
        const answer = back.delay(internet.random, kernel.now, 0)
        end.failLater(answer, 'ECONNREFUSED', `connect ${target.name}:${port}`)
      } else this.#join(end, target, port, bound)
    })
  }

  #join(end: End, target: NetworkHost, port: number, bound: Bound): void {
    const internet = this.#internet
    const local = { host: target.name, port }
    const peer = new End(internet, bound.process, internet.links.link(target.name, this.#host.name), local, end.local)
    internet.add(peer)
    end.peer = peer
    peer.peer = end
    peer.accepted()
    bound.waiting++
    internet.kernel.schedule(0, ARRIVAL, bound.process, () => {
      bound.waiting--
      if (peer.closed) return
      peer.events = bound.accept(peer)
      peer.deliver()
    })
    internet.kernel.schedule(peer.link.delay(internet.random, internet.kernel.now, 0), ARRIVAL, end.process, () => {
      end.establish()
    })
  }
}
