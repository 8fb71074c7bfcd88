// The topic configurations of Kafka 4.3.1 as data, one row each: name, type, default in text form, valid values as Kafka prints
// them, importance (h, m, l), and flags: c may be changed while running for the whole cluster or one broker, b for one
// broker only, i internal (accepted, never listed). Facts of Kafka 4.3.1; `table.ts` gives them meaning.

import type { ConfigRow } from './rows.ts'

export const TOPIC_ROWS: readonly ConfigRow[] = [
  ['cleanup.policy', 'list', 'delete', '[compact, delete]', 'm'],
  ['compression.gzip.level', 'int', '-1', '[1,...,9] or -1', 'm'],
  ['compression.lz4.level', 'int', '9', '[1,...,17]', 'm'],
  ['compression.type', 'string', 'producer', '[uncompressed, zstd, lz4, snappy, gzip, producer]', 'm'],
  ['compression.zstd.level', 'int', '3', '[-131072,...,22]', 'm'],
  ['delete.retention.ms', 'long', '86400000', '[0,...]', 'm'],
  ['file.delete.delay.ms', 'long', '60000', '[0,...]', 'm'],
  ['flush.messages', 'long', '9223372036854775807', '[1,...]', 'm'],
  ['flush.ms', 'long', '9223372036854775807', '[0,...]', 'm'],
  ['follower.replication.throttled.replicas', 'list', '', '[partitionId]:[brokerId],[partitionId]:[brokerId],...', 'm'],
  ['index.interval.bytes', 'int', '4096', '[0,...]', 'm'],
  ['internal.segment.bytes', 'int', null, '', 'm', 'i'],
  ['leader.replication.throttled.replicas', 'list', '', '[partitionId]:[brokerId],[partitionId]:[brokerId],...', 'm'],
  ['local.retention.bytes', 'long', '-2', '[-2,...]', 'm'],
  ['local.retention.ms', 'long', '-2', '[-2,...]', 'm'],
  ['max.compaction.lag.ms', 'long', '9223372036854775807', '[1,...]', 'm'],
  ['max.message.bytes', 'int', '1048588', '[0,...]', 'm'],
  ['message.timestamp.after.max.ms', 'long', '3600000', '[0,...]', 'm'],
  ['message.timestamp.before.max.ms', 'long', '9223372036854775807', '[0,...]', 'm'],
  ['message.timestamp.type', 'string', 'CreateTime', '[CreateTime, LogAppendTime]', 'm'],
  ['min.cleanable.dirty.ratio', 'double', '0.5', '[0,...,1]', 'm'],
  ['min.compaction.lag.ms', 'long', '0', '[0,...]', 'm'],
  ['min.insync.replicas', 'int', '1', '[1,...]', 'm'],
  ['preallocate', 'boolean', 'false', '', 'm'],
  ['remote.log.copy.disable', 'boolean', 'false', '', 'm'],
  ['remote.log.delete.on.disable', 'boolean', 'false', '', 'm'],
  ['remote.storage.enable', 'boolean', 'false', '', 'm'],
  ['retention.bytes', 'long', '-1', '', 'm'],
  ['retention.ms', 'long', '604800000', '[-1,...]', 'm'],
  ['segment.bytes', 'int', '1073741824', '[1048576,...]', 'm'],
  ['segment.index.bytes', 'int', '10485760', '[4,...]', 'm'],
  ['segment.jitter.ms', 'long', '0', '[0,...]', 'm'],
  ['segment.ms', 'long', '604800000', '[1,...]', 'm'],
  ['unclean.leader.election.enable', 'boolean', 'false', '', 'm'],
]

/** Where a topic's default comes from: broker configurations in order of precedence, with the factor to the topic's unit. */
export const TOPIC_SYNONYMS: ReadonlyMap<string, readonly { readonly name: string; readonly factor: number }[]> =
  new Map([
    ['cleanup.policy', [{ name: 'log.cleanup.policy', factor: 1 }]],
    ['compression.gzip.level', [{ name: 'compression.gzip.level', factor: 1 }]],
    ['compression.lz4.level', [{ name: 'compression.lz4.level', factor: 1 }]],
    ['compression.type', [{ name: 'compression.type', factor: 1 }]],
    ['compression.zstd.level', [{ name: 'compression.zstd.level', factor: 1 }]],
    ['delete.retention.ms', [{ name: 'log.cleaner.delete.retention.ms', factor: 1 }]],
    ['file.delete.delay.ms', [{ name: 'log.segment.delete.delay.ms', factor: 1 }]],
    ['flush.messages', [{ name: 'log.flush.interval.messages', factor: 1 }]],
    [
      'flush.ms',
      [
        { name: 'log.flush.interval.ms', factor: 1 },
        { name: 'log.flush.scheduler.interval.ms', factor: 1 },
      ],
    ],
    ['index.interval.bytes', [{ name: 'log.index.interval.bytes', factor: 1 }]],
    ['local.retention.bytes', [{ name: 'log.local.retention.bytes', factor: 1 }]],
    ['local.retention.ms', [{ name: 'log.local.retention.ms', factor: 1 }]],
    ['max.compaction.lag.ms', [{ name: 'log.cleaner.max.compaction.lag.ms', factor: 1 }]],
    ['max.message.bytes', [{ name: 'message.max.bytes', factor: 1 }]],
    ['message.timestamp.after.max.ms', [{ name: 'log.message.timestamp.after.max.ms', factor: 1 }]],
    ['message.timestamp.before.max.ms', [{ name: 'log.message.timestamp.before.max.ms', factor: 1 }]],
    ['message.timestamp.type', [{ name: 'log.message.timestamp.type', factor: 1 }]],
    ['min.cleanable.dirty.ratio', [{ name: 'log.cleaner.min.cleanable.ratio', factor: 1 }]],
    ['min.compaction.lag.ms', [{ name: 'log.cleaner.min.compaction.lag.ms', factor: 1 }]],
    ['min.insync.replicas', [{ name: 'min.insync.replicas', factor: 1 }]],
    ['preallocate', [{ name: 'log.preallocate', factor: 1 }]],
    ['retention.bytes', [{ name: 'log.retention.bytes', factor: 1 }]],
    [
      'retention.ms',
      [
        { name: 'log.retention.ms', factor: 1 },
        { name: 'log.retention.minutes', factor: 60000 },
        { name: 'log.retention.hours', factor: 3600000 },
      ],
    ],
    ['segment.bytes', [{ name: 'log.segment.bytes', factor: 1 }]],
    ['segment.index.bytes', [{ name: 'log.index.size.max.bytes', factor: 1 }]],
    [
      'segment.jitter.ms',
      [
        { name: 'log.roll.jitter.ms', factor: 1 },
        { name: 'log.roll.jitter.hours', factor: 3600000 },
      ],
    ],
    [
      'segment.ms',
      [
        { name: 'log.roll.ms', factor: 1 },
        { name: 'log.roll.hours', factor: 3600000 },
      ],
    ],
    ['unclean.leader.election.enable', [{ name: 'unclean.leader.election.enable', factor: 1 }]],
  ])
