// The network between nodes, and between clients and nodes, as Toxiproxy proxies: one for each way that somebody reaches a
// node. A fault of the network is a set of toxics on some of them, one direction of a proxy at a time. Bytes inside a
// connection are never lost: a toxic that swallows them closes the connection when it is taken away.

import { type Proxy as ToxicProxy, Toxiproxy, ToxiproxyError } from 'toxiproxy-node-client'
import { ConfigError, messageOf } from '../base/index.ts'
import type { Undo } from './types.ts'
import type { Direction, Fault, NodeId } from './words.ts'

/** One way to reach a node. */
export interface Link {
  /** The proxy's name in Toxiproxy. */
  readonly name: string
  /** Null: clients. */
  readonly from: NodeId | null
  readonly to: NodeId
  /** Where the proxy listens: what the node advertises. */
  readonly listen: string
  /** Where the node listens. */
  readonly upstream: string
}

/** A direction of a link: `upstream` carries requests to `to`, `downstream` its answers. */
export interface Stream {
  readonly link: Link
  readonly stream: 'upstream' | 'downstream'
}

interface Toxic {
  readonly type: 'latency' | 'bandwidth' | 'timeout' | 'reset_peer' | 'slicer' | 'limit_data'
  readonly attributes: object
}

/** Drops all that comes, and closes the connection when it is taken away. */
const BLACK_HOLE: Toxic = { type: 'timeout', attributes: { timeout: 0 } }
/** Long enough that every busy connection meets it, and its successor. */
const RESET_MS = 1_000
/** In the midst of an answer. */
const RESET_AFTER_BYTES = 500

type NetworkFault = Extract<Fault, { verb: 'isolate' | 'cut' | 'hide' | 'slow' | 'reset' | 'half-open' }>

/** What a fault of the network does to which streams. */
export function streamsOf(links: readonly Link[], fault: NetworkFault): Stream[] {
  switch (fault.verb) {
    case 'isolate':
      return around(links, fault.node, fault.direction)
    case 'cut': {
      const there = between(links, fault.from, fault.to)
      return fault.oneWay ? there : [...there, ...between(links, fault.to, fault.from)]
    }
    case 'hide':
      return around(
        links.filter((link) => link.from === null),
        fault.node,
        'both',
      )
    case 'slow':
      return around(links, fault.node, 'both')
    case 'reset':
      return around(links, fault.node, 'both')
    case 'half-open':
      // Others go on sending and hear nothing; what the node itself says still arrives nowhere.
      return around(links, fault.node, 'both')
  }
}

/** The streams that leave a node, or reach it, or both. */
function around(links: readonly Link[], node: NodeId, direction: Direction): Stream[] {
  return links.flatMap((link): Stream[] => {
    if (link.to !== node && link.from !== node) return []
    const reaching: Stream = { link, stream: link.to === node ? 'upstream' : 'downstream' }
    const leaving: Stream = { link, stream: link.to === node ? 'downstream' : 'upstream' }
    return [...(direction === 'out' ? [] : [reaching]), ...(direction === 'in' ? [] : [leaving])]
  })
}

/** The streams that carry bytes from one node to another, whoever opened the connection. */
function between(links: readonly Link[], from: NodeId, to: NodeId): Stream[] {
  return links.flatMap((link): Stream[] => {
    if (link.from === from && link.to === to) return [{ link, stream: 'upstream' }]
    if (link.from === to && link.to === from) return [{ link, stream: 'downstream' }]
    return []
  })
}

export class Links {
  readonly #toxiproxy: Toxiproxy
  readonly #links: readonly Link[]
  readonly #proxies: ReadonlyMap<string, ToxicProxy>
  #next = 0

  private constructor(toxiproxy: Toxiproxy, links: readonly Link[], proxies: ReadonlyMap<string, ToxicProxy>) {
    this.#toxiproxy = toxiproxy
    this.#links = links
    this.#proxies = proxies
  }

  /** Makes the proxies that are not there yet. Throws ConfigError where one cannot be had. */
  static async open(address: string, links: readonly Link[]): Promise<Links> {
    const toxiproxy = new Toxiproxy(`http://${address}`)
    try {
      const there = await toxiproxy.getAll()
      const proxies = new Map<string, ToxicProxy>()
      for (const { name, listen, upstream } of links) {
        const found = there[name]
        if (found !== undefined && found.listen === listen && found.upstream === upstream) proxies.set(name, found)
        else {
          await found?.remove()
          proxies.set(name, await toxiproxy.createProxy({ name, listen, upstream, enabled: true }))
        }
      }
      return new Links(toxiproxy, links, proxies)
    } catch (error) {
      throw new ConfigError(`Toxiproxy at ${address} could not be set up: ${sentence(error)}`)
    }
  }

  /** Removes what an earlier cluster left in a server: its proxies still hold the ports. */
  static async remove(address: string, links: readonly Link[]): Promise<void> {
    const there = await new Toxiproxy(`http://${address}`).getAll()
    await Promise.all(links.map(({ name }) => there[name]?.remove())).catch(passGone)
  }

  async begin(fault: NetworkFault): Promise<Undo> {
    const streams = streamsOf(this.#links, fault)
    switch (fault.verb) {
      case 'isolate':
      case 'cut':
      case 'hide':
      case 'half-open':
        return this.#poison(streams, [BLACK_HOLE])
      case 'slow':
        return this.#poison(streams, slowness(fault))
      case 'reset':
        return this.#reset(streams)
    }
  }

  /** Takes every toxic of these proxies away. */
  async heal(): Promise<void> {
    const listed = await this.#listed()
    await Promise.all(
      this.#links.flatMap(({ name }) =>
        (listed[name]?.toxics ?? []).map(async (toxic) => {
          const found = await this.#proxies.get(name)!.getToxic(toxic.name)
          await found.remove()
        }),
      ),
    ).catch(passGone)
  }

  /** What afflicts a node's links, a line each. */
  async afflictions(node: NodeId): Promise<string[]> {
    const listed = await this.#listed()
    const found = new Set<string>()
    for (const { name, from, to } of this.#links) {
      if (from !== node && to !== node) continue
      for (const toxic of listed[name]?.toxics ?? []) {
        const kind = toxic.type === 'timeout' ? 'cut' : toxic.type
        const [left, right] = toxic.stream === 'upstream' ? [from, to] : [to, from]
        found.add(`${kind} ${left ?? 'clients'} → ${right ?? 'clients'}`)
      }
    }
    return [...found].sort()
  }

  /** The client's own list leaves the toxics out. */
  async #listed(): Promise<Readonly<Record<string, { readonly toxics?: readonly ListedToxic[] }>>> {
    const { host } = this.#toxiproxy
    return (await this.#toxiproxy.getApi().get<Record<string, { toxics?: ListedToxic[] }>>(`${host}/proxies`)).data
  }

  /** Removes the proxies. */
  async close(): Promise<void> {
    await Promise.all([...this.#proxies.values()].map((proxy) => proxy.remove())).catch(passGone)
  }

  async #poison(streams: readonly Stream[], toxics: readonly Toxic[]): Promise<Undo> {
    // A proxy knows its toxics by name, so each has one of its own: faults may overlap.
    const id = `${process.pid}-${this.#next++}`
    const added: { remove(): Promise<void> }[] = []
    const undo = async (): Promise<void> => {
      await Promise.all(added.splice(0).map((toxic) => toxic.remove().catch(passGone)))
    }
    try {
      await Promise.all(
        streams.flatMap(({ link, stream }) =>
          toxics.map(async ({ type, attributes }) => {
            const name = `${type}-${stream}-${id}`
            added.push(await this.#proxies.get(link.name)!.addToxic({ name, type, stream, toxicity: 1, attributes }))
          }),
        ),
      )
    } catch (error) {
      await undo()
      throw new Error(`Toxiproxy refused: ${sentence(error)}`)
    }
    return undo
  }

  /** First answers end in their midst, then whatever still stands is reset. */
  async #reset(streams: readonly Stream[]): Promise<Undo> {
    const answers = streams.filter(({ stream }) => stream === 'downstream')
    const requests = streams.filter(({ stream }) => stream === 'upstream')
    const undoLimit = await this.#poison(answers, [{ type: 'limit_data', attributes: { bytes: RESET_AFTER_BYTES } }])
    const undoReset = await this.#poison(requests, [{ type: 'reset_peer', attributes: { timeout: 0 } }])
    await new Promise((resolve) => setTimeout(resolve, RESET_MS))
    await undoReset()
    await undoLimit()
    return async () => undefined
  }
}

/** A slow link also delivers in small pieces: frames arrive torn. */
function slowness(fault: Extract<Fault, { verb: 'slow' }>): Toxic[] {
  const { latencyMs, jitterMs, bandwidth } = fault
  // Each way takes half, so that a round trip takes what was said.
  const latency = { latency: Math.round(latencyMs / 2), jitter: Math.round(jitterMs / 2) }
  return [
    { type: 'latency', attributes: latency },
    { type: 'slicer', attributes: { average_size: 512, size_variation: 256, delay: 10 } },
    ...(bandwidth > 0
      ? [{ type: 'bandwidth' as const, attributes: { rate: Math.max(1, Math.round(bandwidth / 1000)) } }]
      : []),
  ]
}

interface ListedToxic {
  readonly name: string
  readonly type: string
  readonly stream: string
}

/** What is to be removed may be gone already: another process healed, or the server has ended and its toxics with it. */
function passGone(error: unknown): void {
  if (error instanceof ToxiproxyError && /status code 404|fetch failed/.test(error.message)) return
  throw error
}

function sentence(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : ''
  return `${messageOf(error)}${cause}`
}
