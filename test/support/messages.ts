// Random messages for property tests: any message at any version, every field at its edges, unknown tagged fields now
// and then. `exact` also draws int64 beyond 2^53, as bigint.

import fc from 'fast-check'
import { type MessageSchema, rangeOf, unknownTags } from '../../src/wire/index.ts'
import { type FieldPlan, planOf, type StructPlan } from '../../src/wire/plan.ts'

export function versionsOf(schema: MessageSchema): number[] {
  const range = rangeOf(schema.versions)!
  return Array.from({ length: range.max - range.min + 1 }, (_, i) => range.min + i)
}

/** Values with exactly the fields that the version carries. */
export function messageArbitrary(schema: MessageSchema, version: number, exact: boolean): fc.Arbitrary<object> {
  return structArbitrary(planOf(schema, version), exact)
}

function structArbitrary(plan: StructPlan, exact: boolean): fc.Arbitrary<object> {
  const fields: { [name: string]: fc.Arbitrary<unknown> } = {}
  for (const field of plan.fields) if (field.present) fields[field.name] = fieldArbitrary(field, exact)
  const struct = fc.record(fields, { noNullPrototype: true })
  if (!plan.flexible) return struct
  const tags = fc.constantFrom(90, 127, 128, 20_000, 0xffffffff)
  const tag = fc.record({ tag: tags, bytes: bytes() }, { noNullPrototype: true })
  const unknown = fc.option(fc.uniqueArray(tag, { minLength: 1, maxLength: 3, selector: (t) => t.tag }), { freq: 4 })
  return fc.tuple(struct, unknown).map(([value, given]) => {
    return given === null ? value : { ...value, [unknownTags]: given.sort((a, b) => a.tag - b.tag) }
  })
}

function fieldArbitrary(field: FieldPlan, exact: boolean): fc.Arbitrary<unknown> {
  const one = typeof field.type === 'object' ? structArbitrary(field.type, exact) : scalar(field.type, exact)
  const value: fc.Arbitrary<unknown> = field.array ? fc.array(one, { maxLength: 3 }) : one
  const sometimesNull = field.nullable ? fc.option(value, { freq: 4 }) : value
  const { default: fallback } = field
  if (field.array || fallback === null || fallback === undefined) return sometimesNull
  // The default itself must come often enough to be left out where it is tagged.
  const known = typeof fallback === 'bigint' && !exact ? Number.MAX_SAFE_INTEGER : fallback
  return fc.oneof({ weight: 3, arbitrary: sometimesNull }, { weight: 1, arbitrary: fc.constant(known) })
}

function scalar(type: string, exact: boolean): fc.Arbitrary<unknown> {
  switch (type) {
    case 'bool':
      return fc.boolean()
    case 'int8':
      return edges(-128, 127)
    case 'int16':
      return edges(-32_768, 32_767)
    case 'uint16':
      return edges(0, 65_535)
    case 'int32':
      return edges(-(2 ** 31), 2 ** 31 - 1)
    case 'uint32':
      return edges(0, 2 ** 32 - 1)
    case 'int64':
      return exact ? fc.oneof(edges(-(2 ** 53) + 1, 2 ** 53 - 1), big()) : edges(-(2 ** 53) + 1, 2 ** 53 - 1)
    case 'float64':
      return fc.double()
    case 'uuid':
      return fc.uint8Array({ minLength: 16, maxLength: 16 }).map((raw) => Buffer.from(raw).toString('base64url'))
    case 'string':
      return fc.oneof(
        fc.constantFrom('', 'a', 'é', '日本語', '𝄞', 'x'.repeat(40), 'x'.repeat(41), 'ü'.repeat(40), 'y'.repeat(300)),
        fc.string({ unit: 'binary', maxLength: 12 }),
      )
    default:
      return bytes()
  }
}

function edges(min: number, max: number): fc.Arbitrary<number> {
  return fc.oneof(fc.constantFrom(min, min + 1, max - 1, max, Math.max(min, -1), 0, 1, 2), fc.integer({ min, max }))
}

function big(): fc.Arbitrary<bigint> {
  return fc.constantFrom(2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n, -(2n ** 53n), 2n ** 53n + 1n, 2n ** 62n)
}

function bytes(): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    fc.uint8Array({ maxLength: 8 }),
    fc.constantFrom(127, 128, 600).map((n) => new Uint8Array(n).fill(7)),
  )
}
