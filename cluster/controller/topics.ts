// Creating and deleting topics and adding partitions: a topic of a request stands or falls by itself, all that stand are
// one atomic batch. Sentences and codes are Kafka's (ControllerApis, ReplicationControlManager).

import type { NodeId, Random, Uuid } from '../../src/base/index.ts'
import { ZERO_UUID } from '../../src/base/index.ts'
import type { NodeConfig } from '../../src/config/index.ts'
import { CONFIG_SOURCE_IDS, describeTopicConfigs } from '../../src/config/index.ts'
import type {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
  CreateTopicsRequest,
  CreateTopicsResponse,
  DeleteTopicsRequest,
  DeleteTopicsResponse,
  Input,
  MetadataRecord,
} from '../../src/wire/index.ts'
import { errorCode } from '../../src/wire/index.ts'
import type { MetadataImage, PartitionImage, TopicImage } from '../metadata/index.ts'
import { isActive, metadataVersion, partitionRecord, TOPIC_RESOURCE, topicByName } from '../metadata/index.ts'
import { assignmentProblem } from './assignment.ts'
import { defaultDirectory } from './changes.ts'
import { editConfigs } from './configs.ts'
import { collidingTopic, METADATA_TOPIC, topicNameProblem } from './names.ts'
import { placeReplicas, usableBrokers } from './placement.ts'
import type { Decision, DecisionContext, Refusal } from './types.ts'
import { dynamicConfig, MAX_RECORDS_PER_USER_OP, overRate, refusal, TOO_LARGE } from './types.ts'

type CreatableTopic = CreateTopicsRequest['topics'][number]
type CreatedTopic = NonNullable<Input<typeof CreateTopicsResponse>['topics']>[number]

export function decideCreateTopics(
  draft: MetadataImage,
  node: NodeConfig,
  request: CreateTopicsRequest,
  context: DecisionContext,
): Decision<Input<typeof CreateTopicsResponse>> {
  const names = countNames(request.topics.map((topic) => topic.name))
  const records: MetadataRecord[] = []
  const created = new Set<string>()
  const answered = new Set<string>()
  const topics: CreatedTopic[] = []
  for (const topic of request.topics) {
    // One answer for a name that came twice.
    if (answered.has(topic.name)) continue
    answered.add(topic.name)
    const outcome = createTopic(draft, node, topic, names.get(topic.name)! > 1, created, context)
    if ('error' in outcome) {
      topics.push(refusedTopic(topic.name, outcome))
    } else if (records.length + outcome.records.length > MAX_RECORDS_PER_USER_OP) {
      topics.push(refusedTopic(topic.name, TOO_LARGE))
    } else {
      created.add(topic.name.replaceAll('.', '_'))
      records.push(...outcome.records)
      topics.push(outcome.result)
    }
  }
  return { records: request.validateOnly ? [] : records, response: { topics } }
}

export function decideDeleteTopics(
  draft: MetadataImage,
  node: NodeConfig,
  request: DeleteTopicsRequest,
  context: DecisionContext,
): Decision<Input<typeof DeleteTopicsResponse>> {
  const asked =
    context.version >= 6
      ? request.topics.map(({ name, topicId }) => ({ name, topicId }))
      : request.topicNames.map((name) => ({ name, topicId: ZERO_UUID }))
  const counts = countNames(asked.map((topic) => keyOf(topic)))
  const records: MetadataRecord[] = []
  const removed = new Set<Uuid>()
  const responses = [...new Map(asked.map((topic) => [keyOf(topic), topic])).values()].map((topic) => {
    const found = deletable(draft, node, topic, counts.get(keyOf(topic))! > 1, context.version)
    const outcome = 'error' in found ? found : (overRate(context, found.partitions.size) ?? found)
    if ('error' in outcome) {
      return {
        name: topic.name,
        topicId: topic.topicId,
        errorCode: errorCode(outcome.error),
        errorMessage: outcome.message,
      }
    }
    if (!removed.has(outcome.id)) {
      removed.add(outcome.id)
      records.push({ type: 'RemoveTopicRecord', version: 0, value: { topicId: outcome.id } })
    }
    return { name: outcome.name, topicId: outcome.id, errorCode: 0, errorMessage: null }
  })
  return { records, response: { responses } }
}

export function decideCreatePartitions(
  draft: MetadataImage,
  request: CreatePartitionsRequest,
  context: DecisionContext,
): Decision<Input<typeof CreatePartitionsResponse>> {
  const names = countNames(request.topics.map((topic) => topic.name))
  const records: MetadataRecord[] = []
  const answered = new Set<string>()
  const results: { name: string; errorCode: number; errorMessage: string | null }[] = []
  for (const topic of request.topics) {
    if (answered.has(topic.name)) continue
    answered.add(topic.name)
    let outcome: Refusal | readonly MetadataRecord[] =
      names.get(topic.name)! > 1
        ? refusal('INVALID_REQUEST', 'Duplicate topic name.')
        : addPartitions(draft, topic, context)
    if (!('error' in outcome) && records.length + outcome.length > MAX_RECORDS_PER_USER_OP) outcome = TOO_LARGE
    if (!('error' in outcome)) records.push(...outcome)
    const refused = 'error' in outcome ? outcome : refusal('NONE')
    results.push({ name: topic.name, errorCode: errorCode(refused.error), errorMessage: refused.message })
  }
  return { records: request.validateOnly ? [] : records, response: { results } }
}

function createTopic(
  draft: MetadataImage,
  node: NodeConfig,
  topic: CreatableTopic,
  duplicate: boolean,
  created: ReadonlySet<string>,
  context: DecisionContext,
): Refusal | { readonly records: readonly MetadataRecord[]; readonly result: CreatedTopic } {
  const nameProblem = newNameProblem(draft, topic.name, duplicate, created)
  if (nameProblem !== null) return nameProblem
  const nulls = topic.configs.filter((config) => config.value === null).map((config) => config.name)
  if (nulls.length > 0) {
    return refusal('INVALID_CONFIG', `Null value not supported for topic configs: ${nulls.join(',')}`)
  }
  const edits = topic.configs.map(({ name, value }) => ({ name, operation: 'SET' as const, value }))
  const configRecords = editConfigs(draft, { type: TOPIC_RESOURCE, name: topic.name }, edits, 'creating')
  if ('error' in configRecords) return configRecords
  const assignments = assignmentsOf(draft, node, topic, context.random)
  if ('error' in assignments) return assignments
  const over = overRate(context, assignments.length)
  if (over !== null) return over
  const topicId = context.random.uuid()
  const level = metadataVersion(draft)
  const records: MetadataRecord[] = [
    { type: 'TopicRecord', version: 0, value: { name: topic.name, topicId } },
    ...configRecords,
    ...assignments.map((partition, index) => partitionRecord(topicId, index, partition, level)),
  ]
  const overrides = new Map(topic.configs.map(({ name, value }) => [name, value ?? '']))
  const described = describeTopicConfigs(overrides, dynamicConfig(draft, node.nodeId), node, null)
  const result: CreatedTopic = {
    name: topic.name,
    topicId,
    errorCode: 0,
    errorMessage: null,
    numPartitions: assignments.length,
    replicationFactor: assignments[0]!.replicas.length,
    configs: described.map((config) => ({
      name: config.key.name,
      value: config.value,
      readOnly: config.readOnly,
      configSource: CONFIG_SOURCE_IDS[config.source],
      isSensitive: config.key.sensitive,
    })),
  }
  return { records, result }
}

function newNameProblem(
  draft: MetadataImage,
  name: string,
  duplicate: boolean,
  created: ReadonlySet<string>,
): Refusal | null {
  if (duplicate) return refusal('INVALID_REQUEST', 'Duplicate topic name.')
  if (name === METADATA_TOPIC) {
    return refusal('INVALID_REQUEST', `Creation of internal topic ${METADATA_TOPIC} is prohibited.`)
  }
  const problem = topicNameProblem(name)
  if (problem !== null) return refusal('INVALID_TOPIC_EXCEPTION', problem)
  if (draft.topicIds.has(name)) return refusal('TOPIC_ALREADY_EXISTS', `Topic '${name}' already exists.`)
  const colliding = collidingTopic(draft, name)
  if (colliding !== null) {
    return refusal('INVALID_TOPIC_EXCEPTION', `Topic '${name}' collides with existing topic: ${colliding}`)
  }
  if (!created.has(name.replaceAll('.', '_'))) return null
  return refusal('INVALID_TOPIC_EXCEPTION', `Topic '${name}' collides with another topic of this request`)
}

function assignmentsOf(
  draft: MetadataImage,
  node: NodeConfig,
  topic: CreatableTopic,
  random: Random,
): Refusal | readonly PartitionImage[] {
  if (topic.assignments.length > 0) return manualAssignments(draft, topic)
  if (topic.replicationFactor < -1 || topic.replicationFactor === 0) {
    const sentence = 'Replication factor must be larger than 0, or -1 to use the default value.'
    return refusal('INVALID_REPLICATION_FACTOR', sentence)
  }
  if (topic.numPartitions < -1 || topic.numPartitions === 0) {
    return refusal('INVALID_PARTITIONS', 'Number of partitions was set to an invalid non-positive value.')
  }
  const partitions = topic.numPartitions === -1 ? node.int('num.partitions') : topic.numPartitions
  const factor = topic.replicationFactor === -1 ? node.int('default.replication.factor') : topic.replicationFactor
  if (partitions > MAX_RECORDS_PER_USER_OP) {
    return refusal('POLICY_VIOLATION', 'Excessively large number of partitions per request.')
  }
  return placed(draft, partitions, factor, random)
}

function placed(
  draft: MetadataImage,
  partitions: number,
  factor: number,
  random: Random,
): Refusal | readonly PartitionImage[] {
  const unable = (reason: string): Refusal =>
    refusal('INVALID_REPLICATION_FACTOR', `Unable to replicate the partition ${factor} time(s): ${reason}`)
  const placement = placeReplicas(usableBrokers(draft), partitions, factor, random)
  if (typeof placement === 'string') return unable(placement)
  const images: PartitionImage[] = []
  for (const replicas of placement) {
    const image = newPartition(draft, replicas)
    if (image === null) return unable('All brokers are currently fenced or in controlled shutdown.')
    images.push(image)
  }
  return images
}

function manualAssignments(draft: MetadataImage, topic: CreatableTopic): Refusal | readonly PartitionImage[] {
  const given = (what: string): Refusal =>
    refusal('INVALID_REQUEST', `A manual partition assignment was specified, but ${what} was not set to -1.`)
  if (topic.replicationFactor !== -1) return given('replication factor')
  if (topic.numPartitions !== -1) return given('numPartitions')
  const images = new Map<number, PartitionImage>()
  let factor: number | null = null
  for (const { partitionIndex, brokerIds } of topic.assignments) {
    if (images.has(partitionIndex)) {
      const sentence = `Found multiple manual partition assignments for partition ${partitionIndex}`
      return refusal('INVALID_REPLICA_ASSIGNMENT', sentence)
    }
    const image = assigned(draft, partitionIndex, brokerIds, factor)
    if ('error' in image) return image
    factor = brokerIds.length
    images.set(partitionIndex, image)
  }
  const ordered: PartitionImage[] = []
  for (let i = 0; i < images.size; i++) {
    const image = images.get(i)
    if (image === undefined) {
      const sentence = 'partitions should be a consecutive 0-based integer sequence'
      return refusal('INVALID_REPLICA_ASSIGNMENT', sentence)
    }
    ordered.push(image)
  }
  return ordered
}

function assigned(
  draft: MetadataImage,
  index: number,
  replicas: readonly NodeId[],
  factor: number | null,
): Refusal | PartitionImage {
  const problem = assignmentProblem(draft, replicas, factor)
  if (problem !== null) return problem
  return (
    newPartition(draft, replicas) ??
    refusal(
      'INVALID_REPLICA_ASSIGNMENT',
      `All brokers specified in the manual partition assignment for partition ${index} are fenced or in controlled shutdown.`,
    )
  )
}

/** The active replicas are its ISR, the first of them leads; null when there is none. */
function newPartition(draft: MetadataImage, replicas: readonly NodeId[]): PartitionImage | null {
  const isr = replicas.filter((id) => isActive(draft.brokers.get(id)))
  const leader = isr[0]
  if (leader === undefined) return null
  return {
    replicas,
    directories: replicas.map((id) => defaultDirectory(draft, id)),
    isr,
    elr: [],
    lastKnownElr: [],
    removingReplicas: [],
    addingReplicas: [],
    leader,
    leaderRecoveryState: 'RECOVERED',
    leaderEpoch: 0,
    partitionEpoch: 0,
  }
}

function deletable(
  draft: MetadataImage,
  node: NodeConfig,
  asked: { readonly name: string | null; readonly topicId: Uuid },
  duplicate: boolean,
  version: number,
): Refusal | TopicImage {
  const { name, topicId } = asked
  if (!node.boolean('delete.topic.enable')) {
    return refusal(version < 3 ? 'INVALID_REQUEST' : 'TOPIC_DELETION_DISABLED', 'Topic deletion is disabled.')
  }
  if (name === null && topicId === ZERO_UUID) {
    return refusal('INVALID_REQUEST', 'Neither topic name nor id were specified.')
  }
  if (name !== null && topicId !== ZERO_UUID) {
    return refusal('INVALID_REQUEST', 'You may not specify both topic name and topic id.')
  }
  if (duplicate) return refusal('INVALID_REQUEST', name === null ? 'Duplicate topic id.' : 'Duplicate topic name.')
  const topic = name === null ? draft.topics.get(topicId) : topicByName(draft, name)
  if (topic !== undefined) return topic
  return name === null
    ? refusal('UNKNOWN_TOPIC_ID', 'This server does not host this topic ID.')
    : refusal('UNKNOWN_TOPIC_OR_PARTITION', 'This server does not host this topic-partition.')
}

function addPartitions(
  draft: MetadataImage,
  asked: CreatePartitionsRequest['topics'][number],
  context: DecisionContext,
): Refusal | readonly MetadataRecord[] {
  const topic = topicByName(draft, asked.name)
  if (topic === undefined) {
    return refusal('UNKNOWN_TOPIC_OR_PARTITION', 'This server does not host this topic-partition.')
  }
  const size = topic.partitions.size
  const additional = asked.count - size
  if (additional === 0) return refusal('INVALID_PARTITIONS', `Topic already has ${size} partition(s).`)
  if (additional < 0) {
    const sentence = `The topic ${topic.name} currently has ${size} partition(s); ${asked.count} would not be an increase.`
    return refusal('INVALID_PARTITIONS', sentence)
  }
  if (additional > MAX_RECORDS_PER_USER_OP) {
    return refusal('POLICY_VIOLATION', 'Excessively large number of partitions per request.')
  }
  const first = topic.partitions.get(0)
  // Of one that moves: what it will have. Kafka counts what is to go, too, and asks for more than there may be brokers.
  const factor = first === undefined ? 1 : first.replicas.length - first.removingReplicas.length
  const { assignments } = asked
  if (assignments !== null && assignments.length !== additional) {
    const sentence = `Attempted to add ${additional} additional partition(s), but only ${assignments.length} assignment(s) were specified.`
    return refusal('INVALID_REPLICA_ASSIGNMENT', sentence)
  }
  let images: Refusal | readonly PartitionImage[]
  if (assignments === null) {
    images = placed(draft, additional, factor, context.random)
    if ('error' in images) return images
  } else {
    const given: PartitionImage[] = []
    for (const [i, { brokerIds }] of assignments.entries()) {
      const image = assigned(draft, size + i, brokerIds, factor)
      if ('error' in image) return image
      given.push(image)
    }
    images = given
  }
  const over = overRate(context, additional)
  if (over !== null) return over
  const level = metadataVersion(draft)
  return images.map((partition, i) => partitionRecord(topic.id, size + i, partition, level))
}

function refusedTopic(name: string, refused: Refusal): CreatedTopic {
  return { name, errorCode: errorCode(refused.error), errorMessage: refused.message, configs: [] }
}

function countNames(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}

function keyOf(topic: { readonly name: string | null; readonly topicId: Uuid }): string {
  return topic.name === null ? `id ${topic.topicId}` : `name ${topic.name} ${topic.topicId}`
}
