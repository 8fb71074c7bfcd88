// Metadata (3, versions 0–13): brokers, the controller, topics and who leads their partitions, with the endpoints of the
// listener the request came in by.
// Version 0 asks for all topics with an empty list, later ones with null; 4 adds the choice not to create; 8 to 10
// authorized operations; 10 topic ids in the answer; 12 topics asked for by id; 13 a top-level error. Unknown topics are
// created by the controller when both the client and `auto.create.topics.enable` allow it; the answer says
// UNKNOWN_TOPIC_OR_PARTITION meanwhile, as Kafka's does, and clients ask again.

import type { MetadataImage, TopicImage } from '../../../cluster/metadata/index.ts'
import { type Uuid, ZERO_UUID } from '../../base/index.ts'
import {
  type ErrorName,
  errorCode,
  type Input,
  type Message,
  type MetadataRequest,
  type MetadataResponse,
} from '../../wire/index.ts'
import { CLUSTER_OPERATIONS, NO_OPERATIONS, TOPIC_OPERATIONS } from '../authorizer.ts'
import { autoCreate } from '../auto-create.ts'
import { type Call, type Handler, respond } from '../types.ts'
import {
  brokersOn,
  controllerFor,
  isInternalTopic,
  partitionOn,
  partitionsOf,
  topicByName,
  topicNameFault,
} from '../view.ts'

type TopicAnswer = NonNullable<Input<typeof MetadataResponse>['topics']>[number]

export const metadata: Handler<typeof MetadataRequest, typeof MetadataResponse> = (request, call) => {
  const { cluster, clusterId, random } = call.services
  const image = cluster.image
  const listener = call.context.listener
  const asked = request.topics
  // By id or without a name only where the version has them for sure (KAFKA-12701).
  if (call.version < 12 && asked?.some((topic) => topic.topicId !== ZERO_UUID || topic.name === null)) {
    return respond({ topics: asked.map((topic) => failed('INVALID_REQUEST', topic.name ?? '', topic.topicId)) })
  }
  const brokers = brokersOn(image, listener).map(({ nodeId, host, port, rack }) => ({ nodeId, host, port, rack }))
  return respond({
    brokers,
    clusterId,
    controllerId: controllerFor(image, cluster.controllerId, listener, (n) => random.below(n)),
    topics: topicsOf(request, image, call),
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations ? CLUSTER_OPERATIONS : NO_OPERATIONS,
  })
}

function topicsOf(request: Message<typeof MetadataRequest>, image: MetadataImage, call: Call): TopicAnswer[] {
  const asked = request.topics
  if (asked === null || (call.version === 0 && asked.length === 0)) {
    return [...image.topics.values()].map((topic) => found(topic, request, image, call))
  }
  const answers: TopicAnswer[] = []
  const missing: string[] = []
  const seen = new Set<string>()
  const byId = asked.some((topic) => topic.topicId !== ZERO_UUID)
  for (const { name, topicId } of asked) {
    const key = byId ? topicId : (name ?? '')
    if (seen.has(key)) continue
    seen.add(key)
    const topic = byId ? image.topics.get(topicId) : topicByName(image, key)
    if (topic !== undefined) answers.push(found(topic, request, image, call))
    else if (byId) answers.push(failed('UNKNOWN_TOPIC_ID', null, topicId))
    else missing.push(key)
  }
  const create = request.allowAutoTopicCreation && call.services.config.boolean('auto.create.topics.enable')
  const valid: string[] = []
  for (const name of missing) {
    const fault = topicNameFault(name)
    if (fault === null) valid.push(name)
    answers.push(failed(fault === null ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'INVALID_TOPIC_EXCEPTION', name, ZERO_UUID))
  }
  if (create && valid.length > 0) autoCreate(valid, call)
  return answers
}

function found(
  topic: TopicImage,
  request: Message<typeof MetadataRequest>,
  image: MetadataImage,
  call: Call,
): TopicAnswer {
  const options = {
    listener: call.context.listener,
    leaveOutDead: call.version === 0,
    listenerErrors: call.version >= 6,
  }
  return {
    errorCode: 0,
    name: topic.name,
    topicId: topic.id,
    isInternal: isInternalTopic(topic.name),
    partitions: partitionsOf(topic).map(([index, partition]) => partitionOn(image, index, partition, options)),
    topicAuthorizedOperations: request.includeTopicAuthorizedOperations ? TOPIC_OPERATIONS : NO_OPERATIONS,
  }
}

function failed(error: ErrorName, name: string | null, topicId: Uuid): TopicAnswer {
  const isInternal = name !== null && isInternalTopic(name)
  return { errorCode: errorCode(error), name, topicId, isInternal, partitions: [] }
}
