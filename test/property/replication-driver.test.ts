// Three replication drivers on real logs, in the simulated world, under random kills, cuts, elections, held-back metadata
// and a controller that is away: when all is healed, every acknowledged record is there once, at its offset, and the three
// logs are equal byte for byte. Seeds are printed by the test's name.

import { afterEach, describe, expect, it } from 'vitest'
import { SeededRandom, type Uuid } from '../../src/base/index.ts'
import { batchesOf } from '../../src/wire/index.ts'
import { batchOf } from '../support/logs.ts'
import { at, ReplicationCluster } from '../support/replication-cluster.ts'

const PARTITIONS: readonly number[] = [0, 1]
const IDS: readonly number[] = [1, 2, 3]

class Life {
  readonly cluster: ReplicationCluster
  readonly random: SeededRandom
  readonly acked: { readonly index: number; readonly offset: number; readonly bytes: string }[] = []
  readonly #down = new Set<number>()
  topic: Uuid = ''
  #tag = 0

  constructor(seed: number) {
    this.random = new SeededRandom(seed)
    const flush = seed % 3 === 0 ? 'fsync' : 'os'
    this.cluster = new ReplicationCluster({ seed, minInsync: 2, lagMs: 3000, log: { segmentBytes: 2000, flush } })
  }

  async begin(): Promise<void> {
    await this.cluster.start()
    this.topic = this.cluster.createTopic('t', IDS, PARTITIONS.length)
    await this.cluster.sim.sleep(1000)
  }

  produce(): void {
    const index = this.random.below(PARTITIONS.length)
    const leader = this.cluster.partition(this.topic, index).leader
    if (leader < 0 || this.#down.has(leader)) return
    const broker = this.cluster.broker(leader)
    const count = 1 + this.random.below(3)
    const bytes = batchOf({ tag: this.#tag++, count, valueSize: 10 + this.random.below(300) })
    // The part that its leader doesn't patch.
    const body = Buffer.from(bytes.subarray(17)).toString('hex')
    const deadline = broker.ports.clock.monotonic() + 5000
    broker.driver.append({ at: at(this.topic, index), bytes, acks: -1, deadline }).then(
      (result) => {
        if (result.error === 'NONE') this.acked.push({ index, offset: result.baseOffset, bytes: body })
      },
      (error: unknown) => this.cluster.fatal.push(error as Error),
    )
  }

  async strike(): Promise<void> {
    const { cluster, random } = this
    switch (random.below(12)) {
      case 0:
        if (this.#down.size === 0) this.#kill(1 + random.below(3))
        return
      case 1:
        await this.#revive()
        return
      case 2:
        this.#elect(random.below(PARTITIONS.length))
        return
      case 3:
        cluster.cut.add(`${1 + random.below(3)}>${1 + random.below(3)}`)
        return
      case 4:
        cluster.cut.clear()
        return
      case 5:
        cluster.held.add(1 + random.below(3))
        return
      case 6:
        this.#release()
        return
      case 7:
        cluster.controllerAway = random.below(2) === 0
    }
  }

  async heal(): Promise<void> {
    this.cluster.cut.clear()
    this.cluster.controllerAway = false
    this.#release()
    await this.#revive()
    await this.cluster.sim.sleep(70_000)
    for (let i = 0; i < 4; i++) this.produce()
    await this.cluster.sim.sleep(3000)
  }

  async log(id: number, index: number): Promise<string[]> {
    const log = this.cluster.broker(id).directories[0]!.logs.find((one) => one.partition === index)!
    const batches: string[] = []
    for (let from = log.logStartOffset; from < log.endOffset; ) {
      const found = await log.read(from, { maxBytes: 10_000_000, upTo: log.endOffset, minOneBatch: true })
      for (const chunk of found.chunks) {
        for (const batch of batchesOf(chunk)) {
          const body = chunk.subarray(batch.position, batch.position + batch.size)
          batches[batch.baseOffset] = Buffer.from(body).toString('hex')
        }
      }
      from = found.endOffset
    }
    return batches
  }

  #kill(id: number): void {
    const { cluster, topic } = this
    cluster.kill(id)
    this.#down.add(id)
    cluster.setFenced(id, true)
    for (const index of PARTITIONS) {
      const partition = cluster.partition(topic, index)
      const isr = partition.isr.filter((member) => member !== id)
      if (isr.length === 0) cluster.change(topic, index, { leader: -1 })
      else cluster.change(topic, index, { isr, leader: partition.leader === id ? isr[0]! : partition.leader })
    }
  }

  async #revive(): Promise<void> {
    for (const id of [...this.#down]) {
      this.#down.delete(id)
      await this.cluster.restart(id)
    }
    for (const index of PARTITIONS) if (this.cluster.partition(this.topic, index).leader < 0) this.#elect(index)
  }

  #elect(index: number): void {
    const candidates = this.cluster.partition(this.topic, index).isr.filter((id) => !this.#down.has(id))
    const leader = candidates[this.random.below(Math.max(1, candidates.length))]
    if (leader !== undefined) this.cluster.change(this.topic, index, { leader })
  }

  #release(): void {
    this.cluster.held.clear()
    for (const broker of this.cluster.brokers) this.cluster.deliver(broker)
  }
}

let life: Life | null = null

afterEach(() => {
  life?.cluster.close()
  life = null
})

describe('drivers under random faults', () => {
  it.each(Array.from({ length: 20 }, (_, i) => i + 1))('seed %i', async (seed) => {
    life = new Life(seed)
    await life.begin()
    for (let round = 0; round < 60; round++) {
      for (let i = 0; i < 3; i++) life.produce()
      await life.cluster.sim.sleep(life.random.below(300))
      await life.strike()
    }
    await life.heal()
    const { cluster } = life
    expect(cluster.fatal).toEqual([])
    for (const index of PARTITIONS) {
      expect(cluster.partition(life.topic, index).isr.length, `isr of ${index}`).toBe(3)
      const views = cluster.brokers.map((broker) => broker.driver.observe().find((one) => one.partition === index)!)
      expect(new Set(views.map((view) => `${view.endOffset} ${view.highWatermark}`)).size, 'one end').toBe(1)
      const logs = await cluster.sim.wait(Promise.all(IDS.map((id) => life!.log(id, index))))
      expect(logs[1]).toEqual(logs[0])
      expect(logs[2]).toEqual(logs[0])
      // Bytes 8 to 17 hold the length and the leader's epoch.
      for (const ack of life.acked.filter((one) => one.index === index))
        expect(logs[0]![ack.offset]?.slice(34), `acknowledged at ${ack.offset}`).toBe(ack.bytes)
    }
    expect(life.acked.length).toBeGreaterThan(0)
  })
})
