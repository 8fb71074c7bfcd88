// Shapes of the wire: a message is one plain literal, its TypeScript types are inferred here, its encoders and decoders
// are compiled per version elsewhere in this room.
//
// To add a version to a message: raise `versions` in its literal, add each new field at its place in Kafka's table with
// `versions: 'n+'` (or `tagged: 'n+'` and its `tag`), `ignorable` if older versions may drop it, `default` unless it is
// zero; close the range of a removed field (`'0-3'`). Then the handler that serves it, and golden vectors. To add a
// message: one more literal, and for a request one line in `apis.ts`, for a record one in `record-frames.ts`.

import type { Uuid } from '../base/index.ts'

/** `n`, `n+`, `n-m` or `none`, as in Kafka's tables. */
export type VersionRange = string

export type PrimitiveType =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'float64'
  | 'uuid'
  | 'string'
  | 'bytes'
  | 'records'

/**
 * Tagged fields that a message carried and its table does not know (rule of KIP-482: kept, and written again). Present
 * only where there were any. The bytes are borrowed like every other slice.
 */
export const unknownTags: unique symbol = Symbol('unknownTags')

export interface FieldSchema {
  /** A primitive, `struct`, an array of primitives (`[]int32`) or of structs (`[]`, its fields in `fields`). */
  readonly type: PrimitiveType | `[]${PrimitiveType}` | 'struct' | '[]'
  /** Where absent, `tagged` holds. */
  readonly versions?: VersionRange
  readonly nullable?: VersionRange
  readonly tagged?: VersionRange
  readonly tag?: number
  /** As TypeScript holds it: number, string, boolean, `null`. Absent: zero, '', false, [], or a struct of defaults. int64 beyond 2^53 as decimal text. */
  readonly default?: number | string | boolean | null
  /** True: a value that its version cannot carry is dropped. Otherwise encoding it throws. */
  readonly ignorable?: true
  /** Overrides the message's own flexible versions for this field (RequestHeader's client id). */
  readonly flexible?: VersionRange
  readonly fields?: Fields
}

export type Fields = { readonly [name: string]: FieldSchema }

export interface MessageSchema {
  readonly name: string
  /** Requests and responses only. Metadata and coordinator records carry it too: it is their record type. */
  readonly key?: number
  readonly versions: VersionRange
  readonly flexible: VersionRange
  readonly fields: Fields
}

type Scalar<T> = T extends 'bool'
  ? boolean
  : T extends 'int8' | 'int16' | 'uint16' | 'int32' | 'uint32' | 'int64' | 'float64'
    ? number
    : T extends 'uuid'
      ? Uuid
      : T extends 'string'
        ? string
        : T extends 'bytes' | 'records'
          ? Uint8Array
          : never

type Base<F extends FieldSchema> = F extends { type: 'struct'; fields: infer S extends Fields }
  ? Struct<S>
  : F extends { type: '[]'; fields: infer S extends Fields }
    ? Struct<S>[]
    : F extends { type: `[]${infer P}` }
      ? Scalar<P>[]
      : Scalar<F['type']>

type Value<F extends FieldSchema> = F extends { nullable: string } ? Base<F> | null : Base<F>

type Struct<S extends Fields> = { -readonly [K in keyof S]: Value<S[K]> }

/** What decoding gives: every field present, with its default where the version lacks it. */
export type Message<M extends MessageSchema> = Struct<M['fields']>

/** `records` may be given in parts, as a log read them, to be sent one after the other. */
type InputScalar<T> = T extends 'records' ? Uint8Array | readonly Uint8Array[] : Scalar<T>

type InputBase<F extends FieldSchema> = F extends { type: 'struct'; fields: infer S extends Fields }
  ? StructInput<S>
  : F extends { type: '[]'; fields: infer S extends Fields }
    ? readonly StructInput<S>[]
    : F extends { type: `[]${infer P}` }
      ? readonly InputScalar<P>[]
      : InputScalar<F['type']>

type StructInput<S extends Fields> = {
  readonly [K in keyof S]?: (S[K] extends { nullable: string } ? InputBase<S[K]> | null : InputBase<S[K]>) | undefined
}

/** What encoding takes: a field left out has its default. */
export type Input<M extends MessageSchema> = StructInput<M['fields']>

export type ApiListener = 'broker' | 'controller'

/** A request and its response under one API key. */
export interface Api<Request extends MessageSchema = MessageSchema, Response extends MessageSchema = MessageSchema> {
  readonly key: number
  readonly name: string
  readonly request: Request
  readonly response: Response
  /** What our codecs can read and write; Produce 0–2 are advertised by brokers all the same and then refused. */
  readonly minVersion: number
  readonly maxVersion: number
  /** Less than `maxVersion` where Kafka 4.3 does not advertise its newest version yet. */
  readonly latestStableVersion: number
  /** Where Kafka 4.3 serves it. */
  readonly listeners: readonly ApiListener[]
}
