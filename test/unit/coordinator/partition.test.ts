// The coordinator runtime over a scripted replica: what it folds and when it drops that, how it loads, when it answers, what
// becomes of what is not committed. The machine is a map of counters; tables and clock are simulated.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Ports } from '../../../src/base/index.ts'
import {
  type Coordinator,
  type CoordinatorLimits,
  type CoordinatorLog,
  createCoordinator,
} from '../../../src/coordinator/index.ts'
import { createSimulation, type Simulation } from '../../../src/sim/index.ts'
import { openStates } from '../../../src/state/index.ts'
import { batchesOf, compressBatch, encodeControlRecord, recordsOf } from '../../../src/wire/index.ts'
import { type KvAnswer, KvMachine, type KvQuestion, kvCodec } from '../../support/kv-machine.ts'
import { plainOffload } from '../../support/plain-offload.ts'
import { ScriptedReplica } from '../../support/scripted-replica.ts'

type Kv = Coordinator<KvQuestion, KvAnswer>
const TABLE = 'kv/AAAAAAAAAAAAAAAAAAAAAQ-0'

let sim: Simulation
let ports: Ports
let log: ScriptedReplica
let kv: Kv
let said: string[]
let fatal: Error[]

interface Options {
  readonly limits?: Partial<CoordinatorLimits>
  readonly schemaVersion?: number
  readonly appendLingerMs?: number
}

function coordinator(options: Options = {}): Kv {
  const say = (_fields: object, message: string): number => said.push(message)
  const logger = { debug: say, info: say, warn: say, error: say, child: () => logger }
  return createCoordinator({
    ports: { clock: ports.clock, offload: plainOffload },
    states: openStates(ports.tables),
    logger,
    topic: 'kv',
    schemaVersion: options.schemaVersion ?? 1,
    codec: kvCodec,
    machine: () => new KvMachine(),
    appendLingerMs: options.appendLingerMs ?? -1,
    limits: { ...options.limits },
    onFatal: (error) => fatal.push(error),
  })
}

beforeEach(() => {
  sim = createSimulation({ seed: 1 })
  ports = sim.addNode('n')
  log = new ScriptedReplica()
  said = []
  fatal = []
  kv = coordinator()
})

afterEach(() => {
  sim.close()
  expect(fatal).toEqual([])
})

/** News, and what follows from it. */
async function told(...news: readonly Parameters<CoordinatorLogNews>[1][]): Promise<void> {
  for (const each of news) kv.told(log, each)
  await sim.sleep(50)
}
type CoordinatorLogNews = (log: CoordinatorLog, news: Parameters<Kv['told']>[1]) => void

const lead = (epoch: number, startOffset = log.endOffset): Promise<void> =>
  told({ kind: 'leading', epoch, startOffset })
const follow = (epoch: number): Promise<void> => told({ kind: 'following', epoch })

function commit(upTo: number = log.endOffset): Promise<void> {
  log.highWatermark = upTo
  return told({ kind: 'committed' })
}

/** A question and what it has been answered by now. */
function asked(question: KvQuestion extends infer Q ? (Q extends KvQuestion ? Omit<Q, 'token'> : never) : never): {
  answer: string | null
} {
  const state: { answer: string | null } = { answer: null }
  void kv
    .ask(0, (token) => ({ ...question, token }) as KvQuestion)
    .then(({ error, value }) => {
      expect(state.answer).toBeNull()
      state.answer = error === 'NONE' ? `${value}` : error
    })
  return state
}

async function get(key: string): Promise<string | null> {
  const state = asked({ kind: 'get', key })
  await sim.sleep(1)
  return state.answer
}

async function rows(): Promise<Record<string, string>> {
  const state = await sim.wait(
    openStates(ports.tables).open(TABLE, { version: 1, decode: (value) => value as Uint8Array }),
  )
  const found: Record<string, string> = {}
  await sim.wait(
    (async () => {
      for await (const page of state.pages(100))
        for (const { key, value } of page) found[key] = new TextDecoder().decode(value)
    })(),
  )
  return found
}

const phase = (): string => kv.observe()[0]!.phase
const folded = (): number => kv.observe()[0]!.folded
/** The next life of the same host: its table is what is left. */
async function reborn(options: Options = {}): Promise<void> {
  sim.kill('n')
  ports = sim.restart('n')
  said = []
  kv = coordinator(options)
}

describe('a standby', () => {
  it('folds what is committed, and nothing else', async () => {
    log.write(0, { a: '1', b: '2' })
    log.write(0, { a: '3', c: '4' })
    log.write(0, { d: '5' })
    log.highWatermark = 4
    await follow(0)
    expect(await rows()).toEqual({ a: '3', b: '2', c: '4' })
    expect(folded()).toBe(4)
    log.write(0, { b: null })
    await commit()
    expect(folded()).toBe(4)
    await sim.sleep(300)
    expect(await rows()).toEqual({ a: '3', c: '4', d: '5' })
    expect(folded()).toBe(6)
  })

  it('does not wait where much has come', async () => {
    await follow(0)
    for (let i = 0; i < 1100; i++) log.write(0, { [`k${i % 7}`]: String(i) })
    await commit()
    expect(folded()).toBe(1100)
  })

  it('goes on where the table of an earlier life ends', async () => {
    log.write(0, { a: '1' })
    log.highWatermark = 1
    await follow(0)
    log.write(0, { b: '2' })
    await reborn()
    log.highWatermark = 2
    log.reads = []
    await follow(1)
    expect(log.reads).not.toContain(0)
    expect(await rows()).toEqual({ a: '1', b: '2' })
  })

  it.each([
    ['reaches beyond the log', () => log.cut(2)],
    [
      'is of a history that was cut and written anew',
      () => [log.cut(2), log.write(1, { z: '9' }), log.write(1, { y: '9' })],
    ],
    ['is of an epoch that the log does not have', () => [log.cut(0), log.write(1, { z: '9' })]],
    ['ends before the log begins', () => log.begin(log.write(0, { z: '9' }))],
  ])('drops a table that %s', async (_name, happen) => {
    log.write(0, { a: '1', b: '1' })
    log.write(0, { c: '1', d: '1' })
    log.highWatermark = 4
    await follow(0)
    expect(folded()).toBe(4)
    await reborn()
    happen()
    log.highWatermark = log.endOffset
    await follow(1)
    expect(said).toContain('a standby table is dropped and folded again')
    const left: Record<string, string> = {}
    for (const batch of log.batches)
      if (batch.base >= log.logStartOffset)
        for (const [key, value] of Object.entries(written(batch.bytes))) left[key] = value
    expect(await rows()).toEqual(left)
  })

  it('looks again when the log was cut under it', async () => {
    log.write(0, { a: '1' })
    log.write(0, { b: '1' })
    log.highWatermark = 2
    await follow(0)
    log.cut(1)
    log.highWatermark = 1
    await told({ kind: 'truncated' })
    expect(await rows()).toEqual({ a: '1' })
    log.write(1, { c: '1' })
    await commit()
    await sim.sleep(300)
    expect(await rows()).toEqual({ a: '1', c: '1' })
  })

  it('drops a table that may have missed tombstones, and keeps an old one that missed nothing', async () => {
    log.write(0, { a: '1' })
    log.highWatermark = 1
    await follow(0)
    await sim.sleep(13 * 3600_000)
    await reborn()
    await follow(0)
    expect(said).toEqual([])
    await reborn()
    log.write(0, { b: '1' })
    log.highWatermark = 2
    await follow(0)
    expect(said).toEqual(['a standby table is dropped and folded again'])
    expect(await rows()).toEqual({ a: '1', b: '1' })
  })

  it('drops a table of another version', async () => {
    log.write(0, { a: '1' })
    log.highWatermark = 1
    await follow(0)
    await reborn({ schemaVersion: 2 })
    log.reads = []
    await follow(0)
    expect(log.reads[0]).toBe(0)
    expect(folded()).toBe(1)
  })

  it('opens compressed batches, and tells transactions apart', async () => {
    const zipped = async (records: Record<string, string>): Promise<void> => {
      log.write(0, records)
      const plain = log.batches.pop()!.bytes
      log.put(await compressBatch(plain, [...batchesOf(plain)][0]!, 'gzip', plainOffload), 0)
    }
    const marker = (producerId: number, type: 'COMMIT' | 'ABORT'): void => {
      const { key, value } = encodeControlRecord({ type, version: 0, value: { coordinatorEpoch: 0 } })
      log.write(0, {}, { control: true, transactional: true, producerId, records: [{ timestamp: 0, key, value }] })
    }
    await zipped({ a: '1', b: '1' })
    log.highWatermark = log.endOffset
    await follow(0)
    log.write(0, { b: '2' }, { transactional: true, producerId: 7 })
    log.write(0, { c: '2' }, { transactional: true, producerId: 8 })
    log.write(0, { d: '2' })
    await commit()
    await sim.sleep(300)
    // Rows and position are of one instant: that before the transactions.
    expect([await rows(), folded()]).toEqual([{ a: '1', b: '1' }, 2])
    marker(7, 'COMMIT')
    marker(8, 'ABORT')
    await commit()
    await sim.sleep(300)
    expect([await rows(), folded()]).toEqual([{ a: '1', b: '2', d: '2' }, 7])
    await lead(1)
    expect([await get('b'), await get('c'), await get('d')]).toEqual(['2', 'null', '2'])
  })
})

function written(bytes: Uint8Array): Record<string, string> {
  const text = new TextDecoder()
  const records = [...batchesOf(bytes)].flatMap((header) => recordsOf(bytes, header))
  return Object.fromEntries(records.map(({ key, value }) => [text.decode(key!), text.decode(value!)]))
}

describe('a load', () => {
  it('takes the rows, then the tail, and answers LOAD_IN_PROGRESS until all of that is committed', async () => {
    log.write(0, { a: '1', '?new': 'x' })
    log.highWatermark = 2
    await follow(0)
    expect(await get('a')).toBe('NOT_COORDINATOR')
    log.write(0, { a: '2' })
    log.write(0, { b: '3' })
    log.highWatermark = 3
    log.reads = []
    await lead(1)
    expect(await get('a')).toBe('COORDINATOR_LOAD_IN_PROGRESS')
    await commit()
    expect([await get('a'), await get('b'), await get('?new')]).toEqual(['2', '3', 'null'])
    expect(log.reads).not.toContain(0)
    expect(kv.observe()[0]!.lastLoad).toMatchObject({ rows: 2, records: 2 })
  })

  it('of an empty log is over at once', async () => {
    await lead(0)
    expect(await get('a')).toBe('null')
  })

  it('does not look beyond where its epoch began', async () => {
    log.write(0, { a: '1' })
    log.highWatermark = 1
    await lead(3)
    expect(await get('a')).toBe('1')
    expect(kv.observe()[0]).toMatchObject({ phase: 'active', epoch: 3 })
  })

  it('that is overtaken by another leader is given up', async () => {
    log.write(0, { a: '1' })
    await lead(1)
    await follow(2)
    await commit()
    expect(await get('a')).toBe('NOT_COORDINATOR')
    expect(phase()).toBe('standby')
    await sim.sleep(300)
    expect(await rows()).toEqual({ a: '1' })
  })

  it('begins again with the next epoch of the same leader', async () => {
    log.write(0, { a: '1' })
    await lead(1)
    log.write(1, { a: '2' })
    await lead(2)
    await commit(1)
    expect(await get('a')).toBe('COORDINATOR_LOAD_IN_PROGRESS')
    await commit(2)
    expect(await get('a')).toBe('2')
  })

  it('ends when the replica goes offline in the middle (KAFKA-16030)', async () => {
    log.write(0, { a: '1' })
    await lead(1)
    await told({ kind: 'gone', why: 'offline' })
    await commit()
    expect(await get('a')).toBe('NOT_COORDINATOR')
    expect(kv.partitions).toEqual([])
  })

  it('goes through the log where the table is damaged, and the table is made anew', async () => {
    log.write(0, { a: '1', b: '1' })
    log.highWatermark = 2
    await follow(0)
    const table = await sim.wait(ports.tables.open(`state.${TABLE}`))
    await sim.wait(table.batch([{ kind: 'put', key: 'rb', value: Uint8Array.of(1, 2, 3, 4, 5, 6) }]))
    await lead(1)
    expect(said).toContain('a standby table is dropped and folded again')
    expect([await get('a'), await get('b')]).toEqual(['1', '1'])
    log.write(1, { c: '1' })
    await commit()
    await sim.sleep(300)
    expect(await rows()).toEqual({ a: '1', b: '1', c: '1' })
  })

  it('goes through the log where the whole database is gone', async () => {
    log.write(0, { a: '1' })
    log.highWatermark = 1
    await follow(0)
    sim.kill('n')
    sim.replaceDisk('n')
    ports = sim.restart('n')
    kv = coordinator()
    await lead(1)
    expect(await get('a')).toBe('1')
  })

  it('begins again where the log has been cut at its beginning meanwhile', async () => {
    log.write(0, { a: '1' })
    log.highWatermark = 1
    await follow(0)
    log.write(0, { b: '1' })
    log.write(0, { c: '1' })
    await lead(1)
    log.logStartOffset = 2
    await commit()
    expect([await get('a'), await get('b'), await get('c')]).toEqual(['null', 'null', '1'])
  })

  it('that fails leaves a coordinator that is none, until the next election', async () => {
    log.write(0, { a: '1' })
    log.highWatermark = 1
    log.reading = { kind: 'failed', reason: 'a bad sector' }
    await lead(1)
    expect([phase(), await get('a')]).toEqual(['failed', 'NOT_COORDINATOR'])
    log.reading = null
    await lead(2)
    expect(await get('a')).toBe('1')
  })
})

describe('writes', () => {
  it('are answered when they are committed, in one batch where one turn asks for them', async () => {
    await lead(0)
    const first = asked({ kind: 'add', key: 'a', by: 2 })
    const second = asked({ kind: 'add', key: 'a', by: 3 })
    await sim.sleep(1)
    const third = asked({ kind: 'put', records: [{ key: 'b', value: 9 }] })
    await sim.sleep(1)
    expect(log.batches.map(({ base, end }) => [base, end])).toEqual([
      [0, 2],
      [2, 3],
    ])
    expect([first.answer, second.answer, third.answer, await get('a')]).toEqual([null, null, null, 'null'])
    await commit(2)
    expect([first.answer, second.answer, third.answer, await get('a')]).toEqual(['2', '5', null, '5'])
    await commit(3)
    expect(third.answer).toBe('null')
  })

  it.each([
    [0, [1, 2, 3], [1, 2, 3]],
    [20, [0, 0, 0], [1, 1, 1]],
  ])('with a linger of %i ms', async (appendLingerMs, atOnce, later) => {
    kv = coordinator({ appendLingerMs })
    await lead(0)
    const seen: number[] = []
    for (const _ of [1, 2, 3]) {
      asked({ kind: 'add', key: 'a', by: 1 })
      await sim.sleep(1)
      seen.push(log.batches.length)
    }
    expect(seen).toEqual(atOnce)
    await sim.sleep(30)
    expect(log.batches.length).toBe(later.at(-1))
  })

  it('do not make a batch that the topic refuses', async () => {
    kv = coordinator({ appendLingerMs: 20 })
    await lead(0)
    const record = (key: string) => ({ key: key.padEnd(300, key), value: 1 })
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) asked({ kind: 'put', records: [record(key)] })
    await sim.sleep(30)
    expect(log.batches.every((batch) => batch.bytes.length <= log.maxBatchBytes)).toBe(true)
    expect(log.endOffset).toBe(8)
  })

  it('that are refused are taken back, and what came after them stays', async () => {
    await lead(0)
    log.refusal = { kind: 'refused', error: 'NOT_ENOUGH_REPLICAS', message: null }
    const first = asked({ kind: 'add', key: 'a', by: 100 })
    await sim.sleep(1)
    expect(first.answer).toBe('NOT_ENOUGH_REPLICAS')
    const second = asked({ kind: 'add', key: 'a', by: 1 })
    await sim.sleep(1)
    await commit()
    expect([second.answer, await get('a')]).toEqual(['1', '1'])
  })

  it('are answered NOT_COORDINATOR when leadership goes, and come back if they were committed after all', async () => {
    await lead(0)
    const lost = asked({ kind: 'add', key: 'a', by: 1 })
    const alarm = asked({ kind: 'wake', inMs: 500 })
    await sim.sleep(1)
    await follow(1)
    expect([lost.answer, alarm.answer]).toEqual(['NOT_COORDINATOR', 'NOT_COORDINATOR'])
    await commit()
    await lead(2)
    expect(await get('a')).toBe('1')
  })

  it('whose outcome comes after the next election is over say nothing to the new machine', async () => {
    await lead(0)
    let open = (): void => {}
    log.gate = new Promise((resolve) => {
      open = resolve
    })
    const lost = asked({ kind: 'add', key: 'a', by: 1 })
    await sim.sleep(1)
    await lead(1)
    log.gate = Promise.resolve()
    await commit()
    const next = asked({ kind: 'add', key: 'a', by: 10 })
    await sim.sleep(1)
    open()
    await sim.sleep(1)
    expect([lost.answer, next.answer]).toEqual(['NOT_COORDINATOR', null])
    await commit()
    expect(next.answer).toBe('11')
  })

  it('of somebody else in between make the coordinator load again', async () => {
    await lead(0)
    log.write(0, { a: '40' })
    const lost = asked({ kind: 'add', key: 'a', by: 1 })
    await sim.sleep(5)
    expect(lost.answer).toBe('NOT_COORDINATOR')
    expect(await get('a')).toBe('COORDINATOR_LOAD_IN_PROGRESS')
    await commit()
    expect(await get('a')).toBe('1')
    const next = asked({ kind: 'add', key: 'a', by: 1 })
    await sim.sleep(1)
    await commit()
    expect(next.answer).toBe('2')
  })
})

describe('around the machine', () => {
  it('a tick comes when it is due', async () => {
    await lead(0)
    const late = asked({ kind: 'wake', inMs: 500 })
    const soon = asked({ kind: 'wake', inMs: 100 })
    await sim.sleep(150)
    expect([soon.answer, late.answer]).toEqual(['null', null])
    await sim.sleep(400)
    expect(late.answer).toBe('null')
  })

  it('a partition that is not here says so', async () => {
    expect(await get('a')).toBe('NOT_COORDINATOR')
  })

  it('a removed replica takes its table along, one that stops keeps it (KAFKA-9235)', async () => {
    log.write(0, { a: '1' })
    log.highWatermark = 1
    await lead(0)
    expect(await get('a')).toBe('1')
    await told({ kind: 'gone', why: 'removed' })
    expect(await get('a')).toBe('NOT_COORDINATOR')
    expect(await sim.wait(openStates(ports.tables).names())).toEqual([])
    await told({ kind: 'following', epoch: 0 })
    await told({ kind: 'gone', why: 'offline' })
    expect(await sim.wait(openStates(ports.tables).names())).toEqual([TABLE])
    await told({ kind: 'gone', why: 'removed' })
    expect(await sim.wait(openStates(ports.tables).names())).toEqual([])
    // It comes again, before the table is dropped.
    await told({ kind: 'following', epoch: 0 }, { kind: 'gone', why: 'removed' }, { kind: 'following', epoch: 0 })
    expect(await rows()).toEqual({ a: '1' })
    await told({ kind: 'gone', why: 'stopped' })
    expect(await rows()).toEqual({ a: '1' })
  })

  it('sweeps tables of partitions that went while this broker was away', async () => {
    const states = openStates(ports.tables)
    for (const name of ['kv/gone-1', 'other/x-0', TABLE])
      await sim.wait(states.open(name, { version: 1, decode: (value) => value }))
    await follow(0)
    await sim.wait(kv.sweep())
    expect(await sim.wait(states.names())).toEqual([TABLE, 'other/x-0'])
  })

  it('stops without leaving anybody waiting', async () => {
    log.write(0, { b: '1' })
    await lead(0, 1)
    const loading = asked({ kind: 'get', key: 'b' })
    await commit()
    const write = asked({ kind: 'add', key: 'a', by: 1 })
    await sim.wait(kv.stop())
    expect([loading.answer, write.answer]).toEqual(['COORDINATOR_LOAD_IN_PROGRESS', 'NOT_COORDINATOR'])
    const batches = log.batches.length
    await sim.sleep(1000)
    expect(log.batches.length).toBe(batches)
    expect(await get('b')).toBe('NOT_COORDINATOR')
  })
})
