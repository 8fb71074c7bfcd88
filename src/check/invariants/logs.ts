// One log on all its disks. Fed with what was written, cut, dropped and synced, and with how far each node says it is
// committed. Checks, as it is fed: that a batch of one epoch at one offset is the same everywhere and stands on the same
// prefix (R4, P10); that one epoch has one writer (R1, P6); that epochs and offsets run on (P6); that what any node holds for
// committed is what all hold (R6, P10); that nothing committed is cut (R11, P9), also on a disk with a flipped bit not what lies
// before it (D2), and that only that is let go at the front (P20); that sequences run on without a gap or a repetition (P17).
// Does not check who may lead, nor what an acknowledgement means; does not read records.

import type { Epoch, NodeId, Offset } from '../../base/index.ts'
import { Batch, type BatchFact, ReplicaLog, type SegmentLog } from './batches.ts'
import { Sequences } from './sequences.ts'
import type { Findings } from './types.ts'

export type LogKind = 'quorum' | 'partition'

export class LogModel {
  readonly name: string
  readonly kind: LogKind
  readonly logs: Map<NodeId, ReplicaLog> = new Map()
  /** What is committed, by base offset; the first who said so decided. */
  readonly committed: Map<Offset, Batch> = new Map()
  /** Exclusive. */
  committedEnd: Offset = 0
  /** Nothing is known of what was committed below. */
  committedStart: Offset = Number.POSITIVE_INFINITY
  /** From here on what was committed before `forgivenEpoch` had to be forgiven: stale leaders may still show it. */
  forgivenFrom: Offset = Number.POSITIVE_INFINITY
  /** Of the newest election in which committed records were allowed to go. */
  forgivenEpoch: Epoch = 0
  /** Every such election, and from where on committed records were allowed to go in it. */
  readonly forgivings: { readonly epoch: Epoch; readonly from: Offset }[] = []
  /** Who leads by the controller's word. */
  leads: () => NodeId | null = () => null
  /** How many batches that were committed, and acknowledged, were forgiven. */
  forgiven = 0
  /** How many different batches there ever were. */
  batches = 0
  /** The newest that is committed; null before anything is. */
  lastCommitted: Batch | null = null
  /** Nothing below is anybody's to keep: some replica's log begins there. */
  released: Offset = 0
  /** Whether anything may be let go at the front at all: without retention a log begins where it began (P20). */
  mayLetGo: () => boolean = () => true
  readonly #known: Map<Offset, Batch[]> = new Map()
  readonly #writers: Map<Epoch, NodeId> = new Map()
  readonly #sequences: Sequences = new Sequences()
  readonly #findings: Findings
  /** Called for each batch as it becomes committed, in order of the log. */
  onCommitted: ((batch: Batch) => void) | null = null

  constructor(name: string, kind: LogKind, findings: Findings) {
    this.name = name
    this.kind = kind
    this.#findings = findings
  }

  log(node: NodeId): ReplicaLog {
    let log = this.logs.get(node)
    if (log === undefined) {
      log = new ReplicaLog(node)
      this.logs.set(node, log)
    }
    return log
  }

  /** An empty segment is there. */
  begun(node: NodeId, segmentBase: Offset): void {
    const log = this.log(node)
    log.begin(segmentBase)
    if (log.segments.length > 1) this.#findings.marked('log: segment rolled')
  }

  /** A batch has reached a disk's cache behind what its segment held. */
  written(node: NodeId, segmentBase: Offset, fact: BatchFact): Batch {
    const log = this.log(node)
    const segment = log.begin(segmentBase)
    const last = segment.batches.at(-1) ?? adjacent(log, segment, fact)
    const batch = this.#intern(node, fact, last)
    if (last !== undefined) {
      if (fact.baseOffset !== last.endOffset) this.#violated('P10', node, fact, `follows offset ${last.endOffset - 1}`)
      if (fact.epoch < last.fact.epoch) this.#violated('P6', node, fact, `follows a batch of epoch ${last.fact.epoch}`)
    }
    segment.batches.push(batch)
    segment.ends.push(segment.size + fact.size)
    return batch
  }

  /** A bit of a byte of a segment reads wrong, or is right again. */
  rotted(node: NodeId, segmentBase: Offset, byte: number, wrong: boolean): void {
    const log = this.log(node)
    const segment = log.segment(segmentBase)
    const batch = segment?.batches[segment.ends.findIndex((end) => end > byte)]
    if (batch === undefined) return
    const bits = (log.rot.get(batch) ?? 0) + (wrong ? 1 : -1)
    if (bits > 0) log.rot.set(batch, bits)
    else log.rot.delete(batch)
    if (!wrong) return
    log.everRotten.add(batch.baseOffset)
    this.#findings.marked('log: bit flipped')
  }

  /** A process of the node begins: it may find what is wrong by then, and nothing else. */
  opened(node: NodeId): void {
    const log = this.logs.get(node)
    if (log === undefined) return
    log.foundFrom = Number.POSITIVE_INFINITY
    log.foundFrom = log.damagedFrom
    log.retold()
  }

  /** A segment ends after so many bytes now; what was cut, newest first. */
  cut(node: NodeId, segmentBase: Offset, size: number): Batch[] {
    const log = this.log(node)
    const segment = log.segment(segmentBase)
    if (segment === undefined) return []
    const cut: Batch[] = []
    while (segment.size > size) {
      cut.push(segment.batches.pop()!)
      segment.ends.pop()
    }
    segment.durable = Math.min(segment.durable, segment.batches.length)
    if (cut.length > 0) log.retold()
    this.#wasCut(log, cut)
    return cut
  }

  /** A segment's file was taken away: from the front by retention, from the end by a truncation. */
  dropped(node: NodeId, segmentBase: Offset): 'front' | 'end' | null {
    const log = this.log(node)
    const at = log.segments.findIndex((segment) => segment.baseOffset === segmentBase)
    if (at < 0) return null
    const [segment] = log.segments.splice(at, 1)
    for (const batch of segment!.batches) log.rot.delete(batch)
    if (at === 0 && log.segments.length > 0) {
      for (const batch of segment!.batches) {
        if (
          this.kind === 'quorum' ? batch.endOffset > log.covered : !batch.committed && batch.endOffset > this.released
        )
          this.#letGo(node, batch.fact)
      }
      if (this.kind === 'partition') this.release(node, log.startOffset)
      return 'front'
    }
    log.retold()
    this.#wasCut(log, segment!.batches.reverse())
    return 'end'
  }

  /** A replica's log begins there now. What nobody may let go stays owed by all. */
  release(node: NodeId, startOffset: Offset): void {
    if (startOffset <= this.released) return
    if (this.mayLetGo()) {
      this.released = startOffset
      return
    }
    const text = `${this.name}: node ${node} lets its log begin at ${startOffset}, and nothing deletes its records`
    this.#findings.violated('P20', text, { node, partition: this.name, offset: startOffset })
  }

  /** The disk was looked at anew; what it no longer holds. `found` holds whole and valid batches only. */
  rescanned(
    node: NodeId,
    found: readonly { readonly base: Offset; readonly facts: readonly BatchFact[]; readonly durable: number }[],
    cause: 'died' | 'lost',
    powered: boolean = cause === 'died',
  ): Batch[] {
    const log = this.log(node)
    const before = log.segments.flatMap((segment) => segment.batches)
    const { seenFrom } = log
    // What an fsync has answered stays so while the power lasts, also of a disk that had forgotten it after an error: no
    // node can know better.
    const answered = new Map(powered ? log.segments.map((each) => [each.baseOffset, each.durableSize]) : [])
    log.segments = []
    for (const { base, facts, durable } of found) {
      const segment = log.begin(base)
      for (const fact of facts) {
        segment.batches.push(this.#intern(node, fact, segment.batches.at(-1) ?? adjacent(log, segment, fact)))
        segment.ends.push(segment.size + fact.size)
      }
      segment.synced(Math.max(durable, answered.get(base) ?? 0))
    }
    log.seenFrom = seenFrom
    log.retold()
    const lost = before.filter((batch) => !log.holds(batch))
    for (const batch of log.rot.keys()) if (!log.holds(batch)) log.rot.delete(batch)
    if (lost.length > 0) log.checked = Math.min(log.checked, lost[0]!.baseOffset)
    if (cause === 'died') this.#wasCut(log, lost)
    else {
      for (const batch of [...lost, ...behindGap(log)]) batch.lost(node)
    }
    return lost
  }

  /** A node holds everything below `upTo` for committed, and its log begins at `startOffset` by its own word. */
  claimed(node: NodeId, upTo: Offset, startOffset: Offset = 0): void {
    const log = this.log(node)
    // A power failure may take the end of a log to below its start, which is checkpointed apart: Kafka takes such a log for
    // empty from its start on (LogLoader.recoverLog), and the high watermark is never below that. P20 judges the start.
    const owedFrom = Math.max(log.covered, startOffset)
    log.saidStart = startOffset
    let at = Math.max(log.checked, log.startOffset)
    while (at < upTo) {
      const batch = log.at(at)
      // What a snapshot covers or the log's start lets go need not be there; what is must be what was committed.
      if (batch === null && at < owedFrom) {
        at = owedFrom
        continue
      }
      if (batch === null) {
        const name = this.kind === 'quorum' ? 'R8' : 'P4'
        const text = `node ${node} holds offsets below ${upTo} for committed and its disk has none at ${at}`
        this.#findings.violated(name, `${this.name}: ${text}`, { node, partition: this.name, offset: at })
        break
      }
      if (batch.endOffset > upTo || !this.#binds(batch)) break
      this.#commit(node, batch)
      at = batch.endOffset
    }
    log.checked = Math.max(log.checked, at)
  }

  /** What was written before an election that allowed losses is committed only as far as its leader has it: a leader that
   *  was passed over may go on committing alone, and whoever was cut off or dead holds its old high watermark until it
   *  has heard from the new leader (KIP-101: by epochs, never by a high watermark). */
  #binds(batch: Batch): boolean {
    if (batch.committed || batch.fact.epoch >= this.forgivenEpoch) return true
    const leader = this.leads()
    return leader !== null && this.logs.get(leader)?.holds(batch) === true
  }

  /** Whether any disk ever held that very batch. */
  knows(baseOffset: Offset, epoch: Epoch, crc: number): boolean {
    return this.#known.get(baseOffset)?.some(({ fact }) => fact.epoch === epoch && fact.crc === crc) === true
  }

  /** Whether a node has ever written such a batch at that offset, be it cut off since. */
  wrote(node: NodeId, baseOffset: Offset, such: (fact: BatchFact) => boolean): boolean {
    return this.#known.get(baseOffset)?.some((batch) => batch.writer === node && such(batch.fact)) === true
  }

  /** The committed batch that ends at or before an offset, the newest. */
  committedBefore(offset: Offset): Batch | null {
    let found: Batch | null = null
    for (const batch of this.committed.values()) {
      if (batch.endOffset <= offset && (found === null || batch.baseOffset > found.baseOffset)) found = batch
    }
    return found
  }

  /** What was committed from here on before `epoch` need not stay: more was lost than the promise covers, or an operator
   *  allowed it. */
  forgive(from: Offset, epoch: Epoch): void {
    this.forgivenEpoch = Math.max(this.forgivenEpoch, epoch)
    this.forgivenFrom = Math.min(this.forgivenFrom, from)
    this.forgivings.push({ epoch, from })
    if (from >= this.committedEnd) return
    for (const [offset, batch] of this.committed) {
      if (batch.endOffset <= from) continue
      this.committed.delete(offset)
      batch.committed = false
      if (batch.acknowledged) this.forgiven++
    }
    this.committedEnd = from
    this.lastCommitted = null
    for (const batch of this.committed.values())
      if (this.lastCommitted === null || batch.baseOffset > this.lastCommitted.baseOffset) this.lastCommitted = batch
    for (const log of this.logs.values()) log.checked = Math.min(log.checked, from)
    this.#sequences.clear()
  }

  #commit(node: NodeId, batch: Batch): void {
    const { baseOffset } = batch
    const before = this.committed.get(baseOffset)
    // Below its leader's log start a replica may keep what that one never had; nobody may read it.
    if (before === batch || batch.endOffset <= this.released) return
    if (before !== undefined || (baseOffset < this.committedEnd && baseOffset >= this.committedStart)) {
      const other = before === undefined ? 'another' : `that of epoch ${before.fact.epoch}`
      this.#violated(
        this.kind === 'quorum' ? 'R6' : 'P10',
        node,
        batch.fact,
        `is below the high watermark there, and ${other} was committed`,
      )
      return
    }
    this.committed.set(baseOffset, batch)
    batch.committed = true
    this.committedStart = Math.min(this.committedStart, baseOffset)
    if (batch.endOffset > this.committedEnd) {
      this.committedEnd = batch.endOffset
      this.lastCommitted = batch
      const wrong = this.#sequences.next(batch.fact, batch.writerSaw)
      if (wrong !== null) this.#violated('P17', node, batch.fact, wrong)
      this.onCommitted?.(batch)
    }
  }

  #intern(node: NodeId, fact: BatchFact, before: Batch | undefined): Batch {
    let known = this.#known.get(fact.baseOffset)
    if (known === undefined) {
      known = []
      this.#known.set(fact.baseOffset, known)
    }
    const found = known.find((batch) => batch.fact.epoch === fact.epoch)
    if (found === undefined) {
      this.#newBatch(node, fact)
      if (known.length > 0) {
        const quorum = this.kind === 'quorum'
        this.#findings.marked(
          quorum ? 'quorum: uncommitted records overwritten' : 'partition: uncommitted records overwritten',
        )
      }
      const batch = new Batch(fact, node, before, this.batches++, this.log(node).seenFrom)
      known.push(batch)
      return batch
    }
    this.#compare(node, fact, found, before)
    if (found.lostBy.length > 0) found.lostBy = found.lostBy.filter((each) => each !== node)
    return found
  }

  #newBatch(node: NodeId, fact: BatchFact): void {
    const writer = this.#writers.get(fact.epoch)
    if (writer === undefined) this.#writers.set(fact.epoch, node)
    else if (writer !== node) {
      const name = this.kind === 'quorum' ? 'R1' : 'P6'
      this.#violated(name, node, fact, `is on no other disk, and node ${writer} is who wrote in that epoch`)
    }
  }

  #compare(node: NodeId, fact: BatchFact, found: Batch, before: Batch | undefined): void {
    const name = this.kind === 'quorum' ? 'R4' : 'P10'
    const known = found.fact
    if (known.crc !== fact.crc || known.lastOffset !== fact.lastOffset || known.size !== fact.size) {
      this.#violated(name, node, fact, `differs from the one of that epoch that node ${found.writer} wrote`)
    }
    if (before === undefined) return
    if (found.before === undefined) found.before = before
    else if (found.before !== before && before.endOffset > this.released) {
      const there = `offset ${found.before.baseOffset} of epoch ${found.before.fact.epoch}`
      const here = `offset ${before.baseOffset} of epoch ${before.fact.epoch}`
      this.#violated(name, node, fact, `stands on ${here}, and on ${there} at node ${found.writer}`)
    }
  }

  #wasCut(log: ReplicaLog, cut: readonly Batch[]): void {
    for (const batch of cut) {
      log.checked = Math.min(log.checked, batch.baseOffset)
      // Given up with the damage: until the node has said so, and left the ISR, it is a member that lost it (P2, P8), and
      // its leader may commit it upon a fetch of the life before (P4). What is not committed a life gives up for damage only
      // if it began with that; else a replica cuts it to follow its leader, and a leader that counts it is wrong.
      if (batch.endOffset > (batch.committed ? log.damagedFrom : log.foundFrom)) {
        batch.lost(log.node)
        continue
      }
      if (!batch.committed) continue
      // What the power left behind a gap is no part of the log any more: recovery has to take it away.
      if (batch.lostBy.includes(log.node)) continue
      if (batch.endOffset <= Math.max(this.released, log.covered)) continue
      const name = this.kind === 'quorum' ? 'R11' : 'P9'
      this.#violated(log.damaged ? 'D2' : name, log.node, batch.fact, 'is cut off and was committed')
    }
    for (const batch of cut) log.rot.delete(batch)
    if (log.foundFrom === Number.POSITIVE_INFINITY || log.endOffset > log.foundFrom) return
    log.foundFrom = Number.POSITIVE_INFINITY
    this.#findings.marked('log: damage given up')
  }

  #letGo(node: NodeId, fact: BatchFact): void {
    if (this.kind === 'quorum') this.#violated('R16', node, fact, 'is let go at the front and no snapshot holds it')
    else this.#violated('P20', node, fact, 'is let go at the front and was never committed')
  }

  #violated(name: string, node: NodeId, fact: BatchFact, what: string): void {
    const { baseOffset, lastOffset, epoch } = fact
    const text = `${this.name}: on node ${node} the batch ${baseOffset} to ${lastOffset} of epoch ${epoch} ${what}`
    this.#findings.violated(name, text, { node, partition: this.name, offset: baseOffset, epoch })
  }
}

/** What lies behind the first offset that is missing: a later segment may outlive the end of the one before it. */
function behindGap(log: ReplicaLog): Batch[] {
  const batches = log.segments.flatMap((segment) => segment.batches)
  let next = log.startOffset
  const at = batches.findIndex((batch) => {
    const gap = batch.baseOffset > next
    next = batch.endOffset
    return gap
  })
  return at < 0 ? [] : batches.slice(at)
}

/** What stands before a segment's first batch; undefined where that is not there: two files need not be written in order. */
function adjacent(log: ReplicaLog, segment: SegmentLog, fact: BatchFact): Batch | undefined {
  for (let i = log.segments.indexOf(segment) - 1; i >= 0; i--) {
    const last = log.segments[i]!.batches.at(-1)
    if (last !== undefined) return last.endOffset === fact.baseOffset ? last : undefined
  }
  return undefined
}
