// Scenarios of one log directory: what kills, power losses, full disks and stale files leave, and what is made of it.
// Real directories on simulated disks; nobody leads or follows here.

import { expect, test } from 'vitest'
import type { Uuid } from '../../../src/base/index.ts'
import { StorageError, ZERO_UUID } from '../../../src/base/index.ts'
import type { LogConfig, LogDirectory, LogPorts, PartitionLog } from '../../../src/log/index.ts'
import { formatDirectory, openLogDirectory } from '../../../src/log/index.ts'
import { createSimulation, type Simulation } from '../../../src/sim/index.ts'
import { batchesOf } from '../../../src/wire/index.ts'
import { batchOf, logConfig, settled, testPorts } from '../../support/logs.ts'
import { MemoryDisk } from '../../support/memory-disk.ts'

const D = '/d'
const TOPIC: Uuid = 'zpGfm-zqSkui9IFmjX8wHA'
const { logger } = testPorts()
const META = { version: 1, clusterId: ZERO_UUID, nodeId: 1, directoryId: 'dirAAAAAAAAAAAAAAAAAAA' } as const

/** One machine with a formatted directory. */
class Machine {
  readonly sim: Simulation
  readonly config: LogConfig
  directory!: LogDirectory

  constructor(seed: number, config: Partial<LogConfig> = {}) {
    this.sim = createSimulation({ seed })
    this.config = logConfig({ segmentBytes: 1_000, indexIntervalBytes: 200, ...config })
    this.sim.addNode('n')
  }

  get ports(): LogPorts {
    return { ...this.sim.ports('n'), logger }
  }

  async format(): Promise<void> {
    const { disk } = this.ports
    await this.sim.wait(disk.makeDirectory(D))
    await this.sim.wait(disk.syncDirectory('/'))
    await this.sim.wait(formatDirectory(disk, D, META))
    await this.open()
    await this.sim.wait(this.directory.create('t', TOPIC, 0, this.config))
  }

  async open(): Promise<void> {
    const opening = openLogDirectory(this.ports, D, { configOf: () => this.config })
    this.directory = await this.sim.wait(opening)
  }

  get log(): PartitionLog {
    return this.directory.get(TOPIC, 0)!
  }

  /** Staged at once; the promise is its answer. */
  append(options: Parameters<typeof batchOf>[0] = {}, epoch = 0): Promise<void> {
    return new Promise((resolve, reject) => {
      const bytes = batchOf({ count: 2, tag: this.log.endOffset, timestamp: this.ports.clock.wall(), ...options })
      const done = (error: Error | null): void => (error === null ? resolve() : reject(error))
      const answer = this.log.appendAsLeader(bytes, epoch, done)
      if (answer.kind !== 'staged') reject(new Error(answer.kind === 'refused' ? answer.message : answer.kind))
    })
  }

  async close(brokerEpoch = 7): Promise<void> {
    await this.sim.wait(this.directory.close({ clean: true, brokerEpoch }))
  }

  paths(suffix: string): string[] {
    return this.sim
      .disk('n')
      .paths(`${D}/t-0`)
      .filter((path) => path.endsWith(suffix))
  }

  text(name: string): string {
    return new TextDecoder().decode(this.sim.disk('n').peek(`${D}/${name}`) ?? undefined)
  }

  /** The epoch of every batch that can be read, as a cache of epochs would have it. */
  async epochsOfBatches(): Promise<{ epoch: number; startOffset: number }[]> {
    const entries: { epoch: number; startOffset: number }[] = []
    for (let from = this.log.logStartOffset; from < this.log.endOffset; ) {
      const options = { maxBytes: 1 << 20, upTo: this.log.endOffset, minOneBatch: true }
      const found = await this.sim.wait(Promise.resolve(this.log.read(from, options)))
      expect(found.endOffset, `the log can be read at ${from}`).toBeGreaterThan(from)
      for (const { partitionLeaderEpoch: epoch, baseOffset: startOffset } of found.chunks.flatMap((chunk) => [
        ...batchesOf(chunk),
      ]))
        if (entries.at(-1)?.epoch !== epoch) entries.push({ epoch, startOffset })
      from = found.endOffset
    }
    return entries
  }

  [Symbol.dispose](): void {
    this.sim.close()
  }
}

async function machine(seed: number, config: Partial<LogConfig> = {}): Promise<Machine> {
  const made = new Machine(seed, config)
  await made.format()
  return made
}

const SEEDS = Array.from({ length: 25 }, (_, i) => i + 1)

test('S17 (KAFKA-12153): what a truncation cuts is forgotten by the producers’ state too', async () => {
  using on = await machine(1)
  const batch = (sequence: number) => ({ producer: { id: 9, epoch: 0, sequence }, count: 2 })
  for (let i = 0; i < 20; i++) await on.sim.wait(on.append(batch(2 * i)))
  await on.sim.wait(on.log.truncateTo(13))
  expect(on.log.producers()).toMatchObject([{ producerId: 9, lastSequence: 11 }])
  expect(on.log.endOffset).toBe(12)
  // The producer's next batch after what is left is the next one, not a duplicate of what is gone.
  await on.sim.wait(on.append(batch(12)))
  await expect(on.sim.wait(on.append(batch(12)))).rejects.toThrow('duplicate')
  on.sim.kill('n')
  on.sim.restart('n')
  await on.open()
  expect(on.log.producers()).toMatchObject([{ producerId: 9, lastSequence: 13 }])
})

test('S35: a start that was cut short is never taken for the clean stop before it', async () => {
  const said = new Set<boolean>()
  for (let n = 1; n <= 40; n++) {
    using on = await machine(n)
    for (let i = 0; i < 8; i++) await on.sim.wait(on.append())
    await on.close()
    on.sim.restart('n')
    // Dies at any step of the start; or when it has appended, by a power loss that may bring names back.
    on.sim.killAtPortCall('n', n)
    const opening = openLogDirectory(on.ports, D, { configOf: () => on.config })
    let opened = false
    opening.then(
      (directory) => {
        opened = true
        on.directory = directory
        on.append().catch(() => {})
      },
      () => {},
    )
    await on.sim.sleep(200)
    on.sim.powerLoss('n')
    on.sim.restart('n')
    await on.open()
    said.add(on.directory.cleanShutdown)
    if (opened) expect([n, on.directory.cleanShutdown, on.directory.previousBrokerEpoch]).toEqual([n, false, -1])
    expect([n, on.log.damaged, on.log.endOffset >= 16]).toEqual([n, null, true])
  }
  expect(said.size).toBe(2)
})

test('S35 (KAFKA-15375): a start that failed leaves no word of a clean stop behind', async () => {
  using on = await machine(3)
  await on.sim.wait(on.append())
  await on.close()
  on.sim.restart('n')
  const { disk } = on.ports
  // What an interrupted compaction left, and cannot be read, is refused by its name.
  const swap = `${D}/t-0/${'0'.repeat(20)}.log.swap`
  await on.sim.wait(disk.writeFileAtomic(swap, new Uint8Array(100).fill(1)))
  await expect(on.sim.wait(openLogDirectory(on.ports, D, { configOf: () => on.config }))).rejects.toThrow(swap)
  await on.sim.wait(disk.remove(swap))
  await on.open()
  expect([on.directory.cleanShutdown, on.directory.previousBrokerEpoch]).toEqual([false, -1])
})

test('S68 (KAFKA-10101): a recovery point beyond the end of the log is not believed any further', async () => {
  for (const seed of SEEDS) {
    using on = await machine(seed)
    for (let i = 0; i < 10; i++) await on.sim.wait(on.append())
    await on.close()
    on.sim.restart('n')
    const { disk } = on.ports
    // The last segment is gone, the checkpoint still tells of it.
    await on.sim.wait(disk.remove(on.paths('.log').at(-1)!))
    await on.sim.wait(disk.remove(`${D}/.kafka_cleanshutdown`))
    await on.sim.wait(disk.syncDirectory(D))
    await on.sim.wait(disk.syncDirectory(`${D}/t-0`))
    expect(on.text('recovery-point-offset-checkpoint')).toBe('0\n1\nt 0 20\n')
    await on.open()
    const end = on.log.endOffset
    expect(end).toBeLessThan(20)
    expect(on.log.durableEndOffset).toBeLessThanOrEqual(end)
    const point = Number(/t 0 (\d+)/.exec(on.text('recovery-point-offset-checkpoint'))![1])
    expect(point).toBeLessThanOrEqual(end)
    // What comes now lies below the old recovery point; torn by a power loss, it is looked at all the same.
    for (let i = 0; i < 2; i++) await on.sim.wait(on.append())
    on.sim.powerLoss('n')
    on.sim.restart('n')
    await on.open()
    expect([seed, on.log.damaged]).toEqual([seed, null])
    await on.epochsOfBatches()
  }
})

test('S69 (KAFKA-16541): epochs are those of the batches after any power loss', async () => {
  for (const seed of SEEDS) {
    using on = await machine(seed)
    const { random } = on.sim
    for (let life = 0, epoch = 1; life < 3; life++) {
      for (let i = 0; i < 12; i++) {
        if (random.below(3) === 0) epoch++
        on.append({}, epoch).catch(() => {})
        if (random.below(4) === 0) await on.sim.sleep(random.below(4))
        if (random.below(5) === 0) {
          await on.sim.wait(on.log.truncateTo(random.below(on.log.endOffset + 1)))
          epoch++
        }
        if (random.below(5) === 0) await on.sim.wait(on.log.flush())
      }
      await on.sim.sleep(random.below(10))
      on.sim.powerLoss('n')
      on.sim.restart('n')
      await on.open()
      expect([seed, life, on.log.epochs]).toEqual([seed, life, await on.epochsOfBatches()])
      epoch++
    }
  }
})

test('S70 (KAFKA-9892): whatever is left of a log after a power loss, its last batches are known as duplicates', async () => {
  for (const seed of SEEDS) {
    using on = await machine(seed, { flush: seed % 2 === 0 ? 'fsync' : 'os' })
    const batch = (n: number) => ({ producer: { id: 9, epoch: 0, sequence: 2 * n }, count: 2 })
    for (let i = 0; i < 25; i++) {
      on.append(batch(i)).catch(() => {})
      if (on.sim.random.below(3) === 0) await on.sim.sleep(on.sim.random.below(6))
    }
    if (seed % 5 === 0) await on.close()
    on.sim.powerLoss('n')
    on.sim.restart('n')
    await on.open()
    const left = on.log.endOffset / 2
    if (left === 0) continue
    await expect(on.sim.wait(on.append(batch(left - 1))), `seed ${seed}`).rejects.toThrow('duplicate')
    await on.sim.wait(on.append(batch(left)))
  }
})

test('S74 (KAFKA-10432): epoch 0 is an epoch when the cache is made anew from the log', async () => {
  using on = await machine(4)
  for (const epoch of [0, 0, 1, 3]) await on.sim.wait(on.append({}, epoch))
  const epochs = on.log.epochs.slice()
  expect(epochs[0]).toEqual({ epoch: 0, startOffset: 0 })
  await on.close()
  on.sim.restart('n')
  await on.sim.wait(on.ports.disk.remove(`${D}/t-0/leader-epoch-checkpoint`))
  await on.open()
  expect(on.log.epochs).toEqual(epochs)
  expect(on.log.endOffsetForEpoch(0)).toEqual({ epoch: 0, endOffset: 4 })
})

test('S80: a corrupt first segment moves no log start; the log says that it is damaged', async () => {
  using on = await machine(5)
  for (let i = 0; i < 20; i++) await on.sim.wait(on.append())
  expect(on.paths('.log').length).toBeGreaterThan(2)
  const sizes = on.paths('.log').map((path) => on.sim.disk('n').peek(path)!.length)
  on.sim.kill('n')
  on.sim.disk('n').flipBit(on.paths('.log')[0]!, 8 * 100)
  // Nothing is known to be durable: all of it is looked at.
  await on.sim.wait(on.sim.restart('n').disk.remove(`${D}/recovery-point-offset-checkpoint`))
  for (let start = 0; start < 2; start++) {
    await on.open()
    expect(on.log.damaged).toContain('a batch is corrupt')
    expect([on.log.logStartOffset, on.log.endOffset]).toEqual([0, 0])
    expect(on.log.appendAsLeader(batchOf(), 0, () => {})).toMatchObject({ kind: 'refused' })
    await on.close()
    on.sim.restart('n')
  }
  expect(on.paths('.log').map((path) => on.sim.disk('n').peek(path)!.length)).toEqual(sizes)
})

test('S78: any bit of a header that flipped is damage at its place; nothing behind it is cut, and no end is made up', async () => {
  const ports = testPorts()
  await formatDirectory(ports.disk, D, META)
  const config = logConfig({ segmentBytes: 700, indexIntervalBytes: 100 })
  const open = (): Promise<LogDirectory> => openLogDirectory(ports, D, { configOf: () => config })
  const log = await (await open()).create('t', TOPIC, 0, config)
  for (let i = 0; i < 20; i++) log.appendAsLeader(batchOf({ count: 2, tag: i }), 5, () => {})
  await settled()
  const segments = [...ports.disk.files].filter(([path]) => path.endsWith('.log')).sort()
  expect(segments.length).toBeGreaterThan(3)
  const sizes = segments.map(([, node]) => node.bytes.length)
  const [, second] = segments[1]!
  const batches = [...batchesOf(second.bytes)]
  expect(batches.length).toBeGreaterThan(2)
  // In the middle of a segment, and at its end.
  for (const batch of [batches[1]!, batches.at(-1)!]) {
    for (let bit = 0; bit < 61 * 8; bit++) {
      const byte = batch.position + (bit >> 3)
      second.bytes[byte]! ^= 1 << (bit & 7)
      ports.disk.files.delete(`${D}/recovery-point-offset-checkpoint`)
      const directory = await open()
      const found = directory.get(TOPIC, 0)!
      const where = `bit ${bit & 7} of byte ${bit >> 3}`
      expect([where, found.damaged === null]).toEqual([where, false])
      expect([where, found.endOffset]).toEqual([where, batch.baseOffset])
      expect([where, found.endOffset <= batch.lastOffset + 1]).toEqual([where, true])
      expect(segments.map(([path]) => ports.disk.files.get(path)?.bytes.length)).toEqual(sizes)
      await directory.close({ clean: false, brokerEpoch: -1 })
      second.bytes[byte]! ^= 1 << (bit & 7)
    }
  }
})

/** Ten batches, of which the last one's offset has a flipped bit, after a crash. */
async function leaping(config: Partial<LogConfig>): Promise<Machine> {
  const on = await machine(6, { segmentBytes: 100_000, ...config })
  for (let i = 0; i < 10; i++) await on.sim.wait(on.append())
  on.sim.kill('n')
  const [path] = on.paths('.log')
  const last = [...batchesOf(on.sim.disk('n').peek(path!)!)].at(-1)!
  on.sim.disk('n').flipBit(path!, 8 * (last.position + 5))
  on.sim.restart('n')
  await on.open()
  return on
}

test('S78: where the last batch’s offset is corrupt, a truncation to the leader’s end leaves no hole', async () => {
  using on = await leaping({ cleanupCompact: true })
  // Nothing behind it tells; compaction may have left out as much.
  expect([on.log.damaged, on.log.endOffset]).toEqual([null, 18 + 65_536 + 2])
  await on.sim.wait(on.log.truncateTo(20))
  expect(on.log.endOffset).toBe(18)
  await on.sim.wait(on.append())
  expect(on.log.endOffset).toBe(20)
  await on.epochsOfBatches()
})

test('S78: where nothing is compacted, the last batch’s corrupt offset is not believed', async () => {
  using on = await leaping({})
  expect([on.log.damaged, on.log.endOffset]).toEqual([null, 18])
})

/** Where the disk may be full: the operation and what it was about. */
const FULL: readonly (readonly [string, string, RegExp])[] = [
  ['an append', 'append', /\.log$/],
  ['a new segment', 'create', /\.log$/],
  ['an index', 'append', /\.index$/],
  ['a time index', 'append', /\.timeindex$/],
  ['the epochs', 'write', /leader-epoch-checkpoint$/],
  ['a snapshot of producers', 'write', /\.snapshot$/],
  ['the recovery points', 'write', /recovery-point-offset-checkpoint$/],
  ['the high watermarks', 'write', /replication-offset-checkpoint$/],
]

test.each(FULL)(
  'S82: no space for %s fails the directory, and all that was answered is there when there is room',
  async (_what, operation, path) => {
    const ports = testPorts(new MemoryDisk({ late: true }))
    await formatDirectory(ports.disk, D, META)
    const config = logConfig({ segmentBytes: 600, indexIntervalBytes: 100 })
    const open = (): Promise<LogDirectory> => openLogDirectory(ports, D, { configOf: () => config })
    let directory = await open()
    const failures: Error[] = []
    directory.onFailure((error) => failures.push(error))
    let log = await directory.create('t', TOPIC, 0, config)
    let answered = 0
    const append = async (): Promise<void> => {
      const end = log.endOffset + 2
      const producer = { id: 9, epoch: 0, sequence: log.endOffset }
      log.appendAsLeader(batchOf({ count: 2, tag: end, producer }), 0, (error) => {
        if (error === null) answered = Math.max(answered, end)
      })
      await settled()
      // Or there is nothing new to be written of it.
      log.updateHighWatermark(answered)
    }
    for (let i = 0; i < 6; i++) await append()
    const before = answered
    expect(before).toBe(12)
    let refused = 0
    ports.disk.fault = (what, at) => {
      if (what !== operation || !path.test(at)) return null
      refused++
      return new StorageError(at, 'ENOSPC', 'no space left')
    }
    for (let i = 0; i < 12 && failures.length === 0; i++) await append()
    await directory.maintain().catch(() => {})
    expect(refused).toBeGreaterThan(0)
    expect(failures.map((error) => (error as StorageError).code)).toEqual(['ENOSPC'])
    // Nothing more is taken, whatever is freed; no word of a clean stop either.
    ports.disk.fault = null
    const held = answered
    await append()
    expect(answered).toBe(held)
    await directory.close({ clean: true, brokerEpoch: 1 })
    expect(ports.disk.files.has(`${D}/.kafka_cleanshutdown`)).toBe(false)
    directory = await open()
    log = directory.get(TOPIC, 0)!
    expect(log.damaged).toBeNull()
    expect(log.endOffset).toBeGreaterThanOrEqual(held)
    const end = log.endOffset
    await append()
    expect(answered).toBe(end + 2)
    await directory.close({ clean: true, brokerEpoch: 1 })
  },
)
