// D5: compaction against a model that keeps every record. Random keyed appends, tombstones, rolls, truncations, deletions
// from the start, cleanings that are cut off by a kill or a power failure at any of their steps, or disturbed by what else
// a log is told, on the simulator's disk. Always: a reader from the start ends with the model's last value of every key, sees
// no record that is not the model's at its offset, and all of those that no cleaning has reached; no tombstone goes
// before its time. After a whole cleaning: one record a key.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Ports } from '../../../src/base/index.ts'
import type { CleaningOutcome } from '../../../src/log/cleaner/compaction.ts'
import type { LogConfig, PartitionLog } from '../../../src/log/index.ts'
import { openPartitionLog } from '../../../src/log/index.ts'
import type { Simulation } from '../../../src/sim/index.ts'
import { createSimulation } from '../../../src/sim/index.ts'
import { batchesOf } from '../../../src/wire/index.ts'
import { batch, compactConfig, compactionOf, PATH, readAll, record, TOPIC_ID } from '../../support/compaction.ts'
import { testPorts } from '../../support/logs.ts'

const { logger } = testPorts()
const DELETE_RETENTION_MS = 60_000

type Step =
  | { readonly kind: 'send'; readonly keys: readonly number[]; readonly codec: 'none' | 'gzip' | 'zstd' }
  | { readonly kind: 'roll' }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'truncate'; readonly back: number }
  | { readonly kind: 'retain'; readonly part: number }
  | { readonly kind: 'restart'; readonly power: boolean }
  | { readonly kind: 'clean'; readonly keys: number; readonly crash: Crash | null; readonly during: During | null }

interface Crash {
  readonly calls: number
  readonly power: boolean
}

interface During {
  readonly after: number
  readonly act: 'send' | 'truncate' | 'retain'
}

interface Known {
  readonly key: string
  readonly value: string | null
  /** When the first cleaning began that met it as the last of its key. */
  met: number
  /** It went for the sake of a later one, which was cut then: an unclean election below what has been compacted. */
  gone: boolean
}

class Subject {
  readonly #simulation: Simulation
  readonly #config: LogConfig
  #ports: Ports
  log!: PartitionLog
  /** By offset. */
  readonly records: Known[] = []
  /** Exclusive: cleanings have had a reach so far. */
  #reached = 0
  #sequence = 0
  #values = 0
  /** Offsets where batches end. */
  #ends: number[] = [0]

  constructor(seed: number) {
    this.#simulation = createSimulation({ seed })
    this.#ports = this.#simulation.addNode('n')
    this.#config = compactConfig({ segmentBytes: 600, indexIntervalBytes: 100, deleteRetentionMs: DELETE_RETENTION_MS })
  }

  async begin(): Promise<void> {
    const { disk } = this.#ports
    for (const path of ['/d', PATH]) await this.#simulation.wait(disk.makeDirectory(path))
    for (const path of ['/', '/d']) await this.#simulation.wait(disk.syncDirectory(path))
    await this.#open(0, null)
    await this.#simulation.wait(this.log.flush())
  }

  end(): void {
    this.#simulation.close()
  }

  get #now(): number {
    return this.#ports.clock.wall()
  }

  async #open(recoveryPoint: number, cleanedTo: number | null): Promise<void> {
    this.log = await this.#simulation.wait(
      openPartitionLog({ ...this.#ports, logger }, PATH, 't', 0, this.#config, {
        topicId: TOPIC_ID,
        recoveryPoint,
        cleanedTo,
        highWatermark: this.records.length,
      }),
    )
  }

  async step(step: Step): Promise<void> {
    switch (step.kind) {
      case 'send':
        return this.#send(step.keys, step.codec)
      case 'roll':
        this.log.config = { ...this.#config, segmentIndexBytes: 0 }
        await this.#send([9], 'none')
        this.log.config = this.#config
        return this.#simulation.sleep(50)
      case 'wait':
        return this.#simulation.sleep(step.ms)
      case 'truncate':
        return this.#truncate(step.back)
      case 'retain':
        return this.#simulation.wait(this.log.advanceLogStart(Math.floor(this.log.endOffset * step.part)))
      case 'restart':
        return this.#crash(step.power)
      case 'clean':
        await this.#clean(step)
    }
  }

  async #send(keys: readonly number[], codec: 'none' | 'gzip' | 'zstd'): Promise<void> {
    const now = this.#now
    // Above 9 a tombstone.
    const sent = keys.map((key) => ({
      key: `k${key % 5}`,
      value: key > 9 ? null : `v${this.#values++}`,
      met: Number.POSITIVE_INFINITY,
      gone: false,
    }))
    const bytes = await batch({
      records: sent.map(({ key, value }) => record(key, value, now)),
      producer: { id: 5, epoch: 0, sequence: this.#sequence },
      ...(codec === 'none' ? {} : { codec }),
    })
    const answer = this.log.appendAsLeader(bytes, 0, () => {}, { origin: 'internal' })
    expect(answer).toMatchObject({ kind: 'staged', baseOffset: this.records.length })
    this.#sequence += keys.length
    this.records.push(...sent)
    this.#ends.push(this.records.length)
    await this.#simulation.wait(this.log.flush())
    this.log.updateHighWatermark(this.log.endOffset)
  }

  async #truncate(back: number): Promise<void> {
    const wanted = this.#ends.at(-1 - back) ?? 0
    // No log is cut below its start here.
    if (wanted < this.log.logStartOffset) return
    const { running } = compactionOf(this.log)
    const kept = (await this.read()).filter(({ offset }) => offset < wanted)
    await this.#simulation.wait(this.log.truncateTo(wanted))
    // Where compaction has left offsets out, the log ends with the last batch before them.
    const end = this.log.endOffset
    expect(end <= wanted).toBe(true)
    if (!running) expect(await this.read()).toEqual(kept)
    this.#ends = this.#ends.filter((each) => each <= end)
    this.records.length = end
    if (end < this.#reached) {
      const left = new Set((await this.read()).map(({ offset }) => offset))
      for (const [offset, known] of this.records.entries()) known.gone ||= !left.has(offset)
      this.#reached = end
    }
    this.log.updateHighWatermark(end)
    // The producer goes on where the log says.
    this.#sequence = (this.log.producers()[0]?.lastSequence ?? -1) + 1
  }

  async #crash(power: boolean): Promise<void> {
    const { recoveryPoint, logStartOffset, cleanedTo } = this.log as PartitionLog & { readonly recoveryPoint: number }
    const before = this.log.producers()
    if (power) this.#simulation.powerLoss('n')
    else if (this.#simulation.alive('n')) this.#simulation.kill('n')
    this.#ports = this.#simulation.restart('n')
    await this.#open(recoveryPoint, cleanedTo)
    expect([this.log.damaged, this.log.endOffset]).toEqual([null, this.records.length])
    this.#verifyFiles()
    await this.#simulation.wait(this.log.advanceLogStart(logStartOffset))
    expect(this.log.producers()).toEqual(before)
  }

  async #clean({ keys, crash, during }: Extract<Step, { kind: 'clean' }>): Promise<void> {
    const compaction = compactionOf(this.log)
    const now = this.#now
    const cleanable = await this.#simulation.wait(compaction.cleanable(now))
    if (cleanable === null || cleanable.dirtyBytes === 0) return
    this.#reached = Math.max(this.#reached, cleanable.upTo)
    for (const known of lastOfKeys(this.records.slice(0, cleanable.upTo)).values()) known.met = Math.min(known.met, now)
    const means = { ioBufferBytes: 256, dedupeBytes: keys * 24, loadFactor: 0.9, spend: (): null => null }
    let outcome: CleaningOutcome | null = null
    if (crash !== null) this.#simulation.killAtPortCall('n', crash.calls)
    const cleaning = compaction.clean(cleanable, now, means).then((result) => {
      outcome = result
    })
    if (during !== null && crash === null) {
      await this.#simulation.sleep(during.after)
      if (during.act === 'send') await this.#send([1, 2, 13], 'none')
      else if (during.act === 'truncate') await this.#truncate(3)
      else await this.step({ kind: 'retain', part: 0.5 })
    }
    if (crash === null) await this.#simulation.wait(cleaning)
    else while (outcome === null && this.#simulation.alive('n')) await this.#simulation.sleep(1)
    if (this.#simulation.alive('n')) this.#simulation.killAtPortCall('n', Number.POSITIVE_INFINITY)
    else await this.#crash(crash!.power)
    const whole = outcome as CleaningOutcome | null
    if (whole === null) return
    expect(['cleaned', 'given-up']).toContain(whole.kind)
    if (whole.kind !== 'cleaned') return
    const cleanedTo = Math.min(whole.cleanedTo, this.records.length)
    expect(this.log.cleanedTo).toBe(cleanedTo)
    const below = (await this.read()).filter(({ offset }) => offset < cleanedTo)
    expect(new Set(below.map(({ key }) => key)).size).toBe(below.length)
  }

  async read(): Promise<{ offset: number; key: string; value: string | null }[]> {
    const text = new TextDecoder()
    const seen: { offset: number; key: string; value: string | null }[] = []
    const reading = readAll(this.log)
    for (const { records } of await this.#simulation.wait(reading)) {
      for (const { offset, key, value } of records) {
        if (offset < this.log.logStartOffset) continue
        seen.push({ offset, key: text.decode(key!), value: value === null ? null : text.decode(value) })
      }
    }
    return seen
  }

  /** Nothing is left of a cleaning that was cut off, and no two segments hold the same offsets. */
  #verifyFiles(): void {
    const disk = this.#simulation.disk('n')
    const paths = disk.paths(PATH)
    expect(paths.filter((path) => /cleaned|swap|deleted/.test(path))).toEqual([])
    let next = 0
    for (const path of paths.filter((each) => each.endsWith('.log'))) {
      for (const { baseOffset, lastOffset } of batchesOf(disk.look(path)!)) {
        expect([path, baseOffset >= next]).toEqual([path, true])
        next = lastOffset + 1
      }
    }
  }

  async verify(): Promise<void> {
    const { logStartOffset } = this.log
    const seen = await this.read()
    const offsets = seen.map(({ offset }) => offset)
    expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b))
    for (const { offset, ...what } of seen) expect(what).toEqual(shown(this.records[offset]!))
    const unreached = this.records
      .map((_, offset) => offset)
      .filter((offset) => offset >= Math.max(this.#reached, logStartOffset))
    expect(offsets.filter((offset) => offset >= this.#reached)).toEqual(unreached)
    const wanted = lastOfKeys(this.records.slice(logStartOffset))
    const found = new Map(seen.map(({ key, value }) => [key, value]))
    for (const [key, { value, met }] of wanted) {
      const last = found.get(key)
      if (value !== null || last !== undefined) expect([key, last]).toEqual([key, value])
      // A tombstone that is not there.
      else expect([key, this.#now >= met + DELETE_RETENTION_MS]).toEqual([key, true])
    }
    expect([...found.keys()].filter((key) => !wanted.has(key))).toEqual([])
  }
}

function lastOfKeys(records: readonly Known[]): Map<string, Known> {
  return new Map(records.filter(({ gone }) => !gone).map((known) => [known.key, known]))
}

function shown({ key, value }: Known): { key: string; value: string | null } {
  return { key, value }
}

const crash: fc.Arbitrary<Crash | null> = fc.option(
  fc.record({ calls: fc.integer({ min: 1, max: 90 }), power: fc.boolean() }),
)
const during: fc.Arbitrary<During | null> = fc.option(
  fc.record({ after: fc.integer({ min: 0, max: 12 }), act: fc.constantFrom('send', 'truncate', 'retain') }),
)
const clean: fc.Arbitrary<Step> = fc.record({
  kind: fc.constant('clean' as const),
  keys: fc.constantFrom(16, 1000),
  crash,
  during,
})
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      keys: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 6 }),
      codec: fc.constantFrom('none' as const, 'none' as const, 'gzip' as const, 'zstd' as const),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'roll' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(10_000, 70_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('truncate' as const), back: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('retain' as const), part: fc.constantFrom(0.1, 0.5, 1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), power: fc.boolean() }) },
  { weight: 5, arbitrary: clean },
)

test('whatever happens, a reader from the start has the last value of every key', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 50 }),
      fc.integer({ min: 1, max: 1e6 }),
      async (steps, seed) => {
        const subject = new Subject(seed)
        try {
          await subject.begin()
          for (const each of steps) {
            await subject.step(each)
            await subject.verify()
          }
          // In the end all of it can be cleaned, and no tombstone is left.
          await subject.step({ kind: 'roll' })
          const whole = { kind: 'clean', keys: 1000, crash: null, during: null } as const
          await subject.step(whole)
          await subject.step({ kind: 'wait', ms: DELETE_RETENTION_MS })
          await subject.step({ kind: 'roll' })
          await subject.step(whole)
          await subject.verify()
          const { cleanedTo } = subject.log
          expect((await subject.read()).filter(({ offset, value }) => offset < cleanedTo! && value === null)).toEqual(
            [],
          )
        } finally {
          subject.end()
        }
      },
    ),
    { numRuns: 60 },
  )
}, 120_000)

test('S73 (KAFKA-12520): a cleaning is cut off at each of its steps, by a kill and by a power failure', async () => {
  for (const power of [false, true]) {
    let cutOff = 0
    for (let calls = 1; ; calls++) {
      const subject = new Subject(calls)
      try {
        await subject.begin()
        for (let i = 0; i < 12; i++)
          await subject.step({ kind: 'send', keys: [i % 5, 10 + (i % 3), i % 4], codec: 'none' })
        await subject.step({ kind: 'roll' })
        const before = subject.log
        await subject.step({ kind: 'clean', keys: 1000, crash: { calls, power }, during: null })
        await subject.verify()
        if (subject.log === before) break
        cutOff++
        await subject.step({ kind: 'clean', keys: 1000, crash: null, during: null })
        await subject.verify()
      } finally {
        subject.end()
      }
    }
    expect(cutOff).toBeGreaterThan(60)
  }
}, 120_000)
