// What an operator does about configurations, quotas, features and the cluster's members, with Apache's tools. Steps of
// `tools.ts`, on topics and groups of their own, in an order in which each leaves the cluster as the next expects it.

import type { Step } from './tools.ts'

const TOPIC = 'configured'

/** What depends on where a node runs, by name: listeners, directories, the quorum. */
const LOCAL =
  /(listeners|advertised\.listeners|log\.dirs?|metadata\.log\.dir|controller\.quorum\.bootstrap\.servers|listener\.security\.protocol\.map|inter\.broker\.listener\.name|group\.initial\.rebalance\.delay\.ms)=/

/** The name alone. */
const withoutLocal = (line: string): string => (LOCAL.test(line) ? line.replace(/^(\s*[\w.]+)=.*$/, '$1') : line)

function configs(title: string, ...args: string[]): Step {
  return { title: `admin: ${title}`, tool: 'kafka-configs', args, unordered: true, mask: withoutLocal }
}

function changes(title: string, entity: readonly string[], add: string, remove: string): Step[] {
  return [
    configs(`${title}, set`, '--alter', ...entity, '--add-config', add),
    configs(`${title}, described`, '--describe', ...entity),
    configs(`${title}, taken back`, '--alter', ...entity, '--delete-config', remove),
    configs(`${title}, described after that`, '--describe', ...entity),
  ]
}

const topic = ['--entity-type', 'topics', '--entity-name', TOPIC]
const broker = ['--entity-type', 'brokers', '--entity-name', '1']
const brokers = ['--entity-type', 'brokers', '--entity-default']
const client = ['--entity-type', 'clients', '--entity-name', 'c1']
const clients = ['--entity-type', 'clients', '--entity-default']
const userClient = ['--entity-type', 'users', '--entity-name', 'alice', ...clients]
const address = ['--entity-type', 'ips', '--entity-name', '10.1.2.3']
const group = ['--entity-type', 'groups', '--entity-name', 'configured-group']
const metrics = ['--entity-type', 'client-metrics', '--entity-name', 'subscription']

const onConfigs: readonly Step[] = [
  { title: 'admin: a topic', tool: 'kafka-topics', args: ['--create', '--topic', TOPIC, '--partitions', '2'] },
  ...changes('of a topic', topic, 'retention.ms=1000000,cleanup.policy=[compact,delete]', 'cleanup.policy'),
  configs('of a topic, wrong', '--alter', ...topic, '--add-config', 'segment.bytes=few'),
  configs('of a topic, unknown', '--alter', ...topic, '--add-config', 'no.such.config=1'),
  configs('of a topic, not there', '--alter', ...topic, '--delete-config', 'segment.bytes'),
  configs(
    'of a missing topic',
    '--alter',
    '--entity-type',
    'topics',
    '--entity-name',
    'none',
    '--add-config',
    'retention.ms=1',
  ),
  ...changes(
    'of a broker',
    broker,
    'log.cleaner.threads=2,leader.replication.throttled.rate=1000000',
    'leader.replication.throttled.rate',
  ),
  ...changes('of all brokers', brokers, 'log.retention.ms=5000000,message.max.bytes=2000000', 'message.max.bytes'),
  configs('of a topic, all, with a broker’s', '--describe', ...topic, '--all'),
  configs('of a broker, all', '--describe', ...broker, '--all'),
  configs('of a broker, read-only', '--alter', ...broker, '--add-config', 'num.partitions=3'),
  configs('of all brokers, wrong', '--alter', ...brokers, '--add-config', 'log.retention.ms=long'),
  configs('of all brokers, too small', '--alter', ...brokers, '--add-config', 'min.insync.replicas=0'),
  configs('of all brokers, of single ones only', '--alter', ...brokers, '--add-config', 'listeners=PLAINTEXT://:1'),
  configs(
    'of a broker that is not there',
    '--alter',
    '--entity-type',
    'brokers',
    '--entity-name',
    '99',
    '--add-config',
    'log.cleaner.threads=2',
  ),
  configs('of all brokers, the rest taken back', '--alter', ...brokers, '--delete-config', 'log.retention.ms'),
  configs('of a broker, the rest taken back', '--alter', ...broker, '--delete-config', 'log.cleaner.threads'),
  configs('of every broker', '--describe', '--entity-type', 'brokers'),
  ...changes('of a group', group, 'consumer.session.timeout.ms=50000', 'consumer.session.timeout.ms'),
  configs('of a group, all', '--describe', ...group, '--all'),
  configs('of a group, unknown', '--alter', ...group, '--add-config', 'session.timeout.ms=50000'),
  configs('of a group, too small', '--alter', ...group, '--add-config', 'consumer.session.timeout.ms=5'),
  ...changes(
    'of client metrics',
    metrics,
    'interval.ms=1000,match=[client_id=a.*],metrics=org.apache',
    'match,metrics',
  ),
  configs('of client metrics, wrong', '--alter', ...metrics, '--add-config', 'interval.ms=1'),
  configs('of loggers', '--describe', '--entity-type', 'broker-loggers', '--entity-name', '99'),
]

const onQuotas: readonly Step[] = [
  ...changes('quotas of a client', client, 'producer_byte_rate=1024,consumer_byte_rate=2048', 'consumer_byte_rate'),
  ...changes(
    'quotas of all clients',
    clients,
    'request_percentage=200,controller_mutation_rate=10.5',
    'request_percentage',
  ),
  ...changes('quotas of a user’s clients', userClient, 'producer_byte_rate=1024', 'producer_byte_rate'),
  ...changes('quotas of an address', address, 'connection_creation_rate=100', 'connection_creation_rate'),
  configs('quotas of clients', '--describe', '--entity-type', 'clients'),
  configs('quota too small', '--alter', ...client, '--add-config', 'producer_byte_rate=0'),
  configs('quota unknown', '--alter', ...client, '--add-config', 'byte_rate=1'),
  configs('quota of another kind of entity', '--alter', ...address, '--add-config', 'producer_byte_rate=1'),
  configs('quotas gone', '--alter', ...client, '--delete-config', 'producer_byte_rate'),
  configs('default quotas gone', '--alter', ...clients, '--delete-config', 'controller_mutation_rate'),
  configs('no quotas', '--describe', '--entity-type', 'clients'),
]

/** The offset up to which that is known, and who happens to be the active controller. */
const epochs = (line: string): string =>
  line.replace(/Epoch: \d+/, 'Epoch: N').replace(/Local controller \d+/, 'Local controller N')

function features(title: string, ...args: string[]): Step {
  return { title: `admin: ${title}`, tool: 'kafka-features', args, unordered: true, mask: epochs }
}

const onFeatures: readonly Step[] = [
  features('features', 'describe'),
  features('a downgrade that would forget something', 'downgrade', '--metadata', '4.2'),
  features('a dry downgrade', 'downgrade', '--metadata', '4.2', '--dry-run'),
  features('an unsafe one', 'downgrade', '--metadata', '3.9', '--unsafe'),
  features('an upgrade to what is', 'upgrade', '--metadata', '4.3'),
  features('a feature off, tried', 'downgrade', '--feature', 'eligible.leader.replicas.version=0', '--dry-run'),
  features('a feature off', 'downgrade', '--feature', 'eligible.leader.replicas.version=0'),
  features('a feature on', 'upgrade', '--feature', 'eligible.leader.replicas.version=1'),
  features('a feature beyond', 'upgrade', '--feature', 'eligible.leader.replicas.version=2'),
  features('the quorum’s', 'upgrade', '--feature', 'kraft.version=1'),
  features('the quorum’s down', 'downgrade', '--feature', 'kraft.version=0'),
  features('features after that', 'describe'),
]

/** Order of nodes is chance. */
const onMembers: readonly Step[] = [
  { title: 'admin: cluster id', tool: 'kafka-cluster', args: ['cluster-id'], mask: (l) => l.replace(/: .*/, ': ID') },
  { title: 'admin: endpoints', tool: 'kafka-cluster', args: ['list-endpoints'], mask: hostless, unordered: true },
  {
    title: 'admin: endpoints of fenced brokers too',
    tool: 'kafka-cluster',
    args: ['list-endpoints', '--include-fenced-brokers'],
    mask: hostless,
    unordered: true,
  },
  { title: 'admin: a broker that is not there forgotten', tool: 'kafka-cluster', args: ['unregister', '--id', '99'] },
  { title: 'admin: APIs', tool: 'kafka-broker-api-versions', args: [], mask: hostless, unordered: true },
]

/** Host and port, and the room that their lengths take. */
function hostless(line: string): string {
  return line
    .replace(/\b(localhost|127\.0\.0\.1|HOST)\b/g, 'HOST')
    .replace(/\b\d{4,5}\b/g, 'PORT')
    .replace(/ +/g, ' ')
    .trim()
}

function numbersAndIds(line: string): string {
  return line
    .replace(/(^|[\s"])[\w-]{22}(?=[\s"]|$)/g, '$1U')
    .replace(/\d+/g, 'N')
    .replace(/\s+/g, ' ')
}

function toControllers(step: Step): Step {
  return { ...step, title: step.title.replace('admin: ', 'admin: controllers: '), via: 'controllers' }
}

const onControllers: readonly Step[] = [
  features('features', 'describe'),
  features('a downgrade', 'downgrade', '--metadata', '4.2'),
  {
    title: 'admin: quorum',
    tool: 'kafka-metadata-quorum',
    args: ['describe', '--status'],
    mask: numbersAndIds,
  } as const,
  {
    title: 'admin: endpoints',
    tool: 'kafka-cluster',
    args: ['list-endpoints'],
    mask: hostless,
    unordered: true,
  } as const,
  { title: 'admin: a broker forgotten', tool: 'kafka-cluster', args: ['unregister', '--id', '99'] } as const,
  ...changes('all brokers', brokers, 'log.retention.ms=5000000', 'log.retention.ms'),
  configs('a broker', '--describe', ...broker),
].map(toControllers)

/** What Kafka has and this version has not: transactions, the newer kinds of groups, security, changes of voters. */
const LATER: readonly string[] = [
  ...['SaslHandshake', 'SaslAuthenticate', 'DescribeAcls', 'CreateAcls', 'DeleteAcls'],
  ...['CreateDelegationToken', 'RenewDelegationToken', 'ExpireDelegationToken', 'DescribeDelegationToken'],
  ...['DescribeUserScramCredentials', 'AlterUserScramCredentials', 'AddRaftVoter', 'RemoveRaftVoter'],
  ...['AddPartitionsToTxn', 'AddOffsetsToTxn', 'EndTxn', 'WriteTxnMarkers', 'TxnOffsetCommit'],
  ...['DescribeTransactions', 'ListTransactions', 'ConsumerGroupHeartbeat', 'ConsumerGroupDescribe'],
  ...['ShareGroupHeartbeat', 'ShareGroupDescribe', 'ShareFetch', 'ShareAcknowledge', 'InitializeShareGroupState'],
  ...['ReadShareGroupState', 'WriteShareGroupState', 'DeleteShareGroupState', 'ReadShareGroupStateSummary'],
  ...['DescribeShareGroupOffsets', 'AlterShareGroupOffsets', 'DeleteShareGroupOffsets'],
  ...['StreamsGroupHeartbeat', 'StreamsGroupDescribe'],
]

export const adminExplained: readonly { readonly step: RegExp; readonly line: RegExp; readonly reason: string }[] = [
  {
    step: /^admin: APIs$/,
    line: new RegExp(`^(${LATER.join('|')})\\(`),
    reason: 'transactions, newer groups, security and changes of voters are not served yet',
  },
  {
    step: /features/,
    line: /^Feature: (group|share|streams|transaction)\.version/,
    reason: 'features of transactions and newer groups are not there yet',
  },
]

export const adminSteps: readonly Step[] = [...onConfigs, ...onQuotas, ...onFeatures, ...onMembers, ...onControllers]
