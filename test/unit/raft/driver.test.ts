// One node's driver in the simulated world: the errors of the raft APIs, proposals, snapshots, restarts.

import { afterEach, describe, expect, test } from 'vitest'
import type { RaftConfig, RaftDriver } from '../../../raft/driver/index.ts'
import { createRaftDriver } from '../../../raft/driver/index.ts'
import type { Logger, Ports } from '../../../src/base/index.ts'
import { METADATA_TOPIC_ID } from '../../../src/base/index.ts'
import { formatStorage } from '../../../src/main/index.ts'
import { createRpc } from '../../../src/rpc/index.ts'
import { createSimulation, type Simulation } from '../../../src/sim/index.ts'
import type { Input, Message, MessageSchema } from '../../../src/wire/index.ts'
import {
  BeginQuorumEpochRequest,
  batchesOf,
  DescribeQuorumRequest,
  decodeExact,
  EndQuorumEpochRequest,
  encodeExact,
  errorName,
  FetchRequest,
  FetchSnapshotRequest,
  VoteRequest,
} from '../../../src/wire/index.ts'

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT }
const TOPIC = '__cluster_metadata'
const CONFIG: RaftConfig = {
  nodeId: 1,
  directoryId: '8Uh4P1-OTWW0kTn_xCdzag',
  clusterId: 'cluster',
  canVote: true,
  staticVoters: [{ id: 1, endpoint: { host: 'a', port: 9093 } }],
  bootstrapServers: [],
  listenerName: 'CONTROLLER',
  advertised: [{ name: 'CONTROLLER', host: 'a', port: 9093 }],
  metadataDirectory: '/data',
  fetchTimeoutMs: 2000,
  electionTimeoutMs: 1000,
  electionBackoffMaxMs: 1000,
  requestTimeoutMs: 2000,
  retryBackoffMs: 20,
  appendLingerMs: 25,
  maxBatchBytes: 8 * 1024 * 1024,
  segmentBytes: 1024 * 1024,
  segmentMs: 1_000_000,
  retentionBytes: 100 * 1024 * 1024,
  retentionMs: 1_000_000,
}

let sim: Simulation
let ports: Ports
let fatal: Error[]
afterEach(() => {
  expect(fatal).toEqual([])
  sim[Symbol.dispose]()
})

/** What the log's follower saw. */
class Seen {
  readonly events: string[] = []
  values: string[] = []

  onSnapshot(id: { endOffset: number; epoch: number }, batches: readonly Uint8Array[]): void {
    this.events.push(`snapshot ${id.endOffset}-${id.epoch} of ${batches.length}`)
  }

  onCommitted(batches: { bytes: Uint8Array; baseOffset: number; endOffset: number }): void {
    for (const header of batchesOf(batches.bytes)) {
      this.events.push(`${header.control ? 'control' : 'data'} ${header.baseOffset}..${header.lastOffset}`)
    }
  }

  onLeaderChange(leader: { leaderId: number; epoch: number }): void {
    this.events.push(`leader ${leader.leaderId} epoch ${leader.epoch}`)
  }
}

function create(config: Partial<RaftConfig> = {}): { raft: RaftDriver; seen: Seen } {
  const rpc = createRpc(ports, {
    clientId: 'test',
    reconnectBackoffMs: 50,
    reconnectBackoffMaxMs: 1000,
    connectTimeoutMs: 1000,
    maxResponseBytes: 1 << 24,
  })
  const raft = createRaftDriver({
    ports,
    rpc,
    logger: SILENT,
    config: { ...CONFIG, ...config },
    onFatal: (error) => fatal.push(error),
  })
  const seen = new Seen()
  raft.follow(seen)
  return { raft, seen }
}

async function started(config: Partial<RaftConfig> = {}): Promise<{ raft: RaftDriver; seen: Seen }> {
  sim = createSimulation({ seed: 3 })
  ports = sim.addNode('a')
  fatal = []
  const made = create(config)
  await sim.wait(made.raft.start())
  await sim.sleep(100)
  return made
}

const value = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A whole message from the fields given, as decoding would give it. */
function message<M extends MessageSchema>(schema: M, version: number, fields: Input<M>): Message<M> {
  return decodeExact(schema, version, encodeExact(schema, version, fields)) as Message<M>
}

function errorsOf(response: { errorCode?: number | undefined; topics?: readonly unknown[] | undefined }): string {
  const [topic] = (response.topics ?? []) as { partitions: { errorCode: number }[] }[]
  return `${errorName(response.errorCode ?? 0)} ${topic === undefined ? '' : errorName(topic.partitions[0]!.errorCode)}`.trim()
}

describe('alone', () => {
  test('it leads, takes proposals in order, and tells what is committed', async () => {
    const { raft, seen } = await started()
    expect(raft.isActiveLeader).toBe(true)
    expect(raft.propose(1, 1, [value('a'), value('b')])).toBe(true)
    expect(raft.nextProposalOffset).toBe(3)
    expect(raft.propose(1, 1, [value('wrong offset')])).toBe(false)
    expect(raft.propose(0, 3, [value('wrong epoch')])).toBe(false)
    expect(raft.propose(1, 3, [value('c')])).toBe(true)
    expect(() => raft.propose(1, 4, [new Uint8Array(9 * 1024 * 1024)])).toThrow(RangeError)
    await sim.sleep(100)
    expect(raft.highWatermark).toBe(4)
    expect(seen.events).toEqual([
      'leader -1 epoch 0',
      'leader -1 epoch 1',
      'control 0..0',
      'leader 1 epoch 1',
      'data 1..2',
      'data 3..3',
    ])
    expect(raft.epochAt(4)).toBe(1)
  })

  test('after a stop it begins with its snapshot and goes on in the next epoch', async () => {
    const { raft } = await started()
    raft.propose(1, 1, [value('a'), value('b')])
    await sim.sleep(100)
    await sim.wait(raft.snapshot({ endOffset: 3, epoch: 1 }, [value('image')], 42))
    expect(raft.bytesSinceSnapshot).toBe(0)
    raft.propose(1, 3, [value('c')])
    await sim.sleep(100)
    await sim.wait(raft.stop())
    const again = create()
    await sim.wait(again.raft.start())
    await sim.sleep(100)
    expect(again.seen.events).toEqual([
      'leader -1 epoch 1',
      'leader -1 epoch 2',
      'snapshot 3-1 of 1',
      'data 3..3',
      'control 4..4',
      'leader 1 epoch 2',
    ])
    expect(again.raft.logStartOffset).toBe(0)
  })

  test('a resigned leader proposes nothing more', async () => {
    const { raft } = await started()
    raft.resign(1)
    expect(raft.propose(1, 1, [value('late')])).toBe(false)
  })
})

describe('requests', () => {
  const topics = (fields: object): { topicName: string; partitions: never[] }[] => [
    { topicName: TOPIC, partitions: [{ partitionIndex: 0, ...fields }] as never[] },
  ]

  test('of another cluster or partition are refused', async () => {
    const { raft } = await started()
    const foreign = { clusterId: 'other', topics: topics({}) }
    const elsewhere = { clusterId: 'cluster', topics: [{ topicName: 'x', partitions: [] }] }
    for (const [fields, error] of [
      [foreign, 'INCONSISTENT_CLUSTER_ID'],
      [elsewhere, 'INVALID_REQUEST'],
    ] as const) {
      expect(errorsOf(await sim.wait(raft.handleVote(message(VoteRequest, 2, fields))))).toBe(error)
      expect(errorsOf(await sim.wait(raft.handleBeginQuorumEpoch(message(BeginQuorumEpochRequest, 1, fields))))).toBe(
        error,
      )
      expect(errorsOf(await sim.wait(raft.handleEndQuorumEpoch(message(EndQuorumEpochRequest, 1, fields))))).toBe(error)
    }
    const describe = message(DescribeQuorumRequest, 2, { topics: [{ topicName: 'x', partitions: [] }] })
    expect(errorsOf(await sim.wait(raft.handleDescribeQuorum(describe)))).toBe('INVALID_REQUEST')
  })

  test('of an old epoch are told the present leader', async () => {
    const { raft } = await started()
    const request = message(VoteRequest, 2, {
      clusterId: 'cluster',
      topics: topics({ replicaEpoch: 0, replicaId: 2, lastOffsetEpoch: 0, preVote: true }),
    })
    const response = await sim.wait(raft.handleVote(request))
    expect(errorsOf(response)).toBe('NONE FENCED_LEADER_EPOCH')
    expect(response.topics?.[0]?.partitions?.[0]).toMatchObject({ leaderId: 1, leaderEpoch: 1, voteGranted: false })
    expect(response.nodeEndpoints).toEqual([{ nodeId: 1, host: 'a', port: 9093 }])
    const ended = message(EndQuorumEpochRequest, 1, { topics: topics({ leaderId: 2, leaderEpoch: 0 }) })
    expect(errorsOf(await sim.wait(raft.handleEndQuorumEpoch(ended)))).toBe('NONE FENCED_LEADER_EPOCH')
  })

  test("are told the leader's address on the listener they came in by", async () => {
    sim = createSimulation({ seed: 3 })
    ports = sim.addNode('a')
    fatal = []
    const endpoints = [
      { name: 'CONTROLLER', host: 'a', port: 9093 },
      { name: 'OTHER', host: 'a.other', port: 9094 },
    ]
    const voter = { id: 1, host: 'a', port: 9093, directoryId: CONFIG.directoryId, endpoints }
    await sim.wait(
      formatStorage(ports, {
        ...{
          clusterId: 'cluster',
          nodeId: 1,
          logDirs: ['/data'],
          metadataLogDir: '/data',
          initialControllers: [voter],
        },
        ...{ controllerListenerName: 'CONTROLLER', metadataVersion: 25, ignoreFormatted: false },
      }),
    )
    const { raft } = create({ staticVoters: [] })
    await sim.wait(raft.start())
    await sim.sleep(100)
    const request = message(VoteRequest, 2, {
      clusterId: 'cluster',
      topics: topics({ replicaEpoch: 0, replicaId: 2, lastOffsetEpoch: 0, preVote: true }),
    })
    const told = async (listener?: string): Promise<unknown> =>
      (await sim.wait(raft.handleVote(request, listener))).nodeEndpoints
    expect(await told('OTHER')).toEqual([{ nodeId: 1, host: 'a.other', port: 9094 }])
    expect(await told('CONTROLLER')).toEqual([{ nodeId: 1, host: 'a', port: 9093 }])
    expect(await told('UNKNOWN')).toEqual([{ nodeId: 1, host: 'a', port: 9093 }])
  })

  test('for another voter are refused', async () => {
    const { raft } = await started()
    const request = message(VoteRequest, 2, {
      voterId: 2,
      topics: topics({ replicaEpoch: 1, replicaId: 3, lastOffsetEpoch: 0, preVote: true }),
    })
    expect(errorsOf(await sim.wait(raft.handleVote(request)))).toBe('NONE INVALID_VOTER_KEY')
  })
})

describe('fetches', () => {
  const fetch = (fields: object, version = 18, maxWaitMs = 0): Message<typeof FetchRequest> =>
    message(FetchRequest, version, {
      clusterId: 'cluster',
      ...(version < 15 ? { replicaId: 9 } : { replicaState: { replicaId: 9, replicaEpoch: -1 } }),
      maxWaitMs,
      maxBytes: 1 << 20,
      topics: [
        {
          topic: TOPIC,
          topicId: METADATA_TOPIC_ID,
          partitions: [{ partition: 0, currentLeaderEpoch: 1, lastFetchedEpoch: 0, fetchOffset: 0, ...fields }],
        },
      ],
    })

  async function partitionOf(
    raft: RaftDriver,
    request: Message<typeof FetchRequest>,
    version = 18,
  ): Promise<Record<string, unknown>> {
    const response = await sim.wait(raft.handleFetch(request, version))
    const partition = response.responses?.[0]?.partitions?.[0]
    const records = (partition?.records ?? []) as Uint8Array[]
    let bytes = 0
    for (const chunk of records) bytes += chunk.length
    return { ...partition, error: errorName(partition?.errorCode ?? 0), bytes, records: undefined }
  }

  test('read the log, and name leader and high watermark', async () => {
    const { raft } = await started()
    for (const version of [12, 17, 18]) {
      const found = await partitionOf(raft, fetch({}, version), version)
      expect(found).toMatchObject({ error: 'NONE', highWatermark: 1, currentLeader: { leaderId: 1, leaderEpoch: 1 } })
      expect(found.bytes).toBeGreaterThan(60)
    }
  })

  test('of wrong epochs, offsets and topics get Kafka’s errors', async () => {
    const { raft } = await started()
    expect((await partitionOf(raft, fetch({ currentLeaderEpoch: 0 }))).error).toBe('FENCED_LEADER_EPOCH')
    expect((await partitionOf(raft, fetch({ currentLeaderEpoch: 5 }))).error).toBe('UNKNOWN_LEADER_EPOCH')
    expect((await partitionOf(raft, fetch({ fetchOffset: -1 }))).error).toBe('INVALID_REQUEST')
    expect(await partitionOf(raft, fetch({ fetchOffset: 50, lastFetchedEpoch: 1 }))).toMatchObject({
      error: 'NONE',
      divergingEpoch: { epoch: 1, endOffset: 1 },
    })
    const foreign = { ...fetch({}), clusterId: 'other' }
    expect(await sim.wait(raft.handleFetch(foreign, 18))).toEqual({ errorCode: 104 })
    const elsewhere = { ...fetch({}), topics: [] }
    expect(errorName((await sim.wait(raft.handleFetch(elsewhere, 18))).errorCode ?? 0)).toBe('INVALID_REQUEST')
  })

  test('wait for what is not there yet, and no longer than asked', async () => {
    const { raft } = await started()
    const at = sim.now
    const request = fetch({ fetchOffset: 1, lastFetchedEpoch: 1, highWatermark: 1 }, 18, 400)
    expect(await partitionOf(raft, request)).toMatchObject({ error: 'NONE', bytes: 0 })
    expect(sim.now - at).toBeGreaterThanOrEqual(400)
    const later = sim.now
    const waiting = partitionOf(raft, request)
    raft.propose(1, 1, [value('a')])
    expect((await waiting).bytes).toBeGreaterThan(60)
    expect(sim.now - later).toBeLessThan(100)
    // A high watermark that has moved is news too (KIP-1166).
    const behind = await partitionOf(raft, fetch({ fetchOffset: 2, lastFetchedEpoch: 1, highWatermark: 1 }, 18, 400))
    expect(behind).toMatchObject({ highWatermark: 2, bytes: 0 })
  })

  test('from the beginning are sent to a snapshot, which is read in parts', async () => {
    const { raft } = await started()
    await sim.wait(raft.snapshot({ endOffset: 1, epoch: 1 }, [value('image')], 42))
    expect(await partitionOf(raft, fetch({}))).toMatchObject({ snapshotId: { endOffset: 1, epoch: 1 }, bytes: 0 })
    const ask = async (fields: object, maxBytes = 100): Promise<Record<string, unknown>> => {
      const partition = {
        partition: 0,
        currentLeaderEpoch: 1,
        snapshotId: { endOffset: 1, epoch: 1 },
        position: 0,
        ...fields,
      }
      const request = {
        clusterId: 'cluster',
        replicaId: 9,
        maxBytes,
        topics: [{ name: TOPIC, partitions: [partition] }],
      }
      const response = await sim.wait(raft.handleFetchSnapshot(message(FetchSnapshotRequest, 1, request)))
      const found = response.topics?.[0]?.partitions?.[0]
      return {
        ...found,
        error: errorName(found?.errorCode ?? 0),
        bytes: ((found?.unalignedRecords ?? new Uint8Array(0)) as Uint8Array).length,
      }
    }
    const first = await ask({})
    expect(first).toMatchObject({ error: 'NONE', position: 0, bytes: 100 })
    const rest = await ask({ position: 100 }, 1 << 20)
    expect(rest.bytes).toBe((first.size as number) - 100)
    expect((await ask({ position: first.size })).error).toBe('POSITION_OUT_OF_RANGE')
    expect((await ask({ snapshotId: { endOffset: 9, epoch: 1 } })).error).toBe('SNAPSHOT_NOT_FOUND')
    expect((await ask({ snapshotId: { endOffset: 0, epoch: 0 } })).error).toBe('SNAPSHOT_NOT_FOUND')
    expect((await ask({ currentLeaderEpoch: 0 })).error).toBe('FENCED_LEADER_EPOCH')
  })
})

test('who leads, how far everyone is', async () => {
  const { raft } = await started()
  const request = message(DescribeQuorumRequest, 2, {
    topics: [{ topicName: TOPIC, partitions: [{ partitionIndex: 0 }] }],
  })
  const response = await sim.wait(raft.handleDescribeQuorum(request))
  expect(response.topics?.[0]?.partitions?.[0]).toMatchObject({
    leaderId: 1,
    leaderEpoch: 1,
    highWatermark: 1,
    currentVoters: [{ replicaId: 1, logEndOffset: 1 }],
    observers: [],
  })
  expect(response.nodes).toEqual([{ nodeId: 1, listeners: [{ name: 'CONTROLLER', host: 'a', port: 9093 }] }])
})
