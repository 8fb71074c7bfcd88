// Lives in worker processes, a bounded number at a time. A worker that dies, hangs or breaks costs the life it was
// living, which is then reported as a crash, and is replaced; it never costs another's. Lives are handed out in the
// order in which they are asked for.

import { type ChildProcess, fork } from 'node:child_process'
import { extname, join } from 'node:path'
import { platform } from 'node:process'
import type { LifeAnswer, LifeTask } from './messages.ts'
import type { LifeRow } from './types.ts'

const DEFAULT_HUNG_AFTER_MS = 300_000
/** To load is not to live: on a busy machine it takes its time. */
const LOADS_WITHIN_MS = 120_000
/** A worker that has grown to so much is replaced. They hold half of it after eighty lives: not by a leak (30 MB are alive
 *  after the third life as after the sixtieth), but because a runtime gives back little. A new one is slow for forty lives. */
const DEFAULT_WORKER_BYTES = 2 ** 30
/** Of processor time, many times what a life takes in a process that has just begun; longer ones may take as much longer. */
const CPU_OF_A_LIFE_MS = 60_000
const DURATION_OF_A_LIFE_MS = 60_000
/** Characters of what a dying worker said. */
const LAST_WORDS = 4_000
/** And of what is listened to: the diagnostic report of a hung worker among it. */
const HEARD = 64_000
/** Of a hung worker, if it can answer at all. */
const ANSWERS_WITHIN_MS = 3_000
/** `.ts` in a checkout, `.js` in the package. */
const OWN_WORKER: string = join(import.meta.dirname, `worker${extname(import.meta.filename)}`)

export interface LifePoolOptions {
  readonly jobs: number
  readonly worker?: string
  readonly hungAfterMs?: number
  readonly cpuLimitMs?: number
  readonly workerBytes?: number
}

type PoolTask = Omit<LifeTask, 'cpuLimitMs'>

interface Waiting {
  readonly task: PoolTask
  readonly done: (row: LifeRow | null) => void
}

export class LifePool {
  readonly #options: LifePoolOptions
  readonly #idle: ChildProcess[] = []
  readonly #busy: Map<ChildProcess, (row: LifeRow | null) => void> = new Map()
  readonly #waiting: Waiting[] = []
  #closed = false

  constructor(options: LifePoolOptions) {
    this.#options = options
  }

  /** Null when the pool was closed before the life was over. */
  live(task: PoolTask): Promise<LifeRow | null> {
    return new Promise((resolve) => {
      this.#waiting.push({ task, done: resolve })
      this.#next()
    })
  }

  /** Kills the workers; whoever still waits is answered with null. */
  close(): void {
    this.#closed = true
    for (const child of this.#idle.splice(0)) child.kill('SIGKILL')
    for (const child of this.#busy.keys()) child.kill('SIGKILL')
    for (const { done } of this.#waiting.splice(0)) done(null)
  }

  #next(): void {
    while (!this.#closed && this.#waiting.length > 0 && this.#busy.size < this.#options.jobs) {
      const { task, done } = this.#waiting.shift()!
      this.#give(this.#idle.pop() ?? this.#start(), task, done)
    }
  }

  #start(): ChildProcess {
    // Nothing of how this process was started (a test runner's loader, a debugger's port) is meant for its workers.
    return fork(this.#options.worker ?? OWN_WORKER, {
      // A worker that hangs is asked what it is about: only one whose event loop is free can answer.
      execArgv: ['--report-on-signal', '--report-filename=stderr', '--report-exclude-network', '--report-exclude-env'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
  }

  #give(child: ChildProcess, task: PoolTask, done: (row: LifeRow | null) => void): void {
    const { seed } = task
    const hungAfterMs = this.#options.hungAfterMs ?? DEFAULT_HUNG_AFTER_MS
    let words = ''
    let hung = false
    let asked: NodeJS.Timeout | undefined
    const hear = (chunk: Buffer): void => {
      words = (words + chunk.toString()).slice(-HEARD)
    }
    const over = (row: LifeRow | null, reusable: boolean): void => {
      if (!this.#busy.delete(child)) return
      clearTimeout(timer)
      // It has answered after all, and lives on.
      clearTimeout(asked)
      child.removeAllListeners('message').removeAllListeners('exit').removeAllListeners('error')
      child.stderr!.removeListener('data', hear)
      if (reusable && !this.#closed) this.#idle.push(child)
      else child.kill('SIGKILL')
      done(row)
      this.#next()
    }
    const crash = (text: string, cpuMs: number): LifeRow => ({
      seed,
      violations: [{ name: 'crash', at: 0, text, subject: {} }],
      report: null,
      cpuMs,
    })
    const hang = (): void => {
      hung = true
      if (platform !== 'win32') child.kill('SIGUSR2')
      asked = setTimeout(() => child.kill('SIGKILL'), ANSWERS_WITHIN_MS)
    }
    let timer = setTimeout(hang, Math.max(hungAfterMs, LOADS_WITHIN_MS))
    this.#busy.set(child, done)
    child.stderr!.on('data', hear)
    child.on('error', (error) => over(crash(`the worker process failed: ${error.message}`, 0), false))
    child.on('exit', (code, signal) => {
      if (this.#closed) over(null, false)
      else if (hung)
        over(crash(`the life was not over after ${hungAfterMs / 1000} s of real time${whyOf(words)}`, 0), false)
      else
        over(
          crash(`the worker process ended with ${signal ?? `code ${code}`}: ${words.trim().slice(-LAST_WORDS)}`, 0),
          false,
        )
    })
    child.on('message', (answer: LifeAnswer) => {
      if (answer.kind === 'began') {
        clearTimeout(timer)
        timer = setTimeout(hang, hungAfterMs)
      } else if (answer.kind === 'broke') over(crash(answer.text, answer.cpuMs), false)
      else {
        const { report, cpuMs, residentBytes } = answer
        const reusable = residentBytes < (this.#options.workerBytes ?? DEFAULT_WORKER_BYTES)
        over({ seed, violations: report.violations, report, cpuMs }, reusable)
      }
    })
    child.send({ ...task, cpuLimitMs: this.#cpuLimitMs(task) })
  }

  #cpuLimitMs({ options }: PoolTask): number {
    const longer = Math.max(1, (options.plan?.durationMs ?? options.durationMs ?? 0) / DURATION_OF_A_LIFE_MS)
    return (this.#options.cpuLimitMs ?? CPU_OF_A_LIFE_MS) * longer
  }
}

/** By what a hung worker said when it was asked. */
function whyOf(words: string): string {
  if (platform === 'win32') return ''
  return words.includes('"reportVersion"')
    ? '; its event loop was free: it waits for something that never comes'
    : '; its event loop was not free: it turns in a circle, or the machine has no time for it'
}
