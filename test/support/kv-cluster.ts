// Three brokers with a coordinator of counters on replication drivers and real logs, in the simulated world: what is asked,
// what is answered, what each machine had loaded, and what is struck, so that the committed log can be held against it.

import type { ReplicaWatcher } from '../../replication/driver/index.ts'
import { Bug, type Uuid } from '../../src/base/index.ts'
import { type Coordinator, createCoordinator } from '../../src/coordinator/index.ts'
import type { CleanerSettings } from '../../src/log/index.ts'
import { openStates } from '../../src/state/index.ts'
import { batchesOf, recordsOf } from '../../src/wire/index.ts'
import { type KvAnswer, KvMachine, type KvQuestion, type KvRecord, kvCodec } from './kv-machine.ts'
import { plainOffload } from './plain-offload.ts'
import { type ModelBroker, ReplicationCluster } from './replication-cluster.ts'

export const BROKERS: readonly number[] = [1, 2, 3]

const CLEANER: CleanerSettings = {
  threads: 1,
  ioBufferSize: 64 * 1024,
  dedupeBufferSize: 64 * 1024,
  loadFactor: 0.9,
  ioMaxBytesPerSecond: Number.MAX_VALUE,
  backoffMs: 300,
}

export interface Asked {
  readonly broker: number
  readonly life: number
  readonly question: Omit<KvQuestion, 'token'> & { readonly records?: readonly KvRecord[]; readonly key?: string }
  answers: number
  error: string | null
  value: number | null
}

export interface Load {
  readonly epoch: number
  readonly startOffset: number
  readonly contents: ReadonlyMap<string, number>
}

export interface LoggedRecord extends KvRecord {
  readonly epoch: number
}

export class KvCluster {
  readonly cluster: ReplicationCluster
  readonly asked: Asked[] = []
  /** What machines knew when they had just become active, and where the log ended when their epoch began. */
  readonly loads: Load[] = []
  /** Brokers whose tables have a row that nobody wrote, until they fold it away. */
  readonly rotten: Set<number> = new Set()
  readonly warnings: string[] = []
  topic: Uuid = ''
  readonly #coordinators = new Map<number, Coordinator<KvQuestion, KvAnswer>>()
  readonly #lives = new Map<number, number>()
  readonly #down = new Set<number>()

  constructor(seed: number, compacting: boolean = false) {
    // As offsets are kept, but eagerly; tombstones stay for a day, or a follower that was away would miss them.
    const compacted = { cleanupCompact: true, cleanupDelete: false, minCleanableDirtyRatio: 0, segmentBytes: 600 }
    this.cluster = new ReplicationCluster({
      seed,
      minInsync: 2,
      lagMs: 3000,
      log: { segmentBytes: 2000, flush: seed % 3 === 0 ? 'fsync' : 'os', ...(compacting ? compacted : {}) },
      ...(compacting ? { cleaner: CLEANER } : {}),
      watcher: (broker) => this.#coordinator(broker, seed),
    })
  }

  async begin(): Promise<void> {
    await this.cluster.start()
    this.topic = this.cluster.createTopic('kv', BROKERS)
    await this.cluster.sim.sleep(500)
  }

  coordinator(id: number): Coordinator<KvQuestion, KvAnswer> {
    return this.#coordinators.get(id)!
  }

  isUp(id: number): boolean {
    return !this.#down.has(id)
  }

  get leader(): number {
    return this.cluster.partition(this.topic).leader
  }

  life(id: number): number {
    return this.#lives.get(id) ?? 0
  }

  ask(id: number, question: Asked['question']): Asked {
    const asked: Asked = { broker: id, life: this.life(id), question, answers: 0, error: null, value: null }
    this.asked.push(asked)
    this.coordinator(id)
      .ask(0, (token) => ({ ...question, token }) as KvQuestion)
      .then(
        ({ error, value }) => {
          asked.answers++
          asked.error = error
          asked.value = value
        },
        (error: unknown) => this.cluster.fatal.push(error as Error),
      )
    return asked
  }

  /** One at a time is down. A power failure takes what is not synced, of log and table, where enough others have it. */
  kill(id: number, power: boolean): void {
    const { cluster, topic } = this
    if (this.#down.size > 0) return
    const partition = cluster.partition(topic)
    const isr = partition.isr.filter((member) => member !== id)
    cluster.broker(id).alive = false
    if (power && isr.length > 0) cluster.sim.powerLoss(`b${id}`)
    else cluster.sim.kill(`b${id}`)
    this.#down.add(id)
    cluster.setFenced(id, true)
    if (isr.length === 0) cluster.change(topic, 0, { leader: -1 })
    else cluster.change(topic, 0, { isr, leader: partition.leader === id ? isr[0]! : partition.leader })
  }

  async revive(): Promise<void> {
    for (const id of [...this.#down]) {
      this.#down.delete(id)
      await this.cluster.restart(id)
    }
    if (this.leader < 0) this.elect(0)
  }

  elect(pick: number): void {
    const candidates = this.cluster.partition(this.topic).isr.filter((id) => !this.#down.has(id))
    const leader = candidates[pick % Math.max(1, candidates.length)]
    if (leader !== undefined) this.cluster.change(this.topic, 0, { leader })
  }

  release(): void {
    this.cluster.held.clear()
    for (const broker of this.cluster.brokers) this.cluster.deliver(broker)
  }

  /** A row that fails its checks, where there is a table. */
  async rot(id: number, pick: number): Promise<void> {
    if (this.#down.has(id)) return
    const table = await this.cluster.broker(id).ports.tables.open(`state.kv/${this.topic}-0`)
    const keys: string[] = []
    for await (const page of table.pages({ from: 'r', to: 's' })) keys.push(...page.map(([key]) => key))
    const key = keys[pick % Math.max(1, keys.length)]
    if (key === undefined) return
    this.rotten.add(id)
    await table.batch([{ kind: 'put', key, value: Uint8Array.of(1, 2, 3, 4, 5, 6) }])
  }

  /** All faults end; everybody has time to come back. */
  async heal(): Promise<void> {
    this.cluster.cut.clear()
    this.release()
    await this.revive()
    await this.cluster.sim.sleep(70_000)
  }

  /** Where the log ends, which after a compaction is more than it has records. */
  endOffset(id: number): number {
    return this.cluster.broker(id).directories[0]!.logs[0]!.endOffset
  }

  async log(id: number): Promise<LoggedRecord[]> {
    const log = this.cluster.broker(id).directories[0]!.logs[0]!
    const records: LoggedRecord[] = []
    for (let from = log.logStartOffset; from < log.endOffset; ) {
      const found = await log.read(from, { maxBytes: 10_000_000, upTo: log.endOffset, minOneBatch: true })
      for (const chunk of found.chunks) {
        for (const batch of batchesOf(chunk)) {
          for (const { key, value } of recordsOf(chunk, batch))
            records.push({ ...kvCodec.decode(key!, value)!, epoch: batch.partitionLeaderEpoch })
        }
      }
      from = found.endOffset
    }
    return records
  }

  /** The standby table as it stands, and how far it says it is. */
  async table(id: number): Promise<{ readonly rows: Map<string, number>; readonly position: number }> {
    const state = await openStates(this.cluster.broker(id).ports.tables).open(`kv/${this.topic}-0`, {
      version: 1,
      decode: (value) => (value instanceof Uint8Array ? value : null),
    })
    const rows = new Map<string, number>()
    for await (const page of state.pages(100))
      for (const { key, value } of page) rows.set(key, Number(new TextDecoder().decode(value)))
    return { rows, position: state.position?.offset ?? -1 }
  }

  close(): void {
    this.cluster.close()
  }

  #coordinator(broker: ModelBroker, seed: number): ReplicaWatcher {
    this.#lives.set(broker.id, this.life(broker.id) + 1)
    const say = (_fields: object, message: string): number => this.warnings.push(message)
    const logger = { debug: () => {}, info: () => {}, warn: say, error: say, child: () => logger }
    let startOffset = -1
    const coordinator = createCoordinator<KvRecord, KvQuestion, KvAnswer>({
      ports: { clock: broker.ports.clock, offload: plainOffload },
      states: openStates(broker.ports.tables),
      logger,
      topic: 'kv',
      schemaVersion: 1,
      codec: kvCodec,
      machine: () =>
        new KvMachine(({ epoch, committed }) => this.loads.push({ epoch, startOffset, contents: new Map(committed) })),
      appendLingerMs: [-1, 0, 7][seed % 3]!,
      limits: { readBytes: 400, replayRows: 3, foldRecords: 20 },
      onFatal: (error) => this.cluster.fatal.push(error),
    })
    this.#coordinators.set(broker.id, coordinator)
    return {
      wants: (topic) => coordinator.wants(topic),
      told: (log, news) => {
        if (news.kind === 'leading') startOffset = news.startOffset
        coordinator.told(log, news)
      },
    }
  }
}

export function fold(records: readonly KvRecord[]): Map<string, number> {
  const contents = new Map<string, number>()
  for (const { key, value } of records) {
    if (value === null) contents.delete(key)
    else contents.set(key, value)
  }
  return contents
}

/** The value that an answered write promised; a write without one promises all its records. */
export function promised(asked: Asked): readonly KvRecord[] {
  if (asked.question.kind === 'add') return [{ key: asked.question.key ?? missing(), value: asked.value }]
  return asked.question.records ?? missing()
}

function missing(): never {
  throw new Bug('a write has a key or records')
}
