// The door of configuration. Pure: nothing here reads a file or knows the time.

/** Values with their sources, for DescribeConfigs. */
export {
  describeBrokerConfigs,
  describeGroupConfigs,
  describeMetricsConfigs,
  describeTopicConfigs,
} from './describe.ts'
/** Whether a broker's configuration may be changed while it runs. */
export {
  conflictingBrokerConfigs,
  dynamicConfigKey,
  isReadAtStart,
  validateDynamicBrokerConfigs,
  withDynamicConfig,
} from './dynamic.ts'
/** What each of them does here. */
export { type ConfigEffect, configEffect, strayEffects } from './effects.ts'
/** Whether configurations of groups and of client-metrics subscriptions may be set. */
export { validateGroupConfigs, validateMetricsConfigs } from './group.ts'
/** Checks a node's properties as a whole and gives them meaning. */
export { parseNodeConfig, plainPath, RACK_AWARE_SELECTOR } from './node.ts'
export type { Property } from './properties.ts'
/** Text of a properties file to names and values, with line numbers for messages. */
export { parseProperties } from './properties.ts'
/** Every configuration that Kafka 4.3 knows, and ours, by name. */
export {
  brokerConfigKeys,
  groupConfigKeys,
  metricsConfigKeys,
  nearestName,
  quotaConfigKeys,
  topicConfigKeys,
} from './table.ts'
/** What a topic's overrides mean on one node, and whether they may be set. */
export { conflictingTopicConfigs, resolveTopicConfig, validateTopicConfig } from './topic.ts'
export * from './types.ts'
