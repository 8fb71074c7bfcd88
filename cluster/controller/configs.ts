// Changes of topic and broker configurations: SET, DELETE, APPEND and SUBTRACT as Kafka's ConfigurationControlManager
// makes them. A resource is changed whole or not at all. While ELR is on, min.insync.replicas has a cluster-wide value
// and none on single brokers, and changing it clears the ELRs that were built under the old one (KIP-966).

import type { NodeConfig } from '../../src/config/index.ts'
import {
  brokerConfigKeys,
  conflictingTopicConfigs,
  topicConfigKeys,
  validateDynamicBrokerConfig,
  validateTopicConfig,
} from '../../src/config/index.ts'
import type {
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
  Input,
  MetadataRecord,
} from '../../src/wire/index.ts'
import { errorCode } from '../../src/wire/index.ts'
import type { MetadataImage } from '../metadata/index.ts'
import { BROKER_RESOURCE, configsOf, isElrEnabled, TOPIC_RESOURCE } from '../metadata/index.ts'
import { topicNameProblem } from './names.ts'
import type { Decision, Refusal } from './types.ts'
import { MAX_RECORDS_PER_USER_OP, refusal } from './types.ts'

const MIN_ISR = 'min.insync.replicas'
const MAX_VALUE_LENGTH = 32_767

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
  request: IncrementalAlterConfigsRequest,
): Decision<Input<typeof IncrementalAlterConfigsResponse>> {
  const records: MetadataRecord[] = []
  const counts = new Map<string, number>()
  for (const { resourceType, resourceName } of request.resources) {
    const key = `${resourceType}:${resourceName}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const responses = request.resources.map((resource) => {
    const at = { type: resource.resourceType, name: resource.resourceName }
    const outcome =
      counts.get(`${at.type}:${at.name}`)! > 1
        ? refusal('INVALID_REQUEST', 'Each resource must appear at most once.')
        : alterResource(draft, at, resource.configs, records.length)
    if (!('error' in outcome)) records.push(...outcome)
    return {
      errorCode: errorCode('error' in outcome ? outcome.error : 'NONE'),
      errorMessage: 'error' in outcome ? outcome.message : null,
      resourceType: at.type,
      resourceName: at.name,
    }
  })
  return { records: request.validateOnly ? [] : records, response: { responses } }
}

function alterResource(
  draft: MetadataImage,
  at: ConfigResource,
  configs: readonly { readonly name: string; readonly configOperation: number; readonly value: string | null }[],
  already: number,
): Refusal | readonly MetadataRecord[] {
  const edits: ConfigEdit[] = []
  for (const { name, configOperation, value } of configs) {
    const operation = OPERATIONS[configOperation]
    if (operation === undefined) return refusal('INVALID_REQUEST', `Unknown operation type ${configOperation}`)
    if (edits.some((edit) => edit.name === name)) {
      return refusal('INVALID_REQUEST', 'Error due to duplicate config keys')
    }
    edits.push({ name, operation, value })
  }
  const nulls = edits.filter((edit) => edit.operation !== 'DELETE' && edit.value === null).map((edit) => edit.name)
  if (nulls.length > 0) return refusal('INVALID_REQUEST', `Null value not supported for : ${nulls.join(', ')}`)
  const records = editConfigs(draft, at, edits, false)
  if ('error' in records) return records
  if (already + records.length > MAX_RECORDS_PER_USER_OP) {
    return refusal('POLICY_VIOLATION', 'Unable to perform excessively large batch operation.')
  }
  return records
}

/** The records of these edits of one resource, or why none of them can be. `creating`: the topic is not there yet. */
export function editConfigs(
  draft: MetadataImage,
  at: ConfigResource,
  edits: readonly ConfigEdit[],
  creating: boolean,
): Refusal | readonly MetadataRecord[] {
  const unknown = creating ? null : resourceProblem(draft, at)
  if (unknown !== null) return unknown
  const current = configsOf(draft, at.type, at.name)
  const next = new Map(current)
  const records: MetadataRecord[] = []
  for (const edit of edits) {
    const value = editedValue(at, edit, current.get(edit.name))
    if (value !== null && typeof value !== 'string') return value
    const problem = valueProblem(at, edit.name, value)
    if (problem !== null) return problem
    if (value === null) next.delete(edit.name)
    else next.set(edit.name, value)
    // An unchanged broker value is written all the same: that makes the broker load it again (KAFKA-14136).
    if (value === (current.get(edit.name) ?? null) && at.type !== BROKER_RESOURCE) continue
    records.push(configRecord(at, edit.name, value))
  }
  if (at.type === TOPIC_RESOURCE) {
    const conflict = conflictingTopicConfigs(next)
    if (conflict !== null) return refusal('INVALID_CONFIG', conflict)
  }
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
  const key = (at.type === TOPIC_RESOURCE ? topicConfigKeys : brokerConfigKeys).get(edit.name)
  if (key?.type !== 'list') {
    return refusal('INVALID_CONFIG', `Can't ${edit.operation} to key ${edit.name} because its type is not LIST.`)
  }
  const parts = (current ?? key.default ?? '').split(',').filter((part) => part !== '')
  for (const value of (edit.value ?? '').split(',')) {
    const found = parts.indexOf(value)
    if (edit.operation === 'APPEND' && found < 0) parts.push(value)
    if (edit.operation === 'SUBTRACT' && found >= 0) parts.splice(found, 1)
  }
  return parts.join(',')
}

function valueProblem(at: ConfigResource, name: string, value: string | null): Refusal | null {
  if (value !== null && value.length > MAX_VALUE_LENGTH) {
    const sentence = `The configuration value cannot be added because it exceeds the maximum value size of ${MAX_VALUE_LENGTH} bytes.`
    return refusal('INVALID_CONFIG', sentence)
  }
  if (at.type === TOPIC_RESOURCE) {
    const problem = value === null ? null : validateTopicConfig(name, value)
    return problem === null ? null : refusal('INVALID_CONFIG', problem)
  }
  const problem = validateDynamicBrokerConfig(name, value, at.name !== '')
  if (problem === null) return null
  return refusal(problem.startsWith('Cannot update') ? 'INVALID_REQUEST' : 'INVALID_CONFIG', problem)
}

function resourceProblem(draft: MetadataImage, at: ConfigResource): Refusal | null {
  if (at.type === TOPIC_RESOURCE) {
    if (at.name === '') return refusal('INVALID_REQUEST', 'Default topic resources are not allowed.')
    const problem = topicNameProblem(at.name)
    if (problem !== null) return refusal('INVALID_TOPIC_EXCEPTION', problem)
    if (draft.topicIds.has(at.name)) return null
    return refusal('UNKNOWN_TOPIC_OR_PARTITION', `The topic '${at.name}' does not exist.`)
  }
  if (at.type === BROKER_RESOURCE) {
    if (at.name === '') return null
    if (!/^[+-]?\d{1,10}$/.test(at.name)) {
      return refusal('INVALID_REQUEST', 'Unable to parse broker name as a base 10 number.')
    }
    const id = Number(at.name)
    if (id < 0) return refusal('INVALID_REQUEST', 'Invalid negative broker ID.')
    if (draft.brokers.has(id) || draft.controllers.has(id)) return null
    return refusal('BROKER_ID_NOT_REGISTERED', `No node with id ${id} found.`)
  }
  return refusal('INVALID_REQUEST', `Unexpected resource type ${at.type}.`)
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
