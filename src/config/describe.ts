// Configurations with their values, sources and synonyms as DescribeConfigs lists them. Order of sources: the topic, the
// broker's dynamic values, the cluster's, the properties file, the default (Kafka's ConfigHelper).

import { GROUP_BOUNDS } from './group-rows.ts'
import { brokerConfigKeys, groupConfigKeys, metricsConfigKeys, quotaConfigKeys, topicConfigKeys } from './table.ts'
import { inherited } from './topic.ts'
import { TOPIC_SYNONYMS } from './topic-rows.ts'
import type { ConfigKey, ConfigSynonym, DescribedConfig, DynamicConfig, NodeConfig } from './types.ts'

/** Broker configurations that are one value in several units, the first given wins. */
const UNITS: readonly (readonly string[])[] = [
  ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
  ['log.roll.ms', 'log.roll.hours'],
  ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
]

/** A topic's configurations, all or those named; names that no topic has are left out. */
export function describeTopicConfigs(
  overrides: ReadonlyMap<string, string>,
  dynamic: DynamicConfig,
  node: NodeConfig,
  names: readonly string[] | null,
): DescribedConfig[] {
  return wanted(topicConfigKeys, overrides, names).map((key) => {
    const own = overrides.get(key.name)
    const brokerName = TOPIC_SYNONYMS.get(key.name)?.[0]?.name
    const below = brokerName === undefined ? [] : brokerSynonyms(brokerName, false, dynamic, node)
    const synonyms: ConfigSynonym[] =
      own === undefined ? below : [{ name: key.name, value: own, source: 'DYNAMIC_TOPIC_CONFIG' }, ...below]
    return {
      key,
      value: own ?? inherited(key.name, dynamic, node),
      source: synonyms[0]?.source ?? 'DEFAULT_CONFIG',
      readOnly: false,
      synonyms,
    }
  })
}

/** A broker's configurations, all or those named. With `node` null those of the whole cluster: only what was changed. */
export function describeBrokerConfigs(
  dynamic: DynamicConfig,
  node: NodeConfig | null,
  names: readonly string[] | null,
): DescribedConfig[] {
  if (node === null) {
    const changed = [...dynamic.cluster.keys()].sort().filter((name) => names?.includes(name) ?? true)
    return changed.map((name) => clusterConfig(name, dynamic.cluster.get(name)!))
  }
  const set = new Map([...node.given, ...dynamic.cluster, ...dynamic.broker])
  return wanted(brokerConfigKeys, set, names).map((key) => {
    const synonyms = brokerSynonyms(key.name, key.sensitive, dynamic, node)
    const readOnly = key.scope === 'read-only'
    const first = synonyms[0]
    const value = key.sensitive ? null : brokerValue(key, first)
    return { key, value, source: first?.source ?? 'DEFAULT_CONFIG', readOnly, synonyms }
  })
}

/** A group's configurations, all or those named, set or not: Kafka tells them of groups that nobody has seen, too. */
export function describeGroupConfigs(
  overrides: ReadonlyMap<string, string>,
  dynamic: DynamicConfig,
  node: NodeConfig,
  names: readonly string[] | null,
): DescribedConfig[] {
  return wanted(groupConfigKeys, overrides, names).map((key) => {
    const own = overrides.get(key.name)
    const synonym = GROUP_BOUNDS.get(key.name)?.synonym ?? null
    const below: ConfigSynonym[] =
      synonym === null
        ? [{ name: key.name, value: key.default, source: 'DEFAULT_CONFIG' }]
        : brokerSynonyms(synonym, false, dynamic, node)
    const synonyms: ConfigSynonym[] =
      own === undefined ? below : [{ name: key.name, value: own, source: 'GROUP_CONFIG' }, ...below]
    return { key, value: synonyms[0]?.value ?? key.default, source: synonyms[0]!.source, readOnly: false, synonyms }
  })
}

/** A client-metrics subscription's. */
export function describeMetricsConfigs(
  overrides: ReadonlyMap<string, string>,
  names: readonly string[] | null,
): DescribedConfig[] {
  return wanted(metricsConfigKeys, overrides, names).map((key) => {
    const value = overrides.get(key.name)
    if (value === undefined) {
      return { key, value: key.default, source: 'DEFAULT_CONFIG', readOnly: false, synonyms: [] }
    }
    const source = 'CLIENT_METRICS_CONFIG'
    return { key, value, source, readOnly: false, synonyms: [{ name: key.name, value, source }] }
  })
}

function wanted(
  keys: ReadonlyMap<string, ConfigKey>,
  set: ReadonlyMap<string, string>,
  names: readonly string[] | null,
): ConfigKey[] {
  const all = [...keys.values()].filter((key) => names?.includes(key.name) ?? (!key.internal || set.has(key.name)))
  // Names that the table does not know, set all the same (a plugin's), are told without their value: what they mean, nobody knows.
  const foreign = [...set.keys()].filter((name) => !keys.has(name) && (names?.includes(name) ?? true))
  return keys === brokerConfigKeys
    ? [...all, ...foreign.map((name) => quotaConfigKeys.get(name) ?? unknownKey(name))]
    : all
}

function clusterConfig(name: string, value: string): DescribedConfig {
  const key = brokerConfigKeys.get(name) ?? quotaConfigKeys.get(name) ?? unknownKey(name)
  const shown = key.sensitive ? null : value
  const source = 'DYNAMIC_DEFAULT_BROKER_CONFIG'
  const readOnly = key.scope === 'read-only'
  return { key, value: shown, source, readOnly, synonyms: [{ name, value: shown, source }] }
}

function brokerValue(key: ConfigKey, first: ConfigSynonym | undefined): string | null {
  if (first !== undefined && first.name === key.name) return first.value
  return key.default
}

function brokerSynonyms(name: string, sensitive: boolean, dynamic: DynamicConfig, node: NodeConfig): ConfigSynonym[] {
  const names = UNITS.find((unit) => unit.includes(name)) ?? [name]
  const found: ConfigSynonym[] = []
  const add = (values: ReadonlyMap<string, string>, source: ConfigSynonym['source']): void => {
    for (const each of names) {
      const value = values.get(each)
      if (value !== undefined) found.push({ name: each, value: sensitive ? null : value, source })
    }
  }
  add(dynamic.broker, 'DYNAMIC_BROKER_CONFIG')
  add(dynamic.cluster, 'DYNAMIC_DEFAULT_BROKER_CONFIG')
  add(written(node), 'STATIC_BROKER_CONFIG')
  for (const each of names) {
    const value = brokerConfigKeys.get(each)?.default
    if (value !== undefined && value !== null) {
      found.push({ name: each, value: sensitive ? null : value, source: 'DEFAULT_CONFIG' })
    }
  }
  const at = found.findIndex((synonym) => synonym.name === name)
  return at < 0 ? [] : found.slice(at)
}

/** What the file says. Either name of a node's id stands for both. */
function written(node: NodeConfig): ReadonlyMap<string, string> {
  const id = String(node.nodeId)
  return new Map([...node.given, ['node.id', id], ['broker.id', id]])
}

function unknownKey(name: string): ConfigKey {
  return {
    name,
    type: 'unknown',
    default: null,
    required: false,
    importance: 'low',
    validate: () => null,
    valid: '',
    sensitive: true,
    scope: 'read-only',
    internal: false,
    documentation: '',
  }
}
