// DescribeClientQuotas (48, versions 0–1, brokers): the limits of the entities that match every component of a filter
// (KIP-546): a name, the default, or any; `strict` leaves out entities that have other components besides. From this
// node's image.

import type { MetadataImage } from '../../../cluster/metadata/index.ts'
import {
  type DescribeClientQuotasRequest,
  type DescribeClientQuotasResponse,
  type ErrorName,
  errorCode,
  type Input,
  type Message,
} from '../../wire/index.ts'
import { type Handler, respond } from '../types.ts'

type Component = Message<typeof DescribeClientQuotasRequest>['components'][number]
type Entry = NonNullable<Input<typeof DescribeClientQuotasResponse>['entries']>[number]
interface Quota {
  readonly entity: ReadonlyMap<string, string | null>
  readonly values: { readonly key: string; readonly value: number }[]
}

const EXACT = 0
const DEFAULT = 1
const SPECIFIED = 2

export const describeClientQuotas: Handler<typeof DescribeClientQuotasRequest, typeof DescribeClientQuotasResponse> = (
  request,
  call,
) => {
  const { components, strict } = request
  const fault = faultOf(components)
  if (fault !== null) {
    return respond({ errorCode: errorCode(fault[0]), errorMessage: fault[1], entries: null })
  }
  const entries: Entry[] = []
  for (const { entity, values } of quotas(call.services.cluster.image)) {
    if (strict && entity.size !== components.length) continue
    if (!components.every((component) => matches(component, entity))) continue
    entries.push({ entity: [...entity].map(([entityType, entityName]) => ({ entityType, entityName })), values })
  }
  return respond({ errorCode: 0, errorMessage: '', entries })
}

function matches({ entityType, matchType, match }: Component, entity: ReadonlyMap<string, string | null>): boolean {
  const name = entity.get(entityType)
  if (name === undefined) return false
  return matchType === SPECIFIED || name === (matchType === DEFAULT ? null : match)
}

/** The image has a record for each limit; answers have one entry for each entity. */
function quotas(image: MetadataImage): Iterable<Quota> {
  const found = new Map<string, Quota>()
  for (const { entity, key, value } of image.clientQuotas.values()) {
    const parts = entity.map(({ entityType, entityName }) => [entityType, entityName] as const).sort()
    const name = JSON.stringify(parts)
    const quota = found.get(name) ?? { entity: new Map(parts), values: [] }
    quota.values.push({ key, value })
    found.set(name, quota)
  }
  return found.values()
}

function faultOf(components: readonly Component[]): readonly [ErrorName, string] | null {
  const seen = new Set<string>()
  for (const { entityType, matchType, match } of components) {
    if (entityType === '') return ['INVALID_REQUEST', 'Invalid empty entity type.']
    if (seen.has(entityType)) {
      return ['INVALID_REQUEST', `Entity type ${entityType} cannot appear more than once in the filter.`]
    }
    seen.add(entityType)
    if (!['user', 'client-id', 'ip'].includes(entityType)) {
      return ['UNSUPPORTED_VERSION', `Unsupported entity type ${entityType}`]
    }
    if (matchType === EXACT && match === null) {
      return ['INVALID_REQUEST', 'Request specified MATCH_TYPE_EXACT, but set match string to null.']
    }
    if ((matchType === DEFAULT || matchType === SPECIFIED) && match !== null) {
      const name = matchType === DEFAULT ? 'DEFAULT' : 'SPECIFIED'
      return ['INVALID_REQUEST', `Request specified MATCH_TYPE_${name}, but also specified a match string.`]
    }
    if (matchType < EXACT || matchType > SPECIFIED) return ['INVALID_REQUEST', `Unknown match type ${matchType}`]
  }
  if (seen.has('ip') && seen.size > 1) {
    const sentence =
      'Invalid entity filter component combination. IP filter component should not be used with user or clientId filter component.'
    return ['INVALID_REQUEST', sentence]
  }
  return null
}
