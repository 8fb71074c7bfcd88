// A small world for cluster metadata: a clock that tests move, an ordered log that three drivers share instead of a
// quorum, and an rpc that calls the other driver directly.

import type { ClusterDriver, RequestContext } from '../../../cluster/driver/index.ts'
import { createClusterDriver } from '../../../cluster/driver/index.ts'
import type {
  CommittedBatches,
  LeaderAndEpoch,
  LogFollower,
  QuorumView,
  RaftDriver,
  SnapshotId,
} from '../../../raft/driver/index.ts'
import type { Alarm, Clock, Endpoint, Instant, Logger, Timestamp } from '../../../src/base/index.ts'
import { SeededRandom } from '../../../src/base/index.ts'
import type { NodeConfig } from '../../../src/config/index.ts'
import { parseNodeConfig } from '../../../src/config/index.ts'
import type { Peer, Rpc } from '../../../src/rpc/index.ts'
import type { MetadataRecord } from '../../../src/wire/index.ts'
import { buildBatch, decode, encode } from '../../../src/wire/index.ts'

export const CLUSTER_ID = 'test-cluster-id-000000'

export class TestClock implements Clock {
  now: Instant = 1_000
  readonly #alarms: { at: Instant | null; order: number; fire: () => void }[] = []
  #order = 0

  monotonic(): Instant {
    return this.now
  }

  wall(): Timestamp {
    return 1_700_000_000_000 + this.now
  }

  alarm(fire: () => void): Alarm {
    const entry: { at: Instant | null; order: number; fire: () => void } = { at: null, order: 0, fire }
    this.#alarms.push(entry)
    return {
      set: (at) => {
        entry.at = at
        entry.order = this.#order++
      },
      clear: () => {
        entry.at = null
      },
    }
  }

  /** Fires what is due in order, with all promises settled in between, until `ms` have passed. */
  async advance(ms: number): Promise<void> {
    const until = this.now + ms
    for (let turns = 0; ; turns++) {
      if (turns > 200_000) throw new Error('the alarms never come to rest')
      await settle()
      const due = this.#alarms
        .filter((entry) => entry.at !== null && entry.at <= until)
        .sort((a, b) => a.at! - b.at! || a.order - b.order)[0]
      if (due === undefined) break
      this.now = Math.max(this.now, due.at!)
      due.at = null
      due.fire()
    }
    this.now = until
    await settle()
  }

  /** Time passes and nothing runs: the process was stopped. */
  stall(ms: number): void {
    this.now += ms
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 30; i++) await Promise.resolve()
}

export const silent: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silent,
}

export function nodeConfig(nodeId: number, more: Readonly<Record<string, string>> = {}): NodeConfig {
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': String(nodeId),
    listeners: 'PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093',
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.bootstrap.servers': 'localhost:9093',
    'default.replication.factor': '3',
    'min.insync.replicas': '2',
    ...more,
  }
  return parseNodeConfig(new Map(Object.entries(properties)))
}

/** One log for all nodes. Whoever leads appends; a batch is committed when `commit` says so, at once by default. */
export class SharedLog {
  readonly nodes: Map<number, FakeRaft> = new Map()
  readonly batches: CommittedBatches[] = []
  endOffset = 0
  committed = 0
  leaderId = -1
  epoch = 0
  /** False: proposals wait. */
  committing = true
  /** Next proposals are answered false. */
  refuse = false

  elect(leaderId: number): void {
    this.epoch++
    this.leaderId = leaderId
    for (const node of this.nodes.values()) node.changeLeader()
  }

  append(epoch: number, base: number, records: readonly Uint8Array[]): boolean {
    if (epoch !== this.epoch || base !== this.endOffset || this.refuse) return false
    const bytes = buildBatch({
      baseOffset: base,
      leaderEpoch: epoch,
      records: records.map((value) => ({ timestamp: 1_700_000_000_000, key: null, value })),
    })
    this.endOffset += records.length
    this.batches.push({ bytes, baseOffset: base, endOffset: this.endOffset, epoch })
    if (this.committing) this.commit()
    return true
  }

  commit(): void {
    this.committed = this.batches.length
    for (const node of this.nodes.values()) node.deliver()
  }

  /** What was never committed is gone with its leader. */
  truncate(): void {
    this.batches.length = this.committed
    this.endOffset = this.batches.at(-1)?.endOffset ?? 0
  }
}

export class FakeRaft implements RaftDriver {
  readonly id: number
  readonly log: SharedLog
  readonly snapshots: { id: SnapshotId; records: readonly Uint8Array[] }[] = []
  follower: LogFollower | null = null
  bytesSinceSnapshot = 0
  logStartOffset = 0
  down = false
  #delivered = 0

  constructor(id: number, log: SharedLog) {
    this.id = id
    this.log = log
    log.nodes.set(id, this)
  }

  follow(follower: LogFollower): void {
    this.follower = follower
  }

  async start(): Promise<void> {}
  async stop(): Promise<void> {}

  get leader(): LeaderAndEpoch {
    const { leaderId, epoch } = this.log
    return { leaderId, epoch, endpoint: leaderId < 0 ? null : { host: 'controller', port: leaderId } }
  }

  get isActiveLeader(): boolean {
    return this.log.leaderId === this.id && !this.down
  }

  get highWatermark(): number {
    return this.log.batches[this.log.committed - 1]?.endOffset ?? 0
  }

  get endOffset(): number {
    return this.log.endOffset
  }

  get nextProposalOffset(): number {
    return this.log.endOffset
  }

  propose(epoch: number, base: number, records: readonly Uint8Array[]): boolean {
    return this.isActiveLeader && this.log.append(epoch, base, records)
  }

  async snapshot(id: SnapshotId, records: readonly Uint8Array[]): Promise<void> {
    this.snapshots.push({ id, records })
    this.bytesSinceSnapshot = 0
  }

  observe(): QuorumView {
    throw new Error('nobody observes this quorum')
  }

  epochAt(): number {
    return this.log.epoch
  }

  resign(): void {
    if (this.log.leaderId === this.id) this.log.elect(-1)
  }

  changeLeader(): void {
    if (this.down) return
    this.deliver()
    this.follower?.onLeaderChange(this.leader)
  }

  deliver(): void {
    while (!this.down && this.#delivered < this.log.committed) {
      const batch = this.log.batches[this.#delivered++]!
      this.follower?.onCommitted(batch)
    }
  }

  handleVote(): never {
    throw new Error('no quorum here')
  }
  handleBeginQuorumEpoch(): never {
    throw new Error('no quorum here')
  }
  handleEndQuorumEpoch(): never {
    throw new Error('no quorum here')
  }
  handleFetch(): never {
    throw new Error('no quorum here')
  }
  handleFetchSnapshot(): never {
    throw new Error('no quorum here')
  }
  handleDescribeQuorum(): never {
    throw new Error('no quorum here')
  }
}

export interface TestNode {
  readonly id: number
  readonly raft: FakeRaft
  readonly driver: ClusterDriver
  readonly fatal: Error[]
  ready: boolean
}

export function directoryId(name: string): string {
  return `directory${name}`.padEnd(21, 'd').concat('A')
}

/** Nodes whose controller endpoints are `controller:<id>`; requests cross as bytes, so that versions matter. */
export class World {
  readonly clock: TestClock = new TestClock()
  readonly log: SharedLog = new SharedLog()
  readonly nodes: Map<number, TestNode> = new Map()
  /** Nodes that take requests and answer none, as a stopped process does. */
  readonly mute: Set<number> = new Set()
  #incarnations = 0

  add(
    id: number,
    config: Readonly<Record<string, string>> = {},
    bootstrapRecords?: readonly MetadataRecord[],
  ): TestNode {
    const raft = new FakeRaft(id, this.log)
    const fatal: Error[] = []
    const node: TestNode = {
      id,
      raft,
      fatal,
      ready: true,
      driver: createClusterDriver({
        ports: { clock: this.clock, random: new SeededRandom(id) },
        rpc: this.#rpc(id),
        raft,
        logger: silent,
        config: nodeConfig(id, config),
        clusterId: CLUSTER_ID,
        ...(bootstrapRecords === undefined ? {} : { bootstrapRecords }),
        ready: () => node.ready,
        onFatal: (error) => fatal.push(error),
      }),
    }
    this.nodes.set(id, node)
    raft.deliver()
    return node
  }

  startBroker(id: number, previousBrokerEpoch = -1, directories: readonly string[] = [directoryId(String(id))]): void {
    const incarnation = String(this.#incarnations++).padStart(4, 'A')
    this.nodes.get(id)!.driver.startBroker({
      incarnationId: `incarnation${incarnation}AAAAAAA`,
      listeners: [{ name: 'PLAINTEXT', host: 'localhost', port: 9090 + id, securityProtocol: 0 }],
      rack: null,
      directories,
      previousBrokerEpoch,
    })
  }

  /** The process is gone: nothing arrives, nothing leaves. */
  async kill(id: number): Promise<void> {
    const node = this.nodes.get(id)!
    node.raft.down = true
    this.log.nodes.delete(id)
    this.nodes.delete(id)
    await node.driver.stop()
  }

  context(ms = 30_000): RequestContext {
    return {
      principal: 'User:ANONYMOUS',
      listener: 'PLAINTEXT',
      clientId: 'test',
      clientAddress: '127.0.0.1',
      deadline: this.clock.now + ms,
    }
  }

  #rpc(from: number): Rpc {
    return { peer: (endpoint) => this.#peer(from, endpoint), close: () => {} }
  }

  #peer(from: number, endpoint: Endpoint): Peer {
    const world = this
    const closing = new Set<() => void>()
    return {
      endpoint,
      post: () => {
        throw new Error('nothing is posted to a controller')
      },
      versionsOf: () => null,
      connected: true,
      retryAt: 0,
      close: () => {
        for (const close of closing) close()
      },
      async send(api, body, options) {
        await Promise.resolve()
        const version = Math.min(api.latestStableVersion, options.maxVersion ?? 99)
        const target = world.nodes.get(endpoint.port)
        if (target === undefined || !world.nodes.has(from))
          return { kind: 'failed', reason: 'disconnected', sent: true }
        const input = typeof body === 'function' ? body(version) : body
        const request = decode(api.request, version, encode(api.request, version, input))
        if (world.mute.has(endpoint.port)) {
          await new Promise<void>((resolve) => closing.add(resolve))
          return { kind: 'failed', reason: 'closed', sent: true }
        }
        const context = { ...world.context(options.timeoutMs), clientId: options.clientId ?? `odradek-${from}` }
        const answer = await target.driver.decide(api, version, request, context)
        const response = decode(api.response, version, encode(api.response, version, answer))
        return { kind: 'ok', version, body: response }
      },
    }
  }
}
