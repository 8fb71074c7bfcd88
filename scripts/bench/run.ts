// A run: rounds in which the systems take turns, never two at once, because machines drift: what is compared lies close
// together in time. What fails is a result of its own and does not end the run.

import { setTimeout as sleep } from 'node:timers/promises'
import type { ApacheTools } from './systems/kafka.ts'
import type { Case, Result, Size, System } from './types.ts'
import { type Ending, visit } from './visit.ts'

export interface Plan {
  readonly rounds: number
  readonly systems: readonly System[]
  readonly cases: readonly Case[]
  readonly size: Size
  readonly under: string
  readonly apache: ApacheTools
  /** Between the end of one system and the start of the next: sockets close, dirty pages of removed files go. */
  readonly pauseMs: number
  /** Nothing new begins after so long, and each visit has its share of it, so that a slow system starves no other; null:
   *  no end. */
  readonly minutes: number | null
}

export interface Telling {
  doing(what: string): void
  done(result: Result): void
}

export class BenchRun {
  readonly #plan: Plan
  readonly #tell: Telling
  readonly #ending: Ending = { current: null }
  readonly #results: Result[] = []
  #aborted = false
  #short = false
  readonly #began = performance.now()

  readonly #visitOf: typeof visit

  /** `visitOf`: how a visit is made, for tests. */
  constructor(plan: Plan, tell: Telling, visitOf: typeof visit = visit) {
    this.#plan = plan
    this.#tell = tell
    this.#visitOf = visitOf
  }

  /** Whether something was left out for want of time. */
  get wasShort(): boolean {
    return this.#short
  }

  async results(): Promise<readonly Result[]> {
    const { rounds, systems } = this.#plan
    for (let round = 1; round <= rounds; round++) {
      for (const [turn, system] of systems.entries()) {
        if (this.#aborted) break
        await this.#visit(round, system, ((round - 1) * systems.length + turn + 1) / (rounds * systems.length))
      }
    }
    return this.#results
  }

  /** `share`: how much of all the time has gone when this visit should end. */
  async #visit(round: number, system: System, share: number): Promise<void> {
    const { rounds, size, under, apache } = this.#plan
    const cases = this.#plan.cases.filter((each) => each.limit || system.name !== 'limit')
    if (cases.length === 0) return
    const place = `round ${round}/${rounds} · ${system.name}`
    const doing = (what: string): void => this.#tell.doing(`${place} · ${what}`)
    const result = (each: Result): void => this.#take(each)
    const isOver = (): boolean => this.#aborted || this.#isLate(share)
    if (isOver()) return
    try {
      await this.#visitOf({ round, system, cases, size, under, apache, doing, result, isOver }, this.#ending)
    } catch (error) {
      this.#take(failedVisit(round, system, error))
    }
    await sleep(this.#plan.pauseMs)
  }

  /** What an end on purpose breaks off is no result. */
  #take(result: Result): void {
    if (this.#aborted) return
    this.#results.push(result)
    this.#tell.done(result)
  }

  #isLate(share: number): boolean {
    const { minutes } = this.#plan
    const isLate = minutes !== null && performance.now() - this.#began > minutes * 60_000 * share
    this.#short ||= isLate
    return isLate
  }

  /** Ends what runs, removes its data; `results` then resolves with what there is. */
  async abort(): Promise<void> {
    this.#aborted = true
    await this.#ending.current?.()
  }
}

function failedVisit(round: number, system: System, error: unknown): Result {
  return {
    ...{ round, system: system.name, case: 'start', figures: null, bytes: null, seconds: 0 },
    ...{ clientCpu: null, brokersCpu: null, brokersRssMb: null },
    error: error instanceof Error ? error.message : String(error),
  }
}
