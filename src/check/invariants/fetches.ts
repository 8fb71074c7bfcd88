// Answers to fetches and other questions that carry an epoch, held against the epoch that a replica was in and against its
// disk: an epoch that is over or not yet known is refused, in every fetch of a session and not in its first only, and a
// session goes on in turn (P13); an epoch ends where its batches do (P9); bytes come from what the disk held while the fetch
// was under way, whole and untouched (D9); nothing is served for a topic id that the node has no replica of (P19).
// Does not check the quorum's fetches, nor a batch with a bit that flipped.

import type { Epoch, NodeId, Offset } from '../../base/index.ts'
import type { BatchFact } from './batches.ts'
import type { LogModel } from './logs.ts'
import type { Findings } from './types.ts'

/** One partition of one fetch, and the epochs that its node was in; −1: it had no replica that could be used. */
export interface FetchedEpochs {
  /** As the fetcher knows the leader's; −1: it does not say. */
  readonly asked: Epoch
  /** When the request arrived. */
  readonly before: Epoch
  /** When the answer was written. */
  readonly after: Epoch
}

export interface SentBatch {
  readonly fact: BatchFact
  /** Its CRC is that of its bytes. */
  readonly intact: boolean
}

export class FetchInvariants {
  readonly #findings: Findings

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** `what` was asked; a fetch, or another question that carries an epoch.
   *  `NONE` also where an incremental answer does not name the partition: that says that there is no news. */
  answered(
    node: NodeId,
    model: LogModel,
    { asked, before, after }: FetchedEpochs,
    error: string,
    what: string = 'a fetch',
  ): void {
    if (asked < 0 || before < 0 || after < before) return
    if (error === 'NONE') {
      if (asked < before) this.#epoch(node, model, asked, `answers ${what} in epoch ${asked}, and was in ${before}`)
      else if (asked > after)
        this.#epoch(node, model, asked, `answers ${what} in epoch ${asked}, and is only in ${after}`)
    } else if (error === 'FENCED_LEADER_EPOCH' && asked >= after) {
      this.#epoch(node, model, asked, `calls epoch ${asked} of ${what} over, and is in ${after}`)
    } else if (error === 'UNKNOWN_LEADER_EPOCH' && asked < before) {
      // In its own epoch a leader says so to a replica that it does not know yet.
      this.#epoch(node, model, asked, `calls epoch ${asked} of ${what} unknown, and was in ${before}`)
    }
  }

  /** A request of a session has been answered that did not follow the one before: what it rests on may be lost (KIP-227). */
  outOfTurn(node: NodeId, sessionEpoch: number, expected: string): void {
    const text = `node ${node} answers a fetch of session epoch ${sessionEpoch}, where ${expected} was due`
    this.#findings.violated('P13', text, { node })
  }

  /** Where an epoch ends, or the largest before it: what followers truncate to, and consumers take for lost (P9). `held`: how
   *  far the disk went when the question came. */
  epochEndTold(node: NodeId, model: LogModel, asked: Epoch, told: { epoch: Epoch; end: Offset }, held: Offset): void {
    const log = model.log(node)
    if (told.end < 0 || log.damaged) return
    for (const { batches } of log.segments) {
      for (const { fact, baseOffset, endOffset } of batches) {
        if (endOffset > held || endOffset <= model.released) continue
        const within = fact.epoch <= asked
        if (within ? endOffset <= told.end && fact.epoch <= told.epoch : baseOffset >= told.end) continue
        const text = `${model.name}: node ${node} says that epoch ${asked} ends at ${told.end} with ${told.epoch}, and has a batch of epoch ${fact.epoch} at ${baseOffset}`
        this.#findings.violated('P9', text, { node, partition: model.name, offset: baseOffset, epoch: asked })
        return
      }
    }
  }

  /** A node answers with records of a topic id that it has had no replica of since the request arrived. */
  servedWithoutReplica(node: NodeId, model: LogModel): void {
    const text = `${model.name}: node ${node} serves records for a topic id that it has no replica of`
    this.#findings.violated('P19', text, { node, partition: model.name })
  }

  /** Batches in an answer. `cut`: the disk has let go of something since the request arrived. */
  read(node: NodeId, model: LogModel, batches: readonly SentBatch[], cut: boolean): void {
    const log = model.log(node)
    for (const { intact, fact } of batches) {
      const { baseOffset, epoch, crc } = fact
      // Whoever reads it sees that it is broken: a leader does not look.
      if (!intact && log.everRotten.has(baseOffset)) continue
      if (!intact) this.#bytes(node, model, baseOffset, `sends a batch at ${baseOffset} whose CRC does not match`)
      const there = log.at(baseOffset)?.fact
      if (there?.baseOffset === baseOffset && there.epoch === epoch && there.crc === crc) continue
      // What was cut meanwhile may have been read before; it must at least have been somewhere.
      if (cut && model.knows(baseOffset, epoch, crc)) continue
      const instead = there === undefined ? 'nothing' : `the batch ${there.baseOffset} of epoch ${there.epoch}`
      this.#bytes(node, model, baseOffset, `sends a batch of epoch ${epoch} at ${baseOffset}; its disk has ${instead}`)
    }
  }

  #epoch(node: NodeId, model: LogModel, epoch: Epoch, what: string): void {
    const subject = { node, partition: model.name, epoch }
    this.#findings.violated('P13', `${model.name}: node ${node} ${what}`, subject)
  }

  #bytes(node: NodeId, model: LogModel, offset: Offset, what: string): void {
    this.#findings.violated('D9', `${model.name}: node ${node} ${what}`, { node, partition: model.name, offset })
  }
}
