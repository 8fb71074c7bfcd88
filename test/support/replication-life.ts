// One random life of three whole nodes in the simulated world: producers and a reader go on while nodes are killed, lose
// power, stop, stall and are cut off; then everything heals, and what was promised is checked. Everything follows from
// the seed. Faults stay within the budget: with flush=os at most min.insync.replicas − 1 disks lose unsynced data at
// once, and while one has nobody else is killed (a node counts until it is back in every ISR); kills alone keep the
// page cache, so all may be killed. With flush=fsync everything may happen.

import { Timers } from '../../src/base/index.ts'
import { type Client, ClientError } from '../../src/client/index.ts'
import { createSimCluster, type SimCluster } from '../../src/sim/index.ts'
import { isRetriable, readBatchHeader } from '../../src/wire/index.ts'

export interface LifeOptions {
  readonly seed: number
  /** Virtual milliseconds of faults. */
  readonly faultsMs?: number
  /** Called with what happens, for whoever looks into a failure. */
  readonly tell?: (line: string) => void
  /** Gets the cluster before it starts, to watch it. */
  readonly onCluster?: (cluster: SimCluster) => void
}

export interface LifeReport {
  readonly seed: number
  readonly acked: number
  readonly failed: number
  /** Why sends failed, by Kafka's error. */
  readonly errors: Readonly<Record<string, number>>
  readonly faults: Readonly<Record<string, number>>
  /** Virtual milliseconds from healing to everybody in sync and every send answered. */
  readonly recoveryMs: number
  readonly events: number
  readonly hash: string
}

const RECOVERS_WITHIN_MS = 120_000
const NODES = 3
/** The producer that asks for acks=1: its records may be lost, and twice. */
const CARELESS = 3
const EVENTS_OF_100_MS_MAX = 50_000

interface Ack {
  readonly partition: string
  readonly offset: number
  /** Place among the sends of one producer to one partition. */
  readonly order: number
  readonly producer: number
}

export async function replicationLife(options: LifeOptions): Promise<LifeReport> {
  const life = new Life(options)
  options.onCluster?.(life.cluster)
  try {
    return await life.run()
  } catch (error) {
    throw new Error(`seed ${options.seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  } finally {
    life.cluster.close()
  }
}

class Life {
  readonly cluster: SimCluster
  readonly #options: LifeOptions
  readonly #faultCounts: Record<string, number> = {}
  readonly #acks = new Map<string, Ack>()
  /** Values whose sends failed for sure without having been written. */
  readonly #refused = new Set<string>()
  /** What any reader has been shown, by partition and offset. */
  readonly #shown = new Map<string, Map<number, string>>()
  /** The highest high watermark any leader has had. */
  readonly #watermarks = new Map<string, number>()
  /** The highest epoch anybody has led in. */
  readonly #epochs = new Map<string, number>()
  readonly #errors: Record<string, number> = {}
  readonly #violations: string[] = []
  readonly #told = new Set<string>()
  /** The newest registration seen of each partition, as text. */
  readonly #registered = new Map<string, { readonly epoch: number; readonly text: string }>()
  readonly #topics: { readonly name: string; readonly partitions: number }[] = []
  readonly #fsync: boolean
  /** The longest pause between two faults. */
  readonly #pauseMs: number
  /** Nodes whose disks lost what was unsynced, and nodes that were killed, until they are in every ISR again. */
  readonly #powerless = new Set<number>()
  readonly #unclean = new Set<number>()
  /** Nodes that a port call will kill. */
  readonly #doomed = new Set<number>()
  #cut = false
  #running = true
  #failed = 0
  #sends: Promise<void>[] = []

  constructor(options: LifeOptions) {
    this.#options = options
    const { seed } = options
    // Options of the seed's own: a fixed mix explores far less.
    this.#fsync = seed % 3 === 0
    this.#pauseMs = seed % 7 < 3 ? 5_000 : 16_000
    this.cluster = createSimCluster({
      seed,
      brokers: NODES,
      properties: {
        'odradek.log.flush.mode': this.#fsync ? 'fsync' : 'os',
        ...(seed % 2 === 0 ? { 'replica.lag.time.max.ms': '5000' } : {}),
        ...(seed % 5 === 0 ? { 'log.flush.offset.checkpoint.interval.ms': '2000' } : {}),
      },
    })
  }

  get #random(): SimCluster['sim']['random'] {
    return this.cluster.sim.random
  }

  async run(): Promise<LifeReport> {
    const { cluster } = this
    const { sim } = cluster
    await cluster.start()
    const admin = cluster.client()
    await this.#createTopics(admin)
    this.#produce()
    this.#read()
    await this.#hurt(this.#options.faultsMs ?? 60_000)
    const healedAt = sim.now
    this.#running = false
    await this.#healAll()
    await this.#recovered(healedAt)
    const recoveryMs = sim.now - healedAt
    await sim.sleep(3_000)
    this.#observe()
    this.#checkLogs()
    if (this.#violations.length === 0) await this.#checkReads()
    if (this.#violations.length > 0) throw new Error(this.#violations.slice(0, 10).join('\n'))
    return {
      seed: this.#options.seed,
      acked: this.#acks.size,
      failed: this.#failed,
      errors: this.#errors,
      faults: this.#faultCounts,
      recoveryMs,
      events: sim.events,
      hash: sim.traceHash(),
    }
  }

  #tell(line: string): void {
    this.#options.tell?.(`${this.cluster.sim.now.toFixed(0).padStart(8)} ${line}`)
  }

  #violated(what: string): void {
    if (this.#told.has(what)) return
    this.#told.add(what)
    this.#tell(`VIOLATION ${what}`)
    this.#violations.push(`at ${this.cluster.sim.now.toFixed(0)} ms: ${what}`)
  }

  async #createTopics(admin: Client): Promise<void> {
    const { seed } = this.#options
    this.#topics.push({ name: 'plain', partitions: 2 }, { name: 'opened', partitions: 1 })
    const topics = [
      { name: 'plain', partitions: 2, replicationFactor: NODES, configs: { 'segment.ms': '4000' } },
      {
        name: 'opened',
        partitions: 1,
        replicationFactor: NODES,
        configs: {
          'compression.type': seed % 4 < 2 ? 'zstd' : 'producer',
          ...(seed % 4 === 1 ? { 'message.timestamp.type': 'LogAppendTime' } : {}),
        },
      },
    ]
    const created = await this.cluster.sim.wait(admin.admin.createTopics(topics))
    for (const topic of created) if (topic.error !== 'NONE') throw new Error(`${topic.name}: ${topic.error}`)
  }

  /** Producers that go on until the faults are over; each sends values of its own. */
  #produce(): void {
    for (let producer = 0; producer < 4; producer++) {
      const client = this.cluster.client({ requestTimeoutMs: 5_000 + 5_000 * this.#random.below(4) })
      const one = client.producer({
        compression: producer === 1 ? 'lz4' : 'none',
        // Nothing is promised of its records, but they are in the logs, and some must be truncated.
        ...(producer === CARELESS ? { acks: 1 } : {}),
        deliveryTimeoutMs: producer === 2 ? 15_000 : 300_000,
      })
      const timers = this.#timers(`workload${producer}`)
      for (const { name, partitions } of this.#topics) {
        for (let partition = 0; partition < partitions; partition++) {
          this.#sends.push(this.#writer(one, timers, name, partition, producer))
        }
      }
    }
  }

  #timers(host: string): Timers {
    return new Timers(this.cluster.sim.addNode(host).clock)
  }

  async #writer(
    producer: ReturnType<Client['producer']>,
    timers: Timers,
    topic: string,
    partition: number,
    id: number,
  ): Promise<void> {
    const random = this.#random.fork()
    const outstanding = new Set<Promise<void>>()
    const key = `${topic}-${partition}`
    for (let order = 0; this.#running; order++) {
      const value = `${key}/${id}/${order}${random.below(10) === 0 ? `/${'x'.repeat(random.below(20_000))}` : ''}`
      const sent = producer.send({ topic, partition, value }).then(
        ({ offset }) => {
          if (id !== CARELESS) this.#acks.set(value, { partition: key, offset, order, producer: id })
        },
        (error: unknown) => {
          this.#failed++
          const name = error instanceof ClientError ? error.error : String(error)
          this.#errors[name] = (this.#errors[name] ?? 0) + 1
          const refused = error instanceof ClientError && !error.maybeApplied
          this.#tell(`  ${value.slice(0, 40)} failed: ${String(error)}${refused ? ', not written' : ''}`)
          if (refused) this.#refused.add(value)
        },
      )
      const done: Promise<void> = sent.finally(() => outstanding.delete(done))
      outstanding.add(done)
      while (outstanding.size >= 20) await Promise.race(outstanding)
      if (random.below(3) > 0) await timers.delay(random.below(300))
    }
    await Promise.all(outstanding)
  }

  /** A consumer that reads all the time: what it was once shown must never change. */
  #read(): void {
    const consumer = this.cluster.client({ requestTimeoutMs: 5_000 }).consumer({ fetchMaxWaitMs: 200 })
    consumer.assign(
      this.#topics.flatMap(({ name, partitions }) =>
        Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition, offset: 0 })),
      ),
    )
    const next = new Map<string, number>()
    const loop = async (): Promise<void> => {
      while (this.#running) {
        try {
          for (const record of await consumer.poll(500)) {
            const key = `${record.topic}-${record.partition}`
            const expected = next.get(key) ?? 0
            if (record.offset !== expected) this.#violated(`${key}: read ${record.offset} after ${expected - 1}`)
            next.set(key, record.offset + 1)
            this.#show(key, record.offset, new TextDecoder().decode(record.value!))
          }
        } catch (error) {
          const passing = error instanceof ClientError && isRetriable(error.error)
          if (passing && error.error !== 'OFFSET_OUT_OF_RANGE') continue
          this.#violated(`a reader was told: ${String(error)}`)
          return
        }
      }
    }
    void loop()
  }

  #show(key: string, offset: number, value: string): void {
    let shown = this.#shown.get(key)
    if (shown === undefined) {
      shown = new Map()
      this.#shown.set(key, shown)
    }
    const before = shown.get(offset)
    if (before !== undefined && before !== value)
      this.#violated(`${key}@${offset} was ${before.slice(0, 40)} and is ${value.slice(0, 40)}`)
    shown.set(offset, value)
    if (this.#refused.has(value)) this.#violated(`${value.slice(0, 40)} was refused and is read at ${offset}`)
  }

  async #hurt(ms: number): Promise<void> {
    const { sim } = this.cluster
    const until = sim.now + ms
    await this.#pass(2_000)
    while (sim.now < until) {
      this.#fault()
      await this.#pass(50 + this.#random.below(this.#random.below(2) === 0 ? 1_500 : this.#pauseMs))
    }
  }

  /** Lets time pass and looks at the nodes meanwhile. */
  async #pass(ms: number): Promise<void> {
    const { sim } = this.cluster
    // Whole microseconds, as the world counts.
    const until = Math.round((sim.now + ms) * 1000) / 1000
    while (sim.now < until) {
      const end = await sim.run({ untilMs: Math.min(sim.now + 100, until), maxEvents: EVENTS_OF_100_MS_MAX })
      if (end === 'events') throw new Error(`${EVENTS_OF_100_MS_MAX} events within 100 ms: somebody turns in a circle`)
      for (const doomed of this.#doomed) {
        if (this.cluster.alive(doomed)) continue
        this.#doomed.delete(doomed)
        this.#unclean.add(doomed)
      }
      this.#observe()
    }
  }

  #fault(): void {
    const { cluster } = this
    const { sim } = cluster
    // Most of the time two of three are there and can talk, or there would be little to get wrong.
    if (this.#cut && this.#random.below(5) < 2) {
      this.#heal()
      return
    }
    const dead = cluster.ids.filter((each) => !cluster.alive(each))
    if (dead.length > 0 && this.#random.below(dead.length === 1 ? 2 : 5) > 0) {
      this.#restart(dead[this.#random.below(dead.length)]!)
      return
    }
    const id = 1 + this.#random.below(NODES)
    const host = cluster.host(id)
    const alive = cluster.alive(id)
    const draw = this.#random.below(100)
    if (!alive) return
    if (draw < 22) {
      if (!this.#mayKill(id)) return
      this.#count('kill', id)
      this.#kill(id)
    } else if (draw < 32) {
      if (!this.#mayLosePower(id)) return
      this.#count('power', id)
      this.#powerless.add(id)
      this.#unclean.add(id)
      cluster.powerLoss(id)
    } else if (draw < 44) {
      const n = 1 + this.#random.below(this.#random.below(2) === 0 ? 100 : 3_000)
      if (!this.#mayKill(id)) return
      this.#count('kill at a port call', id)
      this.#doomed.add(id)
      sim.killAtPortCall(host, n)
    } else if (draw < 60) {
      const direction = (['both', 'out', 'in'] as const)[this.#random.below(3)]!
      this.#count(`isolate ${direction}`, id)
      this.#cut = true
      cluster.isolate(id, direction)
    } else if (draw < 66) {
      const other = 1 + this.#random.below(NODES)
      if (other === id) return
      this.#count('cut', id)
      this.#cut = true
      sim.cut(host, cluster.host(other))
      sim.cut(cluster.host(other), host)
    } else if (draw < 72) {
      this.#heal()
    } else if (draw < 90) {
      this.#count('stall', id)
      sim.stall(host, 500 + this.#random.below(15_000))
    } else if (draw < 92) {
      if (!cluster.ids.every((each) => this.#mayKill(each))) return
      this.#count('kill all', 0)
      for (const each of cluster.ids) this.#kill(each)
    } else if (draw < 94 && this.#fsync) {
      this.#count('power off all', 0)
      for (const each of cluster.ids) if (cluster.alive(each)) cluster.powerLoss(each)
    } else {
      this.#count('stop', id)
      cluster.stopping(id).catch((error: unknown) => this.#violated(`node ${id} did not stop: ${String(error)}`))
    }
  }

  #heal(): void {
    this.#count('heal', 0)
    this.#cut = false
    this.cluster.heal()
  }

  #restart(id: number): void {
    this.#count('restart', id)
    this.cluster.restarting(id).catch((error: unknown) => {
      this.#violated(`node ${id} did not start: ${String(error)}`)
    })
  }

  #count(what: string, id: number): void {
    this.#tell(id === 0 ? what : `${what} ${id}`)
    this.#faultCounts[what] = (this.#faultCounts[what] ?? 0) + 1
  }

  #kill(id: number): void {
    this.#unclean.add(id)
    if (this.cluster.alive(id)) this.cluster.kill(id)
  }

  /**
   * A kill loses nothing, but no broker can tell it from a power loss: the controller takes the node out of ISR and ELR
   * all the same (KIP-966). So with flush=os nobody may be killed while the node that really lost something still counts.
   */
  #mayKill(id: number): boolean {
    this.#rejoin()
    return this.#fsync || [...this.#powerless].every((other) => other === id)
  }

  #mayLosePower(id: number): boolean {
    this.#rejoin()
    if (this.#fsync) return true
    if ([...this.#unclean].some((other) => other !== id)) return false
    for (const doomed of this.#doomed)
      this.cluster.sim.killAtPortCall(this.cluster.host(doomed), Number.MAX_SAFE_INTEGER)
    this.#doomed.clear()
    return true
  }

  /** Forgives the nodes that are in every ISR again. */
  #rejoin(): void {
    for (const id of this.#unclean) {
      if (!this.#inEveryIsr(id)) continue
      this.#unclean.delete(id)
      this.#powerless.delete(id)
    }
  }

  /** By what the leaders say of themselves and by the image of the node itself. */
  #inEveryIsr(id: number): boolean {
    const { cluster } = this
    if (!cluster.alive(id)) return false
    for (const { name, partitions } of this.#topics) {
      for (let partition = 0; partition < partitions; partition++) {
        const leader = cluster.leaderOf(name, partition)
        if (leader === null) return false
        const view = cluster.view(leader)
        const replica = view.replicas.find((each) => each.topic === name && each.partition === partition)!
        const own = cluster.view(id)
        // Of this life, and as far as it is known to itself and to the leader.
        if (!replica.isr.includes(id) || view.image.brokers.get(id)?.epoch !== own.brokerEpoch) return false
      }
    }
    return true
  }

  /** HW never goes back, a leader has everything committed, nobody gives up. */
  #observe(): void {
    const { cluster } = this
    for (const [id, error] of cluster.fatal) {
      // As in Kafka, a broker that cannot register within a minute ends; whoever runs it starts it again.
      if (/no controller registered/.test(error.message)) {
        this.#count('gave up registering', id)
        cluster.fatal.delete(id)
        this.#kill(id)
        continue
      }
      throw new Error(`node ${id} gave up: ${error.stack}`)
    }
    if (this.#options.tell !== undefined) this.#tellRegistrations()
    const leaders = new Map<string, { id: number; epoch: number; highWatermark: number; endOffset: number }>()
    for (const id of cluster.ids) {
      if (!cluster.alive(id)) continue
      for (const replica of cluster.view(id).replicas) {
        if (replica.role === 'offline') this.#violated(`${replica.topic}-${replica.partition} is offline on ${id}`)
        if (replica.role !== 'leader') continue
        const key = `${replica.topic}-${replica.partition}`
        const known = leaders.get(key)
        if (known === undefined || known.epoch < replica.leaderEpoch)
          leaders.set(key, {
            id,
            epoch: replica.leaderEpoch,
            highWatermark: replica.highWatermark,
            endOffset: replica.endOffset,
          })
      }
    }
    for (const [key, leader] of leaders) {
      const known = this.#watermarks.get(key) ?? 0
      // One that was cut off and has not heard of its successor, who is dead by now.
      if (leader.epoch < (this.#epochs.get(key) ?? 0)) continue
      this.#epochs.set(key, leader.epoch)
      if (leader.endOffset < known)
        this.#violated(
          `${key}: leader ${leader.id} of epoch ${leader.epoch} ends at ${leader.endOffset}, ${known} was committed`,
        )
      this.#watermarks.set(key, Math.max(known, leader.highWatermark))
    }
  }

  /** What the metadata says of partitions, as it changes. */
  #tellRegistrations(): void {
    for (const id of this.cluster.ids) {
      if (!this.cluster.alive(id)) continue
      for (const { name } of this.#topics) {
        const topic = [...this.cluster.view(id).image.topics.values()].find((each) => each.name === name)
        for (const [index, partition] of topic?.partitions.entries() ?? []) {
          const key = `${name}-${index}`
          const { leader, leaderEpoch, partitionEpoch, isr, elr } = partition
          if (partitionEpoch <= (this.#registered.get(key)?.epoch ?? -1)) continue
          const text = `leader ${leader} epoch ${leaderEpoch}/${partitionEpoch} isr ${isr.join()} elr ${elr.join()}`
          this.#registered.set(key, { epoch: partitionEpoch, text })
          this.#tell(`  ${key}: ${text} (${id})`)
        }
      }
    }
  }

  async #healAll(): Promise<void> {
    const { cluster } = this
    this.#tell('healing')
    cluster.heal()
    for (const id of cluster.ids) {
      cluster.sim.killAtPortCall(cluster.host(id), Number.MAX_SAFE_INTEGER)
      cluster.sim.resume(cluster.host(id))
      if (!cluster.alive(id)) this.#restart(id)
    }
    await Promise.resolve()
  }

  async #recovered(healedAt: number): Promise<void> {
    const { cluster } = this
    let answered = false
    void Promise.all(this.#sends).then(() => {
      answered = true
    })
    for (;;) {
      await this.#pass(500)
      for (const id of cluster.ids) if (!cluster.alive(id)) this.#restart(id)
      const inSync = cluster.ids.every((id) => this.#inEveryIsr(id))
      if (answered && inSync) return
      if (cluster.sim.now - healedAt > RECOVERS_WITHIN_MS)
        throw new Error(
          `not recovered after ${RECOVERS_WITHIN_MS} ms: ${answered ? '' : 'sends are unanswered; '}${JSON.stringify(
            cluster.ids.map((id) => {
              if (!cluster.alive(id)) return { id, dead: true }
              const view = cluster.view(id)
              return { id, state: view.brokerState, quorum: view.quorum, replicas: view.replicas }
            }),
          )}\n${this.#violations.slice(0, 5).join('\n')}`,
        )
    }
  }

  /** P10: byte for byte the same below the high watermark, which is the end by now; offsets without a gap. */
  #checkLogs(): void {
    const { cluster } = this
    for (const { name, partitions } of this.#topics) {
      for (let partition = 0; partition < partitions; partition++) {
        const key = `${name}-${partition}`
        const logs = cluster.ids.map((id) => cluster.logBytes(id, name, partition))
        for (const [i, log] of logs.entries()) {
          if (Buffer.compare(logs[0]!, log) !== 0)
            this.#violated(`${key}: the logs of nodes ${cluster.ids[0]} and ${cluster.ids[i]} differ`)
        }
        let next = 0
        for (let at = 0; at < logs[0]!.length; ) {
          const header = readBatchHeader(logs[0]!, at)
          if (header === null) {
            this.#violated(`${key}: no batch at byte ${at}`)
            break
          }
          if (header.baseOffset !== next) this.#violated(`${key}: ${header.baseOffset} follows ${next - 1}`)
          next = header.lastOffset + 1
          at += header.size
        }
        if (next < (this.#watermarks.get(key) ?? 0)) this.#violated(`${key}: ends at ${next}, below its high watermark`)
      }
    }
  }

  /** Everything acknowledged is there, once, where it was said to be, in the order of its producer. */
  async #checkReads(): Promise<void> {
    const { cluster } = this
    for (const { name, partitions } of this.#topics) {
      for (let partition = 0; partition < partitions; partition++) {
        const key = `${name}-${partition}`
        const end = this.#watermarks.get(key) ?? 0
        const found = new Map<string, number>()
        const consumer = cluster.client().consumer()
        consumer.assign([{ topic: name, partition, offset: 'earliest' }])
        const read = async (): Promise<void> => {
          while ((consumer.position(name, partition) ?? 0) < end) {
            for (const record of await consumer.poll(1_000)) {
              const value = new TextDecoder().decode(record.value!)
              this.#show(key, record.offset, value)
              const before = found.get(value)
              if (before !== undefined && !value.startsWith(`${key}/${CARELESS}/`))
                this.#violated(`${value.slice(0, 40)} is twice in ${key}, at ${before} and ${record.offset}`)
              found.set(value, record.offset)
            }
          }
        }
        await cluster.sim.wait(read())
        this.#checkAcks(key, found)
      }
    }
  }

  #checkAcks(key: string, found: ReadonlyMap<string, number>): void {
    const last = new Map<number, Ack>()
    const acks = [...this.#acks].filter(([, ack]) => ack.partition === key)
    acks.sort(([, a], [, b]) => a.order - b.order)
    for (const [value, ack] of acks) {
      const at = found.get(value)
      if (at === undefined) this.#violated(`LOST: ${value.slice(0, 40)} acknowledged at ${key}@${ack.offset}`)
      else if (at !== ack.offset) this.#violated(`MOVED: ${value.slice(0, 40)} from ${ack.offset} to ${at}`)
      const before = last.get(ack.producer)
      if (before !== undefined && before.offset >= ack.offset)
        this.#violated(
          `${key}: producer ${ack.producer} sent ${before.order} before ${ack.order}, ${before.offset} ≥ ${ack.offset}`,
        )
      last.set(ack.producer, ack)
    }
  }
}
