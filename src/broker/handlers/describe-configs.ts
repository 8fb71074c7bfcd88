// DescribeConfigs (32, versions 1–4, both listeners): configurations of topics, of this node, of all brokers together
// (empty name), of groups and of client-metrics subscriptions, with where each value comes from (KIP-133, KIP-226).
// Version 3 adds types and documentation (KIP-569). Another broker's configuration has to be asked of that broker. No
// logger has a level of its own here, so that none is listed.

import type { ConfigType, DescribedConfig, DynamicConfig } from '../../config/index.ts'
import {
  CONFIG_SOURCE_IDS,
  describeBrokerConfigs,
  describeGroupConfigs,
  describeMetricsConfigs,
  describeTopicConfigs,
} from '../../config/index.ts'
import {
  type DescribeConfigsRequest,
  type DescribeConfigsResponse,
  type ErrorName,
  errorCode,
  type Input,
  type Message,
} from '../../wire/index.ts'
import { type Call, type Handler, respond } from '../types.ts'
import { topicNameFault } from '../view.ts'

type Request = Message<typeof DescribeConfigsRequest>
type Resource = Request['resources'][number]
type Result = NonNullable<Input<typeof DescribeConfigsResponse>['results']>[number]
type Described =
  | { readonly kind: 'found'; readonly configs: readonly DescribedConfig[] }
  | { readonly kind: 'failed'; readonly error: ErrorName; readonly message: string }

const TOPIC = 2
const BROKER = 4
const BROKER_LOGGER = 8
const CLIENT_METRICS = 16
const GROUP = 32
const NOTHING: ReadonlyMap<string, string> = new Map()

const TYPES: { readonly [type in ConfigType]: number } = {
  unknown: 0,
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
  class: 8,
  password: 9,
}

export const describeConfigs: Handler<typeof DescribeConfigsRequest, typeof DescribeConfigsResponse> = (
  request,
  call,
) => {
  const answered = new Map<string, Result>()
  for (const resource of request.resources) {
    const key = `${resource.resourceType}:${resource.resourceName}`
    if (answered.has(key)) continue
    const found: Described =
      answered.size < call.services.limits.describedResources
        ? describe(resource, call)
        : { kind: 'failed', error: 'INVALID_REQUEST', message: 'Too many resources in one request.' }
    answered.set(key, result(resource, found, request))
  }
  return respond({ results: [...answered.values()] })
}

function describe(resource: Resource, call: Call): Described {
  const { resourceType: type, resourceName: name, configurationKeys } = resource
  const { config, cluster } = call.services
  // An empty list of names asks for everything, as Kafka reads it.
  const names = configurationKeys === null || configurationKeys.length === 0 ? null : configurationKeys
  const dynamic: DynamicConfig = {
    cluster: cluster.image.configs.get(`${BROKER}:`) ?? NOTHING,
    broker: cluster.image.configs.get(`${BROKER}:${config.nodeId}`) ?? NOTHING,
  }
  if (type === TOPIC) {
    const fault = topicNameFault(name)
    if (fault !== null) return failed('INVALID_TOPIC_EXCEPTION', `Topic name is invalid: ${fault}`)
    if (!cluster.image.topicIds.has(name)) return failed('UNKNOWN_TOPIC_OR_PARTITION', '')
    const overrides = cluster.image.configs.get(`${TOPIC}:${name}`) ?? NOTHING
    return { kind: 'found', configs: describeTopicConfigs(overrides, dynamic, config, names) }
  }
  if (type === GROUP) {
    if (name === '') return failed('INVALID_REQUEST', 'Group name must not be empty')
    const overrides = cluster.image.configs.get(`${GROUP}:${name}`) ?? NOTHING
    return { kind: 'found', configs: describeGroupConfigs(overrides, dynamic, config, names) }
  }
  if (type === CLIENT_METRICS) {
    if (name === '') return failed('INVALID_REQUEST', 'Client metrics subscription name must not be empty')
    const overrides = cluster.image.configs.get(`${CLIENT_METRICS}:${name}`) ?? NOTHING
    return { kind: 'found', configs: describeMetricsConfigs(overrides, names) }
  }
  if (type !== BROKER && type !== BROKER_LOGGER) return failed('INVALID_REQUEST', `Unsupported resource type: ${type}`)
  if (name === '' && type === BROKER_LOGGER) return failed('INVALID_REQUEST', 'Broker id must not be empty')
  if (name === '') return { kind: 'found', configs: describeBrokerConfigs(dynamic, null, names) }
  if (!/^[+-]?\d+$/.test(name)) {
    return failed('INVALID_REQUEST', `Broker id must be an integer, but it is: ${name}`)
  }
  if (Number(name) !== config.nodeId) {
    const orAll = type === BROKER ? ' or empty string,' : ''
    return failed('INVALID_REQUEST', `Unexpected broker id, expected ${config.nodeId}${orAll} but received ${name}`)
  }
  return { kind: 'found', configs: type === BROKER ? describeBrokerConfigs(dynamic, config, names) : [] }
}

function result(resource: Resource, described: Described, request: Request): Result {
  const { resourceType, resourceName } = resource
  if (described.kind === 'failed') {
    const { error, message } = described
    return { errorCode: errorCode(error), errorMessage: message, resourceType, resourceName, configs: [] }
  }
  const configs = described.configs.map(({ key, value, source, readOnly, synonyms }) => ({
    name: key.name,
    value,
    readOnly,
    configSource: CONFIG_SOURCE_IDS[source],
    isSensitive: key.sensitive,
    synonyms: request.includeSynonyms
      ? synonyms.map((each) => ({ ...each, source: CONFIG_SOURCE_IDS[each.source] }))
      : [],
    configType: TYPES[key.type],
    documentation: request.includeDocumentation ? key.documentation : null,
  }))
  return { errorCode: 0, errorMessage: '', resourceType, resourceName, configs }
}

function failed(error: ErrorName, message: string): Described {
  return { kind: 'failed', error, message }
}
