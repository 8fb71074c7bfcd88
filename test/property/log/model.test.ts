// The log against a model that is a list of batches: whatever is appended, cut, retained, stopped cleanly or killed, the
// log gives back the model's bytes, epochs, producers and timestamps. Every case runs on a disk that tells of appends at
// once and on one that tells a turn later.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LogConfig, PartitionLog } from '../../../src/log/index.ts'
import { openPartitionLog } from '../../../src/log/index.ts'
import { batchesOf, readBatchHeader, recordsOf } from '../../../src/wire/index.ts'
import type { TestPorts } from '../../support/logs.ts'
import { batchOf, HandClock, logConfig, START, settled, testPorts } from '../../support/logs.ts'
import { MemoryDisk } from '../../support/memory-disk.ts'

const PATH = '/d/t-0'
const TOPIC_ID = 'zpGfm-zqSkui9IFmjX8wHA'

interface ModelBatch {
  readonly base: number
  readonly last: number
  readonly epoch: number
  readonly bytes: Uint8Array
}

class Model {
  batches: ModelBatch[] = []
  start = 0
  end = 0
  epoch = 0
  sequence = 0

  cut(offset: number): void {
    const first = this.batches.find((batch) => batch.last >= offset)
    if (first === undefined) return
    this.batches = this.batches.slice(0, this.batches.indexOf(first))
    // A batch that straddles the cut goes whole, but the log does not end before its start.
    this.end = Math.max(Math.min(offset, first.base), this.start)
  }

  epochs(): { epoch: number; startOffset: number }[] {
    const entries: { epoch: number; startOffset: number }[] = []
    for (const batch of this.batches) {
      if (entries.at(-1)?.epoch === batch.epoch) continue
      entries.push({ epoch: batch.epoch, startOffset: Math.max(batch.base, this.start) })
    }
    return entries
  }
}

type Step =
  | {
      readonly kind: 'append'
      readonly counts: readonly number[]
      readonly jitter: number
      readonly idempotent: boolean
    }
  | { readonly kind: 'follow'; readonly count: number }
  | { readonly kind: 'epoch' }
  | { readonly kind: 'truncate'; readonly at: number }
  | { readonly kind: 'start'; readonly at: number }
  | { readonly kind: 'retain'; readonly bytes: number; readonly at: number }
  | { readonly kind: 'restart'; readonly clean: boolean; readonly torn: number }
  | { readonly kind: 'fresh'; readonly ahead: number }
  | { readonly kind: 'flush' }

const fraction = fc.integer({ min: 0, max: 1000 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      counts: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 6 }),
      jitter: fc.integer({ min: -50, max: 50 }),
      idempotent: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('follow' as const), count: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'epoch' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'flush' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('truncate' as const), at: fraction }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('start' as const), at: fraction }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('retain' as const),
      bytes: fc.integer({ min: 0, max: 3000 }),
      at: fraction,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('restart' as const),
      clean: fc.boolean(),
      torn: fc.integer({ min: 0, max: 200 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fresh' as const), ahead: fc.integer({ min: 0, max: 50 }) }) },
)

class Subject {
  readonly ports: TestPorts
  readonly config: LogConfig
  readonly model = new Model()
  log!: PartitionLog

  constructor(late: boolean, flush: 'os' | 'fsync') {
    const clock = new HandClock()
    this.ports = testPorts(new MemoryDisk({ late, now: () => clock.now }), clock)
    this.config = logConfig({ segmentBytes: 600, indexIntervalBytes: 150, flush })
  }

  async open(clean: boolean, recoveryPoint: number): Promise<void> {
    this.log = await openPartitionLog(this.ports, PATH, 't', 0, this.config, {
      topicId: TOPIC_ID,
      clean,
      recoveryPoint,
      logStartOffset: this.model.start,
      // So small that most reads come from the disk.
      tailBytes: 400,
    })
  }

  async run(step: Step): Promise<void> {
    const { model, log } = this
    switch (step.kind) {
      case 'append': {
        const waits = step.counts.map((count) => this.append(count, step.jitter, step.idempotent))
        await Promise.all(waits)
        return
      }
      case 'follow': {
        const before = this.log.endOffset
        const bytes = batchOf({ count: step.count, timestamp: this.stamp(0), tag: before })
        const view = new DataView(bytes.buffer)
        view.setBigInt64(0, BigInt(before))
        view.setInt32(12, model.epoch)
        await new Promise<void>((resolve, reject) => {
          const answer = log.appendAsFollower(bytes, (error) => (error === null ? resolve() : reject(error)))
          expect(answer.kind).toBe('staged')
          this.note(bytes)
        })
        return
      }
      case 'epoch':
        model.epoch++
        return
      case 'flush':
        await log.flush()
        expect(log.durableEndOffset).toBe(model.end)
        return
      case 'truncate': {
        const at = this.between(model.start, model.end, step.at)
        const reading = log.read(model.start, { maxBytes: 1 << 20, upTo: model.end, minOneBatch: true })
        await log.truncateTo(at)
        await reading
        model.cut(at)
        this.resumeSequence()
        return
      }
      case 'start':
        model.start = this.between(model.start, model.end, step.at)
        await log.advanceLogStart(model.start)
        return
      case 'retain': {
        const high = this.between(model.start, model.end, step.at)
        log.updateHighWatermark(high)
        log.config = { ...this.config, retentionBytes: step.bytes }
        const size = log.size
        await log.maintain()
        log.config = this.config
        expect(log.logStartOffset).toBeLessThanOrEqual(Math.max(high, model.start))
        if (size > step.bytes && high === model.end) expect(log.size).toBeLessThanOrEqual(step.bytes + 600)
        model.start = log.logStartOffset
        return
      }
      case 'restart': {
        const point = log.durableEndOffset
        if (step.clean) await log.close()
        else {
          await settled()
          this.tear(step.torn)
        }
        await this.open(step.clean, step.clean ? 0 : point)
        expect(log.damaged).toBeNull()
        return
      }
      case 'fresh':
        model.batches = []
        model.end += step.ahead
        model.start = model.end
        await log.truncateFullyAndStartAt(model.end)
        return
    }
  }

  append(count: number, jitter: number, idempotent: boolean): Promise<void> {
    const { model } = this
    const producer = idempotent ? { producer: { id: 7, epoch: 0, sequence: model.sequence } } : {}
    const bytes = batchOf({ count, timestamp: this.stamp(jitter), tag: model.end, ...producer })
    if (idempotent) model.sequence += count
    return new Promise<void>((resolve, reject) => {
      const before = model.end
      const done = (error: Error | null): void => (error === null ? resolve() : reject(error))
      const answer = this.log.appendAsLeader(bytes, model.epoch, done)
      expect(answer).toMatchObject({ kind: 'staged', baseOffset: before, endOffset: before + count })
      this.note(bytes)
    })
  }

  note(bytes: Uint8Array): void {
    for (const header of batchesOf(bytes)) {
      const { baseOffset: base, lastOffset: last, partitionLeaderEpoch: epoch } = header
      this.model.batches.push({ base, last, epoch, bytes: bytes.slice(header.position, header.position + header.size) })
      this.model.end = last + 1
    }
  }

  stamp(jitter: number): number {
    return START + this.model.end * 10 + jitter
  }

  /** After a cut the producer goes on where the log's last batch of it ends; batches below the start may count too. */
  resumeSequence(): void {
    const state = this.log.producers().find((producer) => producer.producerId === 7)
    if (state !== undefined) this.model.sequence = state.lastSequence + 1
  }

  between(low: number, high: number, at: number): number {
    return low + Math.floor(((high - low) * at) / 1000)
  }

  /** A kill in the middle of a write: bytes of a batch that is not whole. */
  tear(bytes: number): void {
    const { files } = this.ports.disk
    const last = [...files.keys()]
      .filter((path) => path.endsWith('.log'))
      .sort()
      .at(-1)!
    const node = files.get(last)!
    const torn = batchOf({ count: 4, valueSize: 60, tag: 1 })
    new DataView(torn.buffer).setBigInt64(0, BigInt(this.model.end))
    const grown = new Uint8Array(node.bytes.length + Math.min(bytes, torn.length - 1))
    grown.set(node.bytes)
    grown.set(torn.subarray(0, grown.length - node.bytes.length), node.bytes.length)
    node.bytes = grown
  }

  async verify(probe: number): Promise<void> {
    const { model, log } = this
    expect(log.endOffset).toBe(model.end)
    expect(log.logStartOffset).toBe(model.start)
    expect(log.appendedOffset).toBe(model.end)
    expect(log.durableEndOffset).toBeLessThanOrEqual(model.end)
    if (this.config.flush === 'fsync') expect(log.durableEndOffset).toBe(model.end)
    model.batches = model.batches.filter((batch) => batch.last >= model.start)
    expect(log.epochs.filter((entry) => entry.startOffset < model.end)).toEqual(model.epochs())
    const from = this.between(model.start, model.end, probe)
    const upTo = this.between(from, model.end, (probe * 7) % 1001)
    const maxBytes = (probe * 3) % 700
    await this.verifyRead(from, upTo, maxBytes, probe % 2 === 0)
    await this.verifyTimestamps(START + this.between(model.start, model.end, probe) * 10)
    const known = model.batches.map((batch) => readBatchHeader(batch.bytes, 0)!).findLast((h) => h.producerId === 7)
    const state = log.producers().find((producer) => producer.producerId === 7)
    if (known !== undefined) expect(state?.lastSequence).toBe(known.lastSequence)
  }

  async verifyRead(from: number, upTo: number, maxBytes: number, minOneBatch: boolean): Promise<void> {
    const read = await this.log.read(from, { maxBytes, upTo, minOneBatch })
    const got = Buffer.concat(read.chunks)
    expect(read.bytes).toBe(got.length)
    const wanted = this.model.batches.filter((batch) => batch.last >= from && batch.last < upTo)
    let position = 0
    let end = from
    for (const batch of wanted) {
      if (position === got.length) break
      expect(got.subarray(position, position + batch.bytes.length).equals(batch.bytes)).toBe(true)
      position += batch.bytes.length
      end = batch.last + 1
    }
    expect(position).toBe(got.length)
    expect(read.endOffset).toBe(end)
    const first = wanted[0]
    if (first !== undefined && (minOneBatch || first.bytes.length <= maxBytes)) expect(got.length).toBeGreaterThan(0)
    if (!minOneBatch) expect(got.length).toBeLessThanOrEqual(maxBytes)
  }

  async verifyTimestamps(timestamp: number): Promise<void> {
    const { model, log } = this
    const records = model.batches
      .flatMap((batch) => recordsOf(batch.bytes, readBatchHeader(batch.bytes, 0)!))
      .filter((record) => record.offset >= model.start)
    const first = records.find((record) => record.timestamp >= timestamp)
    const found = await log.offsetForTimestamp(timestamp, model.end)
    expect(found?.offset).toBe(first?.offset)
    const largest = Math.max(...records.map((record) => record.timestamp))
    const top = await log.offsetOfMaxTimestamp(model.end)
    expect(top?.offset).toBe(records.find((record) => record.timestamp === largest)?.offset)
  }
}

const steps = fc.array(fc.tuple(step, fraction), { minLength: 1, maxLength: 25 })

test.each([
  { late: false, flush: 'os' },
  { late: true, flush: 'os' },
  { late: false, flush: 'fsync' },
  { late: true, flush: 'fsync' },
] as const)('the log equals its model (appends told late: $late, flush: $flush)', async ({ late, flush }) => {
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const subject = new Subject(late, flush)
      await subject.open(false, 0)
      for (const [next, probe] of list) {
        await subject.run(next)
        await subject.verify(probe)
      }
      await subject.log.close()
    }),
    { numRuns: late ? 60 : 150 },
  )
})
