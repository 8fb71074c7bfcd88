// Topics created because somebody asked for them (`auto.create.topics.enable`): sent to the controller in the background,
// each name once at a time. Whether the cluster can hold them is the controller's decision; a refusal is logged, and the
// client that asks again starts another attempt.

import { messageOf } from '../base/index.ts'
import type { NodeConfig } from '../config/index.ts'
import type { CreateTopicsRequest } from '../wire/index.ts'
import { apis, errorName, type Input, type Message } from '../wire/index.ts'
import type { Call } from './types.ts'

const VERSION = 7
type Creatable = Message<typeof CreateTopicsRequest>['topics'][number]

/** Returns at once. Names beyond the limits are left for the client's next attempt. */
export function autoCreate(names: readonly string[], call: Call): void {
  const { creations, limits, config, clock, cluster, logger } = call.services
  const topics: Creatable[] = []
  for (const name of names) {
    if (topics.length >= limits.autoCreatedTopics || creations.size >= limits.autoCreationsInFlight) break
    if (creations.has(name)) continue
    creations.add(name)
    topics.push(creatable(name, config))
  }
  if (topics.length === 0) return
  const timeoutMs = config.int('request.timeout.ms')
  const context = { ...call.context, deadline: clock.monotonic() + timeoutMs }
  void cluster
    .submit(apis.CreateTopics, VERSION, { topics, timeoutMs, validateOnly: false }, context)
    .then(
      (response: Input<typeof apis.CreateTopics.response>) => {
        for (const topic of response.topics ?? []) {
          const error = errorName(topic.errorCode ?? 0)
          if (error === 'NONE' || error === 'TOPIC_ALREADY_EXISTS') continue
          logger.info({ topic: topic.name, error }, 'a topic that a client asked for was not created')
        }
      },
      (error: unknown) => logger.warn({ error: messageOf(error) }, 'automatic creation of topics failed'),
    )
    .finally(() => {
      for (const topic of topics) creations.delete(topic.name)
    })
}

function creatable(name: string, config: NodeConfig): Creatable {
  const topic = (partitions: string, replicas: string, configs: Record<string, string> = {}): Creatable => ({
    name,
    numPartitions: config.int(partitions),
    replicationFactor: config.int(replicas),
    assignments: [],
    configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
  })
  switch (name) {
    case '__consumer_offsets':
      return topic('offsets.topic.num.partitions', 'offsets.topic.replication.factor', {
        'cleanup.policy': 'compact',
        'compression.type': 'producer',
        'segment.bytes': String(config.int('offsets.topic.segment.bytes')),
      })
    case '__transaction_state':
      return topic('transaction.state.log.num.partitions', 'transaction.state.log.replication.factor', {
        'unclean.leader.election.enable': 'false',
        'compression.type': 'uncompressed',
        'cleanup.policy': 'compact',
        'min.insync.replicas': String(config.int('transaction.state.log.min.isr')),
        'segment.bytes': String(config.int('transaction.state.log.segment.bytes')),
      })
    case '__share_group_state':
      return topic('share.coordinator.state.topic.num.partitions', 'share.coordinator.state.topic.replication.factor', {
        'cleanup.policy': 'delete',
        'compression.type': 'producer',
        'segment.bytes': String(config.int('share.coordinator.state.topic.segment.bytes')),
        'min.insync.replicas': String(config.int('share.coordinator.state.topic.min.isr')),
        'retention.ms': '-1',
        'retention.bytes': '-1',
      })
    default:
      return topic('num.partitions', 'default.replication.factor')
  }
}
