// Which new connections are let in: at most so many in all and from one address, and so many a second. The numbers may be
// changed while the node runs (`max.connections`, `max.connections.per.ip` and its overrides,
// `max.connection.creation.rate`), and addresses may have a rate of their own (KIP-612). Listeners of brokers and
// controllers are let alone: a crowd of clients must not shut them out.

import type { MetadataImage } from '../../cluster/metadata/index.ts'
import type { Clock } from '../base/index.ts'
import { canonicalAddress } from '../base/index.ts'
import type { DynamicConfig, NodeConfig } from '../config/index.ts'
import { withDynamicConfig } from '../config/index.ts'
import { ClientQuotas, type QuotaRecord } from '../quotas/index.ts'
import type { Limits } from './limits.ts'

export type Verdict =
  /** In; nothing is read from it for so long. */
  | { readonly kind: 'admitted'; readonly delayMs: number }
  | { readonly kind: 'refused'; readonly reason: string }
  /** Too soon for its address: told nothing for so long, then closed. */
  | { readonly kind: 'stalled'; readonly delayMs: number }

interface Bounds {
  readonly connections: number
  readonly perAddress: number
  readonly overrides: ReadonlyMap<string, number>
  /** A second; infinity: none was set. */
  readonly rate: number
}

const BROKER = 4
const NOTHING: ReadonlyMap<string, string> = new Map()
/** Under it the rate of all connections is kept. */
const EVERYBODY = 'all'
const RATE = 'connection_creation_rate'

export class Admission {
  readonly #config: NodeConfig
  readonly #limits: Limits
  readonly #clock: Clock
  readonly #image: () => MetadataImage
  /** Of addresses, shared with nobody: what clients are held to later is another matter. */
  readonly #addresses: ClientQuotas
  readonly #all: ClientQuotas
  readonly #perAddress = new Map<string, number>()
  #open = 0
  #dynamic: DynamicConfig = { broker: NOTHING, cluster: NOTHING }
  #bounds: Bounds

  constructor(config: NodeConfig, limits: Limits, clock: Clock, image: () => MetadataImage) {
    const windows = { count: config.int('quota.window.num'), ms: config.int('quota.window.size.seconds') * 1000 }
    this.#config = config
    this.#limits = limits
    this.#clock = clock
    this.#image = image
    this.#addresses = new ClientQuotas(windows)
    this.#all = new ClientQuotas(windows)
    this.#bounds = this.#read()
  }

  /** Counts it whatever is said of it; `left` when it has gone. */
  arrived(address: string, internal: boolean): Verdict {
    this.#refresh()
    const here = (this.#perAddress.get(address) ?? 0) + 1
    this.#perAddress.set(address, here)
    this.#open++
    if (internal) return { kind: 'admitted', delayMs: 0 }
    if (this.#open > this.#bounds.connections) return { kind: 'refused', reason: 'too many connections' }
    if (here > (this.#bounds.overrides.get(canonicalAddress(address) ?? address) ?? this.#bounds.perAddress)) {
      return { kind: 'refused', reason: 'too many connections from one address' }
    }
    const now = this.#clock.monotonic()
    const ofAddress = this.#addresses.follow(this.#image().clientQuotas).chargeAddress(RATE, address, 1, now)
    if (ofAddress > 0) {
      this.#addresses.refundAddress(RATE, address, 1, now)
      return { kind: 'stalled', delayMs: ofAddress }
    }
    return { kind: 'admitted', delayMs: this.#all.chargeAddress(RATE, EVERYBODY, 1, now) }
  }

  left(address: string): void {
    this.#open--
    const here = (this.#perAddress.get(address) ?? 1) - 1
    if (here === 0) this.#perAddress.delete(address)
    else this.#perAddress.set(address, here)
  }

  #refresh(): void {
    const { configs } = this.#image()
    const broker = configs.get(`${BROKER}:${this.#config.nodeId}`) ?? NOTHING
    const cluster = configs.get(`${BROKER}:`) ?? NOTHING
    if (broker === this.#dynamic.broker && cluster === this.#dynamic.cluster) return
    this.#dynamic = { broker, cluster }
    this.#bounds = this.#read()
  }

  #read(): Bounds {
    const { broker, cluster } = this.#dynamic
    const config = withDynamicConfig(this.#config, this.#dynamic)
    // Kafka's default is "unlimited", and ours is not: what nobody has set holds less.
    const set = (name: string): number | null =>
      broker.has(name) || cluster.has(name) || this.#config.given.has(name) ? config.int(name) : null
    const bounds: Bounds = {
      connections: set('max.connections') ?? this.#limits.connections,
      perAddress: set('max.connections.per.ip') ?? this.#limits.connectionsPerAddress,
      overrides: overridesOf(config.string('max.connections.per.ip.overrides') ?? ''),
      rate: set('max.connection.creation.rate') ?? Number.POSITIVE_INFINITY,
    }
    this.#all.follow(rateOf(bounds.rate))
    return bounds
  }
}

/** `host:count,…`; IPv6 addresses have colons too, with brackets or without. */
function overridesOf(text: string): ReadonlyMap<string, number> {
  const overrides = new Map<string, number>()
  for (const entry of text.split(',')) {
    const match = /^\s*\[?(.+?)\]?:\s*([+-]?\d+)\s*$/.exec(entry)
    if (match !== null) overrides.set(canonicalAddress(match[1]!) ?? match[1]!, Number(match[2]))
  }
  return overrides
}

function rateOf(rate: number): ReadonlyMap<string, QuotaRecord> {
  if (rate === Number.POSITIVE_INFINITY) return new Map()
  return new Map([
    [EVERYBODY, { entity: [{ entityType: 'ip', entityName: EVERYBODY }], key: RATE, value: Math.max(rate, 1) }],
  ])
}
