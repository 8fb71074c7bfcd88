// The life of one group of other people's consumers: its members, what they read, and what is held against them. A record is
// lost unless somebody reads it; in a generation that lasts, its partition's owner alone reads it, once; and what was committed
// before a stage began is never read again.

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, ClientError, type Producer } from '../../src/client/index.ts'
import type { GroupConsumer, Place } from './group-consumers.ts'
import type { GroupWatch } from './group-watch.ts'

export const PARTITIONS = 6
/** Records of a batch in each partition. */
const EACH = 10
const WITHIN_MS = 300_000
/** How often a group may rebalance by itself under the judge's eyes: a busy machine lets sessions expire. */
const TRIES = 5
/** How many ends of its members a group may have that nobody wished for, where its client is known for that. */
const RESTARTS = 6
const LAST_WORDS = 2_000
/** After that the watch has heard of the last commit of a member that is dead. */
const TOLD_WITHIN_MS = 3_000

interface Member {
  readonly id: string
  readonly child: ChildProcess
  readonly seen: Map<string, number>
  lastWords: string
}

export class GroupLife {
  readonly consumer: GroupConsumer
  readonly group: string
  readonly topic: string
  readonly watch: GroupWatch
  /** How often a record was read again, in all. */
  again = 0
  records = 0
  /** Of a client that commits first: what it has committed and never handed on. */
  unread = 0
  /** Generations that ended while they were judged. */
  unrest = 0
  /** Members that ended by themselves, and were started again. */
  restarts = 0
  readonly #client: Client
  readonly #producer: Producer
  readonly #bootstrap: string
  readonly #members: Member[] = []
  readonly #seen = new Map<string, number>()
  readonly #ends: number[] = new Array<number>(PARTITIONS).fill(0)
  /** What was committed when the stage began. */
  #before: readonly number[] = new Array<number>(PARTITIONS).fill(0)
  readonly #wrong: string[] = []
  #born = 0

  constructor(
    consumer: GroupConsumer,
    place: { readonly bootstrap: string; readonly client: Client; readonly group: string; readonly topic: string },
    watch: GroupWatch,
  ) {
    this.consumer = consumer
    this.group = place.group
    this.topic = place.topic
    this.watch = watch
    this.#bootstrap = place.bootstrap
    this.#client = place.client
    this.#producer = place.client.producer()
  }

  get size(): number {
    return this.#members.length
  }

  join(): void {
    this.#members.push(this.#start(`${this.consumer.name}-${++this.#born}`, new Map()))
  }

  /** The oldest member goes, by SIGTERM in order or by SIGKILL. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const { child } = this.#members.shift()!
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    const hard = setTimeout(() => child.kill('SIGKILL'), WITHIN_MS)
    child.kill(signal)
    await ended
    clearTimeout(hard)
    if (signal !== 'SIGKILL' || this.consumer.commitsFirst === undefined) return
    await new Promise((resolve) => setTimeout(resolve, TOLD_WITHIN_MS))
    this.#takeForRead()
  }

  /** What is committed and was not read: the killed member had committed it before it handed it on. */
  #takeForRead(): void {
    for (let partition = 0; partition < PARTITIONS; partition++)
      for (let offset = 0; offset < this.watch.committed(partition); offset++) {
        const key = `${partition}-${offset}`
        if (this.#seen.has(key)) continue
        this.#seen.set(key, 1)
        this.unread++
      }
  }

  /** Records for every partition; answers which. */
  async produce(): Promise<readonly string[]> {
    const sent = Array.from({ length: PARTITIONS * EACH }, (_, i) =>
      this.#producer.send({ topic: this.topic, partition: i % PARTITIONS, value: `${i}` }),
    )
    const places: string[] = []
    for (const { partition, offset } of await Promise.all(sent)) {
      places.push(`${partition}-${offset}`)
      this.#ends[partition] = Math.max(this.#ends[partition]!, offset + 1)
      this.records++
    }
    return places
  }

  /** From now on nothing is read again of what is committed by now. */
  begin(): void {
    this.#before = this.#ends.map((_, partition) => this.watch.committed(partition))
  }

  /**
   * The group has rest with the members that live: each partition is one member's, each member has some; a batch is read by
   * the owners, each record once; all that was ever written has been read, and is committed.
   */
  async rests(): Promise<void> {
    for (let tries = 0; tries < TRIES; tries++) {
      const generation = await this.#shared()
      const owners = this.watch.owners
      // A fetch that a member sent before the rebalance may still bring it records that are another's by now. This batch
      // ends those; what is read of the next is judged.
      await this.#until('all that was written before is read', this.#allRead(await this.produce()))
      const batch = await this.produce()
      await this.#until('a batch is read', this.#allRead(batch))
      await this.#until('all is committed', () => this.#ends.every((end, p) => this.watch.committed(p) === end))
      // The commits stand in the log behind any later generation, so that by now that would be known.
      if (this.watch.generation === generation) return this.#judge(batch, owners)
      this.unrest++
    }
    throw new Error(`${TRIES} generations ended while they were judged; the last is ${this.watch.generation}`)
  }

  /** Throws what is wrong so far. */
  check(): void {
    const wrong = [...this.watch.wrong, ...this.#wrong]
    if (wrong.length > 0) throw new Error(wrong.slice(0, 5).join('; ') + (wrong.length > 5 ? '; …' : ''))
  }

  async close(): Promise<void> {
    this.watch.stop()
    this.#producer.close()
    while (this.#members.length > 0) await this.end('SIGKILL')
  }

  #start(id: string, seen: Map<string, number>): Member {
    const [command, args] = this.consumer.command(this.#bootstrap, this.group, this.topic, id)
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const member: Member = { id, child, seen, lastWords: '' }
    child.stderr!.on('data', (chunk: Buffer) => {
      member.lastWords = (member.lastWords + chunk.toString()).slice(-LAST_WORDS)
    })
    createInterface(child.stdout!).on('line', (line) => {
      const at = this.consumer.parse(line)
      if (at !== null) this.#read(member, at)
    })
    return member
  }

  /** A member may not end by itself; some clients are let do so now and then. */
  #revive(): void {
    for (const [i, { id, child, seen, lastWords }] of this.#members.entries()) {
      if (child.exitCode === null && child.signalCode === null) continue
      if (this.consumer.restarts === undefined || this.restarts >= RESTARTS)
        throw new Error(`${id} ended with ${child.exitCode ?? child.signalCode}: ${lastWords}`)
      this.restarts++
      if (this.consumer.commitsFirst === true) this.#takeForRead()
      this.#members[i] = this.#start(id, seen)
    }
  }

  #read(member: Member, [partition, offset]: Place): void {
    const key = `${partition}-${offset}`
    const times = this.#seen.get(key) ?? 0
    this.#seen.set(key, times + 1)
    member.seen.set(key, (member.seen.get(key) ?? 0) + 1)
    if (times === 0) return
    this.again++
    if (offset < this.#before[partition]!)
      this.#wrong.push(`${member.id} read ${partition}@${offset} again, ${this.#before[partition]} was committed`)
  }

  #allRead(batch: readonly string[]): () => boolean {
    return () => batch.every((key) => this.#seen.has(key)) && this.#seen.size >= this.records
  }

  /** The group is stable, its members are those that live, and the log says the same; answers the generation. */
  async #shared(): Promise<number> {
    const ids = this.#members.map(({ id }) => id).sort()
    let last = 'nobody has described it'
    const shared = async (): Promise<boolean> => {
      try {
        const [told] = await this.#client.groups.describe([this.group], { timeoutMs: 5_000 })
        const { state, members } = told!
        last = `${state}: ${members.map((m) => `${m.clientId} has ${m.assignment.map((a) => a.partition)}`).join(', ')}`
        if (state !== 'Stable') return false
        if (`${members.map(({ clientId }) => clientId).sort()}` !== `${ids}`) return false
        if (members.some(({ assignment }) => assignment.length === 0)) return false
        const owned = members.flatMap(({ clientId, assignment }) => assignment.map((a) => [a.partition, clientId]))
        if (owned.length !== PARTITIONS || this.watch.owners.size !== PARTITIONS) return false
        return owned.every(([partition, id]) => this.watch.owners.get(Number(partition)) === id)
      } catch (error) {
        if (!(error instanceof ClientError)) throw error
        last = error.message
        return false
      }
    }
    await this.#until(`the members are ${ids} and share all partitions`, shared, () => last)
    return this.watch.generation
  }

  #judge(batch: readonly string[], owners: ReadonlyMap<number, string>): void {
    for (const key of batch) {
      const owner = owners.get(Number(key.split('-')[0]))
      const readers = this.#members.flatMap(({ id, seen }) => new Array<string>(seen.get(key) ?? 0).fill(id))
      if (readers.length !== 1 || readers[0] !== owner)
        this.#wrong.push(`${key} of generation ${this.watch.generation} was read by ${readers}; its owner is ${owner}`)
    }
  }

  async #until(
    what: string,
    holds: () => boolean | Promise<boolean>,
    more: () => string = () => this.#missing(),
  ): Promise<void> {
    const deadline = Date.now() + WITHIN_MS
    while (!(await holds())) {
      this.check()
      this.#revive()
      if (Date.now() > deadline) {
        const words = this.#members.map(({ id, lastWords }) => `${id}: ${lastWords.slice(-300)}`).join('\n')
        throw new Error(`after ${WITHIN_MS} ms it is not so that ${what} (${more()})\n${words}`)
      }
      await sleep(100)
    }
  }

  #missing(): string {
    const committed = this.#ends.map((end, p) => `${this.watch.committed(p)}/${end}`)
    return `${this.#seen.size} of ${this.records} read, committed ${committed.join(' ')}`
  }
}
