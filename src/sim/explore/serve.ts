// A worker process's loop: lives the lives that it is sent, one after the other, and answers each with its report. Ends
// with its parent, and where it turns in a circle, by its watchdog.

import { extname, join } from 'node:path'
import process from 'node:process'
import { Worker } from 'node:worker_threads'
import type { RunLife } from '../life/types.ts'
import type { LifeAnswer, LifeTask, Watched } from './messages.ts'

/** `.ts` in a checkout, `.js` in the package. */
const WATCHDOG: string = join(import.meta.dirname, `watchdog${extname(import.meta.filename)}`)

/** To be called once, by a program that was started by `explore` (`ExploreOptions.worker`). */
export function serveLives(runLife: RunLife): void {
  if (process.send === undefined) throw new Error('this program is started by explore, as its worker')
  // A terminal's Ctrl-C reaches the whole group; the parent decides what becomes of us.
  process.on('SIGINT', () => undefined)
  process.on('disconnect', () => process.exit())
  const clock = watched()
  const answer = (what: LifeAnswer): void => void process.send!(what)
  process.on('message', (task: LifeTask) => {
    answer({ kind: 'began' })
    void live(runLife, task, clock).then(answer)
  })
}

/** Starts the watchdog; answers the clock that it looks at. */
function watched(): Float64Array {
  const clock = new Float64Array(new SharedArrayBuffer(2 * Float64Array.BYTES_PER_ELEMENT)).fill(-1)
  const workerData: Watched = { clock, parent: process.ppid }
  new Worker(WATCHDOG, { workerData }).unref()
  return clock
}

async function live(
  runLife: RunLife,
  { seed, options, keep, cpuLimitMs }: LifeTask,
  clock: Float64Array,
): Promise<LifeAnswer> {
  const began = cpuMs()
  clock[1] = cpuLimitMs
  clock[0] = began
  try {
    const report = await runLife({ ...options, seed, keep })
    return { kind: 'lived', report, cpuMs: cpuMs() - began, residentBytes: process.memoryUsage.rss() }
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { kind: 'broke', text, cpuMs: cpuMs() - began }
  } finally {
    clock[0] = -1
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
