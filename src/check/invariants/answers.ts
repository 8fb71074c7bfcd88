// What clients are told, held against what is on the disks and committed: an acks=all success only for what is committed
// and lies where the answer says (P12), errors that name no offset (P18), consumers that are shown only what is committed
// and never two values at one offset (P11, P10), ends of logs that never go back from one leader to the next (P5), produces
// that are taken by who leads and by nobody else (P13); the time that an answer names is that of the batch (P18).
// Does not check whether an answer comes at all, nor whether an error was the right one, nor what is in a record.

import type { Epoch, NodeId, Offset, Timestamp } from '../../base/index.ts'
import type { BatchFact } from './batches.ts'
import { Exposed } from './exposed.ts'
import type { LogModel } from './logs.ts'
import type { Findings } from './types.ts'

/** One partition's batch in a produce request. */
export interface ProducedFact {
  readonly acks: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly lastOffsetDelta: number
  /** How many batches the log had ever held when the request arrived. */
  readonly batchesBefore: number
}

export class AnswerInvariants {
  readonly #findings: Findings
  /** By log, the ends that its leaders told clients. */
  readonly #ends: Map<LogModel, Exposed> = new Map()

  constructor(findings: Findings) {
    this.#findings = findings
  }

  acknowledged(
    node: NodeId,
    model: LogModel,
    sent: ProducedFact,
    baseOffset: Offset,
    appendTime: Timestamp = -1,
  ): void {
    const log = model.log(node)
    const all = sent.acks === -1
    this.#findings.marked(all ? 'produce: acknowledged by all' : 'produce: acknowledged by one')
    // A duplicate may be answered with an offset that retention has let go since.
    if (baseOffset >= 0 && baseOffset < log.startOffset) return
    const batch = baseOffset < 0 ? null : log.at(baseOffset)
    if (batch === null || batch.baseOffset !== baseOffset || !isSame(batch.fact, sent)) {
      // acks=1 says that its leader wrote it. The answer may have waited behind others while it was cut off again. With
      // acks=all it was committed; since then a move of the partition may have ended, and its leader deleted its log. That
      // leader need not have written it: a duplicate is answered for whoever did.
      if (!all && model.wrote(node, baseOffset, (fact) => isSame(fact, sent))) return
      const committed = model.committed.get(baseOffset)
      if (all && log.endOffset === 0 && committed !== undefined && isSame(committed.fact, sent)) {
        committed.acknowledged = true
        return
      }
      const there = batch === null ? 'nothing' : `the batch ${batch.baseOffset} to ${batch.endOffset - 1}`
      const text = `acknowledges sequence ${sent.baseSequence} of producer ${sent.producerId} at ${baseOffset}, where its disk has ${there}`
      this.#violated('P12', model, node, baseOffset, text)
      return
    }
    if (batch.order < sent.batchesBefore) this.#findings.marked('produce: duplicate answered')
    else if (batch.writer !== node) {
      const text = `acknowledges offset ${baseOffset} of epoch ${batch.fact.epoch}, in which node ${batch.writer} led`
      this.#violated('P13', model, node, baseOffset, text)
    }
    this.#timeTold(node, model, sent, batch.fact, appendTime)
    if (!all) return
    if (!batch.committed) {
      const text = `acknowledges offset ${baseOffset} with acks=all, and it is not committed`
      this.#violated('P12', model, node, baseOffset, text)
    }
    batch.acknowledged = true
  }

  /** A client takes it for its record's time. Of a duplicate Kafka names the largest time with CreateTime, too
   *  (UnifiedLog.append), and whether it is one cannot always be told: its first copy may have come at the same moment. */
  #timeTold(node: NodeId, model: LogModel, sent: ProducedFact, fact: BatchFact, appendTime: Timestamp): void {
    if (appendTime === fact.appendTime || (sent.producerId >= 0 && appendTime === fact.maxTimestamp)) return
    const text = `acknowledges offset ${fact.baseOffset} with append time ${appendTime}, where its disk has ${fact.appendTime}`
    this.#violated('P18', model, node, fact.baseOffset, text)
  }

  /** What was sent with acks=all lies on the node's disk, below its own high watermark: nothing is left to wait for. */
  settled(node: NodeId, model: LogModel, sent: ProducedFact): boolean {
    if (sent.acks !== -1 || sent.producerId < 0) return false
    const log = model.log(node)
    for (let i = log.segments.length - 1; i >= 0; i--) {
      const { batches } = log.segments[i]!
      for (let j = batches.length - 1; j >= 0; j--) {
        const batch = batches[j]!
        if (batch.order < sent.batchesBefore) return false
        if (isSame(batch.fact, sent)) return batch.committed && batch.endOffset <= log.checked
      }
    }
    return false
  }

  refused(node: NodeId, model: LogModel, baseOffset: Offset, error: string): void {
    if (baseOffset === -1) return
    this.#violated('P18', model, node, baseOffset, `answers ${error} with base offset ${baseOffset}`)
  }

  /** It says that it does not lead, and has led in that epoch since the request came. */
  disowned(node: NodeId, model: LogModel, epoch: Epoch): void {
    this.#violated('P13', model, node, -1, `says that it does not lead, and leads in epoch ${epoch}`)
  }

  /** Records in an answer to a consumer. */
  shown(node: NodeId, model: LogModel, highWatermark: Offset, batches: readonly BatchFact[]): void {
    for (const fact of batches) {
      const { baseOffset, lastOffset, epoch, crc } = fact
      if (lastOffset >= highWatermark) {
        const text = `shows a consumer offset ${lastOffset} with high watermark ${highWatermark}`
        this.#violated('P11', model, node, lastOffset, text)
      }
      const committed = model.committed.get(baseOffset)
      if (committed?.fact.epoch === epoch && committed.fact.crc === crc) continue
      if (baseOffset < model.committedStart) continue
      // A leader that was passed over may show for a while yet what was forgiven; its successor may not.
      if (baseOffset >= model.forgivenFrom && epoch < model.forgivenEpoch) continue
      const instead = committed === undefined ? 'nothing' : `a batch of epoch ${committed.fact.epoch}`
      const text = `shows a consumer a batch of epoch ${epoch} at ${baseOffset}, where ${instead} is committed`
      this.#violated(committed === undefined ? 'P11' : 'P10', model, node, baseOffset, text)
    }
  }

  /** A leader has told a client where its log ends. */
  endTold(node: NodeId, model: LogModel, epoch: Epoch, end: Offset): void {
    const ends = this.#ends.get(model) ?? new Exposed(model)
    this.#ends.set(model, ends)
    for (const [before, told] of ends.shown(epoch, end)) {
      const text = `says in epoch ${epoch} that the log ends at ${end}, and epoch ${before} had said ${told}`
      this.#violated('P5', model, node, end, text)
    }
    if (end > model.committedEnd && end > model.log(node).startOffset) {
      const text = `says that the log ends at ${end}, committed up to ${model.committedEnd}`
      this.#violated('P11', model, node, end, text)
    }
  }

  /** The controller has accepted an ISR that was proposed on a registration (P13: compare and set). */
  isrAccepted(
    node: NodeId,
    model: LogModel,
    proposed: { readonly leaderEpoch: Epoch; readonly partitionEpoch: number },
    answered: { readonly leaderEpoch: Epoch; readonly partitionEpoch: number },
  ): void {
    const { partitionEpoch: before } = proposed
    const { partitionEpoch: after } = answered
    if ((after === before || after === before + 1) && answered.leaderEpoch >= proposed.leaderEpoch) return
    const from = `${proposed.leaderEpoch}/${before}`
    const text = `accepts an ISR that was proposed in epochs ${from}, and has ${answered.leaderEpoch}/${after} now`
    this.#violated('P13', model, node, -1, text)
  }

  #violated(name: string, model: LogModel, node: NodeId, offset: Offset, what: string): void {
    const subject = { node, partition: model.name, offset }
    this.#findings.violated(name, `${model.name}: node ${node} ${what}`, subject)
  }
}

/** Compression and timestamps may have been changed by the leader; who wrote what, and how much, may not. */
function isSame(fact: BatchFact, sent: ProducedFact): boolean {
  return (
    fact.lastOffset - fact.baseOffset === sent.lastOffsetDelta &&
    fact.producerId === sent.producerId &&
    fact.producerEpoch === sent.producerEpoch &&
    fact.baseSequence === sent.baseSequence
  )
}
