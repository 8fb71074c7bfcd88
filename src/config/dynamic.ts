// Broker configurations changed while the broker runs: whether they may be, and a node's configuration with them.

import { brokerConfigKeys, quotaConfigKeys } from './table.ts'
import { RULES } from './together.ts'
import type { ConfigKey, DynamicConfig, NodeConfig } from './types.ts'
import { Values } from './values.ts'

/** Kafka changes these while it runs; here they are read once, when the node starts. */
const READ_AT_START: ReadonlySet<string> = new Set(['listeners', 'listener.security.protocol.map'])

/** Whether it holds from start to stop, whatever Kafka lets change. */
export function isReadAtStart(key: ConfigKey): boolean {
  return key.scope === 'read-only' || READ_AT_START.has(key.name)
}

/** A configuration that brokers take while they run, under its name: one of a node's, or a throttle. */
export function dynamicConfigKey(name: string): ConfigKey | undefined {
  return brokerConfigKeys.get(name) ?? quotaConfigKeys.get(name)
}

/**
 * Null when these values may be set together (on one broker, or on all with `perBroker` false), else Kafka's sentence for
 * INVALID_REQUEST. Unknown names pass, as in Kafka: they may belong to a plugin.
 */
export function validateDynamicBrokerConfigs(values: ReadonlyMap<string, string>, perBroker: boolean): string | null {
  const named = (test: (key: ConfigKey) => boolean): string[] =>
    [...values.keys()].filter((name) => {
      const key = dynamicConfigKey(name)
      return key !== undefined && test(key)
    })
  const fixed = named((key) => key.scope === 'read-only')
  if (fixed.length > 0) return `Cannot update these configs dynamically: [${fixed.join(', ')}]`
  const security = named((key) => /^(ssl|sasl)\./.test(key.name))
  if (security.length > 0) {
    return `These security configs can be dynamically updated only per-listener using the listener prefix: [${security.join(', ')}]`
  }
  for (const [name, value] of values) {
    const problem = dynamicConfigKey(name)?.validate(value) ?? null
    if (problem !== null) return problem
  }
  const single = perBroker ? [] : named((key) => key.scope === 'per-broker')
  if (single.length > 0) {
    return `Cannot update these configs at default cluster level, broker id must be specified: [${single.join(', ')}]`
  }
  const atStart = named((key) => READ_AT_START.has(key.name))
  if (atStart.length === 0) return null
  return `Cannot update these configs dynamically: [${atStart.join(', ')}]. A node binds its listeners when it starts: write them into its properties and restart it.`
}

/** Null when what these names are about can stand together as it would be, else Kafka's sentence for INVALID_REQUEST. */
export function conflictingBrokerConfigs(
  changed: ReadonlySet<string>,
  node: NodeConfig,
  dynamic: DynamicConfig,
): string | null {
  const rules = RULES.filter(({ names }) => names.some((name) => changed.has(name)))
  if (rules.length === 0) return null
  const values = merged(node, dynamic)
  for (const { problem } of rules) {
    const sentence = problem(values)
    if (sentence !== null) return sentence
  }
  return null
}

/** The node's configuration as it is now: dynamic values, the broker's before the cluster's, over what the file says. */
export function withDynamicConfig(node: NodeConfig, dynamic: DynamicConfig): NodeConfig {
  const { nodeId, isBroker, isController, listeners, advertisedListeners, controllerListenerNames } = node
  const { interBrokerListenerName, staticVoters, bootstrapServers, logDirs, metadataLogDir, rack, given, warnings } =
    node
  return Object.assign(merged(node, dynamic), {
    ...{ nodeId, isBroker, isController, listeners, advertisedListeners, controllerListenerNames },
    ...{ interBrokerListenerName, staticVoters, bootstrapServers, logDirs, metadataLogDir, rack, given, warnings },
  })
}

function merged(node: NodeConfig, dynamic: DynamicConfig): Values {
  const values = new Map(node.given)
  for (const overrides of [dynamic.cluster, dynamic.broker]) {
    for (const [name, value] of overrides)
      if (brokerConfigKeys.get(name)?.validate(value) === null) values.set(name, value)
  }
  return new Values(values)
}
