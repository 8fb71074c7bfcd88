// The clocks of a simulated machine: a monotonic and a wall clock that run as fast as the world, or faster or slower by a
// drift, and a wall that jumps. Alarms ring by their machine's clock. Everything is whole microseconds.

import type { Alarm, Clock, Instant, Timestamp } from '../base/index.ts'
import type { Kernel, Process, SimEvent } from './kernel.ts'
import { TIMER } from './kernel.ts'

const MILLION = 1_000_000
/** A clock that runs backwards, or stands, is not one that drifts. */
const DRIFT_MOST_PPM = 500_000

/** Outlives processes, as a machine's clock does. */
export class MachineClock {
  #wallMs: Timestamp
  #driftPpm = 0
  /** The world's time and the machine's at the last change of the drift, microseconds. */
  #since = 0
  #sinceLocal = 0
  /** Alarms that are set; each looks again when the drift changes. */
  readonly alarms: Set<() => void> = new Set()

  /** `wallMs`: the wall clock at the world's beginning, milliseconds since 1970. */
  constructor(wallMs: Timestamp) {
    this.#wallMs = wallMs
  }

  /** The machine's microseconds since the world's beginning, at a time of the world. */
  local(now: number): number {
    const passed = now - this.#since
    const drift = this.#driftPpm === 0 ? 0 : Math.floor((passed * this.#driftPpm) / MILLION)
    return this.#sinceLocal + passed + drift
  }

  /** The first time of the world at which the machine's is not below `local`. */
  world(local: number): number {
    if (this.#driftPpm === 0) return this.#since + local - this.#sinceLocal
    let at = this.#since + Math.floor(((local - this.#sinceLocal) * MILLION) / (MILLION + this.#driftPpm)) - 1
    while (this.local(at) < local) at++
    return at
  }

  wall(now: number): Timestamp {
    return this.#wallMs + Math.floor(this.local(now) / 1000)
  }

  /** The wall jumps; from now on both clocks gain so many microseconds a second. */
  skew(now: number, jumpMs: number, driftPpm: number): void {
    if (!(Math.abs(driftPpm) <= DRIFT_MOST_PPM)) {
      throw new RangeError(`a clock cannot drift by ${driftPpm} ppm; at most ${DRIFT_MOST_PPM} either way`)
    }
    this.#sinceLocal = this.local(now)
    this.#since = now
    this.#driftPpm = driftPpm
    this.#wallMs += Math.round(jumpMs)
    const alarms = [...this.alarms]
    this.alarms.clear()
    for (const arm of alarms) arm()
  }
}

export class SimClock implements Clock {
  readonly #kernel: Kernel
  readonly #process: Process
  readonly #machine: MachineClock
  /** Every process counts from a moment of its own, as real monotonic clocks do. */
  readonly #origin: number

  constructor(kernel: Kernel, process: Process, machine: MachineClock) {
    this.#kernel = kernel
    this.#process = process
    this.#machine = machine
    this.#origin = machine.local(kernel.now) - 1_000
  }

  monotonic(): Instant {
    return (this.#machine.local(this.#kernel.now) - this.#origin) / 1000
  }

  wall(): Timestamp {
    return this.#machine.wall(this.#kernel.now)
  }

  alarm(fire: () => void): Alarm {
    const kernel = this.#kernel
    const process = this.#process
    const machine = this.#machine
    /** By the machine's clock. */
    let wanted: number | null = null
    let queued: SimEvent | null = null
    const arm = (): void => {
      if (wanted === null || !process.alive) return
      const at = Math.max(kernel.now, machine.world(wanted))
      // An event that is already queued for earlier finds out by itself that it is early: settings that move the alarm
      // further away, the usual kind, cost nothing.
      if (queued === null || queued.at > at) {
        if (queued !== null) queued.run = null
        queued = kernel.schedule(at - kernel.now, TIMER, process, ring)
      }
      machine.alarms.add(arm)
    }
    const ring = (): void => {
      queued = null
      machine.alarms.delete(arm)
      if (wanted === null) return
      if (machine.local(kernel.now) < wanted) arm()
      else {
        wanted = null
        kernel.tap?.rang(kernel.now, process)
        fire()
      }
    }
    return {
      set: (at) => {
        if (!kernel.enter(process, 'alarm.set')) return
        // Rounded up: an alarm that rings before its instant would find nothing due.
        let us = Math.ceil(at * 1000)
        // The product itself may have been rounded down.
        if (us / 1000 < at) us++
        wanted = us + this.#origin
        kernel.trace.int(wanted)
        if (kernel.tap !== null) kernel.tap.about(Math.max(kernel.now, machine.world(wanted)))
        arm()
      },
      clear: () => {
        if (kernel.enter(process, 'alarm.clear')) wanted = null
      },
    }
  }
}
