// Configurations of Kafka's clients (4.3) as far as the programs named as Kafka's take them: what acts, what is taken without
// effect and why, and which values are refused because a program that went on without them would do something else than it
// was told. Other names are warned of. docs/kafka-tools.md shows this table; a test holds it to that.

export type ClientKind = 'admin' | 'producer' | 'consumer'

export interface ClientKeys {
  readonly of: readonly ClientKind[]
  /** A name, or with `*` at its end whatever begins so. */
  readonly names: readonly string[]
  readonly effect: 'acts' | 'refused' | 'none'
  /** What it does, which values are refused, or why it has no effect. */
  readonly why: string
}

const ALL = ['admin', 'producer', 'consumer'] as const

export const CLIENT_KEYS: readonly ClientKeys[] = [
  {
    of: ALL,
    names: ['client.id', 'request.timeout.ms', 'retry.backoff.ms', 'retry.backoff.max.ms'],
    effect: 'acts',
    why: 'as in Kafka',
  },
  { of: ALL, names: ['socket.connection.setup.timeout.ms'], effect: 'acts', why: 'as in Kafka; it does not grow' },
  { of: ['admin', 'consumer'], names: ['default.api.timeout.ms'], effect: 'acts', why: 'as in Kafka' },
  {
    of: ALL,
    names: ['security.protocol'],
    effect: 'refused',
    why: 'all but PLAINTEXT: nothing goes out in plain text that should not',
  },
  {
    of: ['producer'],
    names: [
      ...['acks', 'batch.size', 'buffer.memory', 'compression.type', 'delivery.timeout.ms', 'enable.idempotence'],
      ...['max.request.size', 'retries'],
    ],
    effect: 'acts',
    why: 'as in Kafka',
  },
  { of: ['producer'], names: ['transactional.id'], effect: 'refused', why: 'nothing begins a transaction here' },
  { of: ['producer'], names: ['partitioner.class'], effect: 'refused', why: "Java's classes cannot be loaded here" },
  {
    of: ['consumer'],
    names: [
      ...['auto.commit.interval.ms', 'auto.offset.reset', 'check.crcs', 'client.rack', 'enable.auto.commit'],
      ...['fetch.max.bytes', 'fetch.max.wait.ms', 'fetch.min.bytes', 'group.id', 'group.instance.id'],
      ...['heartbeat.interval.ms', 'max.partition.fetch.bytes', 'max.poll.interval.ms', 'max.poll.records'],
      'session.timeout.ms',
    ],
    effect: 'acts',
    why: 'as in Kafka; `auto.offset.reset` is earliest, latest or none',
  },
  { of: ['consumer'], names: ['group.protocol'], effect: 'refused', why: 'all but classic' },
  {
    of: ['consumer'],
    names: ['partition.assignment.strategy'],
    effect: 'refused',
    why: 'a list without the RangeAssignor, which is what members here can do',
  },
  { of: ALL, names: ['bootstrap.servers'], effect: 'none', why: '`--bootstrap-server` says it' },
  {
    of: ['admin'],
    names: ['bootstrap.controllers'],
    effect: 'none',
    why: 'brokers are asked, and hand on what is the controller’s',
  },
  { of: ['admin'], names: ['retries'], effect: 'none', why: 'a call is asked again until its time is up' },
  {
    of: ['consumer'],
    names: ['isolation.level'],
    effect: 'none',
    why: '`--isolation-level` says it, as in Kafka’s tool',
  },
  {
    of: ['consumer'],
    names: ['exclude.internal.topics'],
    effect: 'none',
    why: '`--include` leaves internal topics out',
  },
  { of: ['consumer'], names: ['allow.auto.create.topics'], effect: 'none', why: 'reading creates no topic here' },
  {
    of: ['producer'],
    names: [
      'linger.ms',
      'max.in.flight.requests.per.connection',
      'partitioner.adaptive.partitioning.enable',
      'partitioner.availability.timeout.ms',
      'partitioner.ignore.keys',
    ],
    effect: 'none',
    why: 'a partition has one batch on its way, and what waits meanwhile is the next one',
  },
  {
    of: ['producer'],
    names: ['max.block.ms'],
    effect: 'none',
    why: 'what does not fit into buffer.memory waits in standard input',
  },
  {
    of: ['producer'],
    names: ['compression.gzip.level', 'compression.lz4.level', 'compression.zstd.level'],
    effect: 'none',
    why: 'the level is the codec’s own',
  },
  {
    of: ['producer'],
    names: ['transaction.timeout.ms', 'transaction.two.phase.commit.enable'],
    effect: 'none',
    why: 'there are no transactions',
  },
  {
    of: ['producer'],
    names: ['key.serializer', 'value.serializer'],
    effect: 'none',
    why: 'bytes go as they are, as in Kafka’s tool',
  },
  {
    of: ['consumer'],
    names: ['key.deserializer', 'value.deserializer'],
    effect: 'none',
    why: 'flags of the same names say it',
  },
  {
    of: ['consumer'],
    names: [
      'group.remote.assignor',
      'internal.throw.on.fetch.stable.offset.unsupported',
      'share.acknowledgement.mode',
      'share.acquire.mode',
    ],
    effect: 'none',
    why: 'of protocols that are not spoken',
  },
  {
    of: ALL,
    names: ['ssl.*', 'sasl.*', 'security.providers'],
    effect: 'none',
    why: 'connections are PLAINTEXT',
  },
  {
    of: ['producer', 'consumer'],
    names: ['interceptor.classes'],
    effect: 'none',
    why: "Java's classes cannot be loaded here",
  },
  {
    of: ALL,
    names: ['config.providers', 'metric.reporters'],
    effect: 'none',
    why: "Java's classes cannot be loaded here",
  },
  {
    of: ALL,
    names: [
      ...['client.dns.lookup', 'connections.max.idle.ms', 'enable.metrics.push', 'metadata.max.age.ms'],
      ...['metadata.recovery.rebootstrap.trigger.ms', 'metadata.recovery.strategy', 'metrics.num.samples'],
      ...['metrics.recording.level', 'metrics.sample.window.ms', 'receive.buffer.bytes', 'reconnect.backoff.max.ms'],
      ...['reconnect.backoff.ms', 'send.buffer.bytes', 'socket.connection.setup.timeout.max.ms'],
    ],
    effect: 'none',
    why: 'only tune Java’s client',
  },
  { of: ['producer'], names: ['metadata.max.idle.ms'], effect: 'none', why: 'only tunes Java’s client' },
]

/** Kafka's sentence about those that no such client has; null: it knows them all. */
export function unknownText(kind: ClientKind, properties: ReadonlyMap<string, string>): string | null {
  const unknown = [...properties.keys()].filter((name) => !isKnown(kind, name))
  if (unknown.length === 0) return null
  return `These configurations '[${unknown.join(', ')}]' were supplied but are not used yet.`
}

function isKnown(kind: ClientKind, name: string): boolean {
  return CLIENT_KEYS.some(
    ({ of, names }) =>
      of.includes(kind) &&
      names.some((known) => (known.endsWith('*') ? name.startsWith(known.slice(0, -1)) : name === known)),
  )
}

/** Throws Error for what must not be passed over. */
export function refuseKeys(properties: ReadonlyMap<string, string>): void {
  const refuse = (name: string, remedy: string): never => {
    throw new Error(`Invalid value ${properties.get(name)} for configuration ${name}: ${remedy}`)
  }
  const given = (name: string): string => properties.get(name)?.trim() ?? ''
  const protocol = given('security.protocol')
  if (protocol !== '' && protocol.toUpperCase() !== 'PLAINTEXT') {
    refuse('security.protocol', "only PLAINTEXT is there yet. Take it out, or use Apache Kafka's own tool")
  }
  const remedy = "take it out, or use Apache Kafka's own tool"
  if (given('transactional.id') !== '') refuse('transactional.id', `nothing begins a transaction here: ${remedy}`)
  if (given('partitioner.class') !== '') {
    refuse('partitioner.class', `Java's classes cannot be loaded here: ${remedy}`)
  }
  const group = given('group.protocol')
  if (group !== '' && group.toLowerCase() !== 'classic') {
    refuse('group.protocol', `only classic is there yet: ${remedy}`)
  }
  const strategies = given('partition.assignment.strategy')
  if (strategies !== '' && !strategies.split(',').some((each) => /(^|\.|^\s*)(RangeAssignor|range)\s*$/.test(each))) {
    refuse(
      'partition.assignment.strategy',
      `members here can do org.apache.kafka.clients.consumer.RangeAssignor: ${remedy}`,
    )
  }
}

/** For docs/kafka-tools.md. */
export function clientKeysTable(): string {
  const rows = CLIENT_KEYS.map(({ of, names, effect, why }) => {
    const clients = of.length === ALL.length ? 'all' : of.join(', ')
    return `| ${names.map((name) => `\`${name}\``).join(', ')} | ${clients} | ${effect === 'none' ? 'no effect' : effect} | ${why} |`
  })
  return ['| configurations | clients | effect | |', '|---|---|---|---|', ...rows].join('\n')
}
