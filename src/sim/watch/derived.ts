// The files beside a log's segments, read from a disk as they are: epochs, indexes, snapshots of producers, and the batches
// that they are told from. Reads headers and Kafka's file formats by itself, not with the log's readers; judges nothing.
// Leaves out what a node would not believe: an index that does not ascend, epochs and indexes of segments that reach the
// recovery point; and the segment that is being written.

import type { NodeId } from '../../base/index.ts'
import type {
  DerivedInvariants,
  LogModel,
  OffsetEntry,
  ProducerEntry,
  StoredBatch,
  TimeEntry,
} from '../../check/index.ts'
import { readBatchHeader, validCrc } from '../../wire/index.ts'
import type { DiskState } from '../platter.ts'
import { factOf } from './facts.ts'
import { epochStartsOf, textOf } from './texts.ts'

const OFFSET_ENTRY = 8
const TIME_ENTRY = 12
const SNAPSHOT_HEADER = 10
const SNAPSHOT_ENTRY = 46

interface StoredSegment {
  readonly base: number
  readonly size: number
  readonly batches: readonly StoredBatch[]
}

/** One log's directory. */
export function checkDerived(
  node: NodeId,
  disk: DiskState,
  directory: string,
  model: LogModel,
  checks: DerivedInvariants,
): void {
  const files = new Map<string, Uint8Array>()
  const inside = directory.length + 1
  for (const path of disk.paths(directory)) files.set(path.slice(inside), disk.written(path)!)
  const segments = segmentsOf(files)
  const all = segments.flatMap(({ batches }) => batches)
  for (const batch of all) checks.whole(node, model, batch)
  // A segment that reaches it is read again whole, and what lies beside it told anew.
  const flushed = recoveryPoint(disk, directory)
  const believed = segments.filter((_, i) => (segments[i + 1]?.base ?? Number.POSITIVE_INFINITY) <= flushed)
  const epochs = files.get('leader-epoch-checkpoint')
  if (epochs !== undefined) {
    const told = believed.flatMap(({ batches }) => batches)
    checks.epochs(node, model, told, epochStartsOf(textOf(epochs)))
  }
  for (const { base, size, batches } of believed) {
    const name = String(base).padStart(20, '0')
    checks.offsets(node, model, batches, offsetEntries(files.get(`${name}.index`), base, size))
    checks.times(node, model, batches, timeEntries(files.get(`${name}.timeindex`), base))
  }
  const end = all.at(-1)?.fact.lastOffset ?? -1
  for (const [name, bytes] of files) {
    const at = /^(\d{20})\.snapshot$/.exec(name)?.[1]
    // The log may begin behind it, or have lost its end to a power failure and not been opened since.
    if (at !== undefined && Number(at) <= end + 1)
      checks.producers(node, model, Number(at), all, producerEntries(bytes))
  }
}

/** Below it a starting node does not look at batches again; 0 where none is noted. */
function recoveryPoint(disk: DiskState, directory: string): number {
  const slash = directory.lastIndexOf('/')
  const points = disk.look(`${directory.slice(0, slash)}/recovery-point-offset-checkpoint`)
  if (points === null) return 0
  const name = directory.slice(slash + 1)
  const index = name.lastIndexOf('-')
  const line = `${name.slice(0, index)} ${name.slice(index + 1)} `
  const found = textOf(points)
    .split('\n')
    .find((each) => each.startsWith(line))
  return found === undefined ? 0 : Number(found.slice(line.length))
}

function segmentsOf(files: ReadonlyMap<string, Uint8Array>): StoredSegment[] {
  const segments: StoredSegment[] = []
  for (const [name, bytes] of files) {
    const base = /^(\d{20})\.log$/.exec(name)?.[1]
    if (base === undefined) continue
    const batches: StoredBatch[] = []
    for (let at = 0; ; ) {
      const header = readBatchHeader(bytes, at)
      if (header === null) break
      batches.push({
        fact: factOf(header),
        position: at,
        maxTimestamp: header.maxTimestamp,
        intact: validCrc(bytes, header),
      })
      at += header.size
    }
    segments.push({ base: Number(base), size: bytes.length, batches })
  }
  return segments.sort((a, b) => a.base - b.base)
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

function offsetEntries(bytes: Uint8Array | undefined, base: number, size: number): OffsetEntry[] {
  if (bytes === undefined || bytes.length % OFFSET_ENTRY !== 0) return []
  const data = view(bytes)
  const entries: OffsetEntry[] = []
  for (let at = 0; at < bytes.length; at += OFFSET_ENTRY) {
    const entry = { offset: base + data.getInt32(at), position: data.getInt32(at + 4) }
    const before = entries.at(-1) ?? { offset: base - 1, position: -1 }
    if (entry.offset <= before.offset || entry.position <= before.position || entry.position >= size) return []
    entries.push(entry)
  }
  return entries
}

function timeEntries(bytes: Uint8Array | undefined, base: number): TimeEntry[] {
  if (bytes === undefined || bytes.length % TIME_ENTRY !== 0) return []
  const data = view(bytes)
  const entries: TimeEntry[] = []
  for (let at = 0; at < bytes.length; at += TIME_ENTRY) {
    const entry = { timestamp: Number(data.getBigInt64(at)), offset: base + data.getInt32(at + 8) }
    const before = entries.at(-1) ?? { timestamp: Number.NEGATIVE_INFINITY, offset: base }
    if (entry.timestamp <= before.timestamp || entry.offset < before.offset) return []
    entries.push(entry)
  }
  return entries
}

/** Kafka's producer snapshot, version 1; the node's own CRC was checked when it was read last. */
function producerEntries(bytes: Uint8Array): ProducerEntry[] {
  const data = view(bytes)
  const entries: ProducerEntry[] = []
  for (let at = SNAPSHOT_HEADER; at + SNAPSHOT_ENTRY <= bytes.length; at += SNAPSHOT_ENTRY) {
    entries.push({
      producerId: Number(data.getBigInt64(at)),
      epoch: data.getInt16(at + 8),
      lastSequence: data.getInt32(at + 10),
      lastOffset: Number(data.getBigInt64(at + 14)),
    })
  }
  return entries
}
