// Compaction of transactions against a model that keeps every record: whoever reads what is committed ends with the model's last
// value of every key after any number of cleanings, finds for what is left of a transaction the end that it had, and sees no
// committed tombstone go before its time.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PartitionLog } from '../../../src/log/index.ts'
import { decodeControlRecord, encodeControlRecord } from '../../../src/wire/index.ts'
import {
  clean,
  compactConfig,
  compactionOf,
  openCompacted,
  readAll,
  record,
  type Sent,
  seal,
  send,
} from '../../support/compaction.ts'
import { START, testPorts } from '../../support/logs.ts'

const DELETE_RETENTION_MS = 10_000
const PRODUCERS = 3

type Step =
  /** Keys above 5 are tombstones. */
  | { readonly kind: 'send'; readonly producer: number; readonly keys: readonly number[] }
  | { readonly kind: 'end'; readonly producer: number; readonly commit: boolean }
  | { readonly kind: 'plain'; readonly keys: readonly number[] }
  | { readonly kind: 'seal' }
  | { readonly kind: 'clean'; readonly after: number; readonly slots: number }

interface Known {
  readonly offset: number
  readonly key: string
  readonly value: string | null
  readonly producer: number | null
  /** Null: open. */
  committed: boolean | null
  /** When a cleaning began first that met it as the last of its key. */
  met: number
}

class Subject {
  readonly log: PartitionLog
  readonly records: Known[] = []
  readonly #sequences = new Map<number, number>()
  cleanings = 0
  #values = 0
  #now = START

  constructor(log: PartitionLog) {
    this.log = log
  }

  async step(step: Step): Promise<void> {
    if (step.kind === 'send') await this.#send(step.keys, step.producer)
    else if (step.kind === 'plain') await this.#send(step.keys, null)
    else if (step.kind === 'end') await this.#end(step.producer, step.commit)
    else if (step.kind === 'seal') await seal(this.log)
    else await this.#clean(step.after, step.slots)
  }

  async #send(keys: readonly number[], producer: number | null): Promise<void> {
    const made = keys.map((key, i) => ({
      offset: this.log.endOffset + i,
      key: `k${key % 6}`,
      value: key > 5 ? null : `v${this.#values++}`,
      producer,
      committed: producer === null ? true : null,
      met: Number.POSITIVE_INFINITY,
    }))
    const sent: Sent = { records: made.map(({ key, value }) => record(key, value, this.#now)) }
    this.records.push(...made)
    if (producer === null) return send(this.log, sent)
    const sequence = this.#sequences.get(producer) ?? 0
    this.#sequences.set(producer, sequence + keys.length)
    return send(this.log, { ...sent, producer: { id: producer, epoch: 0, sequence }, transactional: true })
  }

  async #end(producer: number, commit: boolean): Promise<void> {
    for (const known of this.records)
      if (known.producer === producer && known.committed === null) known.committed = commit
    await send(this.log, {
      records: [marker(commit ? 'COMMIT' : 'ABORT', this.#now)],
      producer: { id: producer, epoch: 0, sequence: -1 },
      transactional: true,
      control: true,
    })
  }

  async #clean(after: number, slots: number): Promise<void> {
    this.#now += after
    const cleanable = await compactionOf(this.log).cleanable(this.#now)
    if (cleanable === null || cleanable.dirtyBytes === 0) return
    const outcome = await clean(this.log, this.#now, slots * 24)
    // Given up: everything waits for the end of a transaction.
    expect(['cleaned', 'given-up']).toContain(outcome.kind)
    if (outcome.kind === 'cleaned') {
      this.cleanings++
      for (const known of lastOf(this.records.filter(({ offset }) => offset < outcome.cleanedTo)).values())
        known.met = Math.min(known.met, this.#now)
    }
    await this.verify()
  }

  async verify(): Promise<void> {
    const batches = await readAll(this.log)
    const found = new Map<string, string | null>()
    const text = new TextDecoder()
    for (const [at, { header, records }] of batches.entries()) {
      if (header.control) continue
      let outcome: boolean | null = true
      if (header.transactional) {
        const end = batches
          .slice(at)
          .find(({ header: later }) => later.control && later.count > 0 && later.producerId === header.producerId)
        const control = end?.records[0]
        outcome = control === undefined ? null : decodeControlRecord(control.key!, control.value!)?.type === 'COMMIT'
      }
      for (const { offset, key, value } of records) {
        if (text.decode(key!) === '-') continue
        const known = this.records.find((one) => one.offset === offset)!
        expect([offset, text.decode(key!), value === null ? null : text.decode(value)]).toEqual([
          offset,
          known.key,
          known.value,
        ])
        expect([offset, outcome]).toEqual([offset, known.committed])
        if (outcome === true) found.set(known.key, known.value)
      }
    }
    const wanted = lastOf(this.records)
    for (const [key, { value, met }] of wanted) {
      if (value !== null || found.has(key)) expect([key, found.get(key)]).toEqual([key, value])
      else expect([key, this.#now >= met + DELETE_RETENTION_MS]).toEqual([key, true])
    }
    expect([...found.keys()].filter((key) => !wanted.has(key))).toEqual([])
  }
}

function lastOf(records: readonly Known[]): Map<string, Known> {
  const last = new Map<string, Known>()
  for (const known of records) if (known.committed === true) last.set(known.key, known)
  return last
}

function marker(type: 'COMMIT' | 'ABORT', timestamp: number): Sent['records'][number] {
  return { ...encodeControlRecord({ type, version: 0, value: { coordinatorEpoch: 0 } }), timestamp }
}

const keys = fc.array(fc.nat(7), { minLength: 1, maxLength: 4 })
const producer = fc.integer({ min: 1, max: PRODUCERS })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('send' as const), producer, keys }) },
  { weight: 9, arbitrary: fc.record({ kind: fc.constant('end' as const), producer, commit: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('plain' as const), keys }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'seal' as const }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('clean' as const),
      after: fc.constantFrom(0, 1_000, 6_000, 20_000),
      slots: fc.constantFrom(16, 4096),
    }),
  },
)

const SEED = Number(process.env.COMPACTION_SEED ?? 20261121)
const RUNS = Number(process.env.COMPACTION_RUNS ?? 40)

test('compaction keeps what transactions have committed, and their ends as long as anything of them is left', async () => {
  let cleanings = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 30, maxLength: 80, size: 'max' }), async (steps) => {
      const config = compactConfig({ segmentBytes: 800, deleteRetentionMs: DELETE_RETENTION_MS })
      const subject = new Subject(await openCompacted(testPorts(), config))
      for (const one of steps) await subject.step(one)
      await subject.verify()
      cleanings += subject.cleanings
      await subject.log.close()
    }),
    { numRuns: RUNS, seed: SEED, endOnFailure: true },
  )
  expect(cleanings).toBeGreaterThan(RUNS)
}, 120_000)
