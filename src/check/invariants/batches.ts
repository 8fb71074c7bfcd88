// What lies on one disk of one log: segments of batches, and how far they are durable. A picture drawn from what was
// written, cut and synced, not from what a node says of itself. Judges nothing; see `logs.ts`.

import type { Epoch, NodeId, Offset, Timestamp } from '../../base/index.ts'

/** What a batch's header says. */
export interface BatchFact {
  readonly baseOffset: Offset
  /** Inclusive. */
  readonly lastOffset: Offset
  readonly epoch: Epoch
  readonly crc: number
  /** Bytes. */
  readonly size: number
  readonly producerId: number
  readonly producerEpoch: number
  /** −1 without a sequence. */
  readonly baseSequence: number
  readonly lastSequence: number
  readonly control: boolean
  /** With LogAppendTime when it was appended; −1 with CreateTime. */
  readonly appendTime: Timestamp
  /** The largest time of its records. */
  readonly maxTimestamp: Timestamp
  /** The whole batch where somebody will want to read its records (the metadata log's); null otherwise. */
  readonly bytes: Uint8Array | null
}

/** One batch, wherever it lies: all disks that hold it share this object. */
export class Batch {
  readonly fact: BatchFact
  /** Whose disk it was seen on first. */
  readonly writer: NodeId
  /** What stood before it there; undefined where that is not known. */
  before: Batch | undefined
  committed = false
  /** Some client was told so, with acks=all. */
  acknowledged = false
  /** Its place among all batches that this log ever held anywhere. */
  readonly order: number
  /** The writer's `seenFrom` when it wrote. */
  readonly writerSaw: Offset
  /** Disks that had it and lost it to a power failure, a lie, a replacement or a flipped bit. */
  lostBy: readonly NodeId[] = []
  /** Those, and who has got it again since. */
  everLostBy: readonly NodeId[] = []

  constructor(fact: BatchFact, writer: NodeId, before: Batch | undefined, order = 0, writerSaw: Offset = 0) {
    this.fact = fact
    this.writer = writer
    this.before = before
    this.order = order
    this.writerSaw = writerSaw
  }

  lost(node: NodeId): void {
    if (!this.lostBy.includes(node)) this.lostBy = [...this.lostBy, node]
    if (!this.everLostBy.includes(node)) this.everLostBy = [...this.everLostBy, node]
  }

  holds(offset: Offset): boolean {
    return offset >= this.baseOffset && offset < this.endOffset
  }

  get baseOffset(): Offset {
    return this.fact.baseOffset
  }

  get endOffset(): Offset {
    return this.fact.lastOffset + 1
  }
}

export class SegmentLog {
  readonly baseOffset: Offset
  readonly batches: Batch[] = []
  /** Byte positions at which they end. */
  readonly ends: number[] = []
  /** How many of them, from the first, are on the platter. */
  durable = 0

  constructor(baseOffset: Offset) {
    this.baseOffset = baseOffset
  }

  get size(): number {
    return this.ends.at(-1) ?? 0
  }

  get endOffset(): Offset {
    return this.batches.at(-1)?.endOffset ?? this.baseOffset
  }

  /** Bytes that are on the platter. */
  get durableSize(): number {
    return this.ends[this.durable - 1] ?? 0
  }

  synced(size: number): void {
    while (this.durable < this.ends.length && this.ends[this.durable]! <= size) this.durable++
  }
}

export class ReplicaLog {
  readonly node: NodeId
  /** In order of their base offsets. */
  segments: SegmentLog[] = []
  /** Up to here it has been compared with what is committed. */
  checked: Offset = 0
  /** Batches with a bit that reads wrong now, and how many. */
  readonly rot: Map<Batch, number> = new Map()
  /** Base offsets of all that ever had one: what was read of them meanwhile may be under way still. */
  readonly everRotten: Set<Offset> = new Set()
  /** Where the first one was when its node began; that is what it knows. */
  foundFrom: Offset = Number.POSITIVE_INFINITY
  /** Below it a snapshot on the same disk holds everything (the metadata log). */
  covered: Offset = 0
  /** Where the node last said that its log begins. */
  saidStart: Offset = 0
  /** Of all batches from here on the node knows who produced them; of those below it need not. */
  seenFrom: Offset = 0

  constructor(node: NodeId) {
    this.node = node
  }

  /** From here on the node may find its log damaged, and let go of it for its leader's. What is below stays owed. */
  get damagedFrom(): Offset {
    let from = this.foundFrom
    for (const { baseOffset } of this.rot.keys()) from = Math.min(from, baseOffset)
    return from
  }

  get damaged(): boolean {
    return this.rot.size > 0 || this.foundFrom < Number.POSITIVE_INFINITY
  }

  /** The node tells its producers anew from what is left. Kafka keeps no snapshot of them at or below the log's start
   *  then (ProducerStateManager.truncateAndReload), so who wrote below only may be forgotten; not while a log runs on. */
  retold(): void {
    this.seenFrom = Math.min(Math.max(this.seenFrom, this.startOffset, this.saidStart), this.endOffset)
  }

  get startOffset(): Offset {
    return this.segments[0]?.baseOffset ?? 0
  }

  get endOffset(): Offset {
    return this.segments.at(-1)?.endOffset ?? 0
  }

  /** Everything below is on the platter. */
  get durableEndOffset(): Offset {
    const segments = this.segments
    for (const segment of segments) {
      if (segment.durable < segment.batches.length) return segment.batches[segment.durable]!.baseOffset
    }
    return this.endOffset
  }

  get last(): Batch | null {
    for (let i = this.segments.length - 1; i >= 0; i--) {
      const last = this.segments[i]!.batches.at(-1)
      if (last !== undefined) return last
    }
    return null
  }

  /** The last batch of an epoch or of an earlier one; null without any. */
  lastUpTo(epoch: Epoch): Batch | null {
    for (let i = this.segments.length - 1; i >= 0; i--) {
      const found = this.segments[i]!.batches.findLast(({ fact }) => fact.epoch <= epoch)
      if (found !== undefined) return found
    }
    return null
  }

  segment(baseOffset: Offset): SegmentLog | undefined {
    const segments = this.segments
    for (let i = segments.length - 1; i >= 0; i--) if (segments[i]!.baseOffset === baseOffset) return segments[i]
    return undefined
  }

  /** The segment that begins there, begun if need be. */
  begin(baseOffset: Offset): SegmentLog {
    const found = this.segment(baseOffset)
    if (found !== undefined) return found
    const segment = new SegmentLog(baseOffset)
    let at = this.segments.length
    while (at > 0 && this.segments[at - 1]!.baseOffset > baseOffset) at--
    this.segments.splice(at, 0, segment)
    // Who begins behind what its leader still has never saw who wrote before (UnifiedLog.truncateFullyAndStartAt).
    if (at === 0) this.seenFrom = baseOffset
    return segment
  }

  /** The batch that holds an offset, null where there is none. */
  at(offset: Offset): Batch | null {
    const segments = this.segments
    for (let i = segments.length - 1; i >= 0; i--) {
      const { baseOffset, batches } = segments[i]!
      if (baseOffset > offset) continue
      let low = 0
      let high = batches.length - 1
      while (low <= high) {
        const middle = (low + high) >> 1
        const batch = batches[middle]!
        if (batch.endOffset <= offset) low = middle + 1
        else if (batch.baseOffset > offset) high = middle - 1
        else return batch
      }
      return null
    }
    return null
  }

  /** Whether this very batch lies here. */
  holds(batch: Batch): boolean {
    return this.at(batch.baseOffset) === batch
  }
}
