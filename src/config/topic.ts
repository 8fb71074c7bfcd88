// A topic's configuration: which overrides may be set, and what they mean on one node. A value comes from the topic, else
// from the broker's configuration under its other names (changed while running, then the properties file), else the default.

import { ConfigError } from '../base/index.ts'
import { nearestName, topicConfigKeys } from './table.ts'
import { TOPIC_SYNONYMS } from './topic-rows.ts'
import type { DynamicConfig, NodeConfig, TopicSettings } from './types.ts'
import { splitList } from './validators.ts'
import { toNumber } from './values.ts'

/** Null when it may be set, else Kafka's sentence for INVALID_CONFIG. */
export function validateTopicConfig(name: string, value: string): string | null {
  const key = topicConfigKeys.get(name)
  if (key !== undefined) return key.validate(value)
  const nearest = nearestName(name, topicConfigKeys.keys())
  return `Unknown topic config name: ${name}${nearest === null ? '' : ` (did you mean ${nearest}?)`}`
}

/** Null when a topic's overrides can stand together, else the sentence for INVALID_CONFIG. */
export function conflictingTopicConfigs(overrides: ReadonlyMap<string, string>): string | null {
  const value = (name: string): number => toNumber(overrides.get(name) ?? topicConfigKeys.get(name)!.default!)
  const min = value('min.compaction.lag.ms')
  const max = value('max.compaction.lag.ms')
  if (min > max) {
    return `conflict topic config setting min.compaction.lag.ms (${min}) > max.compaction.lag.ms (${max})`
  }
  if (overrides.get('remote.storage.enable')?.trim().toLowerCase() === 'true') {
    return 'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.'
  }
  return null
}

/** Overrides are valid (they were when they were committed). */
export function resolveTopicConfig(
  overrides: ReadonlyMap<string, string>,
  dynamic: DynamicConfig,
  node: NodeConfig,
): TopicSettings {
  const text = (name: string): string => overrides.get(name) ?? inherited(name, dynamic, node)
  const number = (name: string): number => toNumber(text(name))
  const policies = splitList(text('cleanup.policy'))
  return {
    // Kafka's own way round the smallest size that it allows, for tests.
    segmentBytes: toNumber(text('internal.segment.bytes') || text('segment.bytes')),
    segmentMs: number('segment.ms'),
    segmentJitterMs: number('segment.jitter.ms'),
    segmentIndexBytes: number('segment.index.bytes'),
    indexIntervalBytes: number('index.interval.bytes'),
    retentionBytes: number('retention.bytes'),
    retentionMs: number('retention.ms'),
    cleanupDelete: policies.includes('delete'),
    cleanupCompact: policies.includes('compact'),
    deleteRetentionMs: number('delete.retention.ms'),
    minCompactionLagMs: number('min.compaction.lag.ms'),
    maxCompactionLagMs: number('max.compaction.lag.ms'),
    minCleanableDirtyRatio: number('min.cleanable.dirty.ratio'),
    maxMessageBytes: number('max.message.bytes'),
    messageTimestampType: oneOf(text('message.timestamp.type'), ['CreateTime', 'LogAppendTime']),
    messageTimestampBeforeMaxMs: number('message.timestamp.before.max.ms'),
    messageTimestampAfterMaxMs: number('message.timestamp.after.max.ms'),
    compressionType: oneOf(text('compression.type'), ['producer', 'uncompressed', 'gzip', 'snappy', 'lz4', 'zstd']),
    fileDeleteDelayMs: number('file.delete.delay.ms'),
    producerIdExpirationMs: toNumber(
      dynamicValue('producer.id.expiration.ms', dynamic) ?? String(node.int('producer.id.expiration.ms')),
    ),
    flush: oneOf(node.string('odradek.log.flush.mode')!, ['os', 'fsync']),
    minInsyncReplicas: number('min.insync.replicas'),
    uncleanLeaderElection: text('unclean.leader.election.enable').trim().toLowerCase() === 'true',
  }
}

/** A topic configuration's value on a node without the topic's own overrides, in the topic's unit. */
export function inherited(name: string, dynamic: DynamicConfig, node: NodeConfig): string {
  for (const synonym of TOPIC_SYNONYMS.get(name) ?? []) {
    const value = dynamicValue(synonym.name, dynamic) ?? node.given.get(synonym.name)
    if (value !== undefined) return inUnit(value, synonym.factor)
  }
  return topicConfigKeys.get(name)!.default ?? ''
}

function dynamicValue(name: string, dynamic: DynamicConfig): string | undefined {
  return dynamic.broker.get(name) ?? dynamic.cluster.get(name)
}

// Hours to milliseconds and the like; negative means unlimited in either unit.
function inUnit(value: string, factor: number): string {
  if (factor === 1) return value.trim()
  const n = BigInt(value.trim())
  return (n < 0n ? -1n : n * BigInt(factor)).toString()
}

function oneOf<const T extends string>(value: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value.trim())
  if (found === undefined) throw new ConfigError(`"${value}" is none of ${choices.join(', ')}`)
  return found
}
