// Every partition of one internal topic on this broker, by its number: hears of replicas, hands questions on. Holds no state
// of a coordinator. Invariant: a partition has one machine, that of the replica that is here now.

import { assert, messageOf, StorageError, Timers } from '../base/index.ts'
import { limits } from './limits.ts'
import { CoordinatorPartition } from './partition.ts'
import { tableName } from './standby.ts'
import { Turns } from './turns.ts'
import type {
  Coordinator,
  CoordinatorLimits,
  CoordinatorLog,
  CoordinatorOptions,
  CoordinatorView,
  LogNews,
} from './types.ts'

export function createCoordinator<Record, Event, Answer>(
  options: CoordinatorOptions<Record, Event, Answer>,
): Coordinator<Event, Answer> {
  return new Runtime(options)
}

class Runtime<Record, Event, Answer> implements Coordinator<Event, Answer> {
  readonly #options: CoordinatorOptions<Record, Event, Answer>
  readonly #limits: CoordinatorLimits
  readonly #timers: Timers
  readonly #turns: Turns
  readonly #here = new Map<number, CoordinatorPartition<Record, Event, Answer>>()
  /** Work on tables of partitions that have gone, by the table's name: the next of that name waits for it. */
  readonly #leaving = new Map<string, Promise<void>>()
  #nextToken = 1
  #stopped = false

  constructor(options: CoordinatorOptions<Record, Event, Answer>) {
    this.#options = options
    this.#limits = { ...limits, ...options.limits }
    this.#timers = new Timers(options.ports.clock)
    this.#turns = new Turns(this.#timers, options.onFatal)
  }

  wants(topic: string): boolean {
    return topic === this.#options.topic
  }

  told(log: CoordinatorLog, news: LogNews): void {
    if (this.#stopped) return
    const { partition } = log.at
    let here = this.#here.get(partition)
    if (here?.log !== log) {
      if (news.kind === 'gone') {
        // Offline before, removed now.
        if (news.why === 'removed') this.#drop(tableName(log.at), Promise.resolve())
        return
      }
      if (news.kind !== 'leading' && news.kind !== 'following') return
      assert(here === undefined, 'a replica goes before another of its partition comes')
      const before = this.#leaving.get(tableName(log.at)) ?? Promise.resolve()
      here = new CoordinatorPartition(log, this.#options, this.#limits, this.#timers, this.#turns, before)
      this.#here.set(partition, here)
    }
    here.told(news)
    if (news.kind !== 'gone') return
    this.#here.delete(partition)
    const idle = here.stop()
    if (news.why === 'removed') this.#drop(tableName(log.at), idle)
    else this.#leave(tableName(log.at), idle)
  }

  ask(partition: number, event: (token: number) => Event): Promise<Answer> {
    const token = this.#nextToken++
    const here = this.#here.get(partition)
    if (here !== undefined) return here.ask(token, event(token))
    return this.#askNobody(token, event(token))
  }

  tell(event: Event): void {
    for (const here of this.#here.values()) here.tell(event)
  }

  get partitions(): readonly number[] {
    return [...this.#here.keys()]
  }

  async sweep(): Promise<void> {
    const { states, topic, logger } = this.#options
    for (const name of await states.names()) {
      // Looked at one by one: a partition may come while others are dropped.
      const here = [...this.#here.values()].some((each) => tableName(each.log.at) === name)
      if (here || this.#stopped || !name.startsWith(`${topic}/`)) continue
      logger.info({ name }, 'dropping the standby table of a partition that is not here any more')
      await this.#drop(name, Promise.resolve())
    }
  }

  observe(): readonly CoordinatorView[] {
    return [...this.#here.values()].map((here) => here.view)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all([...this.#here.values()].map((here) => here.stop()))
    await Promise.all(this.#leaving.values())
    this.#here.clear()
    this.#timers.clear()
  }

  /** One that was never loaded says what there is to say. */
  #askNobody(token: number, event: Event): Promise<Answer> {
    const { clock } = this.#options.ports
    const effects = this.#options.machine().step(event, { now: clock.monotonic(), wall: clock.wall() })
    const answer = effects.find((effect) => effect.kind === 'answer' && effect.token === token)
    assert(answer?.kind === 'answer', 'a machine that was never loaded answers at once')
    return Promise.resolve(answer)
  }

  /** A table that cannot be dropped now is found by the next life's sweep. */
  #drop(name: string, idle: Promise<void>): Promise<void> {
    const { states, logger } = this.#options
    const before = this.#leaving.get(name)
    const dropped = Promise.all([before, idle])
      .then(() => states.drop(name))
      .catch((error: unknown) => {
        if (!(error instanceof StorageError)) throw error
        logger.warn({ name, error: messageOf(error) }, 'a standby table could not be dropped')
      })
    return this.#leave(name, dropped)
  }

  #leave(name: string, done: Promise<void>): Promise<void> {
    const left = done.then(() => {
      if (this.#leaving.get(name) === left) this.#leaving.delete(name)
    })
    left.catch(this.#options.onFatal)
    this.#leaving.set(name, left)
    return left
  }
}
