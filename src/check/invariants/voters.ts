// The sets of voters in the metadata log (R14): one voter more or less at a time, each written by a leader that has
// committed in its own epoch, when the one before is committed; in force on a node from its append on, and no more when
// its offset is cut. Fed with the sets as they reach disks and with what nodes hold for their voters.
// Does not check who may ask for a change, nor endpoints and versions of voters, nor the sets in snapshots.

import type { Epoch, NodeId, Offset, Uuid } from '../../base/index.ts'
import type { LogModel } from './logs.ts'
import type { Findings } from './types.ts'

export interface VoterKey {
  readonly id: NodeId
  /** Null where the set knows ids only. */
  readonly directoryId: Uuid | null
}

/** One set, as a control batch has it. */
interface VoterSetFact {
  /** Of the batch. */
  readonly offset: Offset
  readonly epoch: Epoch
  readonly voters: readonly string[]
}

export interface VotersObservation {
  readonly state: string
  readonly voters: readonly VoterKey[]
  readonly endOffset: Offset
  readonly durableEndOffset: Offset
}

export class VoterInvariants {
  readonly #log: LogModel
  readonly #findings: Findings
  readonly #sets: VoterSetFact[] = []
  /** What each node's disk was formatted with, as it showed it when its log was empty. */
  readonly #formatted: Map<NodeId, readonly string[]> = new Map()
  /** What each node was last found right with; who is not in it is to be looked at. */
  readonly #right: Map<NodeId, readonly VoterKey[]> = new Map()

  constructor(log: LogModel, findings: Findings) {
    this.#log = log
    this.#findings = findings
  }

  /** A set has reached a node's disk. */
  written(node: NodeId, offset: Offset, epoch: Epoch, voters: readonly VoterKey[]): void {
    this.#right.delete(node)
    if (this.#sets.some((set) => set.offset === offset && set.epoch === epoch)) return
    const set = { offset, epoch, voters: named(voters) }
    this.#sets.push(set)
    const before = this.#inForce(node, offset)
    if (before === null) return
    const changed = difference(before.voters, set.voters)
    if (changed.length === 0) return
    if (changed.length > 1) this.#violated(node, set, `changes ${changed.join()} of ${before.voters.join()} at once`)
    if (before.offset >= this.#log.committedEnd)
      this.#violated(node, set, `follows that of offset ${before.offset}, which is not committed yet`)
    if (this.#log.lastCommitted?.fact.epoch !== epoch)
      this.#violated(node, set, 'is of a leader that has committed nothing in its epoch yet')
  }

  /** Something was cut off a node's log, or its process is no more. */
  changed(node: NodeId): void {
    this.#right.delete(node)
  }

  /** Its disk is another one: that may have been formatted without voters, as one that joins later. */
  replaced(node: NodeId): void {
    this.#right.delete(node)
    this.#formatted.delete(node)
  }

  /** After an event of the node. */
  observed(node: NodeId, view: VotersObservation): void {
    const { voters, endOffset } = view
    if (this.#right.get(node) === voters || view.state === 'starting') return
    // While its disk is at work, the node is ahead of it.
    if (view.durableEndOffset !== endOffset || this.#log.log(node).endOffset !== endOffset) return
    this.#right.set(node, voters)
    const own = named(voters)
    const inForce = this.#inForce(node, endOffset)
    if (inForce === null) {
      if (endOffset === 0) this.#formatted.set(node, own)
      return
    }
    if (difference(inForce.voters, own).length === 0) return
    const text = `node ${node} counts ${own.join()} as voters, and its log, which ends at ${endOffset}, says ${inForce.voters.join()}`
    this.#findings.violated('R14', text, { node, offset: endOffset, partition: this.#log.name })
  }

  /** The newest set below an offset in a node's log, or in the snapshot that covers it. */
  #inForce(node: NodeId, below: Offset): { readonly offset: Offset; readonly voters: readonly string[] } | null {
    const log = this.#log.log(node)
    const held = ({ offset, epoch }: VoterSetFact): boolean =>
      offset < below &&
      (log.at(offset)?.fact.epoch === epoch ||
        (offset < log.covered && this.#log.committed.get(offset)?.fact.epoch === epoch))
    let newest: VoterSetFact | null = null
    for (const set of this.#sets) if (held(set) && set.offset > (newest?.offset ?? -1)) newest = set
    const formatted = this.#formatted.get(node)
    return newest ?? (formatted === undefined ? null : { offset: -1, voters: formatted })
  }

  #violated(node: NodeId, { offset, epoch, voters }: VoterSetFact, what: string): void {
    const text = `the set of voters ${voters.join()} at offset ${offset} of epoch ${epoch} ${what}`
    this.#findings.violated('R14', text, { node, offset, epoch, partition: this.#log.name })
  }
}

function named(voters: readonly VoterKey[]): string[] {
  return voters.map(({ id, directoryId }) => (directoryId === null ? String(id) : `${id}:${directoryId}`)).sort()
}

/** Who is in one of them only. */
function difference(a: readonly string[], b: readonly string[]): string[] {
  return [...a.filter((each) => !b.includes(each)), ...b.filter((each) => !a.includes(each))]
}
