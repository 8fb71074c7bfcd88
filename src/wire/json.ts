// Kafka's JSON form of messages (as its JsonConverters print them): names in camelCase, fields that the version lacks
// absent, tagged fields absent at their default, bytes in base64, NaN as text, int64 beyond 2^53 as bigint. For tools,
// traces and golden vectors; never on a data path.

import { ConfigError, isUuid } from '../base/index.ts'
import { decodeExact, encodeExact } from './codec.ts'
import type { FieldPlan, StructPlan } from './plan.ts'
import { planOf } from './plan.ts'
import type { MessageSchema } from './types.ts'

/** What Kafka's JSON can hold, with bigint where a number could not. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | { readonly [key: string]: Json }

/** Reads encoded bytes into the JSON form. Throws ProtocolError. */
export function messageToJson(schema: MessageSchema, version: number, bytes: Uint8Array, at = 0): Json {
  return structToJson(planOf(schema, version), decodeExact(schema, version, bytes, at))
}

/** Encodes the JSON form. Throws EncodeError for a value out of range, ConfigError for one of the wrong kind. */
export function messageFromJson(schema: MessageSchema, version: number, json: Json): Uint8Array {
  return encodeExact(schema, version, structFromJson(planOf(schema, version), json))
}

/** `JSON.parse` that keeps integers beyond 2^53, as bigint. */
export function parseJson(text: string): Json {
  // The reviver's third argument (ECMAScript 2025, in Node since 21) is not in TypeScript's library yet.
  const revive = (_key: string, value: Json, context?: { readonly source?: string }): Json => {
    const source = context?.source
    return typeof value === 'number' && source !== undefined && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
      ? BigInt(source)
      : value
  }
  return JSON.parse(text, revive) as Json
}

/** `JSON.stringify` that prints bigint as plain digits. */
export function printJson(value: Json, indent?: number): string {
  // Digits are put in afterwards: a text that no message contains stands for each until then.
  const big: string[] = []
  const mark = '\u0000bigint'
  const text = JSON.stringify(
    value,
    (_key, item: Json) => (typeof item === 'bigint' ? `${mark}${big.push(String(item)) - 1}` : item),
    indent,
  )
  return big.length === 0 ? text : text.replace(/"\\u0000bigint(\d+)"/g, (_whole, i: string) => big[Number(i)] ?? '')
}

type Values = { readonly [name: string]: unknown }

function structToJson(plan: StructPlan, struct: unknown): Json {
  const json: { [key: string]: Json } = {}
  for (const field of plan.fields) {
    const value = (struct as Values)[field.name]
    if (!field.present || (field.tag !== null && isDefault(field, value))) continue
    json[field.name] = fieldToJson(field, value)
  }
  return json
}

function fieldToJson(field: FieldPlan, value: unknown): Json {
  if (value === null) return null
  return field.array ? (value as unknown[]).map((item) => scalarToJson(field, item)) : scalarToJson(field, value)
}

function scalarToJson(field: FieldPlan, value: unknown): Json {
  const { type } = field
  if (typeof type === 'object') return structToJson(type, value)
  if (type === 'bytes' || type === 'records') return Buffer.from(value as Uint8Array).toString('base64')
  if (type === 'float64' && !Number.isFinite(value)) return String(value)
  return value as Json
}

function isDefault(field: FieldPlan, value: unknown): boolean {
  if (field.default === null) return value === null
  if (value === null) return false
  if (field.array) return (value as unknown[]).length === 0
  const { type } = field
  if (typeof type === 'object') return type.fields.every((inner) => isDefault(inner, (value as Values)[inner.name]))
  return field.default === undefined ? (value as Uint8Array).length === 0 : value === field.default
}

function structFromJson(plan: StructPlan, json: Json): unknown {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) wrong(plan.path, 'an object', json)
  const struct: { [name: string]: unknown } = {}
  const names = new Set(plan.fields.map((field) => field.name))
  for (const name of Object.keys(json)) if (!names.has(name)) wrong(plan.path, 'without this field', name)
  for (const field of plan.fields) {
    const value = (json as { readonly [key: string]: Json })[field.name]
    if (value !== undefined) struct[field.name] = fieldFromJson(field, value)
  }
  return struct
}

function fieldFromJson(field: FieldPlan, json: Json): unknown {
  if (json === null) return null
  if (!field.array) return scalarFromJson(field, json)
  if (!Array.isArray(json)) wrong(field.path, 'an array', json)
  return (json as readonly Json[]).map((item) => scalarFromJson(field, item))
}

function scalarFromJson(field: FieldPlan, json: Json): unknown {
  const { type } = field
  if (typeof type === 'object') return structFromJson(type, json)
  switch (type) {
    case 'bytes':
    case 'records':
      if (typeof json !== 'string') wrong(field.path, 'base64', json)
      return new Uint8Array(Buffer.from(json as string, 'base64'))
    case 'uuid':
      if (typeof json !== 'string' || !isUuid(json)) wrong(field.path, 'a uuid', json)
      return json
    case 'float64':
      // A float of many digits looks like an integer beyond 2^53 to the parser.
      return typeof json === 'string' || typeof json === 'bigint' ? Number(json) : json
    default:
      return json
  }
}

function wrong(path: string, expected: string, json: Json): never {
  throw new ConfigError(`${path}: ${expected} expected, not ${printJson(json)}`)
}
