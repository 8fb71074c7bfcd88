// What becomes of a broker by its heartbeats, held against the heartbeats that its controller was sent: it is fenced only
// after a session's silence or by its own wish (B1), serves again only when it has said that it knows of its registration
// (B2), and keeps its epoch as long as it lives (B3, KAFKA-16952). Does not check that a silent broker is fenced (L does), nor the broker that
// is one process with its controller.

import type { BrokerEpoch, Epoch, Instant, NodeId, Offset } from '../../base/index.ts'
import type { BrokerTruth } from './truth.ts'
import type { Findings } from './types.ts'

export interface HeardHeartbeat {
  readonly broker: NodeId
  readonly brokerEpoch: BrokerEpoch
  readonly metadataOffset: Offset
  readonly wantFence: boolean
  readonly wantShutDown: boolean
}

interface Arrival extends HeardHeartbeat {
  readonly at: Instant
  readonly controller: NodeId
}

/** Clocks drift, and a controller may have been busy: this share of a session is silence enough. */
const SLACK = 0.5
/** What was decided on may be older than its commit by so much, milliseconds. */
const DECIDED_WITHIN_MS = 30_000

export class SessionInvariants {
  readonly #sessionMs: number
  readonly #findings: Findings
  readonly #arrivals: Map<NodeId, Arrival[]> = new Map()
  /** Who has led the quorum in an epoch, and since when. */
  readonly #leaders: Map<Epoch, { readonly node: NodeId; readonly since: Instant }> = new Map()

  constructor(sessionTimeoutMs: number, findings: Findings) {
    this.#sessionMs = sessionTimeoutMs
    this.#findings = findings
  }

  leads(node: NodeId, epoch: Epoch, now: Instant): void {
    if (!this.#leaders.has(epoch)) this.#leaders.set(epoch, { node, since: now })
  }

  heard(controller: NodeId, heartbeat: HeardHeartbeat, now: Instant): void {
    let arrivals = this.#arrivals.get(heartbeat.broker)
    if (arrivals === undefined) {
      arrivals = []
      this.#arrivals.set(heartbeat.broker, arrivals)
    }
    arrivals.push({ ...heartbeat, at: now, controller })
    const kept = now - 2 * DECIDED_WITHIN_MS
    if (arrivals.length < 64 || arrivals[31]!.at > kept) return
    arrivals.splice(0, 32)
  }

  /** A registration as it was committed, in a batch of the quorum's leader of `epoch`. */
  committed(before: BrokerTruth | null, after: BrokerTruth | null, epoch: Epoch, now: Instant): void {
    if (before === null || after === null || before.incarnationId !== after.incarnationId) return
    if (before.epoch !== after.epoch) {
      const text = `broker ${after.id} goes from epoch ${before.epoch} to ${after.epoch} in one life`
      this.#findings.violated('B3', text, { node: after.id })
    }
    if (before.fenced === after.fenced) return
    const leader = this.#leaders.get(epoch)
    // A node does not call itself over the network.
    if (leader === undefined || leader.node === after.id) return
    const heard = (this.#arrivals.get(after.id) ?? []).filter(
      (arrival) => arrival.controller === leader.node && arrival.brokerEpoch === after.epoch,
    )
    if (after.fenced) this.#fenced(after, leader, heard, now)
    else this.#unfenced(after, leader, heard)
  }

  #fenced(
    broker: BrokerTruth,
    leader: { readonly node: NodeId; readonly since: Instant },
    heard: readonly Arrival[],
    now: Instant,
  ): void {
    // A broker that begins wishes to be fenced until it is ready: only a wish after that is one.
    const ready = heard.findIndex((arrival) => !arrival.wantFence)
    if (heard.slice(Math.max(0, ready)).some((arrival) => arrival.wantFence || arrival.wantShutDown)) return
    let last = leader.since
    for (const at of [...heard.map((arrival) => arrival.at), now]) {
      if (at >= now - DECIDED_WITHIN_MS && at - last >= this.#sessionMs * SLACK) return
      last = Math.max(last, at)
    }
    const text = `broker ${broker.id} is fenced by ${leader.node}, which leads for ${Math.round(now - leader.since)} ms and has never been without its heartbeats for a session (${this.#sessionMs} ms)`
    this.#findings.violated('B1', text, { node: broker.id })
  }

  #unfenced(broker: BrokerTruth, leader: { readonly node: NodeId }, heard: readonly Arrival[]): void {
    if (heard.some((arrival) => arrival.metadataOffset >= broker.epoch && !arrival.wantFence)) return
    const text = `broker ${broker.id} is unfenced by ${leader.node}, to which it has never said that it knows of its registration at ${broker.epoch}`
    this.#findings.violated('B2', text, { node: broker.id })
  }
}
