// TCP on node:net. All writes of a turn leave in one writev; Nagle is off; a peer's half-close ends the connection once
// what is queued has gone. Sockets are owned here: `close` of the ports destroys every one of them.

import net from 'node:net'
import type { Connection, ConnectionEvents, Endpoint, Listener, Network } from '../base/index.ts'

/** `write` answers false above the high mark; `drained` follows below the low one. */
const HIGH_WATER = 1024 * 1024
const LOW_WATER = 256 * 1024
/** After `close`: how long the peer may take to read the rest and answer. */
const LINGER_MS = 5_000
/** A peer that vanished without a word is noticed by the operating system's probes. */
const KEEP_ALIVE_MS = 60_000
const BACKLOG = 511
/** What is read at once where the receiver has no place of its own, one for all connections: each read is copied out. */
const SCRATCH_BYTES = 64 * 1024
let scratch: Uint8Array | null = null

export class SystemNetwork implements Network {
  readonly #connections: Set<SystemConnection> = new Set()
  readonly #servers: Set<net.Server> = new Set()
  #severed = false

  connect(to: Endpoint, events: ConnectionEvents): Connection {
    const reading = new Reading()
    const socket = new net.Socket({ onread: reading })
    const connection = new SystemConnection(socket, to, (gone) => this.#connections.delete(gone))
    reading.by = connection
    this.#connections.add(connection)
    connection.attach(events)
    if (this.#severed) connection.sever()
    else
      socket
        .setNoDelay(true)
        .setKeepAlive(true, KEEP_ALIVE_MS)
        .connect({ host: to.host, port: to.port, autoSelectFamily: true })
    return connection
  }

  listen(at: Endpoint, accept: (connection: Connection) => ConnectionEvents): Promise<Listener> {
    return new Promise((resolve, reject) => {
      const server = net.createServer(
        { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS, pauseOnConnect: true },
        (accepted) => {
          const remote = { host: accepted.remoteAddress ?? '', port: accepted.remotePort ?? 0 }
          const reading = new Reading()
          const socket = rewrapped(accepted, reading)
          const connection = new SystemConnection(socket, remote, (gone) => this.#connections.delete(gone))
          reading.by = connection
          this.#connections.add(connection)
          connection.attach(accept(connection))
          socket.resume()
        },
      )
      server.once('error', reject)
      server.listen({ host: at.host, port: at.port, backlog: BACKLOG, exclusive: true }, () => {
        server.off('error', reject)
        // A failed accept (EMFILE) concerns one connection that never came to be; the listener goes on.
        server.on('error', () => {})
        this.#servers.add(server)
        if (this.#severed) server.close()
        const address = server.address()
        const port = typeof address === 'object' && address !== null ? address.port : at.port
        resolve({ endpoint: { host: at.host, port }, close: () => this.#closeServer(server) })
      })
    })
  }

  /** Resets every connection and stops listening, at once. */
  close(): void {
    this.#severed = true
    for (const server of this.#servers) server.close()
    this.#servers.clear()
    for (const connection of [...this.#connections]) connection.sever()
  }

  /** node waits for the connections of a server, which are to live on: the port is free as soon as `close` is called. */
  #closeServer(server: net.Server): Promise<void> {
    if (this.#servers.delete(server)) server.close()
    return new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
}

class SystemConnection implements Connection {
  readonly remote: Endpoint
  readonly #socket: net.Socket
  readonly #gone: (connection: SystemConnection) => void
  #events: ConnectionEvents | null = null
  #state: 'open' | 'closing' | 'closed' = 'open'
  #corked = false
  #full = false
  /** Something has been read. */
  #heard = false
  #error: Error | undefined
  #linger: ReturnType<typeof setTimeout> | null = null

  constructor(socket: net.Socket, remote: Endpoint, gone: (connection: SystemConnection) => void) {
    this.#socket = socket
    this.remote = remote
    this.#gone = gone
  }

  get local(): Endpoint {
    return { host: this.#socket.localAddress ?? '', port: this.#socket.localPort ?? 0 }
  }

  get unsent(): number {
    return this.#state === 'closed' ? 0 : this.#socket.writableLength
  }

  attach(events: ConnectionEvents): void {
    this.#events = events
    const socket = this.#socket
    socket.on('connect', () => this.#state === 'open' && events.connected?.())
    socket.on('data', (chunk: Buffer) => this.#state === 'open' && events.data(chunk))
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('close', () => this.#closed())
  }

  /** Where the next bytes go. node asks first while `connect` runs, when the owner may not be asked yet. */
  place(): Uint8Array | null {
    const space = this.#heard && this.#state === 'open' ? (this.#events?.space?.() ?? null) : null
    return space === null || space.length === 0 ? null : space
  }

  read(length: number, into: Uint8Array): boolean {
    this.#heard = true
    if (this.#state !== 'open') return true
    const bytes = into.subarray(0, length)
    this.#events?.data(into === scratch ? bytes.slice() : bytes)
    return true
  }

  write(chunks: readonly Uint8Array[]): boolean {
    if (this.#state !== 'open') return true
    const socket = this.#socket
    if (!this.#corked) {
      this.#corked = true
      socket.cork()
      uncorkLater(this)
    }
    const last = chunks.length - 1
    for (let i = 0; i < last; i++) socket.write(chunks[i]!)
    if (last >= 0) socket.write(chunks[last]!, this.#written)
    if (socket.writableLength < HIGH_WATER) return true
    this.#full = true
    return false
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(): void {
    if (this.#state !== 'open') return
    this.#state = 'closing'
    this.uncork()
    if (this.#socket.connecting && this.#socket.writableLength === 0) {
      this.#socket.destroy()
      return
    }
    this.#socket.end()
    // What still arrives is read and dropped: unread bytes would turn the end into a reset.
    this.#socket.resume()
    this.#linger = setTimeout(() => this.#socket.destroy(), LINGER_MS)
    this.#linger.unref()
  }

  destroy(): void {
    if (this.#state === 'closed') return
    this.#state = 'closing'
    if (this.#socket.connecting) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }

  /** As `destroy`, and the owner hears no more. */
  sever(): void {
    this.#events = null
    this.destroy()
  }

  uncork(): void {
    if (!this.#corked) return
    this.#corked = false
    this.#socket.uncork()
  }

  readonly #written = (): void => {
    if (!this.#full || this.#state !== 'open' || this.#socket.writableLength >= LOW_WATER) return
    this.#full = false
    this.#events?.drained()
  }

  #closed(): void {
    if (this.#state === 'closed') return
    // An end that we asked for is orderly, whatever the peer answered.
    const error = this.#state === 'open' ? this.#error : undefined
    this.#state = 'closed'
    if (this.#linger !== null) clearTimeout(this.#linger)
    this.#gone(this)
    if (error === undefined) this.#events?.closed()
    else this.#events?.closed(error)
  }
}

/** Read into the receiver's own space: the megabytes of a produced or a fetched batch are neither copied nor allocated
 *  twice. */
class Reading {
  by: SystemConnection | null = null
  readonly buffer = (): Uint8Array => this.by?.place() ?? theScratch()
  readonly callback = (length: number, buffer: Uint8Array): boolean => this.by?.read(length, buffer) ?? true
}

/** node gives servers' sockets no `onread`: its handle in a socket of ours, which reads nothing before it is told to. */
function rewrapped(accepted: net.Socket, onread: net.OnReadOpts): net.Socket {
  const owner = accepted as unknown as { _handle: NonNullable<net.SocketConstructorOpts['handle']> | null }
  const handle = owner._handle
  // Gone before we came to it; it will say so.
  if (handle === null) return accepted
  owner._handle = null
  return new net.Socket({ handle, onread, allowHalfOpen: false })
}

function theScratch(): Uint8Array {
  scratch ??= new Uint8Array(SCRATCH_BYTES)
  return scratch
}

let corked: SystemConnection[] = []

/** One writev a connection for everything that one turn of the loop writes, of whichever callback. */
function uncorkLater(connection: SystemConnection): void {
  if (corked.push(connection) === 1) setImmediate(uncorkAll)
}

function uncorkAll(): void {
  const connections = corked
  corked = []
  for (const connection of connections) connection.uncork()
}
