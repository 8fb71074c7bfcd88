// Errors as Java's tools print them: the exception's class and its sentence. Those that the tools here can meet have
// Kafka's own sentence, the others their name.

import { ClientError, type Outcome } from '../../client/index.ts'

const SENTENCES: { readonly [name: string]: readonly [className: string, sentence: string] } = {
  GROUP_ID_NOT_FOUND: ['GroupIdNotFoundException', 'The group id does not exist.'],
  NON_EMPTY_GROUP: ['GroupNotEmptyException', 'The group is not empty.'],
  INVALID_GROUP_ID: ['InvalidGroupIdException', 'The group id is invalid.'],
  UNKNOWN_MEMBER_ID: ['UnknownMemberIdException', 'The coordinator is not aware of this member.'],
  GROUP_SUBSCRIBED_TO_TOPIC: [
    'GroupSubscribedToTopicException',
    'Deleting offsets of a topic is forbidden while the consumer group is actively subscribed to it.',
  ],
  INVALID_CONFIG: ['InvalidConfigurationException', 'Configuration is invalid.'],
  TOPIC_ALREADY_EXISTS: ['TopicExistsException', 'Topic with this name already exists.'],
  INVALID_TOPIC_EXCEPTION: [
    'InvalidTopicException',
    'The request attempted to perform an operation on an invalid topic.',
  ],
  UNKNOWN_TOPIC_OR_PARTITION: ['UnknownTopicOrPartitionException', 'This server does not host this topic-partition.'],
  REQUEST_TIMED_OUT: ['TimeoutException', 'The request timed out.'],
  COORDINATOR_NOT_AVAILABLE: ['CoordinatorNotAvailableException', 'The coordinator is not available.'],
  NOT_COORDINATOR: ['NotCoordinatorException', 'This is not the correct coordinator.'],
  PREFERRED_LEADER_NOT_AVAILABLE: ['PreferredLeaderNotAvailableException', 'The preferred leader was not available.'],
  ELIGIBLE_LEADERS_NOT_AVAILABLE: [
    'EligibleLeadersNotAvailableException',
    'Eligible topic partition leaders are not available.',
  ],
  OFFSET_OUT_OF_RANGE: [
    'OffsetOutOfRangeException',
    'The requested offset is not within the range of offsets maintained by the server.',
  ],
  KAFKA_STORAGE_ERROR: ['KafkaStorageException', 'Disk error when trying to access log file on the disk.'],
  LEADER_NOT_AVAILABLE: [
    'LeaderNotAvailableException',
    'There is no leader for this topic-partition as we are in the middle of a leadership election.',
  ],
}

/** The sentence alone. */
export function sentenceOf({ error, message }: Outcome): string {
  return message ?? SENTENCES[error]?.[1] ?? error
}

/** Class and sentence, as `Throwable.toString`. */
export function exceptionOf(outcome: Outcome): string {
  return `${exceptionClass(outcome.error)}: ${sentenceOf(outcome)}`
}

export function exceptionClass(error: Outcome['error']): string {
  return `org.apache.kafka.common.errors.${SENTENCES[error]?.[0] ?? `${camelCase(error)}Exception`}`
}

/** What a client call rejected with. */
export function exceptionOfError(error: unknown): string {
  if (error instanceof ClientError) {
    // The class says the name.
    const prefix = `${error.error}: `
    const message = error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message
    return exceptionOf({ error: error.error, message })
  }
  return error instanceof Error ? error.message : String(error)
}

function camelCase(name: string): string {
  return name
    .toLowerCase()
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
}
