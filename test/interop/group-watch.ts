// Watches one group from outside, by two ways: OffsetFetch, asked again and again as any client may, and the group's own
// partition of `__consumer_offsets`, where every commit and every generation is a record. It collects what is wrong: a committed
// offset that went back or was forgotten, a generation that went back or gave a partition to two.

import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, ClientError, type Consumer } from '../../src/client/index.ts'
import { partitionFor } from '../../src/groups/index.ts'
import { decodeAssignment, decodeCoordinatorRecord, groupRecords } from '../../src/wire/index.ts'

const OFFSETS = '__consumer_offsets'
const POLL_MS = 300
const ANSWER_WITHIN_MS = 5_000

export class GroupWatch {
  /** Of the last generation in the log; −1: none yet. */
  generation = -1
  /** Which client id each partition of the topic was given to in that generation. */
  owners: ReadonlyMap<number, string> = new Map()
  /** Generations with members, ever. */
  rebalances = 0
  /** Answers to OffsetFetch. */
  answers = 0
  /** What may not be, in words. */
  readonly wrong: string[] = []
  readonly #fetched = new Map<number, number>()
  readonly #logged = new Map<number, number>()
  readonly #client: Client
  readonly #group: string
  readonly #topic: string
  readonly #log: Consumer
  #ended = false

  constructor(client: Client, group: string, topic: string, shards: number) {
    this.#client = client
    this.#group = group
    this.#topic = topic
    this.#log = client.consumer()
    this.#log.assign([{ topic: OFFSETS, partition: partitionFor(group, shards), offset: 'earliest' }])
  }

  /** Until `stop`. */
  async run(): Promise<void> {
    await Promise.all([this.#until(() => this.#ask()), this.#until(() => this.#read())])
  }

  stop(): void {
    this.#ended = true
    this.#log.close()
  }

  /** The highest offset that both ways are known to have reached: 0 where nothing is committed. */
  committed(partition: number): number {
    return Math.min(this.#fetched.get(partition) ?? 0, this.#logged.get(partition) ?? 0)
  }

  /** Again while nobody answers: a coordinator may be dead, and that is no fault of the group. */
  async #until(turn: () => Promise<void>): Promise<void> {
    while (!this.#ended) {
      try {
        await turn()
      } catch (error) {
        if (this.#ended) return
        if (!(error instanceof ClientError)) throw error
        await sleep(POLL_MS)
      }
    }
  }

  async #ask(): Promise<void> {
    const rows = await this.#client.groups.offsets(this.#group, { timeoutMs: ANSWER_WITHIN_MS })
    this.answers++
    const now = new Map(rows.filter(({ topic }) => topic === this.#topic).map((row) => [row.partition, row.offset]))
    for (const [partition, before] of this.#fetched) {
      if (!now.has(partition)) this.wrong.push(`OffsetFetch: ${partition}@${before} was committed, now nothing is`)
    }
    for (const [partition, offset] of now) this.#forward('OffsetFetch', this.#fetched, partition, offset)
    await sleep(POLL_MS)
  }

  async #read(): Promise<void> {
    for (const { key, value } of await this.#log.poll(POLL_MS)) {
      const record = key === null ? null : decodeCoordinatorRecord(groupRecords, key, value)
      if (record === null || !('group' in record.key) || record.key.group !== this.#group) continue
      if (record.type === 'OffsetCommit' && record.key.topic === this.#topic) {
        const { partition } = record.key
        if (record.value === null) this.wrong.push(`the log forgets what was committed of ${partition}`)
        else this.#forward('the log', this.#logged, partition, record.value.body.offset)
      } else if (record.type === 'GroupMetadata' && record.value !== null) this.#generation(record.value.body)
    }
  }

  #generation(value: {
    readonly generation: number
    readonly members: readonly { readonly clientId: string; readonly assignment: Uint8Array }[]
  }): void {
    const { generation, members } = value
    if (generation < this.generation) this.wrong.push(`generation ${generation} after ${this.generation}`)
    const owners = new Map<number, string>()
    for (const { clientId, assignment } of members) {
      if (assignment.length === 0) continue
      for (const { topic, partitions } of decodeAssignment(assignment).body.assignedPartitions) {
        for (const partition of topic === this.#topic ? partitions : []) {
          const other = owners.get(partition)
          if (other !== undefined)
            this.wrong.push(`generation ${generation} gives ${partition} to ${other} and ${clientId}`)
          owners.set(partition, clientId)
        }
      }
    }
    if (generation > this.generation && members.length > 0) this.rebalances++
    this.generation = generation
    this.owners = owners
  }

  #forward(way: string, known: Map<number, number>, partition: number, offset: number): void {
    const before = known.get(partition) ?? 0
    if (offset < before) this.wrong.push(`${way}: committed ${partition}@${before}, then ${partition}@${offset}`)
    known.set(partition, offset)
  }
}
