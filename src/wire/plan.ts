// What one message looks like at one version: the field table with every version range resolved. The generators of
// encoders and decoders, and the JSON form, read plans and never ranges.

import { assert, ZERO_UUID } from '../base/index.ts'
import type { FieldSchema, Fields, MessageSchema, PrimitiveType } from './types.ts'
import { includes, isFlexible } from './versions.ts'

export interface FieldPlan {
  readonly name: string
  /** With the names of the structs around it, for error messages. */
  readonly path: string
  /** False: the version lacks it. */
  readonly present: boolean
  readonly nullable: boolean
  /** The tag under which the version carries it, or null. */
  readonly tag: number | null
  /** Varint lengths (KIP-482). */
  readonly compact: boolean
  readonly ignorable: boolean
  readonly array: boolean
  /** Of the field, or of its elements. */
  readonly type: PrimitiveType | StructPlan
  /** The default of a scalar, or null; absent for an empty array or a struct of defaults. */
  readonly default: number | bigint | string | boolean | null | undefined
}

export interface StructPlan {
  readonly path: string
  /** In table order, also those that the version lacks. */
  readonly fields: readonly FieldPlan[]
  /** Ends with a section of tagged fields. */
  readonly flexible: boolean
}

export function planOf(schema: MessageSchema, version: number): StructPlan {
  return structPlan(schema.fields, schema.name, version, isFlexible(schema, version), true)
}

/** Fewest bytes one element of this type takes: bounds an array's count by the bytes that remain. */
export function leastBytes(type: PrimitiveType | StructPlan, compact: boolean): number {
  if (typeof type === 'object') {
    let sum = type.flexible ? 1 : 0
    for (const field of type.fields) if (field.present && field.tag === null) sum += leastFieldBytes(field)
    return Math.max(sum, 1)
  }
  switch (type) {
    case 'bool':
    case 'int8':
      return 1
    case 'int16':
    case 'uint16':
      return 2
    case 'int32':
    case 'uint32':
      return 4
    case 'int64':
    case 'float64':
      return 8
    case 'uuid':
      return 16
    case 'string':
      return compact ? 1 : 2
    case 'bytes':
    case 'records':
      return compact ? 1 : 4
  }
}

function leastFieldBytes(field: FieldPlan): number {
  if (field.array) return field.compact ? 1 : 4
  return typeof field.type === 'object' && field.nullable ? 1 : leastBytes(field.type, field.compact)
}

function structPlan(fields: Fields, path: string, version: number, flexible: boolean, present: boolean): StructPlan {
  return {
    path,
    flexible,
    fields: Object.entries(fields).map(([name, field]) => fieldPlan(name, field, path, version, flexible, present)),
  }
}

function fieldPlan(
  name: string,
  field: FieldSchema,
  parent: string,
  version: number,
  flexible: boolean,
  parentPresent: boolean,
): FieldPlan {
  const path = `${parent}.${name}`
  const present = parentPresent && includes(field.versions ?? field.tagged, version)
  const tagged = present && includes(field.tagged, version)
  assert(!tagged || (field.tag !== undefined && flexible), `${path} is tagged without a tag or a tag section`)
  const array = field.type.startsWith('[]')
  const base = array ? field.type.slice(2) : field.type
  const struct = base === '' || base === 'struct'
  assert(!struct || field.fields !== undefined, `${path} is a struct without fields`)
  return {
    name,
    path,
    present,
    nullable: present && includes(field.nullable, version),
    tag: tagged ? field.tag! : null,
    compact: field.flexible === undefined ? flexible : includes(field.flexible, version),
    ignorable: field.ignorable === true,
    array,
    type: struct ? structPlan(field.fields ?? {}, path, version, flexible, present) : (base as PrimitiveType),
    default: defaultOf(field, base as PrimitiveType, array || struct),
  }
}

function defaultOf(field: FieldSchema, type: PrimitiveType, compound: boolean): FieldPlan['default'] {
  if (field.default === null) return null
  if (compound) return undefined
  switch (type) {
    case 'bool':
      return field.default ?? false
    case 'string':
      return field.default ?? ''
    case 'uuid':
      return ZERO_UUID
    case 'bytes':
    case 'records':
      return undefined
    case 'int64':
      return typeof field.default === 'string' ? BigInt(field.default) : (field.default ?? 0)
    default:
      return field.default ?? 0
  }
}
