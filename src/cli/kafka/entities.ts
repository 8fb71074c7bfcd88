// What kafka-configs is about: entities by type and name, as its two ways of naming them say.

import type { Options } from './parser.ts'

export interface Entities {
  readonly types: readonly string[]
  /** The empty name is the default of its type. Fewer than types: all of the last. */
  readonly names: readonly string[]
}

export const TYPES: readonly string[] = [
  ...['topics', 'clients', 'users', 'brokers', 'ips', 'broker-loggers', 'client-metrics', 'groups'],
]

/** A flag of its own for each type. */
export const NAMED: readonly (readonly [flag: string, type: string])[] = [
  ['topic', 'topics'],
  ['client', 'clients'],
  ['user', 'users'],
  ['broker', 'brokers'],
  ['broker-logger', 'broker-loggers'],
  ['ip', 'ips'],
  ['client-metrics', 'client-metrics'],
  ['group', 'groups'],
]

export const DEFAULTS: readonly (readonly [flag: string, type: string])[] = [
  ['client-defaults', 'clients'],
  ['user-defaults', 'users'],
  ['broker-defaults', 'brokers'],
  ['ip-defaults', 'ips'],
]

/** Throws a sentence where they cannot be meant. */
export function entitiesOf(options: Options): Entities {
  const generic = ['entity-type', 'entity-name', 'entity-default'].some((name) => options.has(name))
  const flags = [...NAMED, ...DEFAULTS].filter(([flag]) => options.has(flag))
  const types = [...options.values('entity-type'), ...flags.map(([, type]) => type)]
  const twice = types.filter((type, i) => types.indexOf(type) !== i)
  if (twice.length > 0) throw new Error(`Duplicate entity type(s) specified: ${twice.join(',')}`)
  const unknown = types.find((type) => !TYPES.includes(type))
  if (unknown !== undefined) {
    throw new Error(
      `Invalid entity type ${unknown}, the entity type must be one of ${TYPES.join(', ')} with a --bootstrap-server or --bootstrap-controller argument`,
    )
  }
  if (types.length === 0) throw new Error('At least one entity type must be specified')
  if (types.length > 1 && !(types.length === 2 && types.includes('users') && types.includes('clients'))) {
    throw new Error("Only 'users' and 'clients' entity types may be specified together")
  }
  if (generic && flags.length > 0) {
    throw new Error('--entity-{type,name,default} should not be used in conjunction with specific entity flags')
  }
  return {
    types,
    names: [...genericNames(options), ...NAMED.flatMap(([flag]) => options.values(flag)), ...defaults(options)],
  }
}

/** In the order in which they were typed: the first name is for the first type. */
function genericNames(options: Options): string[] {
  const names = [...options.values('entity-name')]
  return options.order.flatMap((flag) =>
    flag === 'entity-name' ? [names.shift()!] : flag === 'entity-default' ? [''] : [],
  )
}

function defaults(options: Options): string[] {
  return DEFAULTS.filter(([flag]) => options.has(flag)).map(() => '')
}
