// What each configuration does here. Those named below are taken and told like Kafka's, and change nothing, with the reason;
// or they are refused, since an operator who set them would get something else than he asked for. All others act. A test
// holds this against the code: what acts is read somewhere, what does not is read nowhere.

import { brokerConfigKeys, quotaConfigKeys, topicConfigKeys } from './table.ts'

export type ConfigEffect =
  | { readonly kind: 'acts' }
  /** Taken without effect. */
  | { readonly kind: 'accepted'; readonly why: string }
  /** A value other than the default is an error at start. */
  | { readonly kind: 'refused'; readonly why: string }

const ACTS: ConfigEffect = { kind: 'acts' }

/** Names, or all that begin so (`ssl.*`). The first that fits counts. */
type Row = readonly [why: string, names: readonly string[]]

const REFUSED: readonly Row[] = [
  ['an open cluster is not what was asked for', ['authorizer.class.name']],
  [
    'there are no policies in Java here, and no topic may be thought to have passed one',
    ['create.topic.policy.class.name', 'alter.config.policy.class.name'],
  ],
  ['quotas are decided by what the metadata says', ['client.quota.callback.class']],
  [
    '`true` is: records are kept on the brokers’ own disks',
    ['remote.log.storage.system.enable', 'remote.storage.enable'],
  ],
  ['`true` is: voters are those that the cluster was formatted with', ['controller.quorum.auto.join.enable']],
]

const ACCEPTED: readonly Row[] = [
  [
    'one event loop a node, and threads of the runtime for compression',
    [
      'background.threads',
      'group.coordinator.background.threads',
      'group.coordinator.threads',
      'num.io.threads',
      'num.network.threads',
      'num.recovery.threads.per.data.dir',
      'num.replica.alter.log.dirs.threads',
      'num.replica.fetchers',
    ],
  ],
  [
    'listeners are PLAINTEXT: others are refused',
    [
      'ssl.*',
      'sasl.*',
      'delegation.token.*',
      'connection.failed.authentication.delay.ms',
      'connections.max.reauth.ms',
      'early.start.listeners',
      'principal.builder.class',
      'security.providers',
    ],
  ],
  [
    'there are no transactions yet',
    [
      'add.partitions.to.txn.*',
      'transaction.abort.timed.out.transaction.cleanup.interval.ms',
      'transaction.max.timeout.ms',
      'transaction.partition.verification.enable',
      'transaction.remove.expired.transaction.cleanup.interval.ms',
      'transaction.state.log.load.buffer.size',
      'transaction.two.phase.commit.enable',
      'transactional.id.expiration.ms',
    ],
  ],
  [
    'groups are classic ones; of the newer kinds these only bound what may be configured of a single group',
    [
      'group.consumer.*',
      'group.share.*',
      'group.streams.*',
      'group.coordinator.rebalance.protocols',
      'share.coordinator.append.linger.ms',
      'share.coordinator.cached.buffer.max.bytes',
      'share.coordinator.cold.partition.snapshot.interval.ms',
      'share.coordinator.load.buffer.size',
      'share.coordinator.snapshot.update.records.per.snapshot',
      'share.coordinator.state.topic.compression.codec',
      'share.coordinator.state.topic.prune.interval.ms',
      'share.coordinator.threads',
      'share.coordinator.write.timeout.ms',
      'share.fetch.purgatory.purge.interval.requests',
    ],
  ],
  [
    'records are kept on the brokers’ own disks',
    [
      'remote.*',
      'follower.fetch.last.tiered.offset.enable',
      'log.local.retention.bytes',
      'log.local.retention.ms',
      'local.retention.bytes',
      'local.retention.ms',
    ],
  ],
  [
    'no metrics of Java’s, no telemetry of clients',
    ['kafka.metrics.*', 'metric.reporters', 'metrics.*', 'telemetry.max.bytes', 'controller.performance.*'],
  ],
  [
    'what waits is woken or has a deadline of its own: there is nothing to purge',
    [
      'delete.records.purgatory.purge.interval.requests',
      'fetch.purgatory.purge.interval.requests',
      'producer.purgatory.purge.interval.requests',
    ],
  ],
  [
    'buffers of sockets are the operating system’s',
    [
      'replica.socket.receive.buffer.bytes',
      'socket.receive.buffer.bytes',
      'socket.send.buffer.bytes',
      'socket.listen.backlog.size',
    ],
  ],
  [
    'requests in progress are bounded by their bytes, each connection’s and all together',
    ['queued.max.request.bytes', 'queued.max.requests'],
  ],
  [
    'a compressed batch that has to be compressed anew is so at its codec’s own level',
    ['compression.gzip.level', 'compression.lz4.level', 'compression.zstd.level'],
  ],
  [
    'records are safe by their replicas; `odradek.log.flush.mode=fsync` syncs every batch before it counts',
    [
      'log.flush.interval.messages',
      'log.flush.interval.ms',
      'log.flush.scheduler.interval.ms',
      'flush.messages',
      'flush.ms',
    ],
  ],
  ['files grow with what is written', ['log.preallocate', 'preallocate']],
  [
    'connections to other nodes have fixed time-outs',
    ['controller.socket.timeout.ms', 'socket.connection.setup.timeout.max.ms', 'socket.connection.setup.timeout.ms'],
  ],
  [
    'the quorum fetches in pieces of its own size',
    ['controller.quorum.fetch.max.bytes', 'controller.quorum.fetch.snapshot.max.bytes'],
  ],
  [
    'rates of moves between directories are measured over windows of their own',
    ['alter.log.dirs.replication.quota.window.num', 'alter.log.dirs.replication.quota.window.size.seconds'],
  ],
  [
    'a coordinator’s state is loaded from its table, the rest of its log in pieces of a fixed size',
    ['group.coordinator.cached.buffer.max.bytes', 'offsets.load.buffer.size'],
  ],
  ['values are taken as they are written', ['config.providers']],
  [
    'start offsets and high watermarks are written with the other checkpoints',
    ['log.flush.start.offset.checkpoint.interval.ms', 'replica.high.watermark.checkpoint.interval.ms'],
  ],
  [
    'internal to Kafka',
    [
      'internal.metadata.*',
      'log.initial.task.delay.ms',
      'producer.id.expiration.check.interval.ms',
      'server.max.startup.time.ms',
      'unstable.api.versions.enable',
      'unstable.feature.versions.enable',
    ],
  ],
]

/** Of a broker's or a topic's configuration. */
export function configEffect(name: string): ConfigEffect {
  const refused = rowOf(REFUSED, name)
  if (refused !== undefined) return { kind: 'refused', why: refused[0] }
  const accepted = rowOf(ACCEPTED, name)
  return accepted === undefined ? ACTS : { kind: 'accepted', why: accepted[0] }
}

/** Entries that fit no name of the tables: an error of this file. */
export function strayEffects(): string[] {
  const names = [...brokerConfigKeys.keys(), ...topicConfigKeys.keys(), ...quotaConfigKeys.keys()]
  return [...REFUSED, ...ACCEPTED]
    .flatMap(([, entries]) => entries)
    .filter((entry) => !names.some((name) => fits(entry, name)))
}

function rowOf(rows: readonly Row[], name: string): Row | undefined {
  return rows.find(([, entries]) => entries.some((entry) => fits(entry, name)))
}

function fits(entry: string, name: string): boolean {
  return entry.endsWith('*') ? name.startsWith(entry.slice(0, -1)) : name === entry
}
