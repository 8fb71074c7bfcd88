// Who can reach whom, and how well: one `Link` for each direction between two hosts, made when first asked for, so that
// a segment under way asks one object and no table. Rules (isolation, hiding, cuts, slowness) are kept by host, not by
// pair, so they hold for hosts that come later too. Knows nothing of connections.

import type { SeededRandom } from '../base/index.ts'
import type { Distribution } from './chance.ts'
import { draw, LOOPBACK_LATENCY, NETWORK_LATENCY } from './chance.ts'
import type { Direction } from './plan.ts'
import type { Undo } from './undo.ts'

/** How a way is worse than the default one; what is left out stays. */
export interface LinkQuality {
  /** Added to what the distribution gives, milliseconds. */
  readonly latencyMs?: number
  /** So much more at most, drawn for each segment, milliseconds. */
  readonly jitterMs?: number
  /** Bytes a second; what does not fit waits in line. 0: unbounded. */
  readonly bandwidth?: number
  /** Instead of the default one. */
  readonly distribution?: Distribution
}

/** One fault of the network. It holds by itself, whatever others do the same. */
type Rule =
  | { readonly kind: 'cut'; readonly from: string; readonly to: string }
  | { readonly kind: 'isolate'; readonly host: string; readonly direction: Direction }
  | { readonly kind: 'hide'; readonly host: string }
  /** Null: whoever. */
  | { readonly kind: 'slow'; readonly from: string | null; readonly to: string | null; readonly slowness: Slowness }

interface Slowness {
  readonly quality: LinkQuality
  /** When what bytes queue for is free again: the network card of a slow host, or one slow way. */
  freeAt: number
}

/** One direction between two hosts. */
export class Link {
  readonly from: string
  readonly to: string
  /** Nothing passes; what is under way waits. */
  blocked = false
  #distribution: Distribution
  #slow: readonly Slowness[] = []

  constructor(from: string, to: string) {
    this.from = from
    this.to = to
    this.#distribution = from === to ? LOOPBACK_LATENCY : NETWORK_LATENCY
  }

  /** Microseconds from now to the arrival of so many bytes that are sent now. */
  delay(random: SeededRandom, now: number, bytes: number): number {
    const base = draw(random, this.#distribution)
    return this.#slow.length === 0 ? base : base + this.#extra(random, now, bytes)
  }

  slow(slow: readonly Slowness[]): void {
    this.#slow = slow
    const replaced = slow.findLast((each) => each.quality.distribution !== undefined)?.quality.distribution
    this.#distribution = replaced ?? (this.from === this.to ? LOOPBACK_LATENCY : NETWORK_LATENCY)
  }

  #extra(random: SeededRandom, now: number, bytes: number): number {
    let extra = 0
    let leaves = now
    for (const slowness of this.#slow) {
      const { latencyMs = 0, jitterMs = 0, bandwidth = 0 } = slowness.quality
      extra += Math.round(latencyMs * 1000)
      const jitter = Math.round(jitterMs * 1000)
      if (jitter > 0) extra += random.below(jitter)
      if (bandwidth <= 0) continue
      slowness.freeAt = Math.max(slowness.freeAt, leaves) + Math.ceil((bytes * 1_000_000) / bandwidth)
      leaves = slowness.freeAt
    }
    return leaves - now + extra
  }
}

export class Links {
  readonly #links: Map<string, Map<string, Link>> = new Map()
  readonly #isClient: (host: string) => boolean
  readonly #healed: (link: Link) => void
  readonly #rules: Set<Rule> = new Set()

  /** `healed` is told of each link over which what waits may go on. */
  constructor(isClient: (host: string) => boolean, healed: (link: Link) => void) {
    this.#isClient = isClient
    this.#healed = healed
  }

  link(from: string, to: string): Link {
    let row = this.#links.get(from)
    if (row === undefined) {
      row = new Map()
      this.#links.set(from, row)
    }
    let link = row.get(to)
    if (link === undefined) {
      link = new Link(from, to)
      row.set(to, link)
      this.#apply(link)
    }
    return link
  }

  cut(from: string, to: string): Undo {
    return this.#add({ kind: 'cut', from, to })
  }

  uncut(from: string, to: string): void {
    this.#remove((rule) => rule.kind === 'cut' && rule.from === from && rule.to === to)
  }

  /** From everybody else, those that come later included. */
  isolate(host: string, direction: Direction): Undo {
    return this.#add({ kind: 'isolate', host, direction })
  }

  hide(host: string): Undo {
    return this.#add({ kind: 'hide', host })
  }

  /** Everything from and to a host: one queue each way, whoever is at the other end. */
  slowHost(host: string, quality: LinkQuality): Undo {
    const out = this.slowWay(host, null, quality)
    const into = this.slowWay(null, host, quality)
    return () => {
      out()
      into()
    }
  }

  slowWay(from: string | null, to: string | null, quality: LinkQuality): Undo {
    return this.#add({ kind: 'slow', from, to, slowness: { quality, freeAt: 0 } })
  }

  /** Undoes every fault that concerns a host, or all. */
  heal(host?: string): void {
    this.#remove((rule) => {
      if (host === undefined) return true
      return rule.kind === 'isolate' || rule.kind === 'hide' ? rule.host === host : [rule.from, rule.to].includes(host)
    })
  }

  #add(rule: Rule): Undo {
    this.#rules.add(rule)
    this.#applyAll()
    return () => this.#remove((each) => each === rule)
  }

  #remove(which: (rule: Rule) => boolean): void {
    for (const rule of this.#rules) if (which(rule)) this.#rules.delete(rule)
    this.#applyAll()
  }

  #applyAll(): void {
    const healed: Link[] = []
    for (const row of this.#links.values()) {
      for (const link of row.values()) {
        const before = link.blocked
        this.#apply(link)
        if (before && !link.blocked) healed.push(link)
      }
    }
    for (const link of healed) this.#healed(link)
  }

  /** Nothing disturbs what a host says to itself. */
  #apply(link: Link): void {
    const { from, to } = link
    if (from === to) return
    let blocked = false
    const slow: Slowness[] = []
    for (const rule of this.#rules) {
      if (rule.kind !== 'slow') blocked ||= this.#blocks(rule, from, to)
      else if ((rule.from ?? from) === from && (rule.to ?? to) === to) slow.push(rule.slowness)
    }
    link.blocked = blocked
    link.slow(slow)
  }

  #blocks(rule: Exclude<Rule, { kind: 'slow' }>, from: string, to: string): boolean {
    switch (rule.kind) {
      case 'cut':
        return rule.from === from && rule.to === to
      case 'isolate':
        return (rule.direction !== 'in' && rule.host === from) || (rule.direction !== 'out' && rule.host === to)
      case 'hide':
        return (rule.host === to && this.#isClient(from)) || (rule.host === from && this.#isClient(to))
    }
  }
}
