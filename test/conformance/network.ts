// The law book of `Network`.

import { describe, expect, test } from 'vitest'
import type { Connection, ConnectionEvents, Endpoint, Listener, Ports } from '../../src/base/index.ts'
import { bytes, delay, law, text, type World, type WorldFactory } from './worlds.ts'

/** One end of a connection that remembers what it heard. */
class Ear implements ConnectionEvents {
  readonly heard: string[] = []
  received = 0
  #content: Uint8Array[] = []
  #wanted: { when: () => boolean; resolve: () => void }[] = []

  connected(): void {
    this.#hear('connected')
  }

  data(chunk: Uint8Array): void {
    this.received += chunk.length
    this.#content.push(chunk)
    this.#check()
  }

  drained(): void {
    this.#hear('drained')
  }

  closed(error?: Error): void {
    const code = error !== undefined && 'code' in error ? ` ${String(error.code)}` : ''
    this.#hear(`closed${code}`)
  }

  get content(): Uint8Array {
    return Buffer.concat(this.#content)
  }

  until(when: (ear: Ear) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#wanted.push({ when: () => when(this), resolve })
      this.#check()
    })
  }

  untilClosed(): Promise<void> {
    return this.until((ear) => ear.heard.some((each) => each.startsWith('closed')))
  }

  #hear(what: string): void {
    this.heard.push(what)
    this.#check()
  }

  #check(): void {
    this.#wanted = this.#wanted.filter(({ when, resolve }) => {
      if (!when()) return true
      resolve()
      return false
    })
  }
}

interface Pair {
  readonly listener: Listener
  readonly client: Connection
  readonly clientEar: Ear
  readonly server: Connection
  readonly serverEar: Ear
}

function at(world: World, listener: Listener): Endpoint {
  return { host: world.host, port: listener.endpoint.port }
}

async function pair(world: World): Promise<Pair> {
  const { network } = world.ports
  const serverEar = new Ear()
  const accepted = Promise.withResolvers<Connection>()
  const listener = await network.listen({ host: world.host, port: 0 }, (connection) => {
    accepted.resolve(connection)
    return serverEar
  })
  const clientEar = new Ear()
  const client = network.connect(at(world, listener), clientEar)
  return { listener, client, clientEar, server: await accepted.promise, serverEar }
}

/** A port on which nobody listens. */
async function freePort(world: World, ports: Ports): Promise<number> {
  const listener = await ports.network.listen({ host: world.host, port: 0 }, () => new Ear())
  await listener.close()
  return listener.endpoint.port
}

export function networkLaws(open: WorldFactory): void {
  describe('Network', () => {
    test(
      'port 0 is answered with the port that was bound, and a taken one is EADDRINUSE',
      law(open, async (w) => {
        const listener = await w.ports.network.listen({ host: w.host, port: 0 }, () => new Ear())
        expect(listener.endpoint.port).toBeGreaterThan(0)
        await expect(w.ports.network.listen(at(w, listener), () => new Ear())).rejects.toMatchObject({
          code: 'EADDRINUSE',
        })
        await listener.close()
        const again = await w.ports.network.listen(at(w, listener), () => new Ear())
        await again.close()
      }),
    )

    test(
      'bytes arrive in order, both ways, also those written before the peer has accepted',
      law(open, async (w) => {
        const { client, clientEar, server, serverEar, listener } = await pair(w)
        client.write([bytes('a'), bytes(''), bytes('bc')])
        client.write([bytes('d')])
        await serverEar.until((ear) => ear.received === 4)
        expect(text(serverEar.content)).toBe('abcd')
        server.write([bytes('answer')])
        await clientEar.until((ear) => ear.received === 6)
        expect(clientEar.heard).toEqual(['connected'])
        expect(server.local.port).toBe(listener.endpoint.port)
        expect(client.remote.port).toBe(listener.endpoint.port)
        expect(server.remote.port).toBe(client.local.port)
        await listener.close()
      }),
    )

    test(
      'nothing is told synchronously',
      law(open, async (w) => {
        const port = await freePort(w, w.ports)
        const ear = new Ear()
        const connection = w.ports.network.connect({ host: w.host, port }, ear)
        connection.write([bytes('x')])
        connection.destroy()
        expect(ear.heard).toEqual([])
        await ear.untilClosed()
        expect(ear.heard).toEqual(['closed'])
      }),
    )

    test(
      'a port without a listener refuses',
      law(open, async (w) => {
        const port = await freePort(w, w.ports)
        const ear = new Ear()
        w.ports.network.connect({ host: w.host, port }, ear)
        await ear.untilClosed()
        expect(ear.heard).toEqual(['closed ECONNREFUSED'])
      }),
    )

    test(
      'close sends what is queued, and both ends hear an orderly end once',
      law(open, async (w) => {
        const { client, clientEar, serverEar } = await pair(w)
        const big = new Uint8Array(700_000).fill(7)
        client.write([big])
        client.close()
        client.write([bytes('after close: dropped')])
        await Promise.all([clientEar.untilClosed(), serverEar.untilClosed()])
        expect(serverEar.received).toBe(700_000)
        expect(serverEar.heard).toEqual(['closed'])
        expect(clientEar.heard.filter((each) => each !== 'connected')).toEqual(['closed'])
      }),
    )

    test(
      'destroy resets the peer',
      law(open, async (w) => {
        const { client, clientEar, serverEar } = await pair(w)
        await clientEar.until((ear) => ear.heard.includes('connected'))
        client.destroy()
        await Promise.all([clientEar.untilClosed(), serverEar.untilClosed()])
        expect(serverEar.heard).toEqual(['closed ECONNRESET'])
        expect(clientEar.heard).toEqual(['connected', 'closed'])
      }),
    )

    test(
      'a reader that pauses holds the writer back; nothing is lost',
      law(open, async (w) => {
        const { client, clientEar, server, serverEar } = await pair(w)
        server.pause()
        const chunk = new Uint8Array(1024 * 1024).map((_, i) => i % 251)
        let written = 0
        // Between the two ends the operating system holds some megabytes; beyond them `unsent` grows.
        for (let i = 0; i < 24; i++) {
          const go = client.write([chunk])
          written += chunk.length
          await delay(w.ports.clock, 5)
          if (!go && client.unsent > 4 * chunk.length) break
        }
        expect(client.unsent).toBeGreaterThan(0)
        const drains = clientEar.heard.length
        const before = serverEar.received
        await delay(w.ports.clock, 20)
        expect(serverEar.received).toBe(before)
        expect(clientEar.heard).toHaveLength(drains)
        server.resume()
        await Promise.all([
          serverEar.until((ear) => ear.received === written),
          clientEar.until((ear) => ear.heard.length === drains + 1),
        ])
        expect(clientEar.heard.at(-1)).toBe('drained')
        expect(client.unsent).toBe(0)
        expect(Buffer.compare(serverEar.content.subarray(-chunk.length), chunk)).toBe(0)
      }),
    )

    test(
      'a closed listener leaves open connections alone',
      law(open, async (w) => {
        const { client, listener, serverEar } = await pair(w)
        await listener.close()
        client.write([bytes('still here')])
        await serverEar.until((ear) => ear.received === 10)
        const late = new Ear()
        w.ports.network.connect(at(w, listener), late)
        await late.untilClosed()
        expect(late.heard).toEqual(['closed ECONNREFUSED'])
      }),
    )

    test(
      'an unknown host is an error of the connection',
      law(open, async (w) => {
        const ear = new Ear()
        w.ports.network.connect({ host: 'nowhere.invalid', port: 1 }, ear)
        await ear.untilClosed()
        expect(ear.heard[0]).toMatch(/^closed (ENOTFOUND|EAI_AGAIN)$/)
      }),
    )
  })
}
