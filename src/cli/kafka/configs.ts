// kafka-configs: describe and alter configurations of topics, brokers, groups and client metrics, and quotas of clients,
// users and addresses. Credentials (SCRAM) and levels of loggers are not served by this version, and are refused by name.

import type { Client, ConfigDescription, Outcome, QuotaEntity, QuotaFilter } from '../../client/index.ts'
import { ClientError } from '../../client/index.ts'
import { DEFAULTS, type Entities, entitiesOf, NAMED } from './entities.ts'
import { exceptionOf } from './exceptions.ts'
import { doubleText, hashCode, hashOrder, propertiesOf } from './java.ts'
import type { Flag, Options } from './parser.ts'
import { UsageProblem } from './parser.ts'
import { BOOTSTRAP, COMMAND_CONFIG, commandConfig, type Surroundings, type Tool } from './tool.ts'

const FLAGS: readonly Flag[] = [
  BOOTSTRAP,
  COMMAND_CONFIG,
  { name: 'describe', about: 'show configurations' },
  { name: 'alter', about: 'change configurations' },
  { name: 'all', about: 'describe: those that nobody has changed, too' },
  {
    name: 'entity-type',
    argument: 'required',
    about: 'topics, clients, users, brokers, ips, client-metrics or groups',
  },
  { name: 'entity-name', argument: 'required', about: 'the name of the entity' },
  { name: 'entity-default', about: 'the default of clients, users, brokers or ips' },
  { name: 'add-config', argument: 'required', about: 'k1=v1,k2=[v1,v2],k3=v3' },
  { name: 'add-config-file', argument: 'required', about: 'a properties file of what to add' },
  { name: 'delete-config', argument: 'required', about: 'k1,k2' },
  { name: 'force', about: 'taken: nothing is asked' },
  ...NAMED.map(([name, type]): Flag => ({ name, argument: 'required', about: `one of ${type}, by name` })),
  ...DEFAULTS.map(([name, type]): Flag => ({ name, about: `the default of ${type}` })),
]

const RESOURCES = { topics: 'topic', brokers: 'broker', 'client-metrics': 'client-metrics', groups: 'group' } as const
type ResourceEntity = keyof typeof RESOURCES

const SOURCES: readonly string[] = [
  ...['UNKNOWN', 'DYNAMIC_TOPIC_CONFIG', 'DYNAMIC_BROKER_CONFIG', 'DYNAMIC_DEFAULT_BROKER_CONFIG'],
  ...['STATIC_BROKER_CONFIG', 'DEFAULT_CONFIG', 'DYNAMIC_BROKER_LOGGER_CONFIG', 'DYNAMIC_CLIENT_METRICS_CONFIG'],
  'DYNAMIC_GROUP_CONFIG',
]

const QUOTA_TYPES: ReadonlyMap<string, string> = new Map([
  ['users', 'user'],
  ['clients', 'client-id'],
  ['ips', 'ip'],
])
const QUOTAS: readonly string[] = [
  ...['producer_byte_rate', 'consumer_byte_rate', 'request_percentage', 'controller_mutation_rate'],
]
const IP_QUOTAS: readonly string[] = ['connection_creation_rate']

export const configs: Tool = {
  flags: FLAGS,
  about:
    'This tool helps to manipulate and describe entity config for a topic, client, user, broker, ip, client-metrics or group',
  run: async (options, surroundings) => {
    const entities = check(options)
    const client = await surroundings.connect(options.value('bootstrap-server')!, commandConfig(options, surroundings))
    try {
      if (options.has('describe')) await describe(entities, options, client, surroundings)
      else await alter(entities, options, client, surroundings)
      return 0
    } catch (error) {
      if (!(error instanceof ClientError || error instanceof Refused)) throw error
      surroundings.err(`Error while executing config command with args '${options.typed.join(' ')}'`)
      surroundings.err(error.message)
      return 1
    }
  },
}

/** With Java's exception, which the whole command line is printed above. */
class Refused extends Error {}

/** A broker's answer. */
function refusal(outcome: Outcome): Refused {
  return new Refused(`java.util.concurrent.ExecutionException: ${exceptionOf(outcome)}`)
}

function check(options: Options): Entities {
  if (options.has('alter') === options.has('describe')) {
    throw new UsageProblem('Command must include exactly one action: --describe, --alter')
  }
  const wrong = ['add-config', 'delete-config'].find((name) => options.has('describe') && options.has(name))
  if (wrong !== undefined) throw new UsageProblem(`Option "[describe]" can't be used with option "[${wrong}]"`)
  const entities = entitiesOf(options)
  if (!options.has('bootstrap-server')) {
    throw new Error('One of the required --bootstrap-server or --bootstrap-controller arguments must be specified')
  }
  if (entities.types.includes('broker-loggers')) {
    throw new Error('broker-loggers: this version has no levels of loggers that could be asked for or changed')
  }
  const name = entities.names[0] ?? ''
  if (entities.types[0] === 'brokers' && name !== '' && !/^\d+$/.test(name)) {
    throw new Error(`The entity name for brokers must be a valid integer broker id, found: ${name}`)
  }
  if (options.has('alter')) {
    if (entities.types.length !== entities.names.length) {
      throw new Error('An entity name must be specified for every entity type')
    }
    if (!['add-config', 'add-config-file', 'delete-config'].some((name) => options.has(name))) {
      throw new Error(
        'At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter',
      )
    }
  }
  return entities
}

function isResource(type: string): type is ResourceEntity {
  return type in RESOURCES
}

async function describe(
  entities: Entities,
  options: Options,
  client: Client,
  surroundings: Surroundings,
): Promise<void> {
  const type = entities.types[0]!
  if (!isResource(type)) return describeQuotas(entities, client, surroundings)
  const names = entities.names.length > 0 ? [entities.names[0]!] : await namesOf(type, client)
  const all = options.has('all')
  if (!all && entities.names.length > 0 && !(await isThere(type, names[0]!, client))) {
    surroundings.out(`The ${type.slice(0, -1)} '${names[0]}' doesn't exist and doesn't have dynamic config.\n`)
    return
  }
  for (const name of names) {
    surroundings.out(
      name === '' && type === 'brokers'
        ? `Default configs for ${type} in the cluster are:\n`
        : `${all ? 'All' : 'Dynamic'} configs for ${type.slice(0, -1)} ${name} are:\n`,
    )
    for (const entry of await entriesOf(type, name, all, client)) surroundings.out(`${lineOf(entry)}\n`)
  }
}

function lineOf(entry: ConfigDescription['entries'][number]): string {
  const synonyms = entry.synonyms.map(({ name, value, source }) => `${SOURCES[source]}:${name}=${value}`)
  return `  ${entry.name}=${entry.value} sensitive=${entry.sensitive} synonyms={${synonyms.join(', ')}}`
}

/** With `--all` Kafka's tool does not look: it is a topic's broker that refuses, or tells the defaults. */
async function isThere(type: ResourceEntity, name: string, client: Client): Promise<boolean> {
  return (await namesOf(type, client)).includes(name)
}

async function namesOf(type: ResourceEntity, { admin, governance, groups }: Client): Promise<string[]> {
  switch (type) {
    case 'topics':
      return (await admin.listTopics()).map(({ name }) => name)
    case 'brokers':
      return [...(await admin.describeCluster()).brokers.map(({ id }) => String(id)), '']
    case 'client-metrics':
      return (await governance.listConfigResources(['client-metrics'])).map(({ name }) => name)
    case 'groups': {
      const configured = (await governance.listConfigResources(['group'])).map(({ name }) => name)
      return [...new Set([...(await groups.list()).map(({ group }) => group), ...configured])]
    }
  }
}

/** In order of their names; without `all`, those that were set for this very entity. */
async function entriesOf(
  type: ResourceEntity,
  name: string,
  all: boolean,
  { admin }: Client,
): Promise<ConfigDescription['entries'][number][]> {
  const [described] = await admin.describeConfigs([{ type: RESOURCES[type], name }], { synonyms: true })
  if (described === undefined || described.error !== 'NONE') {
    throw refusal(described ?? { error: 'UNKNOWN_SERVER_ERROR', message: null })
  }
  const own = SOURCES.indexOf(sourceOf(type, name))
  return described.entries.filter(({ source }) => all || source === own).toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function sourceOf(type: ResourceEntity, name: string): string {
  switch (type) {
    case 'topics':
      return 'DYNAMIC_TOPIC_CONFIG'
    case 'brokers':
      return name === '' ? 'DYNAMIC_DEFAULT_BROKER_CONFIG' : 'DYNAMIC_BROKER_CONFIG'
    case 'client-metrics':
      return 'DYNAMIC_CLIENT_METRICS_CONFIG'
    case 'groups':
      return 'DYNAMIC_GROUP_CONFIG'
  }
}

async function alter(entities: Entities, options: Options, client: Client, surroundings: Surroundings): Promise<void> {
  const type = entities.types[0]!
  const name = entities.names[0]!
  const added = addedBy(options, surroundings)
  const deleted = options.values('delete-config').flatMap((text) => text.split(',').map((key) => key.trim()))
  if (isResource(type)) await alterResource(type, name, added, deleted, client)
  else await alterQuotas(entities, added, deleted, client)
  surroundings.out(
    name === ''
      ? `Completed updating default config for ${type} in the cluster.\n`
      : `Completed updating config for ${type.slice(0, -1)} ${name}.\n`,
  )
}

async function alterResource(
  type: ResourceEntity,
  name: string,
  added: ReadonlyMap<string, string>,
  deleted: readonly string[],
  client: Client,
): Promise<void> {
  const present = (await entriesOf(type, name, false, client)).map((entry) => entry.name)
  refuseUnknown(deleted.filter((key) => !present.includes(key)))
  const changes = [
    ...[...added].map(([key, value]) => ({ name: key, operation: 'set' as const, value })),
    ...deleted.map((key) => ({ name: key, operation: 'delete' as const })),
  ]
  for (const outcome of await client.admin.incrementalAlterConfigs([{ type: RESOURCES[type], name, changes }])) {
    if (outcome.error !== 'NONE') throw refusal(outcome)
  }
}

function refuseUnknown(keys: readonly string[]): void {
  if (keys.length === 0) return
  throw new Refused(exceptionOf({ error: 'INVALID_CONFIG', message: `Invalid config(s): ${keys.join(',')}` }))
}

/** Commas and equals signs inside of brackets are the value's. */
export function addedBy(options: Options, { read }: Pick<Surroundings, 'read'>): Map<string, string> {
  const file = options.value('add-config-file')
  const added = file === undefined ? new Map<string, string>() : propertiesOf(read(file))
  const text = options.value('add-config')
  if (text !== undefined) {
    const outside = '(?=[^\\]]*(?:\\[|$))'
    const pairs = text.split(new RegExp(`,${outside}`)).map((pair) => pair.split(new RegExp(`\\s*=\\s*${outside}`)))
    if (pairs.some((pair) => pair.length !== 2)) {
      throw new Error(
        'requirement failed: Invalid entity config: all configs to be added must be in the format "key=val".',
      )
    }
    for (const [key, value] of pairs) added.set(key!.trim(), value!.replace(/[[\]]/g, '').trim())
  }
  for (const key of added.keys()) {
    if (!/^[a-zA-Z0-9._-]*$/.test(key)) throw new Error(`Invalid character found for config key: ${key}`)
  }
  return added
}

async function alterQuotas(
  { types, names }: Entities,
  added: ReadonlyMap<string, string>,
  deleted: readonly string[],
  { governance }: Client,
): Promise<void> {
  refuseKeys(types, [...added.keys()], 'added')
  refuseKeys(types, deleted, 'deleted')
  const [found] = await governance.describeQuotas(filtersOf({ types, names }), { strict: true })
  refuseUnknown(deleted.filter((key) => !(key in (found?.values ?? {}))))
  const values: Record<string, number | null> = {}
  for (const [key, text] of added) {
    if (text === '' || Number.isNaN(Number(text))) {
      throw new Error(`Cannot parse quota configuration value for ${key}: ${text}`)
    }
    values[key] = Number(text)
  }
  for (const key of deleted) values[key] = null
  const entity = Object.fromEntries(types.map((type, i) => [QUOTA_TYPES.get(type)!, names[i] || null]))
  for (const outcome of await governance.alterQuotas([{ entity, values }])) {
    if (outcome.error !== 'NONE') throw refusal(outcome)
  }
}

function refuseKeys(types: readonly string[], keys: readonly string[], what: 'added' | 'deleted'): void {
  const isIp = types[0] === 'ips'
  const unknown = keys.filter((key) => !(isIp ? IP_QUOTAS : QUOTAS).includes(key))
  if (unknown.length === 0) return
  if (isIp) {
    throw new Error(
      `Only connection quota configs can be added for 'ips' using --bootstrap-server. Unexpected config names: ${unknown.join(',')}`,
    )
  }
  const isClient = types.includes('clients')
  const kinds = isClient ? 'quota configs' : 'quota and SCRAM credential configs'
  if (!isClient && unknown.some((key) => key.startsWith('SCRAM-SHA-'))) {
    throw new Error(`${unknown.join(', ')}: credentials of users are not served by this version`)
  }
  const list = `${what === 'added' ? 'Set' : 'List'}(${unknown.join(', ')})`
  throw new Error(
    `Only ${kinds} can be ${what} for '${isClient ? 'clients' : 'users'}' using --bootstrap-server. Unexpected config names: ${list}`,
  )
}

function filtersOf({ types, names }: Entities): QuotaFilter[] {
  return types.map((type, i) => {
    const name = names[i]
    return {
      type: QUOTA_TYPES.get(type)!,
      match: name === undefined ? 'any' : name === '' ? 'default' : { name },
    }
  })
}

async function describeQuotas(entities: Entities, { governance }: Client, { out }: Surroundings): Promise<void> {
  for (const { entity, values } of await governance.describeQuotas(filtersOf(entities), { strict: true })) {
    const pairs = Object.entries(values)
    const entries = hashOrder(pairs, ([key]) => hashCode(key), pairs.length)
    const text = entries.map(([key, value]) => `${key}=${doubleText(value)}`).join(', ')
    out(`Quota configs for ${entityText(entity)} are ${text}\n`)
  }
}

function entityText(entity: QuotaEntity): string {
  const kinds = [
    ['user', 'user-principal'],
    ['client-id', 'client-id'],
    ['ip', 'ip'],
  ] as const
  return kinds
    .filter(([type]) => type in entity)
    .map(([type, word]) => (entity[type] === null ? `the default ${word}` : `${word} '${entity[type]}'`))
    .join(', ')
}
