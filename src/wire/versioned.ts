// Messages with their version (int16) before them: coordinators' values, control records, and what consumers of the
// classic protocol put into JoinGroup and SyncGroup.

import { assert, ProtocolError } from '../base/index.ts'
import { decodeFrom, encodeInto, writing } from './codec.ts'
import { ConsumerProtocolAssignment, ConsumerProtocolSubscription } from './messages/groups.ts'
import { Reader } from './reader.ts'
import type { Input, Message, MessageSchema } from './types.ts'
import { rangeOf } from './versions.ts'

export interface Versioned<M extends MessageSchema> {
  readonly version: number
  readonly body: Message<M>
}

/** Throws EncodeError. */
export function encodeVersioned<M extends MessageSchema>(schema: M, version: number, value: Input<M>): Uint8Array {
  return writing(false, (writer) => {
    writer.int16(version, `${schema.name} version`)
    encodeInto(writer, schema, version, value)
    return writer.finish()
  })
}

/** Throws ProtocolError, also for a version that we do not know. */
export function decodeVersioned<M extends MessageSchema>(schema: M, bytes: Uint8Array): Versioned<M> {
  const reader = new Reader(bytes)
  const version = reader.int16()
  return { version, body: decodeFrom(reader, schema, version) }
}

/** Throws ProtocolError. */
export function decodeSubscription(bytes: Uint8Array): Versioned<typeof ConsumerProtocolSubscription> {
  return decodeNewer(ConsumerProtocolSubscription, bytes)
}

/** Throws ProtocolError. */
export function decodeAssignment(bytes: Uint8Array): Versioned<typeof ConsumerProtocolAssignment> {
  return decodeNewer(ConsumerProtocolAssignment, bytes)
}

/** The consumer protocol only ever appends fields: a version above ours is read as our highest, as Kafka does. */
function decodeNewer<M extends MessageSchema>(schema: M, bytes: Uint8Array): Versioned<M> {
  const reader = new Reader(bytes)
  const version = reader.int16()
  if (version < 0) throw new ProtocolError(`${schema.name} in version ${version}`)
  const range = rangeOf(schema.versions)
  assert(range !== null, `${schema.name} has versions`)
  return { version, body: decodeFrom(reader, schema, Math.min(version, range.max)) }
}
