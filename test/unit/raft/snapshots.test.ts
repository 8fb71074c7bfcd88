// Snapshots and the log they stand for when several things happen to them at once, and when a crash cuts one short.

import { afterEach, expect, test } from 'vitest'
import { encodeSnapshot } from '../../../raft/driver/batches.ts'
import type { RaftConfig, RaftDriver } from '../../../raft/driver/index.ts'
import { createRaftDriver } from '../../../raft/driver/index.ts'
import type { Logger, Ports } from '../../../src/base/index.ts'
import { createRpc } from '../../../src/rpc/index.ts'
import { createSimulation, type Simulation } from '../../../src/sim/index.ts'

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT }
const LOG = '/data/__cluster_metadata-0'
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
  segmentBytes: 400,
  segmentMs: 1_000_000,
  retentionBytes: 0,
  retentionMs: 1_000_000,
}

let sim: Simulation
let ports: Ports
const fatal: Error[] = []
afterEach(() => {
  sim[Symbol.dispose]()
  expect(fatal.splice(0)).toEqual([])
})

function begin(): void {
  sim = createSimulation({ seed: 5 })
  ports = sim.addNode('a')
}

async function started(config: Partial<RaftConfig> = {}): Promise<RaftDriver> {
  const rpc = createRpc(ports, {
    clientId: 'test',
    reconnectBackoffMs: 50,
    reconnectBackoffMaxMs: 1000,
    connectTimeoutMs: 1000,
    maxResponseBytes: 1 << 24,
  })
  const onFatal = (error: Error): void => void fatal.push(error)
  const raft = createRaftDriver({ ports, rpc, logger: SILENT, config: { ...CONFIG, ...config }, onFatal })
  raft.follow({ onSnapshot() {}, onCommitted() {}, onLeaderChange() {} })
  await sim.wait(raft.start())
  await sim.sleep(3_000)
  return raft
}

async function propose(raft: RaftDriver, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    expect(raft.propose(raft.leader.epoch, raft.nextProposalOffset, [new Uint8Array(100)])).toBe(true)
    await sim.sleep(50)
  }
}

function snapshotAt(raft: RaftDriver, endOffset: number): Promise<void> {
  return raft.snapshot({ endOffset, epoch: raft.epochAt(endOffset) }, [new Uint8Array(10)], 1)
}

function snapshotFiles(): string[] {
  const names = sim
    .disk('a')
    .paths(LOG)
    .map((path) => path.slice(LOG.length + 1))
  return names.filter((name) => name.endsWith('.checkpoint')).sort()
}

const nameOf = (endOffset: number, epoch: number): string =>
  `${String(endOffset).padStart(20, '0')}-${String(epoch).padStart(10, '0')}.checkpoint`

test('several are stored and the old ones cleaned at once', async () => {
  begin()
  const raft = await started()
  await propose(raft, 30)
  const stored: Promise<void>[] = []
  for (let endOffset = 3; endOffset <= 30; endOffset++) {
    stored.push(snapshotAt(raft, endOffset))
    await sim.sleep(sim.random.below(10) / 10)
  }
  await sim.wait(Promise.all(stored))
  expect(raft.logStartOffset).toBe(30)
  expect(snapshotFiles()).toEqual([nameOf(30, 1)])
})

test('those that a cleaning left behind the start of the log go at the next start', async () => {
  begin()
  const raft = await started()
  await propose(raft, 30)
  await sim.wait(snapshotAt(raft, 10))
  await sim.wait(snapshotAt(raft, 20))
  expect(raft.logStartOffset).toBe(20)
  const left = encodeSnapshot({ endOffset: 10, epoch: 1 }, { offset: -1, kraftVersion: 0, voters: [] }, [], 1, 1)
  sim.kill('a')
  ports = sim.restart('a')
  await sim.wait(ports.disk.writeFileAtomic(`${LOG}/${nameOf(10, 1)}`, Buffer.concat(left)))
  const again = await started()
  expect(again.isActiveLeader).toBe(true)
  expect(again.logStartOffset).toBe(20)
  expect(snapshotFiles()).toEqual([nameOf(20, 1)])
})

test('one that was loaded replaces a shorter log of whatever epoch, although the crash came between', async () => {
  begin()
  await propose(await started(), 5)
  // Twice more, for epochs that nobody else ever heard of.
  for (let life = 0; life < 2; life++) {
    sim.kill('a')
    ports = sim.restart('a')
    await propose(await started(), 1)
  }
  sim.kill('a')
  ports = sim.restart('a')
  const loaded = encodeSnapshot({ endOffset: 100, epoch: 1 }, { offset: -1, kraftVersion: 0, voters: [] }, [], 1, 1)
  await sim.wait(ports.disk.writeFileAtomic(`${LOG}/${nameOf(100, 1)}`, Buffer.concat(loaded)))
  const raft = await started()
  expect([raft.logStartOffset, raft.isActiveLeader]).toEqual([100, true])
  await propose(raft, 2)
  expect(raft.highWatermark).toBe(103)
})
