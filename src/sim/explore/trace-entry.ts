// A trace as it lies in a file: msgpack values one after the other, a header and then an array for each thing that
// happened, in order. Written by `TraceRecorder`, read by `readTrace`; a file from another version is refused.

import { pack, unpackMultiple } from 'msgpackr'

/** `call` of a port that is none of the others, `disk` call, `timer` that rang, message `send` and `receive`, `end` of a
 *  process, `note`: something worth telling, a fault among them. */
export const TRACE_KINDS = ['call', 'disk', 'timer', 'send', 'receive', 'end', 'note'] as const
export type TraceKind = (typeof TRACE_KINDS)[number]

export interface TraceEntry {
  /** Virtual milliseconds. */
  readonly at: number
  readonly kind: TraceKind
  /** The host; null where it is about none. */
  readonly node: string | null
  /** The port's operation, the message (`Fetch v17 request`), or words. */
  readonly what: string
  /** Partitions that it is about, as far as that is known. */
  readonly partitions: readonly string[]
  /** A path, an address, a size; for messages the other host. */
  readonly detail: string
  /** Of messages: what joins a response to its request. */
  readonly correlation: number | null
  /** Of messages and of what is written. */
  readonly bytes: number | null
}

export interface TraceHeader {
  readonly format: typeof FORMAT
  readonly seed: number
  readonly hash: string
}

const FORMAT = 'odradek-trace-1'

type Row = readonly [number, number, string | null, string, readonly string[], string, number | null, number | null]

export function packHeader(seed: number, hash: string): Uint8Array {
  const header: TraceHeader = { format: FORMAT, seed, hash }
  return pack(header)
}

export function packEntry(entry: TraceEntry): Uint8Array {
  const { at, kind, node, what, partitions, detail, correlation, bytes } = entry
  const row: Row = [at, TRACE_KINDS.indexOf(kind), node, what, partitions, detail, correlation, bytes]
  return pack(row)
}

/**
 * Hands over the entries of a whole file, in order.
 *
 * @throws Error for bytes that are no trace, or one that ends within an entry
 */
export function readTrace(bytes: Uint8Array, each: (entry: TraceEntry) => void): TraceHeader {
  let header: TraceHeader | null = null
  const take = (value: unknown): void => {
    if (header === null) header = headerOf(value)
    else each(entryOf(value as Row))
  }
  try {
    unpackMultiple(bytes, take)
  } catch (error) {
    if (header === null) throw new Error('this is no trace of odradek sim', { cause: error })
    throw new Error('the trace ends within an entry: it was not written to its end', { cause: error })
  }
  if (header === null) throw new Error('this is no trace of odradek sim: it is empty')
  return header
}

function headerOf(value: unknown): TraceHeader {
  const header = value as Partial<TraceHeader> | null
  if (typeof header !== 'object' || header?.format !== FORMAT) throw new Error(`the first value is not ${FORMAT}`)
  return header as TraceHeader
}

function entryOf([at, kind, node, what, partitions, detail, correlation, bytes]: Row): TraceEntry {
  return { at, kind: TRACE_KINDS[kind]!, node, what, partitions, detail, correlation, bytes }
}
