// What the table of effects says of a configuration is so: what acts is read by the product, what does not is read nowhere,
// what is refused is an error; and docs/configuration.md says the same.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  brokerConfigKeys,
  configEffect,
  isReadAtStart,
  parseNodeConfig,
  quotaConfigKeys,
  strayEffects,
  topicConfigKeys,
  validateDynamicBrokerConfigs,
} from '../../../src/config/index.ts'
import { TOPIC_SYNONYMS } from '../../../src/config/topic-rows.ts'
import { withTables } from '../../support/configuration-page.ts'

const root = join(import.meta.dirname, '..', '..', '..')
/** Rooms in which a configuration does something: not what plays with nodes, nor what only checks or tells values. */
const PRODUCT = [
  'src/broker',
  'src/config',
  'src/coordinator',
  'src/groups',
  'src/log',
  'src/main',
  'raft',
  'cluster',
  'replication',
]
const NOT_READING =
  /src\/config\/(broker-rows|topic-rows|group-rows|table|effects|describe|dynamic|validators|node)\.ts|src\/main\/local\.ts/
/** Read by `node.ts` for good, where the others are only checked. */
const OF_A_NODE: ReadonlySet<string> = new Set([
  'broker.id',
  'broker.rack',
  'log.dir',
  'log.dirs',
  'metadata.log.dir',
  'node.id',
])

const texts = PRODUCT.flatMap((room) =>
  readdirSync(join(root, room), { recursive: true, encoding: 'utf8' }).map((file) => `${room}/${file}`),
)
  .filter((file) => file.endsWith('.ts') && !NOT_READING.test(file))
  .map((file) => readFileSync(join(root, file), 'utf8'))
const nodeText = readFileSync(join(root, 'src/config/node.ts'), 'utf8')

/** Also by a template: `${side}.replication.throttled.rate`. */
function isRead(name: string): boolean {
  if (OF_A_NODE.has(name)) return nodeText.includes(`'${name}'`)
  const rest = name.slice(name.indexOf('.'))
  return texts.some((text) => text.includes(`'${name}'`) || text.includes(`}${rest}\``))
}

/** The topic configurations whose default a broker's is. */
const below = new Map<string, string>()
for (const [topicName, synonyms] of TOPIC_SYNONYMS) for (const { name } of synonyms) below.set(name, topicName)

describe('what is said of a configuration', () => {
  test.each([...brokerConfigKeys.keys(), ...quotaConfigKeys.keys()])('of a broker: %s', (name) => {
    const read = isRead(name) || (below.has(name) && isRead(below.get(name)!))
    expect(read, `read by the product: ${read}`).toBe(configEffect(name).kind === 'acts')
  })

  test.each([...topicConfigKeys.keys()])('of a topic: %s', (name) => {
    const { kind } = configEffect(name)
    // To be refused it has to be looked at.
    if (kind !== 'refused') expect(isRead(name)).toBe(kind === 'acts')
  })

  test.each(
    [...brokerConfigKeys.values(), ...quotaConfigKeys.values()].filter(
      ({ name }) => configEffect(name).kind === 'acts',
    ),
  )('of when $name may be changed', (key) => {
    const value = new Map([[key.name, key.default ?? '1']])
    const refusal = validateDynamicBrokerConfigs(value, true)
    expect(refusal?.startsWith('Cannot update these configs dynamically') ?? false).toBe(isReadAtStart(key))
    if (!isReadAtStart(key)) {
      expect(validateDynamicBrokerConfigs(value, false) === null).toBe(key.scope === 'cluster-wide')
    }
  })

  test('fits a configuration', () => {
    expect(strayEffects()).toEqual([])
  })

  test.each([...brokerConfigKeys.values()].filter(({ name }) => configEffect(name).kind === 'refused'))(
    '$name is refused at start',
    ({ name, type }) => {
      const properties = new Map([
        ['process.roles', 'broker,controller'],
        ['node.id', '1'],
        ['listeners', 'PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093'],
        ['controller.listener.names', 'CONTROLLER'],
        ['controller.quorum.bootstrap.servers', 'localhost:9093'],
      ])
      expect(() => parseNodeConfig(properties)).not.toThrow()
      properties.set(name, type === 'boolean' ? 'true' : 'org.example.Class')
      expect(() => parseNodeConfig(properties)).toThrow(name)
    },
  )

  test('is what the page says', () => {
    const page = readFileSync(join(root, 'docs', 'configuration.md'), 'utf8')
    expect(page, 'node scripts/configuration.ts writes it anew').toBe(withTables(page))
  })
})
