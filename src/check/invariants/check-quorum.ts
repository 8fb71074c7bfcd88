// R13: a leader of the quorum that no majority follows any more gives up within 1.5 fetch time-outs (KAFKA-15489). Told by
// its epoch being over, since the winner of a later one has the majority. Counts only time in which the node has something
// to do, since a paused process gives up when it goes on. Does not check that a leader with a majority stays.

import type { Epoch, NodeId } from '../../base/index.ts'
import type { Findings } from './types.ts'

interface Stale {
  readonly epoch: Epoch
  /** Milliseconds that it has been awake since a later leader was seen. */
  awakeMs: number
  lookedAt: number
}

/** A leader writes when it is idle, every half second: one that is silent for longer is not running. */
const AWAKE_GAP_MS = 600
/** Twice what is allowed, and a second: slow processors and clocks that drift are no excuse beyond that. */
const SLACK = 2
const SLACK_MS = 1_000

export class CheckQuorum {
  readonly #boundMs: number
  readonly #findings: Findings
  readonly #stale: Map<NodeId, Stale> = new Map()
  #newest: Epoch = -1

  constructor(fetchTimeoutMs: number, findings: Findings) {
    this.#boundMs = 1.5 * fetchTimeoutMs * SLACK + SLACK_MS
    this.#findings = findings
  }

  /** After an event of the node, at `now` milliseconds. */
  observed(node: NodeId, view: { readonly state: string; readonly epoch: Epoch }, now: number): void {
    if (view.state !== 'leader' || view.epoch >= this.#newest) {
      if (view.state === 'leader') this.#newest = view.epoch
      this.#stale.delete(node)
      return
    }
    const known = this.#stale.get(node)
    if (known?.epoch !== view.epoch) {
      this.#stale.set(node, { epoch: view.epoch, awakeMs: 0, lookedAt: now })
      return
    }
    known.awakeMs += Math.min(now - known.lookedAt, AWAKE_GAP_MS)
    known.lookedAt = now
    if (known.awakeMs <= this.#boundMs) return
    const text = `node ${node} leads the quorum in epoch ${view.epoch} for ${Math.round(known.awakeMs)} ms after epoch ${this.#newest} had a leader`
    this.#findings.violated('R13', text, { node, epoch: view.epoch })
    known.awakeMs = Number.NEGATIVE_INFINITY
  }

  /** The process is no more. */
  ended(node: NodeId): void {
    this.#stale.delete(node)
  }
}
