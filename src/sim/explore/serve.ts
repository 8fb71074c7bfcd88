// A worker process's loop: lives the lives that it is sent, one after the other, and answers each with its report. Ends
// with its parent.

import process from 'node:process'
import type { RunLife } from '../life/types.ts'
import type { LifeAnswer, LifeTask } from './messages.ts'

/** To be called once, by a program that was started by `explore` (`ExploreOptions.worker`). */
export function serveLives(runLife: RunLife): void {
  if (process.send === undefined) throw new Error('this program is started by explore, as its worker')
  // A terminal's Ctrl-C reaches the whole group; the parent decides what becomes of us.
  process.on('SIGINT', () => undefined)
  process.on('disconnect', () => process.exit())
  process.on('message', (task: LifeTask) => void live(runLife, task).then((answer) => process.send!(answer)))
}

async function live(runLife: RunLife, { seed, options, keep }: LifeTask): Promise<LifeAnswer> {
  const began = process.cpuUsage()
  const cpuMs = (): number => {
    const { user, system } = process.cpuUsage(began)
    return (user + system) / 1000
  }
  try {
    const report = await runLife({ ...options, seed, keep })
    return { kind: 'lived', report, cpuMs: cpuMs() }
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { kind: 'broke', text, cpuMs: cpuMs() }
  }
}
