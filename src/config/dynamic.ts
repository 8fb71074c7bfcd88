// Broker configurations changed while the broker runs: whether they may be, and a node's configuration with them.

import { brokerConfigKeys } from './table.ts'
import type { DynamicConfig, NodeConfig } from './types.ts'
import { Values } from './values.ts'

/** Replication throttles live on brokers by these names, though no properties file knows them. */
const QUOTAS: ReadonlySet<string> = new Set([
  'leader.replication.throttled.rate',
  'follower.replication.throttled.rate',
  'replica.alter.log.dirs.io.max.bytes.per.second',
])

/** Null when it may be set (on one broker, or on all with `perBroker` false), else Kafka's sentence for INVALID_REQUEST
 *  or INVALID_CONFIG. Unknown names pass, as in Kafka: they may belong to a plugin. */
export function validateDynamicBrokerConfig(name: string, value: string | null, perBroker: boolean): string | null {
  if (QUOTAS.has(name)) {
    return value === null || /^\+?\d+$/.test(value.trim())
      ? null
      : `Invalid value ${value} for configuration ${name}: Not a number of type LONG`
  }
  const key = brokerConfigKeys.get(name)
  if (key === undefined) return null
  if (key.scope === 'read-only') return `Cannot update these configs dynamically: [${name}]`
  if (key.scope === 'per-broker' && !perBroker) {
    return `Cannot update these configs at default cluster level, broker id must be specified: [${name}]`
  }
  return value === null ? null : key.validate(value)
}

/** The node's configuration as it is now: dynamic values, the broker's before the cluster's, over what the file says. */
export function withDynamicConfig(node: NodeConfig, dynamic: DynamicConfig): NodeConfig {
  const merged = new Map(node.given)
  for (const overrides of [dynamic.cluster, dynamic.broker]) {
    for (const [name, value] of overrides)
      if (brokerConfigKeys.get(name)?.validate(value) === null) merged.set(name, value)
  }
  const { nodeId, isBroker, isController, listeners, advertisedListeners, controllerListenerNames } = node
  const { interBrokerListenerName, staticVoters, bootstrapServers, logDirs, metadataLogDir, rack, given, warnings } =
    node
  return Object.assign(new Values(merged), {
    ...{ nodeId, isBroker, isController, listeners, advertisedListeners, controllerListenerNames },
    ...{ interBrokerListenerName, staticVoters, bootstrapServers, logDirs, metadataLogDir, rack, given, warnings },
  })
}
