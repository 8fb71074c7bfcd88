// The commands of the user's five notes that are Kafka's own, word for word, in the notes' order, with what the notes type
// into them. Data for `notes.ts`. What is not here: the REST proxy's requests, the client programs (`clients.ts`), and what
// installs or removes software. The fifth note has no commands.

import { adminExplained } from './admin-steps.ts'

export interface NoteCommand {
  /** As the note prints it, broken lines joined. */
  readonly printed: string
  /** Where 4.3's tools do not take it: what they take. The printed form is walked too, and must be refused. */
  readonly now?: { readonly command: string; readonly reason: string }
  /** What is typed into it. */
  readonly input?: string
  /** It goes on by itself: it gets a ^C once it has printed this: so many lines, or a text. */
  readonly until?: number | string
  /** Lines are compared as a set. */
  readonly unordered?: true
  /** For what hangs on ids, chance or time beyond what is masked everywhere; null: the line is not compared. */
  readonly mask?: (line: string) => string | null
}

export interface NoteStep {
  readonly where: string
  /** More than one: those with `until` are started first, and read when the last one writes. */
  readonly together: readonly NoteCommand[]
}

function step(where: string, ...together: NoteCommand[]): NoteStep {
  return { where, together }
}

const placement = (line: string): string =>
  line.replace(/Leader: \d+/g, 'Leader: L').replace(/(Replicas|Isr): [\d,]+/g, (_, what: string) => `${what}: R`)

/** Readers without a group have one with a random number, whose hash says where its records go. */
const internal = (line: string): string => line.replace(/^(__consumer_offsets:\d+):\d+$/, '$1:N')

const laterApis = adminExplained.find((each) => each.step.test('admin: APIs'))!
/** What later versions of this project serve is not compared. */
const apis = (line: string): string | null => (laterApis.line.test(line.trim()) ? null : line)

const ZOOKEEPER = 'clients have not known ZooKeeper since 3.0'
const DIRECTORY = 'the configuration of the walk’s own node, in its own directory'

const formatted = (line: string): string =>
  line.replace(/(directory) \S+|metadata\.version [\w.-]+/g, (all, what?: string) =>
    what === undefined ? all : 'directory D',
  )
const started = (line: string): string | null => (line.includes('Kafka Server started') ? 'Kafka Server started' : null)

const note0: readonly NoteStep[] = [
  // The note's REST proxy creates the topic by writing to it, and writes with and without keys once it has three partitions.
  step('set up', { printed: 'kafka-topics --bootstrap-server localhost:9092 --create --topic jsontest' }),
  step('set up', {
    printed: 'kafka-console-producer --bootstrap-server localhost:9092 --topic jsontest',
    input: '{"foo":"bar"}\n',
  }),
  step('note 0, line 110', {
    printed: 'kafka-topics --bootstrap-server localhost:9092 --alter --topic jsontest --partitions 3',
  }),
  step('set up', {
    printed:
      'kafka-console-producer --bootstrap-server localhost:9092 --topic jsontest --reader-property parse.key=true --reader-property key.separator=#',
    input: Array.from({ length: 10 }, (_, i) => `1234#{"xxx":"${i + 1}"}\n`).join(''),
  }),
  step('what came of it', {
    printed: 'kafka-topics --bootstrap-server localhost:9092 --describe --topic jsontest',
    mask: placement,
  }),
  step('what came of it', { printed: 'kafka-get-offsets --bootstrap-server localhost:9092 --topic jsontest' }),
]

const note1: readonly NoteStep[] = [
  step('note 1, line 177', {
    printed: 'bin/kafka-topics.sh --create --topic quickstart-events --bootstrap-server localhost:9092',
  }),
  step('note 1, line 178', {
    printed: 'bin/kafka-topics.sh --describe --topic quickstart-events --bootstrap-server localhost:9092',
    mask: placement,
  }),
  step('note 1, line 181', {
    printed: 'bin/kafka-console-producer.sh --topic quickstart-events --bootstrap-server localhost:9092',
    input: 'This is my first event\nThis is my second event\n',
  }),
  step('note 1, line 184', {
    printed:
      'bin/kafka-console-consumer.sh --topic quickstart-events --from-beginning --bootstrap-server localhost:9092',
    until: 2,
  }),
]

const note2: readonly NoteStep[] = [
  step('note 2, line 20', {
    printed:
      '/opt/kafka/bin/kafka-storage.sh format -t "$(/opt/kafka/bin/kafka-storage.sh random-uuid)" -c /opt/kafka/config/kraft/server.properties',
    mask: formatted,
  }),
  step('note 2, line 23, and note 1, line 174', {
    printed: '/opt/kafka/bin/kafka-server-start.sh /opt/kafka/config/kraft/server.properties',
    until: 'Kafka Server started',
    mask: started,
  }),
  step('note 2, line 40', {
    printed: 'kafka-broker-api-versions.sh --bootstrap-server localhost:9092',
    unordered: true,
    mask: apis,
  }),
  step('note 2, line 113', { printed: 'kafka-topics.sh --create --topic test --bootstrap-server localhost:9092' }),
  step('note 2, line 116', { printed: 'kafka-topics.sh --list --bootstrap-server localhost:9092' }),
  step('note 2, line 118', {
    printed: 'kafka-topics.sh --describe --topic test --bootstrap-server localhost:9092',
    mask: placement,
  }),
  step('note 2, line 125', {
    printed: 'kafka-console-producer.sh --topic test --bootstrap-server localhost:9092',
    input: 'hello\nworld\n!\n',
  }),
  step('note 2, line 133', {
    printed: 'kafka-get-offsets.sh --bootstrap-server localhost:9092',
    mask: internal,
  }),
  step('note 2, line 141', {
    printed: 'kafka-console-consumer.sh --topic test --bootstrap-server localhost:9092 --from-beginning',
    until: 3,
  }),
  step('note 2, line 150', {
    printed: 'kafka-console-consumer.sh --topic test --bootstrap-server localhost:9092 --partition 0 --offset 1',
    until: 2,
  }),
  step(
    'note 2, lines 161, 169 and 177',
    { printed: 'kafka-console-consumer.sh --topic test --bootstrap-server localhost:9092', until: 5 },
    { printed: 'kafka-console-consumer.sh --topic test --bootstrap-server localhost:9092', until: 5 },
    {
      printed: 'kafka-console-producer.sh --topic test --bootstrap-server localhost:9092',
      input: '1\n2\n3\n4\n5\n',
    },
  ),
  step('note 2, line 189', {
    printed: 'kafka-topics.sh --alter --topic test --partitions 2 --bootstrap-server localhost:9092',
  }),
  step('note 2, line 190', { printed: 'kafka-get-offsets.sh --bootstrap-server localhost:9092 | grep test' }),
  step(
    'note 2, lines 201, 206 and 212',
    { printed: 'kafka-console-consumer.sh --topic test --bootstrap-server localhost:9092 --partition 0', until: 2 },
    { printed: 'kafka-console-consumer.sh --topic test --bootstrap-server localhost:9092 --partition 1', until: 3 },
    {
      printed:
        'kafka-console-producer.sh --topic test --bootstrap-server localhost:9092 --property "parse.key=true" --property key.separator=:',
      input: '1:hello1\n2:hello2\n3:hello3\n4:hello4\n5:hello5\n',
    },
  ),
]

const note3: readonly NoteStep[] = [
  step('note 3, line 108', {
    printed:
      'sudo /opt/Kafka/kafka_2.10-0.10.0.1/bin/kafka-server-start.sh /opt/Kafka/kafka_2.10-0.10.0.1/config/server.properties',
    until: 'Kafka Server started',
    mask: started,
  }),
  step('note 3, line 127', {
    printed:
      'sudo /opt/Kafka/kafka_2.10-0.10.0.1/bin/kafka-topics.sh --create --zookeeper localhost:2181 --replication-factor 1  --partitions 1 --topic testing',
    now: {
      command:
        'kafka-topics.sh --create --bootstrap-server localhost:9092 --replication-factor 1  --partitions 1 --topic testing',
      reason: ZOOKEEPER,
    },
  }),
  step('note 3, line 135', {
    printed: 'sudo /opt/Kafka/kafka_2.10-0.10.0.1/bin/kafka-topics.sh --list --zookeeper localhost:2181',
    now: { command: 'kafka-topics.sh --list --bootstrap-server localhost:9092', reason: ZOOKEEPER },
  }),
  step('note 3, line 143', {
    printed:
      'sudo /opt/Kafka/kafka_2.10-0.10.0.1/bin/kafka-console-producer.sh --broker-list localhost:9092 --topic testing',
    now: {
      command: 'kafka-console-producer.sh --bootstrap-server localhost:9092 --topic testing',
      reason: '--broker-list is --bootstrap-server since 4.0',
    },
    input: 'hello world!\n',
  }),
  step('note 3, line 147', {
    printed:
      'sudo /opt/Kafka/kafka_2.10-0.10.0.1/bin/kafka-console-consumer.sh --zookeeper localhost:2181 --topic testing --from-beginning',
    now: {
      command: 'kafka-console-consumer.sh --bootstrap-server localhost:9092 --topic testing --from-beginning',
      reason: ZOOKEEPER,
    },
    until: 1,
  }),
  step('note 3, line 159', {
    printed: '/opt/Kafka/kafka_2.10-0.10.0.1/bin/kafka-topics.sh --zookeeper localhost:2181 --delete --topic testing',
    now: { command: 'kafka-topics.sh --bootstrap-server localhost:9092 --delete --topic testing', reason: ZOOKEEPER },
  }),
  step('note 3, line 163', {
    printed:
      '/opt/Kafka/kafka_2.10-0.10.0.1/bin/kafka-topics.sh --create --zookeeper localhost:2181 --replication-factor 1 --partitions 1 --topic testing',
    now: {
      command:
        'kafka-topics.sh --create --bootstrap-server localhost:9092 --replication-factor 1 --partitions 1 --topic testing',
      reason: ZOOKEEPER,
    },
  }),
  step('what came of it', { printed: 'kafka-topics.sh --list --bootstrap-server localhost:9092' }),
]

export const NOTES: readonly NoteStep[] = [...note0, ...note1, ...note2, ...note3]

/** What the notes say that is not walked, and why. */
export const NOT_WALKED: readonly { readonly where: string; readonly what: string; readonly reason: string }[] = [
  {
    where: 'note 1, line 173',
    what: 'bin/zookeeper-server-start.sh config/zookeeper.properties',
    reason: 'there is no ZooKeeper any more: the quorum is the nodes’ own',
  },
  {
    where: 'note 2, line 23',
    what: 'systemd-run -u kafka -E KAFKA_HEAP_OPTS=…',
    reason: 'the service manager is the machine’s; what it runs is walked',
  },
  {
    where: 'note 3, line 120',
    what: 'sudo nohup …/kafka-server-start.sh … &',
    reason: 'the command of line 108 again, in the background',
  },
]

/** Lines of Kafka's that the programs of bin/kafka do not print, and why. */
export const OF_THE_SHIMS: readonly { readonly line: RegExp; readonly reason: string }[] = [
  {
    line: /^stderr: The consumer rebalance protocol \(KIP-848\) is production-ready!/,
    reason: 'it advises a protocol of groups that this version does not serve',
  },
  {
    line: /^Bootstrap metadata: /,
    reason: 'it shows Java objects, among them features that this version does not serve',
  },
]

/** Where the directories of the notes are here. */
export const PATHS: readonly (readonly [printed: RegExp, here: string, reason: string])[] = [
  [/^sudo /g, '', 'the walk is nobody special'],
  [/(\/opt\/kafka\/|\/opt\/Kafka\/kafka_2\.10-0\.10\.0\.1\/|\b)bin\/(?=kafka-)/g, '', 'the tools are on the PATH'],
  [/\/opt\/kafka\/config\//g, 'config/', DIRECTORY],
  [/\/opt\/Kafka\/kafka_2\.10-0\.10\.0\.1\/config\//g, 'config/', DIRECTORY],
]

/** 3.6's config/kraft/server.properties, which note 2 starts from, with ports and directory of the walk. */
export function nodeProperties(clients: number, controllers: number, directory: string): string {
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@localhost:${controllers}`,
    `listeners=PLAINTEXT://:${clients},CONTROLLER://:${controllers}`,
    'inter.broker.listener.name=PLAINTEXT',
    `advertised.listeners=PLAINTEXT://localhost:${clients}`,
    'controller.listener.names=CONTROLLER',
    'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL',
    'num.network.threads=3',
    'num.io.threads=8',
    'socket.send.buffer.bytes=102400',
    'socket.receive.buffer.bytes=102400',
    'socket.request.max.bytes=104857600',
    `log.dirs=${directory}`,
    'num.partitions=1',
    'num.recovery.threads.per.data.dir=1',
    'offsets.topic.replication.factor=1',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'log.retention.hours=168',
    'log.segment.bytes=1073741824',
    'log.retention.check.interval.ms=300000',
    '',
  ].join('\n')
}
