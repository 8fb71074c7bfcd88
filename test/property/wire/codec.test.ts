// Every message at every version: what is written is read again, and bytes that were tampered with end in a ProtocolError
// or in a message that is written and read again.

import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ProtocolError } from '../../../src/base/index.ts'
import {
  allSchemas,
  decode,
  decodeExact,
  encode,
  encodeChunks,
  encodeExact,
  type MessageSchema,
  messageFromJson,
  messageToJson,
  parseJson,
  printJson,
  unknownTags,
} from '../../../src/wire/index.ts'
import { planOf, type StructPlan } from '../../../src/wire/plan.ts'
import { messageArbitrary, versionsOf } from '../../support/messages.ts'

const SEED = 20_260_131
const RUNS = 4
/** Well above what it takes, also on a busy machine. */
const TIMEOUT = 60_000
const pairs = allSchemas().flatMap((schema) => versionsOf(schema).map((version) => ({ schema, version })))

describe(`${pairs.length} message versions`, { timeout: TIMEOUT }, () => {
  test('are read as they were written', () => {
    for (const { schema, version } of pairs) {
      const plan = planOf(schema, version)
      const holds = fc.property(messageArbitrary(schema, version, false), (value) => {
        const bytes = encode(schema, version, value)
        const read = decode(schema, version, bytes)
        if (!isDeepStrictEqual(carried(plan, read), value)) return false
        const chunks = encodeChunks(schema, version, value)
        return same(Buffer.concat(chunks), bytes) && same(encode(schema, version, read), bytes)
      })
      fc.assert(holds, { seed: SEED, numRuns: RUNS, verbose: 0 })
    }
  })

  test('are read exactly, beyond 2^53, and through the JSON form', () => {
    for (const { schema, version } of pairs) {
      const plan = planOf(schema, version)
      const holds = fc.property(messageArbitrary(schema, version, true), (value) => {
        const bytes = encodeExact(schema, version, value)
        if (!isDeepStrictEqual(carried(plan, decodeExact(schema, version, bytes) as object), value)) return false
        const json = messageToJson(schema, version, bytes)
        const again = messageFromJson(schema, version, parseJson(printJson(json)))
        return isDeepStrictEqual(messageToJson(schema, version, again), json)
      })
      fc.assert(holds, { seed: SEED, numRuns: RUNS, verbose: 0 })
    }
  })

  test('survive tampering with a ProtocolError at worst', () => {
    let refused = 0
    let accepted = 0
    for (const { schema, version } of pairs) {
      const samples = fc.sample(messageArbitrary(schema, version, true), { seed: SEED, numRuns: 4 })
      for (const [i, value] of samples.entries()) {
        const bytes = encodeExact(schema, version, value)
        for (let round = 0; round < 12; round++) {
          if (survives(schema, version, tampered(bytes, i * 100 + round))) accepted++
          else refused++
        }
      }
    }
    expect(refused).toBeGreaterThan(1000)
    expect(accepted).toBeGreaterThan(1000)
  })

  test('never run over the end of what arrived', () => {
    for (const { schema, version } of pairs) {
      const [value] = fc.sample(messageArbitrary(schema, version, true), { seed: SEED, numRuns: 1 })
      const bytes = encodeExact(schema, version, value)
      for (let cut = 0; cut < Math.min(bytes.length, 60); cut++) {
        expect(() => decode(schema, version, bytes.subarray(0, cut)), `${schema.name} v${version}`).toThrow(
          ProtocolError,
        )
      }
    }
  })
})

/** The fields that the version carries, and unknown tags: what the encoder was given. */
function carried(plan: StructPlan, value: object): object {
  const out: { [name: string]: unknown; [unknownTags]?: unknown } = {}
  const given = value as { readonly [name: string]: unknown; readonly [unknownTags]?: unknown }
  for (const { name, present, type } of plan.fields) {
    if (!present) continue
    const inner = given[name]
    if (typeof type !== 'object' || inner === null) out[name] = inner
    else out[name] = Array.isArray(inner) ? inner.map((one) => carried(type, one)) : carried(type, inner as object)
  }
  if (given[unknownTags] !== undefined) out[unknownTags] = given[unknownTags]
  return out
}

function survives(schema: MessageSchema, version: number, bytes: Uint8Array): boolean {
  let read: unknown
  try {
    read = decodeExact(schema, version, bytes)
  } catch (error) {
    if (error instanceof ProtocolError) return false
    throw error
  }
  const again = decodeExact(schema, version, encodeExact(schema, version, read))
  if (!isDeepStrictEqual(again, read)) throw new Error(`${schema.name} v${version} is not read as it was written`)
  return true
}

/** One of five kinds of harm, chosen by the seed. */
function tampered(bytes: Uint8Array, seed: number): Uint8Array {
  const out = new Uint8Array(bytes)
  const at = bytes.length === 0 ? 0 : (seed * 2_654_435_761) % bytes.length
  switch (seed % 5) {
    case 0:
      return out.subarray(0, at)
    case 1:
      out[at] = 0xff
      return out
    case 2:
      out[at] = (out[at] ?? 0) ^ (1 << (seed % 8))
      return out
    case 3:
      for (let i = at; i < Math.min(at + 4, out.length); i++) out[i] = i === at ? 0x7f : 0xff
      return out
    default:
      return new Uint8Array([...out.subarray(0, at), 0x80, 0x01, ...out.subarray(at)])
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
