// Time from the operating system. Alarms keep the process alive only while something else does (a listening socket,
// an open connection), so that a host program ends when it has stopped its nodes.

import { performance } from 'node:perf_hooks'
import type { Alarm, Clock, Instant, Timestamp } from '../base/index.ts'

/** setTimeout takes 31 bits; a longer delay is slept in parts. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

export interface ClockOptions {
  /** Let the process end although an alarm is set. Default false. */
  readonly unref?: boolean
}

export class SystemClock implements Clock {
  readonly #unref: boolean
  readonly #alarms: Set<SystemAlarm> = new Set()

  constructor(options: ClockOptions = {}) {
    this.#unref = options.unref ?? false
  }

  monotonic(): Instant {
    return performance.now()
  }

  wall(): Timestamp {
    return Date.now()
  }

  alarm(fire: () => void): Alarm {
    const alarm = new SystemAlarm(fire, this.#unref, this.#alarms)
    return alarm
  }

  /** Nothing fires afterwards. */
  close(): void {
    for (const alarm of [...this.#alarms]) alarm.clear()
  }
}

class SystemAlarm implements Alarm {
  readonly #fire: () => void
  readonly #unref: boolean
  readonly #set: Set<SystemAlarm>
  #at: Instant | null = null
  #timeout: ReturnType<typeof setTimeout> | null = null
  /** When the timeout in flight will call. */
  #timeoutAt: Instant = 0

  constructor(fire: () => void, unref: boolean, set: Set<SystemAlarm>) {
    this.#fire = fire
    this.#unref = unref
    this.#set = set
  }

  set(at: Instant): void {
    this.#at = at
    this.#set.add(this)
    // A timeout that will call earlier finds out that it is early: moving an alarm away, the usual case, is free.
    if (this.#timeout !== null && this.#timeoutAt <= at) return
    this.#arm()
  }

  clear(): void {
    this.#at = null
    this.#set.delete(this)
    if (this.#timeout !== null) clearTimeout(this.#timeout)
    this.#timeout = null
  }

  #arm(): void {
    if (this.#timeout !== null) clearTimeout(this.#timeout)
    const now = performance.now()
    const delay = Math.min(LONGEST_TIMEOUT_MS, Math.max(0, Math.ceil(this.#at! - now)))
    this.#timeoutAt = now + delay
    this.#timeout = setTimeout(() => this.#ring(), delay)
    if (this.#unref) this.#timeout.unref()
  }

  #ring(): void {
    this.#timeout = null
    if (this.#at === null) return
    // libuv counts whole milliseconds from the loop's own clock and may call a fraction early.
    if (performance.now() < this.#at) {
      this.#arm()
      return
    }
    this.#at = null
    this.#set.delete(this)
    this.#fire()
  }
}
