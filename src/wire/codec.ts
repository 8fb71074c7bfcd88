// Encoding and decoding of any message literal at any of its versions. Codecs are compiled once for each message and
// version, at first use. Knows no headers and no frames.

import { ProtocolError } from '../base/index.ts'
import { codecSource } from './generate.ts'
import { planOf } from './plan.ts'
import { Reader } from './reader.ts'
import type { Input, Message, MessageSchema } from './types.ts'
import { unknownTags } from './types.ts'
import { includes } from './versions.ts'
import { EncodeError, Writer } from './writer.ts'

/** Bytes of their own. Throws EncodeError. */
export function encode<M extends MessageSchema>(schema: M, version: number, value: Input<M>): Uint8Array {
  return writing(false, (writer) => {
    encodeInto(writer, schema, version, value)
    return writer.finish()
  })
}

/**
 * The same as a list in which `records` and `bytes` of some length are the caller's own arrays, not copies: they must
 * not change until they are sent. Throws EncodeError.
 */
export function encodeChunks<M extends MessageSchema>(schema: M, version: number, value: Input<M>): Uint8Array[] {
  return writing(true, (writer) => {
    encodeInto(writer, schema, version, value)
    return writer.finishChunks()
  })
}

/**
 * Reads one message at `at`; bytes after it are ignored, as Kafka ignores them. `bytes` and `records` fields are slices
 * of `bytes`: copy what you keep. Throws ProtocolError, and nothing else, for whatever a peer may send.
 */
export function decode<M extends MessageSchema>(schema: M, version: number, bytes: Uint8Array, at = 0): Message<M> {
  return decodeFrom(new Reader(bytes, at), schema, version)
}

/** As `decode`, but int64 beyond 2^53 as bigint: for tools that must show and write back every value. */
export function decodeExact(schema: MessageSchema, version: number, bytes: Uint8Array, at = 0): unknown {
  return readable(schema, version, EXACT).decode(new Reader(bytes, at))
}

/** Writes what `decodeExact` gives. */
export function encodeExact(schema: MessageSchema, version: number, value: unknown): Uint8Array {
  return writing(false, (writer) => {
    writable(schema, version, EXACT).encode(writer, value)
    return writer.finish()
  })
}

/** For frames: reads on where the reader stands. */
export function decodeFrom<M extends MessageSchema>(reader: Reader, schema: M, version: number): Message<M> {
  return readable(schema, version, SATURATED).decode(reader) as Message<M>
}

/** For frames: writes on where the writer stands. */
export function encodeInto<M extends MessageSchema>(writer: Writer, schema: M, version: number, value: Input<M>): void {
  writable(schema, version, SATURATED).encode(writer, value)
}

/** Runs `work` with the shared writer; a call from within a value's getter would get one of its own. */
export function writing<T>(byReference: boolean, work: (writer: Writer) => T): T {
  if (busy) return work(new Writer())
  busy = true
  try {
    shared.begin(byReference)
    return work(shared)
  } finally {
    busy = false
  }
}

const shared = new Writer()
let busy = false

/** What absent bytes are read as. */
const EMPTY = new Uint8Array(0)

interface Codec {
  readonly decode: (reader: Reader) => unknown
  readonly encode: (writer: Writer, value: unknown) => void
}

type Cache = WeakMap<MessageSchema, (Codec | undefined)[]>
const SATURATED: Cache = new WeakMap()
const EXACT: Cache = new WeakMap()

function readable(schema: MessageSchema, version: number, cache: Cache): Codec {
  const codec = compiled(schema, version, cache)
  if (codec === null) throw new ProtocolError(`${schema.name} has no version ${version}`)
  return codec
}

function writable(schema: MessageSchema, version: number, cache: Cache): Codec {
  const codec = compiled(schema, version, cache)
  if (codec === null) throw new EncodeError('unsupported-version', `${schema.name} has no version ${version}`)
  return codec
}

function compiled(schema: MessageSchema, version: number, cache: Cache): Codec | null {
  let versions = cache.get(schema)
  const known = versions?.[version]
  if (known !== undefined) return known
  if (!includes(schema.versions, version)) return null
  const source = codecSource(planOf(schema, version), { exact: cache === EXACT })
  const codec = new Function('UNKNOWN', 'EMPTY', source)(unknownTags, EMPTY) as Codec
  if (versions === undefined) {
    versions = []
    cache.set(schema, versions)
  }
  versions[version] = codec
  return codec
}
