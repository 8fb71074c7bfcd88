// Changes of configurations: SET, DELETE, APPEND and SUBTRACT as Kafka's ConfigurationControlManager makes them, and the
// older form that replaces all of a resource. A resource is changed whole or not at all. While ELR is on,
// min.insync.replicas has a cluster-wide value and none on single brokers, and changing it clears the ELRs that were built
// under the old one (KIP-966).

import type { ConfigKey, NodeConfig } from '../../src/config/index.ts'
import {
  conflictingBrokerConfigs,
  conflictingTopicConfigs,
  dynamicConfigKey,
  groupConfigKeys,
  metricsConfigKeys,
  topicConfigKeys,
  validateDynamicBrokerConfigs,
  validateGroupConfigs,
  validateMetricsConfigs,
  validateTopicConfig,
} from '../../src/config/index.ts'
import type {
  AlterConfigsRequest,
  AlterConfigsResponse,
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
  Input,
  MetadataRecord,
} from '../../src/wire/index.ts'
import { errorCode } from '../../src/wire/index.ts'
import type { MetadataImage } from '../metadata/index.ts'
import {
  BROKER_RESOURCE,
  configsOf,
  GROUP_RESOURCE,
  isElrEnabled,
  METRICS_RESOURCE,
  TOPIC_RESOURCE,
} from '../metadata/index.ts'
import { topicNameProblem } from './names.ts'
import type { Decision, Refusal } from './types.ts'
import { MAX_RECORDS_PER_USER_OP, refusal } from './types.ts'

const MIN_ISR = 'min.insync.replicas'
const MAX_VALUE_LENGTH = 32_767
const NOTHING: ReadonlyMap<string, string> = new Map()

export type ConfigOperation = 'SET' | 'DELETE' | 'APPEND' | 'SUBTRACT'
const OPERATIONS: readonly ConfigOperation[] = ['SET', 'DELETE', 'APPEND', 'SUBTRACT']

export interface ConfigEdit {
  readonly name: string
  readonly operation: ConfigOperation
  readonly value: string | null
}

export interface ConfigResource {
  readonly type: number
  readonly name: string
}

export function decideIncrementalAlterConfigs(
  draft: MetadataImage,
  node: NodeConfig,
  request: IncrementalAlterConfigsRequest,
): Decision<Input<typeof IncrementalAlterConfigsResponse>> {
  return alterAll(request, (resource) => {
    const edits: ConfigEdit[] = []
    for (const { name, configOperation, value } of resource.configs) {
      const operation = OPERATIONS[configOperation]
      if (operation === undefined) return refusal('INVALID_REQUEST', `Unknown operations type ${configOperation}`)
      edits.push({ name, operation, value })
    }
    return editConfigs(draft, { type: resource.resourceType, name: resource.resourceName }, edits, { node })
  })
}

/** The older form (KIP-133): what is not named is taken away. */
export function decideAlterConfigs(
  draft: MetadataImage,
  node: NodeConfig,
  request: AlterConfigsRequest,
): Decision<Input<typeof AlterConfigsResponse>> {
  return alterAll(request, (resource) => {
    const at = { type: resource.resourceType, name: resource.resourceName }
    const edits: ConfigEdit[] = resource.configs.map(({ name, value }) => ({ name, operation: 'SET', value }))
    for (const name of configsOf(draft, at.type, at.name).keys()) {
      if (!edits.some((edit) => edit.name === name)) edits.push({ name, operation: 'DELETE', value: null })
    }
    return editConfigs(draft, at, edits, { node })
  })
}

interface Resource {
  readonly resourceType: number
  readonly resourceName: string
  readonly configs: readonly {
    readonly name: string
    readonly value: string | null
    readonly configOperation?: number
  }[]
}

/** What both forms have in common: each resource whole or not at all, each at most once. */
function alterAll<R extends Resource>(
  request: { readonly resources: readonly R[]; readonly validateOnly: boolean },
  edit: (resource: R) => Refusal | readonly MetadataRecord[],
): Decision<Input<typeof AlterConfigsResponse>> {
  const records: MetadataRecord[] = []
  const counts = new Map<string, number>()
  for (const { resourceType, resourceName } of request.resources) {
    const key = `${resourceType}:${resourceName}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const responses = request.resources.map((resource) => {
    const { resourceType, resourceName } = resource
    let outcome: Refusal | readonly MetadataRecord[]
    if (counts.get(`${resourceType}:${resourceName}`)! > 1) {
      outcome = refusal('INVALID_REQUEST', 'Each resource must appear at most once.')
    } else outcome = requestProblem(resource) ?? edit(resource)
    if (!('error' in outcome) && records.length + outcome.length > MAX_RECORDS_PER_USER_OP) {
      outcome = refusal('POLICY_VIOLATION', 'Unable to perform excessively large batch operation.')
    }
    if (!('error' in outcome)) records.push(...outcome)
    return {
      errorCode: errorCode('error' in outcome ? outcome.error : 'NONE'),
      errorMessage: 'error' in outcome ? outcome.message : null,
      resourceType,
      resourceName,
    }
  })
  return { records: request.validateOnly ? [] : records, response: { responses } }
}

function requestProblem({ configs }: Resource): Refusal | null {
  if (new Set(configs.map(({ name }) => name)).size < configs.length) {
    return refusal('INVALID_REQUEST', 'Error due to duplicate config keys')
  }
  const remove = OPERATIONS.indexOf('DELETE')
  const nulls = configs.filter((config) => config.configOperation !== remove && config.value === null)
  if (nulls.length === 0) return null
  return refusal('INVALID_REQUEST', `Null value not supported for : ${nulls.map(({ name }) => name).join(', ')}`)
}

/** The records of these edits of one resource, or why none of them can be. A topic that is being created has no node. */
export function editConfigs(
  draft: MetadataImage,
  at: ConfigResource,
  edits: readonly ConfigEdit[],
  options: { readonly node: NodeConfig } | 'creating',
): Refusal | readonly MetadataRecord[] {
  const unknown = options === 'creating' ? null : resourceProblem(draft, at)
  if (unknown !== null) return unknown
  const current = configsOf(draft, at.type, at.name)
  const next = new Map(current)
  const set = new Map<string, string>()
  const records: MetadataRecord[] = []
  for (const edit of edits) {
    const value = editedValue(at, edit, current.get(edit.name))
    if (value !== null && typeof value !== 'string') return value
    if (value === null) next.delete(edit.name)
    else {
      next.set(edit.name, value)
      set.set(edit.name, value)
    }
    // An unchanged broker value is written all the same: that makes the broker load it again (KAFKA-14136).
    if (value === (current.get(edit.name) ?? null) && at.type !== BROKER_RESOURCE) continue
    records.push(configRecord(at, edit.name, value))
  }
  const problem = valuesProblem(at, set, next, options) ?? brokerConflict(draft, at, edits, next, options)
  if (problem !== null) return problem
  return isElrEnabled(draft) ? withElrRules(at, records) : records
}

export function configRecord(at: ConfigResource, name: string, value: string | null): MetadataRecord {
  return {
    type: 'ConfigRecord',
    version: 0,
    value: { resourceType: at.type, resourceName: at.name, name, value },
  }
}

/** What a cluster needs before ELR is on: one min.insync.replicas for all brokers (KIP-966). */
export function elrSafetyRecords(draft: MetadataImage, node: NodeConfig): MetadataRecord[] {
  const records: MetadataRecord[] = []
  const cluster = { type: BROKER_RESOURCE, name: '' }
  if (!configsOf(draft, BROKER_RESOURCE, '').has(MIN_ISR)) {
    records.push(configRecord(cluster, MIN_ISR, String(node.int(MIN_ISR))))
  }
  for (const [key, configs] of draft.configs) {
    if (!key.startsWith(`${BROKER_RESOURCE}:`) || key === `${BROKER_RESOURCE}:` || !configs.has(MIN_ISR)) continue
    records.push(configRecord({ type: BROKER_RESOURCE, name: key.slice(key.indexOf(':') + 1) }, MIN_ISR, null))
  }
  return records
}

function editedValue(at: ConfigResource, edit: ConfigEdit, current: string | undefined): Refusal | string | null {
  if (edit.operation === 'SET') return edit.value
  if (edit.operation === 'DELETE') return null
  const key = configKeyOf(at, edit.name)
  if (key?.type !== 'list') return refusal('INVALID_CONFIG', notListed(at, edit, key !== undefined))
  const parts = (current ?? key.default ?? '').split(',').filter((part) => part !== '')
  for (const value of (edit.value ?? '').split(',')) {
    const found = parts.indexOf(value)
    if (edit.operation === 'APPEND' && found < 0) parts.push(value)
    if (edit.operation === 'SUBTRACT' && found >= 0) parts.splice(found, 1)
  }
  return parts.join(',')
}

function configKeyOf(at: ConfigResource, name: string): ConfigKey | undefined {
  switch (at.type) {
    case TOPIC_RESOURCE:
      return topicConfigKeys.get(name)
    case GROUP_RESOURCE:
      return groupConfigKeys.get(name)
    case METRICS_RESOURCE:
      return metricsConfigKeys.get(name)
    default:
      return dynamicConfigKey(name)
  }
}

/** Kafka's brokers say it of their own configurations in other words than its controllers. */
function notListed(at: ConfigResource, { name, operation }: ConfigEdit, known: boolean): string {
  if (at.type !== BROKER_RESOURCE) return `Can't ${operation} to key ${name} because its type is not LIST.`
  if (!known) return `Unknown config name: ${name}`
  return `Config value ${operation.toLowerCase()} is not allowed for config key: ${name}`
}

/** `set`: what this request gives values to. `next`: all that the resource has afterwards. */
function valuesProblem(
  at: ConfigResource,
  set: ReadonlyMap<string, string>,
  next: ReadonlyMap<string, string>,
  options: { readonly node: NodeConfig } | 'creating',
): Refusal | null {
  for (const value of set.values()) {
    if (value.length <= MAX_VALUE_LENGTH) continue
    const sentence = `The configuration value cannot be added because it exceeds the maximum value size of ${MAX_VALUE_LENGTH} bytes.`
    return refusal('INVALID_CONFIG', sentence)
  }
  if (at.type === TOPIC_RESOURCE || options === 'creating') {
    for (const [name, value] of set) {
      const problem = validateTopicConfig(name, value)
      if (problem !== null) return refusal('INVALID_CONFIG', problem)
    }
    const conflict = conflictingTopicConfigs(next)
    return conflict === null ? null : refusal('INVALID_CONFIG', conflict)
  }
  if (at.type === GROUP_RESOURCE) {
    const problem = validateGroupConfigs(next, options.node)
    return problem === null ? null : refusal('INVALID_CONFIG', problem)
  }
  if (at.type === METRICS_RESOURCE) {
    const problem = validateMetricsConfigs(next)
    if (problem === null) return null
    return refusal(problem.kind === 'request' ? 'INVALID_REQUEST' : 'INVALID_CONFIG', problem.message)
  }
  const problem = validateDynamicBrokerConfigs(set, at.name !== '')
  return problem === null ? null : refusal('INVALID_REQUEST', problem)
}

/** By this node's properties: those of another broker are not known here. */
function brokerConflict(
  draft: MetadataImage,
  at: ConfigResource,
  edits: readonly ConfigEdit[],
  next: ReadonlyMap<string, string>,
  options: { readonly node: NodeConfig } | 'creating',
): Refusal | null {
  if (at.type !== BROKER_RESOURCE || options === 'creating') return null
  const dynamic =
    at.name === '' ? { broker: NOTHING, cluster: next } : { broker: next, cluster: configsOf(draft, at.type, '') }
  const problem = conflictingBrokerConfigs(new Set(edits.map(({ name }) => name)), options.node, dynamic)
  return problem === null ? null : refusal('INVALID_REQUEST', problem)
}

function resourceProblem(draft: MetadataImage, at: ConfigResource): Refusal | null {
  switch (at.type) {
    case TOPIC_RESOURCE:
      return topicProblem(draft, at.name)
    case BROKER_RESOURCE:
      return brokerProblem(draft, at.name)
    case GROUP_RESOURCE:
      return at.name === '' ? refusal('INVALID_REQUEST', 'Default group resources are not allowed.') : null
    case METRICS_RESOURCE:
      return at.name === '' ? refusal('INVALID_REQUEST', "Subscription name can't be empty") : null
    default:
      return refusal('INVALID_REQUEST', `Unknown resource type ${at.type}`)
  }
}

function topicProblem(draft: MetadataImage, name: string): Refusal | null {
  if (name === '') return refusal('INVALID_REQUEST', 'Default topic resources are not allowed.')
  const problem = topicNameProblem(name)
  if (problem !== null) return refusal('INVALID_TOPIC_EXCEPTION', problem)
  if (draft.topicIds.has(name)) return null
  return refusal('UNKNOWN_TOPIC_OR_PARTITION', `The topic '${name}' does not exist.`)
}

function brokerProblem(draft: MetadataImage, name: string): Refusal | null {
  if (name === '') return null
  if (!/^[+-]?\d{1,10}$/.test(name)) {
    return refusal('INVALID_REQUEST', 'Unable to parse broker name as a base 10 number.')
  }
  const id = Number(name)
  if (id < 0) return refusal('INVALID_REQUEST', 'Invalid negative broker ID.')
  if (draft.brokers.has(id) || draft.controllers.has(id)) return null
  return refusal('BROKER_ID_NOT_REGISTERED', `No node with id ${id} found.`)
}

function withElrRules(at: ConfigResource, records: readonly MetadataRecord[]): Refusal | readonly MetadataRecord[] {
  const changed = records.find((record) => record.type === 'ConfigRecord' && record.value.name === MIN_ISR)
  if (changed?.type !== 'ConfigRecord') return records
  if (at.type === BROKER_RESOURCE && at.name !== '') {
    const sentence = 'Broker-level min.insync.replicas cannot be altered while ELR is enabled.'
    // Removing one that is still there from before is the one change allowed.
    return changed.value.value === null ? records : refusal('INVALID_CONFIG', sentence)
  }
  if (at.type === BROKER_RESOURCE && changed.value.value === null) {
    return refusal('INVALID_CONFIG', 'Cluster-level min.insync.replicas cannot be removed while ELR is enabled.')
  }
  const topicName = at.type === TOPIC_RESOURCE ? at.name : ''
  return [...records, { type: 'ClearElrRecord', version: 0, value: { topicName } }]
}
