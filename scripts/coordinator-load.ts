// How long a group's coordinator takes from its election to its first answer: with the standby table that every replica
// keeps and a tail of the log behind it, and without one, through the whole log. One group with so many committed offsets,
// each committed so many times; real files, real level, one replica. Prints what an operator feels: the time to the answer
// of an OffsetFetch for all offsets, the longest time in which the broker did nothing else, and memory.
//
//   npm run coordinator:load -- [--offsets N] [--commits N] [--tail N] [--rounds N]

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import type { Logger, Ports } from '../src/base/index.ts'
import { ZERO_UUID } from '../src/base/index.ts'
import { type CoordinatorLog, createGroupCoordinator, GROUP_TOPIC } from '../src/coordinator/index.ts'
import { createPorts } from '../src/io/index.ts'
import { type LogConfig, openPartitionLog, type PartitionLog } from '../src/log/index.ts'
import { openStates } from '../src/state/index.ts'
import {
  buildBatch,
  encodeCoordinatorKey,
  encodeVersioned,
  OffsetCommitKey,
  OffsetCommitValue,
} from '../src/wire/index.ts'

const { values } = parseArgs({
  options: {
    offsets: { type: 'string', default: '100000' },
    commits: { type: 'string', default: '10' },
    tail: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '3' },
  },
})
const OFFSETS = Number(values.offsets)
const COMMITS = Number(values.commits)
const TAIL = Number(values.tail)
const GROUP = 'orders-billing'
const PER_TOPIC = 100
const PER_BATCH = 500

const silent: Logger = { debug() {}, info() {}, warn: tell, error: tell, child: () => silent }
function tell(fields: object, message: string): void {
  process.stderr.write(`${message} ${JSON.stringify(fields)}\n`)
}

const directory = await mkdtemp(join(tmpdir(), 'odradek-coordinator-load-'))
try {
  const ports = createPorts({ tablesDirectory: join(directory, 'tables') })
  const log = await openPartitionLog({ ...ports, logger: silent }, join(directory, 'log'), GROUP_TOPIC, 0, config(), {
    topicId: ZERO_UUID,
  })
  for (let commit = 0; commit < COMMITS; commit++) await write(log, commit, OFFSETS)
  process.stdout.write(`log: ${log.endOffset} records, ${mib(log.size)} MiB; ${OFFSETS} offsets of one group\n`)

  const folding = await timed(() => fold(ports, log))
  process.stdout.write(
    `fold by a standby: ${folding.ms.toFixed(0)} ms (CPU ${folding.cpu.toFixed(0)} ms), longest stall ${folding.stall.toFixed(0)} ms\n`,
  )
  await write(log, COMMITS, Math.min(TAIL, OFFSETS))
  for (let round = 0; round < Number(values.rounds); round++) {
    await report('hot table', ports, log)
    const bare = createPorts({ tablesDirectory: join(directory, `bare-${round}`) })
    await report('whole log', bare, log)
    await bare.close()
  }
  await log.close()
  await ports.close()
} finally {
  await rm(directory, { recursive: true })
}

/** From the news of the election to the answer with all offsets. */
async function report(name: string, ports: Ports, log: PartitionLog): Promise<void> {
  const memory = process.memoryUsage().rss
  const coordinator = coordinatorOf(ports)
  const replica = replicaOf(log)
  let fetched = 0
  const took = await timed(async () => {
    coordinator.told(replica, { kind: 'leading', epoch: 1, startOffset: log.endOffset })
    for (;;) {
      const answer = await coordinator.ask(0, (token) => ({
        kind: 'request',
        request: {
          api: 'OffsetFetch',
          token,
          version: 9,
          clientId: 'load',
          clientHost: '/127.0.0.1',
          uuid: ZERO_UUID,
          body: { groupId: GROUP, topics: null, requireStable: true },
        },
      }))
      if (answer.api === 'OffsetFetch' && answer.response.errorCode === 0) {
        fetched = answer.response.topics.reduce((sum, topic) => sum + topic.partitions.length, 0)
        return
      }
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
  })
  const { lastLoad } = coordinator.observe()[0]!
  if (fetched !== OFFSETS) throw new Error(`${fetched} offsets were fetched, ${OFFSETS} were committed`)
  process.stdout.write(
    `${name}: first answer after ${took.ms.toFixed(0)} ms (CPU ${took.cpu.toFixed(0)} ms; ${lastLoad?.rows} rows, ${lastLoad?.records} records), ` +
      `longest stall ${took.stall.toFixed(0)} ms, memory +${mib(process.memoryUsage().rss - memory)} MiB\n`,
  )
  await coordinator.stop()
}

async function fold(ports: Ports, log: PartitionLog): Promise<void> {
  const coordinator = coordinatorOf(ports)
  coordinator.told(replicaOf(log), { kind: 'following', epoch: 0 })
  while ((coordinator.observe()[0]?.folded ?? -1) < log.endOffset)
    await new Promise((resolve) => setTimeout(resolve, 5))
  await coordinator.stop()
}

function coordinatorOf(ports: Ports): ReturnType<typeof createGroupCoordinator> {
  return createGroupCoordinator({
    ports,
    states: openStates(ports.tables),
    logger: silent,
    appendLingerMs: -1,
    onFatal: (error) => {
      throw error
    },
    config: {
      minSessionTimeoutMs: 6_000,
      maxSessionTimeoutMs: 1_800_000,
      maxSize: 2_147_483_647,
      initialRebalanceDelayMs: 3_000,
      offsetMetadataMaxBytes: 4_096,
      offsetsRetentionMs: 604_800_000,
      offsetsRetentionCheckIntervalMs: 600_000,
      commitTimeoutMs: 5_000,
    },
  })
}

/** A replica alone: everything in its log is committed. */
function replicaOf(log: PartitionLog): CoordinatorLog {
  return {
    at: { topic: log.topic, topicId: log.topicId, partition: log.partition },
    maxBatchBytes: log.config.maxMessageBytes,
    logStartOffset: log.logStartOffset,
    get highWatermark() {
      return log.appendedOffset
    },
    endOffsetForEpoch: (epoch) => log.endOffsetForEpoch(epoch),
    readCommitted: async (from, maxBytes) => {
      if (from >= log.appendedOffset) return { kind: 'read', chunks: [], endOffset: from }
      return { kind: 'read', ...(await log.read(from, { maxBytes, upTo: log.appendedOffset, minOneBatch: true })) }
    },
    append: async () => ({ kind: 'refused', error: 'NOT_LEADER_OR_FOLLOWER', message: null }),
  }
}

async function write(log: PartitionLog, commit: number, count: number): Promise<void> {
  for (let from = 0; from < count; from += PER_BATCH) {
    const records = Array.from({ length: Math.min(PER_BATCH, count - from) }, (_, i) => record(from + i, commit))
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const staged = log.appendAsLeader(
      buildBatch({ records }),
      0,
      (error) => (error === null ? resolve() : reject(error)),
      { origin: 'internal' },
    )
    if (staged.kind !== 'staged') throw new Error(staged.kind === 'refused' ? staged.message : staged.kind)
    await promise
  }
}

function record(n: number, commit: number): { timestamp: number; key: Uint8Array; value: Uint8Array } {
  const key = { group: GROUP, topic: `events-${Math.floor(n / PER_TOPIC)}`, partition: n % PER_TOPIC }
  const value = {
    offset: 1_000_000 + commit,
    leaderEpoch: 3,
    metadata: '',
    commitTimestamp: 1_760_000_000_000 + commit,
    expireTimestamp: -1,
    topicId: ZERO_UUID,
  }
  return {
    timestamp: value.commitTimestamp,
    key: encodeCoordinatorKey(OffsetCommitKey, key),
    value: encodeVersioned(OffsetCommitValue, 4, value),
  }
}

interface Timed {
  readonly ms: number
  /** Of all threads: what is left of `ms` where other programs want the processors too. */
  readonly cpu: number
  readonly stall: number
}

async function timed(work: () => Promise<void>): Promise<Timed> {
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const began = performance.now()
  const before = process.cpuUsage()
  await work()
  const used = process.cpuUsage(before)
  const ms = performance.now() - began
  delay.disable()
  return { ms, cpu: (used.user + used.system) / 1000, stall: delay.max / 1e6 }
}

function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1)
}

function config(): LogConfig {
  return {
    segmentBytes: 104_857_600,
    segmentMs: 604_800_000,
    segmentIndexBytes: 10_485_760,
    indexIntervalBytes: 4_096,
    retentionBytes: -1,
    retentionMs: -1,
    cleanupDelete: false,
    cleanupCompact: true,
    deleteRetentionMs: 86_400_000,
    minCompactionLagMs: 0,
    maxCompactionLagMs: Number.MAX_SAFE_INTEGER,
    minCleanableDirtyRatio: 0.5,
    maxMessageBytes: 1_048_588,
    messageTimestampType: 'CreateTime',
    messageTimestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
    messageTimestampAfterMaxMs: Number.MAX_SAFE_INTEGER,
    compressionType: 'producer',
    fileDeleteDelayMs: 60_000,
    producerIdExpirationMs: 86_400_000,
    flush: 'os',
  }
}
