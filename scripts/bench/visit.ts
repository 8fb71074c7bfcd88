// A visit: one system started in an empty directory, its cases one after the other, its end. CPU and memory are read
// around each case from outside, alike for all systems.

import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { warmUp } from './cases.ts'
import { parseProducerProgress } from './perf-tools.ts'
import { difference, ofAll, rssOf, timesOf } from './proc.ts'
import { Processes } from './processes.ts'
import { addresses, createTopic, leadersOf, mustBeAcknowledged, produceFrame, RawConnection } from './raw/connection.ts'
import { batchOf } from './raw/load.ts'
import type { ApacheTools } from './systems/kafka.ts'
import { LIMIT_TOPIC } from './systems/limit.ts'
import type { Case, Cpu, Result, Running, Size, System, Visit } from './types.ts'

const FIRST_TOPIC = 'bench-first'
const FIRST_ACK_LIMIT_MS = 120_000
const LEADERS_LIMIT_MS = 30_000
const AGAIN_MS = 10
const RAW_CLIENT: string = join(import.meta.dirname, 'raw', 'main.ts')

export interface VisitOptions {
  readonly round: number
  readonly system: System
  readonly cases: readonly Case[]
  readonly size: Size
  /** Where a directory for the data is made, and removed. */
  readonly under: string
  readonly apache: ApacheTools
  /** What is going on now. */
  readonly doing: (what: string) => void
  readonly result: (result: Result) => void
  /** True once nothing new may begin. */
  readonly isOver: () => boolean
}

/** What `stop` of a visit under way ends; for Ctrl-C. */
export interface Ending {
  current: (() => Promise<void>) | null
}

export async function visit(options: VisitOptions, ending: Ending): Promise<void> {
  const { system, cases, doing } = options
  const directory = await mkdtemp(join(options.under, 'odradek-bench-'))
  const clients = new Processes()
  doing('start')
  const began = performance.now()
  const starting = system.start(directory)
  const stop = async (): Promise<void> => {
    await clients.end('SIGKILL')
    // One that could not be started has ended what it had.
    await (await starting.catch(() => null))?.stop()
    await rm(directory, { recursive: true, force: true, maxRetries: 3 })
  }
  ending.current = stop
  try {
    const running = await starting
    await firstAck(running.bootstrap, system.name, options.isOver)
    const stay = new Stay(options, running, clients, await running.brokers(), (performance.now() - began) / 1000)
    for (const each of cases.filter(({ stage }) => stage === 'cold')) await stay.measure(each)
    const warm = cases.filter(({ stage }) => stage === 'warm')
    if (warm.length > 0 && !options.isOver() && options.apache.kind === 'there') {
      doing(`warming up, ${options.size.warmGb} GB`)
      await warmUp(stay)
    }
    for (const each of warm) await stay.measure(each)
  } finally {
    doing('stop')
    await stop()
    ending.current = null
  }
}

class Stay implements Visit {
  readonly running: Running
  readonly firstAckS: number
  readonly filled: Set<string> = new Set()
  readonly #options: VisitOptions
  readonly #clients: Processes
  readonly #pids: readonly number[]

  constructor(options: VisitOptions, running: Running, clients: Processes, pids: readonly number[], firstAckS: number) {
    this.#options = options
    this.running = running
    this.#clients = clients
    this.#pids = pids
    this.firstAckS = firstAckS
  }

  get system(): Visit['system'] {
    return this.#options.system.name
  }

  get size(): Size {
    return this.#options.size
  }

  async measure(each: Case): Promise<void> {
    const { round, doing, isOver } = this.#options
    if (isOver()) return
    const at = { round, system: this.system, case: each.name }
    doing(each.name)
    let began = performance.now()
    try {
      const topic = await each.prepare(this)
      const client = timesOf('self')
      const brokers = this.#brokersCpu()
      began = performance.now()
      const { figures, bytes } = await each.run(this, topic)
      const seconds = (performance.now() - began) / 1000
      const clientAfter = timesOf('self')
      const brokersAfter = this.#brokersCpu()
      this.#options.result({
        ...at,
        figures,
        error: null,
        seconds,
        bytes,
        clientCpu: client === null || clientAfter === null ? null : difference(clientAfter.children, client.children),
        brokersCpu: brokers === null ? null : (brokersAfter?.map((cpu, i) => difference(cpu, brokers[i]!)) ?? null),
        brokersRssMb: ofAll(this.#pids, rssOf),
      })
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error)
      const nothing = { figures: null, bytes: null, clientCpu: null, brokersCpu: null, brokersRssMb: null }
      this.#options.result({ ...at, ...nothing, error: words, seconds: (performance.now() - began) / 1000 })
    }
  }

  async topic(name: string, partitions: number): Promise<string> {
    const at = addresses(this.running.bootstrap)[0]!
    const connection = await RawConnection.open(at)
    try {
      const known = this.system === 'limit' ? LIMIT_TOPIC : name
      if (known === name) await createTopic(connection, name, partitions)
      const deadline = performance.now() + LEADERS_LIMIT_MS
      while ((await leadersOf(connection, known)) === null) {
        if (performance.now() > deadline) throw new Error(`topic ${known} had no leaders in ${LEADERS_LIMIT_MS} ms`)
        await sleep(AGAIN_MS)
      }
      return known
    } finally {
      connection.close()
    }
  }

  async apache(tool: string, args: readonly string[]): Promise<string> {
    const { apache, size, doing } = this.#options
    if (apache.kind === 'absent') throw new Error(`${tool}: ${apache.reason}`)
    const [command, before] = apache.command(tool)
    return this.#clients.client(tool, command, [...before, ...args], {
      limitS: size.clientLimitS,
      line: (line) => {
        const mbPerS = parseProducerProgress(line)
        if (mbPerS !== null) doing(`${tool}: ${mbPerS} MB/s`)
      },
    })
  }

  async raw(task: object): Promise<unknown> {
    const args = [RAW_CLIENT, JSON.stringify(task)]
    return JSON.parse(
      await this.#clients.client('the raw client', process.execPath, args, { limitS: this.size.clientLimitS }),
    )
  }

  async sleep(ms: number): Promise<void> {
    await sleep(ms)
  }

  /** Null where the kernel does not tell. */
  #brokersCpu(): readonly Cpu[] | null {
    return ofAll(this.#pids, (pid) => timesOf(pid)?.own ?? null)
  }
}

/** Tries until a record is acknowledged by all replicas. Throws what went wrong last when that takes too long. */
async function firstAck(bootstrap: string, system: Visit['system'], isOver: () => boolean): Promise<void> {
  const topic = system === 'limit' ? LIMIT_TOPIC : FIRST_TOPIC
  const deadline = performance.now() + FIRST_ACK_LIMIT_MS
  for (;;) {
    const connections: RawConnection[] = []
    const open = async (to: Parameters<typeof RawConnection.open>[0]): Promise<RawConnection> => {
      const connection = await RawConnection.open(to)
      connections.push(connection)
      return connection
    }
    try {
      const first = await open(addresses(bootstrap)[0]!)
      if (system !== 'limit') await createTopic(first, topic, 1)
      const leaders = await leadersOf(first, topic)
      if (leaders === null) throw new Error(`topic ${topic} has no leader`)
      const leader = await open(leaders[0]!)
      return mustBeAcknowledged(await leader.send(produceFrame(topic, 0, -1, batchOf(1, 100))))
    } catch (error) {
      if (isOver() || performance.now() > deadline) throw error
      await sleep(AGAIN_MS)
    } finally {
      for (const connection of connections) connection.close()
    }
  }
}
