// Client quotas as the metadata log keeps them (KIP-546): who may be limited in what, and whether a limit can be one. An
// entity is a user, a client id, both, or an address; a null name is the default of its kind. What a limit does is the
// business of the brokers that hold clients to it.

import { canonicalAddress } from '../../src/base/index.ts'
import type {
  AlterClientQuotasRequest,
  AlterClientQuotasResponse,
  Input,
  MetadataRecord,
} from '../../src/wire/index.ts'
import { errorCode } from '../../src/wire/index.ts'
import type { MetadataImage } from '../metadata/index.ts'
import { quotaKey } from '../metadata/index.ts'
import type { Decision } from './types.ts'
import { MAX_RECORDS_PER_USER_OP } from './types.ts'

interface EntityPart {
  readonly entityType: string
  readonly entityName: string | null
}

interface Limit {
  readonly type: 'INT' | 'LONG' | 'DOUBLE'
  readonly max: number
}

const INT: Limit = { type: 'INT', max: 2 ** 31 - 1 }
const LONG: Limit = { type: 'LONG', max: 2 ** 63 }
const DOUBLE: Limit = { type: 'DOUBLE', max: Number.POSITIVE_INFINITY }

const OF_CLIENTS: ReadonlyMap<string, Limit> = new Map([
  ['producer_byte_rate', LONG],
  ['consumer_byte_rate', LONG],
  ['request_percentage', DOUBLE],
  ['controller_mutation_rate', DOUBLE],
])
const OF_ADDRESSES: ReadonlyMap<string, Limit> = new Map([['connection_creation_rate', INT]])

export function decideAlterClientQuotas(
  draft: MetadataImage,
  request: AlterClientQuotasRequest,
): Decision<Input<typeof AlterClientQuotasResponse>> {
  const records: MetadataRecord[] = []
  const counts = new Map<string, number>()
  for (const { entity } of request.entries) counts.set(keyOf(entity), (counts.get(keyOf(entity)) ?? 0) + 1)
  const told = new Set<string>()
  const entries: NonNullable<Input<typeof AlterClientQuotasResponse>['entries']>[number][] = []
  for (const { entity, ops } of request.entries) {
    const key = keyOf(entity)
    // One answer an entity, however often it was named.
    if (told.has(key)) continue
    told.add(key)
    const outcome = counts.get(key)! > 1 ? duplicate(entity) : alterEntity(draft, entity, ops)
    const tooMany = typeof outcome !== 'string' && records.length + outcome.length > MAX_RECORDS_PER_USER_OP
    const problem = tooMany ? 'Unable to perform excessively large batch operation.' : outcome
    if (typeof problem !== 'string') records.push(...problem)
    const error = typeof problem !== 'string' ? 'NONE' : tooMany ? 'POLICY_VIOLATION' : 'INVALID_REQUEST'
    entries.push({
      errorCode: errorCode(error),
      errorMessage: typeof problem === 'string' ? problem : null,
      entity: partsOf(entity),
    })
  }
  return { records: request.validateOnly ? [] : records, response: { entries } }
}

/** The last part of a kind counts, as in the map that Kafka reads them into. */
function partsOf(entity: readonly EntityPart[]): EntityPart[] {
  return [...new Map(entity.map((part) => [part.entityType, part.entityName]))].map(([entityType, entityName]) => ({
    entityType,
    entityName,
  }))
}

function keyOf(entity: readonly EntityPart[]): string {
  return quotaKey({ entity: partsOf(entity), key: '' })
}

function duplicate(entity: readonly EntityPart[]): string {
  const parts = partsOf(entity).map(({ entityType, entityName }) => `${entityType}=${entityName}`)
  return `Ignoring duplicate entity ClientQuotaEntity(entries={${parts.join(', ')}})`
}

/** Its records, or what is wrong with it. */
function alterEntity(
  draft: MetadataImage,
  entity: readonly EntityPart[],
  ops: AlterClientQuotasRequest['entries'][number]['ops'],
): readonly MetadataRecord[] | string {
  const parts = partsOf(entity)
  if (new Set(ops.map(({ key }) => key)).size < ops.length) return duplicate(entity)
  const limits = limitsFor(parts)
  if (typeof limits === 'string') return limits
  const records: MetadataRecord[] = []
  for (const { key, value, remove } of ops) {
    const current = draft.clientQuotas.get(quotaKey({ entity: parts, key }))
    if (remove) {
      if (current !== undefined) records.push(quotaRecord(parts, key, 0, true))
      continue
    }
    const problem = valueProblem(limits, key, value)
    if (problem !== null) return problem
    if (current?.value !== value) records.push(quotaRecord(parts, key, value, false))
  }
  return records
}

function quotaRecord(parts: readonly EntityPart[], key: string, value: number, remove: boolean): MetadataRecord {
  return { type: 'ClientQuotaRecord', version: 0, value: { entity: [...parts], key, value, remove } }
}

/** What such an entity may be limited in, or why there is none such. */
function limitsFor(parts: readonly EntityPart[]): ReadonlyMap<string, Limit> | string {
  if (parts.length === 0) return 'Invalid empty client quota entity'
  for (const { entityType, entityName } of parts) {
    if (!['user', 'client-id', 'ip'].includes(entityType)) return `Unhandled client quota entity type: ${entityType}`
    if (entityName === '') return `Empty ${entityType} not supported`
  }
  const ip = parts.find(({ entityType }) => entityType === 'ip')
  if (ip === undefined) return OF_CLIENTS
  if (parts.length > 1) {
    return 'Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId'
  }
  // Kafka would also take a host's name and look it up; a controller that decides asks nobody.
  if (ip.entityName !== null && canonicalAddress(ip.entityName) === null) {
    return `${ip.entityName} is not a valid IP or resolvable host.`
  }
  return OF_ADDRESSES
}

function valueProblem(limits: ReadonlyMap<string, Limit>, key: string, value: number): string | null {
  const limit = limits.get(key)
  if (limit === undefined) return `Invalid configuration key ${key}`
  // NaN is no limit either.
  if (!(value > 0)) return `Quota ${key} must be greater than 0`
  if (value > limit.max)
    return `Proposed value for ${key} is too large for ${limit.type === 'INT' ? 'an' : 'a'} ${limit.type}.`
  if (limit.type !== 'DOUBLE' && value % 1 > 1e-6) return `${key} cannot be a fractional value.`
  return null
}
