// Plays a plan on a target in real time: begins each fault when its time has come, undoes it when its time is over, and
// passes over what cannot be done just then. Whatever happens, everything is undone and every dead node started again
// before `finish` resolves.

import { messageOf } from '../base/index.ts'
import type { Episode, Target, Undo } from './types.ts'
import type { Fault, FaultPlan } from './words.ts'
import { lengthOf, nodesOf, textOf } from './words.ts'

export interface PlayOptions {
  readonly target: Target
  /** Milliseconds since the workload began. */
  readonly now: () => number
  readonly tell: (line: string) => void
  readonly signal: AbortSignal
}

/** A restart that fails is tried again: a node that is still dying, a port that is still taken. */
const RESTARTS = 5
const RESTART_PAUSE_MS = 1_000

interface Open {
  readonly episode: Episode
  readonly undo: Undo
}

export class Player {
  readonly episodes: Episode[] = []
  readonly #options: PlayOptions
  readonly #open = new Set<Open>()
  readonly #running = new Set<Promise<void>>()

  constructor(options: PlayOptions) {
    this.#options = options
  }

  /** Resolves when the plan's time is over, or when the signal says so. */
  async play(plan: FaultPlan): Promise<void> {
    for (const { at, fault } of plan.faults) {
      await this.#sleepUntil(at)
      if (this.#options.signal.aborted) break
      // Not awaited: a controlled stop may take longer than the pause before the next fault.
      const running = this.#perform(fault).finally(() => this.#running.delete(running))
      this.#running.add(running)
    }
    await this.#sleepUntil(plan.durationMs)
  }

  /** Undoes all, and starts what is dead. */
  async finish(): Promise<void> {
    const { target } = this.#options
    await this.#endAll()
    await Promise.all(this.#running)
    await this.#endAll()
    await target.heal()
    const down = (await target.conditions()).filter(({ condition }) => condition === 'down' || condition === 'stopping')
    await Promise.all(down.map(({ id }) => this.#restart({ verb: 'restart', node: id })))
  }

  async #perform(fault: Fault): Promise<void> {
    const { target, tell, now } = this.#options
    if (fault.verb === 'heal') return this.#endAll()
    if (fault.verb === 'restart') return this.#restart(fault)
    const episode: Episode = { fault, at: now(), until: null, passedOver: null }
    this.episodes.push(episode)
    try {
      const undo = await target.begin(fault)
      tell(textOf(fault))
      const open = { episode, undo }
      this.#open.add(open)
      // Over at once; what follows is its effect.
      if (fault.verb === 'reset') return await this.#end(open)
      const ms = lengthOf(fault)
      if (ms === null) return
      await this.#sleepUntil(episode.at + ms)
      await this.#end(open)
    } catch (error) {
      episode.passedOver = messageOf(error)
      tell(`${textOf(fault)} passed over: ${messageOf(error)}`)
    }
  }

  async #restart(fault: Extract<Fault, { verb: 'restart' }>): Promise<void> {
    const { target, tell } = this.#options
    for (let tries = 1; ; tries++) {
      const state = (await target.conditions()).find(({ id }) => id === fault.node)
      if (state !== undefined && state.condition !== 'down' && state.condition !== 'stopping') break
      try {
        await target.begin(fault)
        tell(textOf(fault))
        break
      } catch (error) {
        tell(`${textOf(fault)} failed (${tries} of ${RESTARTS}): ${messageOf(error)}`)
        if (tries >= RESTARTS) break
        await new Promise((resolve) => setTimeout(resolve, RESTART_PAUSE_MS))
      }
    }
    for (const open of [...this.#open]) {
      const { fault: before } = open.episode
      const isDeath = before.verb === 'kill' || before.verb === 'stop' || before.verb === 'kill-all'
      if (isDeath && (nodesOf(before).includes(fault.node) || before.verb === 'kill-all')) await this.#end(open)
    }
  }

  async #endAll(): Promise<void> {
    const ending = [...this.#open].filter(({ episode }) => !['kill', 'stop', 'kill-all'].includes(episode.fault.verb))
    await Promise.all(ending.map((open) => this.#end(open)))
  }

  async #end(open: Open): Promise<void> {
    if (!this.#open.delete(open)) return
    try {
      await open.undo()
    } finally {
      open.episode.until = this.#options.now()
    }
  }

  #sleepUntil(at: number): Promise<void> {
    const { now, signal } = this.#options
    const ms = at - now()
    if (ms <= 0 || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      signal.addEventListener('abort', done, { once: true })
    })
  }
}
