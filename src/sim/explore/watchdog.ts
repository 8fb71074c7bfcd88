// A thread beside a worker's lives, for what the worker cannot do while it turns in a circle: it ends the process when the
// parent is gone, and when a life has had more of the processor than any life needs; then it says where the life is,
// as far as a debugger can tell. Never hurts a life that goes on.

import { writeSync } from 'node:fs'
import { type Debugger, type InspectorNotification, Session } from 'node:inspector'
import process from 'node:process'
import { workerData } from 'node:worker_threads'
import type { Watched } from './messages.ts'

const LOOKS_EVERY_MS = 1_000
/** A main thread that does not even stop for a debugger is in native code. */
const STOPS_WITHIN_MS = 3_000
const FRAMES_TOLD = 12
const STDERR = 2

const { clock, parent } = workerData as Watched

const looks = setInterval(() => {
  // Whoever started us has ended and we have been handed on: without the main thread nobody else notices.
  if (process.ppid !== parent) end()
  const [began, limit] = [clock[0]!, clock[1]!]
  if (began < 0) return
  const { user, system } = process.cpuUsage()
  const ms = (user + system) / 1000 - began
  if (ms > limit) stuck(ms)
}, LOOKS_EVERY_MS)

function stuck(ms: number): void {
  clearInterval(looks)
  const tell = (where: string): void => {
    writeSync(STDERR, `the life was not over after ${Math.round(ms / 1000)} s of processor time; it was ${where}\n`)
    end()
  }
  setTimeout(() => tell('in native code, or the machine has no time for it'), STOPS_WITHIN_MS)
  const session = new Session()
  session.connectToMainThread()
  session.on('Debugger.paused', ({ params }: InspectorNotification<Debugger.PausedEventDataType>) => {
    tell(params.callFrames.slice(0, FRAMES_TOLD).map(placeOf).join(', called '))
  })
  session.post('Debugger.enable')
  session.post('Debugger.pause')
}

function placeOf({ functionName, url, location }: Debugger.CallFrame): string {
  return `at ${functionName || 'a function'} (${url}:${location.lineNumber + 1})`
}

/** Not `process.exit`, which ends only this thread. */
function end(): void {
  process.kill(process.pid, 'SIGKILL')
}
