// A node's properties checked as a whole, with every problem told at once, and the typed view that the rest of the node
// reads. Kafka 4.3's rules and, where they are good, its sentences.

import { ConfigError } from '../base/index.ts'
import { readAddresses } from './addresses.ts'
import { brokerConfigKeys, nearestName } from './table.ts'
import { RULES } from './together.ts'
import type { NodeConfig } from './types.ts'
import { Values } from './values.ts'

/** `replica.selector.class`: consumers are sent to followers in their rack (KIP-392). */
export const RACK_AWARE_SELECTOR = 'org.apache.kafka.common.replica.RackAwareReplicaSelector'
/** Kafka's own; as where none is named. */
const LEADER_ONLY = 'org.apache.kafka.common.replica.LeaderSelector'
/** zstd, by Kafka's numbers. */
const LAST_CODEC = 4

export interface NodeConfigOptions {
  /** What a listener bound to every interface advertises when nothing is said; default `localhost`. */
  readonly hostname?: string
}

/** Throws ConfigError whose message lists all that is wrong, one sentence a line. */
export function parseNodeConfig(properties: ReadonlyMap<string, string>, options?: NodeConfigOptions): NodeConfig {
  const problems: string[] = []
  const warnings: string[] = []
  for (const [name, value] of properties) {
    const problem = brokerConfigKeys.get(name)?.validate(value)
    if (problem !== undefined && problem !== null) problems.push(problem)
    if (!brokerConfigKeys.has(name)) warnUnknown(name, warnings)
  }
  checkRequired(properties, problems)
  // What follows reads values as their types: it must not see one that is not.
  if (problems.length > 0) throw refusal(problems)
  const values = new Values(properties)
  const nodeId = properties.has('node.id') ? values.int('node.id') : values.int('broker.id')
  if (properties.has('broker.id') && values.int('broker.id') !== nodeId) {
    problems.push('You must set `node.id` to the same value as `broker.id`.')
  }
  const addresses = readAddresses(values, nodeId, options?.hostname ?? 'localhost', problems)
  checkTogether(values, problems)
  checkServed(values, problems)
  const logDirs = values.list(properties.has('log.dirs') ? 'log.dirs' : 'log.dir').map(plainPath)
  const twice = logDirs.find((path, i) => logDirs.indexOf(path) < i)
  if (twice !== undefined) problems.push(`log.dirs names ${twice} twice: each directory is one disk. Name it once.`)
  if (problems.length > 0) throw refusal(problems)
  const metadataLogDir = values.string('metadata.log.dir')
  return Object.assign(values, {
    nodeId,
    ...addresses,
    logDirs,
    metadataLogDir: metadataLogDir === null ? logDirs[0]! : plainPath(metadataLogDir),
    rack: values.string('broker.rack'),
    given: properties,
    warnings,
  })
}

/** One directory, one spelling, as java.io.File has it: tools name it as DescribeLogDirs does. */
export function plainPath(path: string): string {
  const single = path.replaceAll(/\/{2,}/g, '/')
  return single.length > 1 && single.endsWith('/') ? single.slice(0, -1) : single
}

function refusal(problems: readonly string[]): ConfigError {
  const unique = [...new Set(problems)]
  return new ConfigError(unique.length === 1 ? unique[0]! : `${unique.length} problems:\n  ${unique.join('\n  ')}`)
}

function warnUnknown(name: string, warnings: string[]): void {
  // Overrides of one listener and plugins' own names are Kafka's open ends.
  if (name.startsWith('listener.name.')) return
  const nearest = nearestName(name, brokerConfigKeys.keys())
  warnings.push(`Unknown configuration ${name} is ignored${nearest === null ? '' : `: did you mean ${nearest}?`}`)
}

function checkRequired(properties: ReadonlyMap<string, string>, problems: string[]): void {
  for (const key of brokerConfigKeys.values()) {
    if (!key.required || properties.has(key.name)) continue
    if (key.name === 'node.id' && properties.has('broker.id')) continue
    problems.push(`Missing required configuration "${key.name}" which has no default value.`)
  }
}

// Rules over several values, from Kafka's KafkaConfig.
function checkTogether(values: Values, problems: string[]): void {
  const demand = (holds: boolean, sentence: string): void => {
    if (!holds) problems.push(sentence)
  }
  demand(
    values.int('replica.fetch.wait.max.ms') <= values.int('replica.socket.timeout.ms'),
    'replica.socket.timeout.ms should always be at least replica.fetch.wait.max.ms to prevent unnecessary socket timeouts',
  )
  demand(
    values.int('replica.fetch.wait.max.ms') <= values.long('replica.lag.time.max.ms'),
    'replica.fetch.wait.max.ms should always be less than or equal to replica.lag.time.max.ms to prevent frequent changes in ISR',
  )
  const queued = values.long('queued.max.request.bytes')
  demand(
    queued <= 0 || queued >= values.int('socket.request.max.bytes'),
    'queued.max.request.bytes must be larger or equal to socket.request.max.bytes',
  )
  for (const { problem } of RULES) {
    const sentence = problem(values)
    if (sentence !== null) problems.push(sentence)
  }
  demand(
    values.int('default.replication.factor') === -1 || values.int('default.replication.factor') > 0,
    'default.replication.factor must be at least 1, or -1',
  )
  const codec = values.int('offsets.topic.compression.codec')
  demand(codec >= 0 && codec <= LAST_CODEC, `Unknown compression type id: ${codec}`)
}

// What is asked for and not served is refused: an operator who sets an authorizer must not get an open cluster.
function checkServed(values: Values, problems: string[]): void {
  const authorizer = values.string('authorizer.class.name')
  if (authorizer !== '') {
    problems.push(
      `authorizer.class.name=${authorizer} is not served by this version, which would leave the cluster open`,
    )
  }
  for (const name of ['create.topic.policy.class.name', 'alter.config.policy.class.name']) {
    const policy = values.string(name) ?? ''
    if (policy !== '') problems.push(`${name}=${policy} is not served by this version, and nothing would be held to it`)
  }
  const quotas = values.string('client.quota.callback.class') ?? ''
  if (quotas !== '') problems.push(`client.quota.callback.class=${quotas} is not served by this version`)
  const selector = values.string('replica.selector.class') ?? ''
  if (selector !== '' && selector !== RACK_AWARE_SELECTOR && selector !== LEADER_ONLY) {
    problems.push(
      `replica.selector.class=${selector} is not served by this version: ${RACK_AWARE_SELECTOR} is, or none`,
    )
  }
  if (values.boolean('remote.log.storage.system.enable')) {
    problems.push('remote.log.storage.system.enable=true is not served by this version')
  }
  if (values.boolean('controller.quorum.auto.join.enable')) {
    problems.push('controller.quorum.auto.join.enable=true is not served by this version')
  }
}
