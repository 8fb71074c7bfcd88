// R1–R11 over a cluster of pure cores, checked after every step. Watches from outside: what it knows comes from effects
// and disks, not from what the cores believe. Does not check liveness; the schedules do, at their end.

import type { RaftEffect } from '../../raft/core/index.ts'
import { shownHighWatermark } from '../../raft/core/index.ts'
import { assert } from '../../src/base/index.ts'
import type { Disk, Node, RaftCluster } from './raft-cluster.ts'
import { endOf, valueAt } from './raft-cluster.ts'

export class RaftInvariants {
  readonly #cluster: RaftCluster
  readonly #voters: number
  readonly #leaders: Map<number, number> = new Map()
  readonly #votes: Map<string, string> = new Map()
  readonly #epochs: Map<number, number> = new Map()
  readonly #highWatermarks: Map<number, { incarnation: number; at: number }> = new Map()
  /** The largest high watermark that the leader of an epoch has shown. */
  readonly #shown: Map<number, number> = new Map()
  /** What was ever committed, by offset. */
  readonly committed: string[] = []
  /** How often rare things happened: a schedule that never meets them proves little. */
  readonly seen = { elections: 0, truncations: 0, snapshotsLoaded: 0, resignations: 0 }

  constructor(cluster: RaftCluster, voters: number) {
    this.#cluster = cluster
    this.#voters = voters
    cluster.onEffect = (node, effect) => this.#effect(node, effect)
    cluster.onStep = (node) => this.#step(node)
  }

  #effect(node: Node, effect: RaftEffect): void {
    switch (effect.kind) {
      case 'persist':
        this.#voteOnce(node, effect.election.epoch, effect.election.votedFor)
        break
      case 'became':
        if (effect.role === 'leader') this.#elected(node, effect.epoch)
        if (effect.role === 'resigned') this.seen.resignations++
        break
      case 'truncate':
        this.#truncated(node, effect.endOffset)
        break
      case 'install-snapshot':
        this.seen.snapshotsLoaded++
        assert(node.state.role.kind !== 'leader', 'R17: a leader loads no snapshot')
        break
      default:
        break
    }
  }

  #voteOnce(node: Node, epoch: number, votedFor: { id: number; directoryId: string | null } | null): void {
    const key = `${node.id} ${epoch}`
    const before = this.#votes.get(key)
    const vote = votedFor === null ? null : `${votedFor.id}/${votedFor.directoryId}`
    assert(
      before === undefined || before === vote,
      `R2: ${node.id} voted for ${before} and then ${vote} in epoch ${epoch}`,
    )
    if (vote !== null) this.#votes.set(key, vote)
  }

  #elected(node: Node, epoch: number): void {
    this.seen.elections++
    const before = this.#leaders.get(epoch)
    assert(before === undefined || before === node.id, `R1: epoch ${epoch} has leaders ${before} and ${node.id}`)
    this.#leaders.set(epoch, node.id)
    for (const [offset, value] of this.committed.entries()) {
      assert(
        holds(node.disk, offset, value, endOf(node.disk)),
        `R5: leader ${node.id} of epoch ${epoch} lacks offset ${offset}`,
      )
    }
  }

  #truncated(node: Node, to: number): void {
    this.seen.truncations++
    assert(to >= node.state.highWatermark, `R11: ${node.id} cuts to ${to} below its high watermark`)
    for (let offset = to; offset < Math.min(endOf(node.disk), this.committed.length); offset++) {
      assert(valueAt(node.disk, offset) !== this.committed[offset], `R11: ${node.id} cuts committed offset ${offset}`)
    }
  }

  #step(node: Node): void {
    const { role, log, highWatermark } = node.state
    assert(role.epoch >= (this.#epochs.get(node.id) ?? 0), `R3: the epoch of ${node.id} goes back to ${role.epoch}`)
    this.#epochs.set(node.id, role.epoch)
    assert(node.disk.election.epoch <= role.epoch, 'R3: no epoch on disk that the node does not know')
    assert(endOf(node.disk) === log.endOffset, `the mirror of ${node.id} ends where its log ends`)
    assert(highWatermark <= log.durableEndOffset, `R8: ${node.id} commits what is not durable here`)
    const before = this.#highWatermarks.get(node.id)
    if (before !== undefined && before.incarnation === node.incarnation) {
      assert(highWatermark >= before.at, `R9: the high watermark of ${node.id} goes back`)
    }
    this.#highWatermarks.set(node.id, { incarnation: node.incarnation, at: highWatermark })
    this.#applied(node)
    if (role.kind === 'leader' && role.highWatermarkKnown) this.#leads(node, role.epoch, role.epochStartOffset)
    this.#durableMajority()
    for (const other of this.#cluster.nodes.values()) if (other !== node) logsMatch(node, other)
  }

  #applied(node: Node): void {
    for (let offset = 0; offset < node.applied.length; offset++) {
      const value = node.applied[offset]!
      if (offset === this.committed.length) this.committed.push(value)
      assert(
        this.committed[offset] === value,
        `R6: ${node.id} applies ${value} at ${offset}, others ${this.committed[offset]}`,
      )
    }
  }

  #leads(node: Node, epoch: number, epochStartOffset: number): void {
    const shown = shownHighWatermark(node.state)
    assert(shown > epochStartOffset, `R10: leader ${node.id} shows ${shown} before its own epoch committed`)
    for (const [other, at] of this.#shown) {
      assert(other >= epoch || shown >= at, `R9: epoch ${other} showed ${at}, epoch ${epoch} shows ${shown}`)
    }
    this.#shown.set(epoch, Math.max(shown, this.#shown.get(epoch) ?? 0))
  }

  #durableMajority(): void {
    const offset = this.committed.length - 1
    if (offset < 0) return
    let count = 0
    for (const node of this.#cluster.nodes.values()) {
      if (node.id <= this.#voters && holds(node.disk, offset, this.committed[offset]!, node.disk.durableEnd)) count++
    }
    assert(count > this.#voters / 2, `R7: committed offset ${offset} is durable on ${count} of ${this.#voters} voters`)
  }
}

/** In the log below `end`, or in a snapshot that the log begins with. */
function holds(disk: Disk, offset: number, value: string, end: number): boolean {
  if (offset < disk.startOffset) return disk.snapshots[0]?.values[offset] === value
  return offset < end && valueAt(disk, offset) === value
}

/** R4: where two logs hold the same epoch at an offset, they hold the same from there down. */
function logsMatch(a: Node, b: Node): void {
  const from = Math.max(a.disk.startOffset, b.disk.startOffset)
  let agreed = false
  for (let offset = Math.min(endOf(a.disk), endOf(b.disk)) - 1; offset >= from; offset--) {
    const left = a.disk.entries[offset - a.disk.startOffset]!
    const right = b.disk.entries[offset - b.disk.startOffset]!
    agreed ||= left.epoch === right.epoch
    assert(
      !agreed || (left.epoch === right.epoch && left.value === right.value),
      `R4: ${a.id} and ${b.id} differ at ${offset} below an offset where they agree`,
    )
  }
}
