// kafka-log-dirs, kafka-metadata-quorum, kafka-cluster and kafka-groups: what they print, and what they refuse.

import { expect, test } from 'vitest'
import { cluster } from '../../../../src/cli/kafka/cluster.ts'
import { groups } from '../../../../src/cli/kafka/groups.ts'
import { logDirs } from '../../../../src/cli/kafka/log-dirs.ts'
import { metadataQuorum, replicationText, statusText } from '../../../../src/cli/kafka/metadata-quorum.ts'
import {
  ClientError,
  type LogDirectoryDescription,
  type QuorumDescription,
  type ReplicaState,
} from '../../../../src/client/index.ts'
import { run } from '../../../support/fake-tool.ts'

const DIRECTORY: LogDirectoryDescription = {
  path: '/data/a',
  error: 'NONE',
  totalBytes: 10,
  usableBytes: 5,
  replicas: [
    { topic: 't', partition: 0, size: 71, offsetLag: 0, isFuture: false },
    { topic: 'u', partition: 1, size: 0, offsetLag: 2, isFuture: true },
  ],
}

const dirs = (words: string) => {
  const admin = {
    describeCluster: async () => ({ brokers: [{ id: 1 }, { id: 2 }] }),
    describeLogDirs: async (broker: number) =>
      broker === 1 ? [DIRECTORY] : [{ ...DIRECTORY, path: '/data/b', error: 'KAFKA_STORAGE_ERROR', replicas: [] }],
  }
  return run(logDirs, `--bootstrap-server h:1 ${words}`, { client: { admin } })
}

test('directories are one line of JSON, keys in Java’s order', async () => {
  expect(await dirs('--describe')).toMatchObject({
    code: 0,
    err: '',
    out: [
      'Querying brokers for log directories information',
      'Received log directory information from brokers 1,2',
      '{"brokers":[{"broker":1,"logDirs":[{"partitions":[{"partition":"t-0","size":71,"offsetLag":0,"isFuture":false},{"partition":"u-1","size":0,"offsetLag":2,"isFuture":true}],"error":null,"logDir":"/data/a"}]},{"broker":2,"logDirs":[{"partitions":[],"error":"org.apache.kafka.common.errors.KafkaStorageException","logDir":"/data/b"}]}],"version":1}',
      '',
    ].join('\n'),
  })
})

test('only the topics and brokers that were named are shown', async () => {
  const { out } = await dirs('--describe --broker-list 1 --topic-list u,v')
  expect(out).toContain('from brokers 1\n')
  expect(out).toContain('"partitions":[{"partition":"u-1",')
  expect(out).not.toContain('t-0')
})

test('brokers that are not there are named', async () => {
  expect(await dirs('--describe --broker-list 1,7')).toMatchObject({
    code: 1,
    out: '',
    err: 'ERROR: The given brokers do not exist from --broker-list: 7. Current existent brokers: 1,2\n',
  })
  expect((await dirs('')).err).toContain('Missing required argument "[describe]"')
})

const replica = (id: number, logEndOffset: number, more: Partial<ReplicaState> = {}): ReplicaState => ({
  ...{ id, directoryId: `directory-of-node-${id}`.padEnd(22, '0'), logEndOffset },
  ...{ lastFetchTimestamp: 1_000, lastCaughtUpTimestamp: 900, ...more },
})

const QUORUM: QuorumDescription = {
  leaderId: 2,
  leaderEpoch: 5,
  highWatermark: 90,
  voters: [replica(1, 80), replica(2, 100, { lastCaughtUpTimestamp: 1_000 })],
  observers: [replica(4, 70, { directoryId: 'A'.repeat(22), lastFetchTimestamp: -1, lastCaughtUpTimestamp: -1 })],
  nodes: [
    { id: 1, listeners: [{ name: 'CONTROLLER', host: 'h', port: 9093 }] },
    { id: 2, listeners: [{ name: 'CONTROLLER', host: '::1', port: 9094 }] },
  ],
}

test('the status of the quorum', () => {
  expect(statusText('abc', QUORUM)).toBe(
    [
      'ClusterId:              abc',
      'LeaderId:               2',
      'LeaderEpoch:            5',
      'HighWatermark:          90',
      'MaxFollowerLag:         20',
      'MaxFollowerLagTimeMs:   100',
      'CurrentVoters:          [{"id": 1, "directoryId": "directory-of-node-1000", "endpoints": ["CONTROLLER://h:9093"]}, {"id": 2, "directoryId": "directory-of-node-2000", "endpoints": ["CONTROLLER://[::1]:9094"]}]',
      'CurrentObservers:       [{"id": 4, "directoryId": null}]',
      '',
    ].join('\n'),
  )
  const alone = { ...QUORUM, voters: [replica(2, 100)], observers: [] }
  expect(statusText('abc', alone)).toContain('MaxFollowerLag:         0\nMaxFollowerLagTimeMs:   0\n')
})

test('replicas of the quorum, the leader first', () => {
  const lines = replicationText(QUORUM, null).split('\n')
  expect(lines[0]).toBe(
    'NodeId\tDirectoryId           \tLogEndOffset\tLag\tLastFetchTimestamp\tLastCaughtUpTimestamp\tStatus  \t',
  )
  expect(lines[1]).toBe(
    '2     \tdirectory-of-node-2000\t100         \t0  \t1000              \t1000                 \tLeader  \t',
  )
  expect(lines.slice(2).map((line) => line.split(/\s+/).slice(3))).toEqual([
    ['20', '1000', '900', 'Follower', ''],
    ['30', '-1', '-1', 'Observer', ''],
    [],
  ])
  expect(replicationText(QUORUM, 1_500)).toMatch(/\t500 ms ago +\t600 ms ago +\tFollower/)
  expect(() => replicationText(QUORUM, 999)).toThrow('Current timestamp is 999, last fetch timestamp is 1000')
})

test.each([
  ['describe', 'One of --status or --replication must be specified with describe sub-command'],
  ['describe --status --replication', 'Only one of --status or --replication should be specified with describe'],
  ['describe --status --human-readable', 'The option --human-readable is only supported along with --replication'],
  ['add-controller', 'add-controller: controllers of this version cannot be added or removed by requests'],
  ['erase', "invalid choice: 'erase'"],
  ['--bootstrap-controller h:2 describe --status', '--bootstrap-controller: brokers are asked here; type'],
])('%s is refused', async (words, message) => {
  const { code, err } = await run(metadataQuorum, `--bootstrap-server h:1 ${words}`)
  expect(code).toBe(1)
  expect(err.startsWith(message)).toBe(true)
})

const clusterTool = (words: string) => {
  const ENDPOINT = { id: 1, host: 'localhost', port: 9092, rack: null, isFenced: false }
  const governance = {
    unregisterBroker: async (id: number) => {
      if (id !== 3) throw new ClientError('BROKER_ID_NOT_REGISTERED', `Broker ID ${id} is not currently registered`)
    },
    endpoints: async ({ fenced }: { fenced: boolean }) =>
      fenced ? [ENDPOINT, { ...ENDPOINT, id: 2, host: 'h', rack: 'here', isFenced: true }] : [ENDPOINT],
  }
  const admin = { describeCluster: async () => ({ clusterId: 'abc' }) }
  return run(cluster, words, { client: { admin, governance } })
}

test.each([
  ['cluster-id -b h:1', 'Cluster ID: abc\n'],
  ['unregister --bootstrap-server h:1 -i 3', 'Broker 3 is no longer registered.\n'],
  [
    'list-endpoints -b h:1',
    'ID         HOST      PORT       RACK       STATE      ENDPOINT_TYPE  \n1          localhost 9092       null       unfenced   broker         \n',
  ],
  [
    'list-endpoints -b h:1 --include-fenced-brokers',
    'ID         HOST      PORT       RACK STATE      ENDPOINT_TYPE  \n1          localhost 9092       null unfenced   broker         \n2          h         9092       here fenced     broker         \n',
  ],
])('kafka-cluster %s', async (words, out) => {
  expect(await clusterTool(words)).toMatchObject({ code: 0, out, err: '' })
})

test.each([
  [
    'unregister -b h:1 -i 7',
    'org.apache.kafka.common.errors.BrokerIdNotRegisteredException: Broker ID 7 is not currently registered',
  ],
  ['cluster-id -b h:1 -i 7', "unrecognized arguments: '--id'"],
  ['cluster-id', 'one of the arguments --bootstrap-server/-b --bootstrap-controller/-C is required'],
  ['cluster-id -C h:2', '--bootstrap-controller: brokers are asked here; type --bootstrap-server HOST:PORT instead'],
])('kafka-cluster %s is refused', async (words, message) => {
  const { code, err } = await clusterTool(words)
  expect({ code, first: err.split('\n')[0] }).toEqual({ code: 1, first: message })
})

const groupsTool = (words: string) => {
  const list = async () => [
    { group: 'readers', type: 'classic', protocolType: 'consumer', state: 'Stable' },
    { group: 'only-offsets-of-a-tool', type: 'Classic', protocolType: '', state: 'Empty' },
    { group: 'workers', type: 'classic', protocolType: 'connect', state: 'Stable' },
    { group: 'new', type: 'consumer', protocolType: 'consumer', state: 'Stable' },
  ]
  return run(groups, `--bootstrap-server h:1 ${words}`, { client: { groups: { list } } })
}

test('groups are as wide as the longest of all cells', async () => {
  expect((await groupsTool('--list --protocol connect')).out).toBe(
    'GROUP                TYPE                 PROTOCOL            \nworkers              Classic              connect              \n',
  )
  expect((await groupsTool('--list')).out.split('\n')[2]).toBe(
    'only-offsets-of-a-tool Classic                                       ',
  )
})

test.each([
  ['--consumer', ['readers', 'only-offsets-of-a-tool', 'new']],
  ['--group-type CLASSIC', ['readers', 'only-offsets-of-a-tool', 'workers']],
  ['--group-type classic --protocol consumer', ['readers']],
  ['--share', []],
])('kafka-groups --list %s', async (words, names) => {
  const { out } = await groupsTool(`--list ${words}`)
  expect(
    out
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.split(' ')[0]),
  ).toEqual(names)
})

test.each([
  ['', 'Command must include exactly one action: --list.'],
  ['--list --consumer --share', 'Option "[consumer]" can\'t be used with option "[share]"'],
  ['--list --consumer --group-type classic', 'Option "[consumer]" can\'t be used with option "[group-type]"'],
  ['--list --group-type zebra', '--group-type must be a valid group type.'],
])('kafka-groups %s is refused', async (words, message) => {
  const { code, err } = await groupsTool(words)
  expect({ code, first: err.split('\n')[0] }).toEqual({ code: 1, first: message })
})
