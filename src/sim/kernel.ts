// The heart of the simulated world: one virtual clock in whole microseconds and one queue of events for all nodes.
// Between two events every microtask drains, so what a node does inside one event is one step of the world. Events of
// a dead process never run; those of a busy or paused one wait. Knows nothing of disks, networks or Kafka.

import type { SeededRandom } from '../base/index.ts'
import { Bug, popHeap, pushHeap } from '../base/index.ts'
import { realResources, realSteps } from './guard.ts'
import { EventQueue } from './queue.ts'
import type { BytesTap, Tap } from './tap.ts'
import { codeOf, TraceHash } from './trace.ts'

/** Node runs overdue timers before it polls for what has arrived; after a stall the order is the same here. */
export const TIMER = 0
export const ARRIVAL = 1
export type Phase = typeof TIMER | typeof ARRIVAL

/** What a port call stands for: the work of the code around it. */
export const PORT_CALL_US = 2

/** One life of a node's process: born with its ports, ended by a kill, never revived. */
export class Process {
  readonly name: string
  readonly index: number
  readonly incarnation: number
  alive = true
  pauses = 0
  /** Its events queue behind this instant (microseconds): work costs time. */
  busyUntil = 0
  portCalls = 0
  /** The port call at which a planned kill strikes; the call itself has no effect. */
  killAtPortCall: number = Number.POSITIVE_INFINITY
  readonly held: SimEvent[] = []
  /** What became due while it was busy: overdue timers first, then what has arrived. One event stands for all of it. */
  readonly waiting: SimEvent[] = []
  wake: SimEvent | null = null
  /** What a port call costs it, in whole microseconds. */
  callCostUs: number = PORT_CALL_US
  /** How many times slower its processor is. */
  slowness = 1
  readonly onDeath: (() => void)[] = []

  constructor(name: string, index: number, incarnation: number) {
    this.name = name
    this.index = index
    this.incarnation = incarnation
  }

  get paused(): boolean {
    return this.pauses > 0
  }

  /** Work takes so many times as long as it should. */
  slowDown(slowness: number): void {
    this.slowness = slowness
    this.callCostUs = Math.round(PORT_CALL_US * slowness)
  }
}

export interface SimEvent {
  at: number
  readonly phase: Phase
  readonly order: number
  readonly process: Process | null
  /** Null once cancelled. */
  run: (() => void) | null
}

/** What `afterEvent` calls: the nodes that the event may have changed, one bit a host by its index, the last for all beyond. */
export type AfterEvent = (touched: number) => void

interface Operation {
  /** Stands for the name in the trace. */
  readonly code: number
  calls: number
}

export interface RunLimits {
  /** Virtual milliseconds since the beginning of the world. */
  readonly untilMs?: number
  /** Asked after every event. */
  readonly until?: () => boolean
  readonly maxEvents?: number
}

/** The end of a run is looked at, too. */
const RESOURCE_CHECK_EVERY = 1024
/** Hosts beyond share the last bit of `touched`. */
const TOUCHED_BITS = 31
/** A loop that turns for ever costs a little virtual time each round; nobody who works does so much in so little. */
const MANY_EVENTS = 1_000_000
const MANY_EVENTS_TAKE_US = 3_000_000

export type RunEnd = 'until' | 'time' | 'events' | 'idle'

export class Kernel {
  /** Microseconds. */
  now = 0
  events = 0
  readonly trace: TraceHash = new TraceHash()
  readonly random: SeededRandom
  readonly tap: Tap | null
  /** A checker's, beside the other: it may come and go. */
  bytes: BytesTap | null = null
  /** Called after every event, when all microtasks have drained: invariants are checked here. */
  readonly afterEvent: AfterEvent[] = []
  readonly #queue: EventQueue = new EventQueue()
  readonly #operations: Map<string, Operation> = new Map()
  readonly #turnEnd: (() => void)[] = []
  #order = 0
  #touched = 0
  #running = false
  #countedFrom = { events: 0, now: 0 }
  #failure: unknown = null

  constructor(random: SeededRandom, tap: Tap | null = null) {
    this.random = random
    this.tap = tap
  }

  schedule(afterUs: number, phase: Phase, process: Process | null, run: () => void): SimEvent {
    const event: SimEvent = { at: this.now + Math.max(0, afterUs), phase, order: this.#order++, process, run }
    this.#queue.push(event)
    return event
  }

  /** A promise that settles by an event of `process`, or never if it dies first. */
  later<T>(afterUs: number, process: Process, produce: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.schedule(afterUs, ARRIVAL, process, () => {
        try {
          resolve(produce())
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  /** Runs once the current event and its microtasks are over: what a corked socket does. */
  atTurnEnd(run: () => void): void {
    this.#turnEnd.push(run)
  }

  /** Every port call begins here; false when the caller is dead, and then the call must do nothing at all. */
  enter(process: Process, operation: string): boolean {
    if (!process.alive) return false
    process.portCalls++
    this.work(process, process.callCostUs)
    this.touch(process)
    const known = this.#operations.get(operation) ?? this.#newOperation(operation)
    known.calls++
    this.trace.word(process.index)
    this.trace.word(known.code)
    if (this.tap !== null) this.tap.called(this.now, process, operation)
    if (process.portCalls < process.killAtPortCall) return true
    this.end(process)
    return false
  }

  /** Work that the process has done just now: what comes next for it comes so much later. */
  work(process: Process, us: number): void {
    if (process.busyUntil < this.now) process.busyUntil = this.now
    process.busyUntil += us
  }

  /** Whether an event of the process would run at once. */
  idle(process: Process): boolean {
    return !process.paused && process.busyUntil <= this.now && process.waiting.length === 0
  }

  /** Code of the process runs in this event: what it shows of itself may be another afterwards. */
  touch(process: Process): void {
    this.#touched |= touchedBit(process.index)
  }

  /** How often each operation of the ports was called. */
  portCalls(): ReadonlyMap<string, number> {
    return new Map([...this.#operations].map(([name, { calls }]) => [name, calls]))
  }

  /** The process is no more: its events, callbacks and promises stay where they are for ever. */
  end(process: Process): void {
    if (!process.alive) return
    process.alive = false
    process.held.length = 0
    process.waiting.length = 0
    this.touch(process)
    this.trace.word(process.index)
    this.trace.text('end')
    this.tap?.ended(this.now, process)
    for (const each of process.onDeath) each()
  }

  pause(process: Process): void {
    process.pauses++
  }

  resume(process: Process): void {
    if (process.pauses === 0 || --process.pauses > 0) return
    for (const event of process.held.splice(0)) {
      event.at = Math.max(event.at, this.now)
      this.#queue.push(event)
    }
  }

  /** Something outside an event went wrong; the run rejects with the first such error. */
  fail(error: unknown): void {
    this.#failure ??= error
  }

  async run(limits: RunLimits): Promise<RunEnd> {
    if (this.#running) throw new Bug('a simulation is run by one caller at a time')
    this.#running = true
    try {
      return await this.#loop(limits)
    } finally {
      this.#running = false
    }
  }

  #loop(limits: RunLimits): Promise<RunEnd> {
    const lastUs = limits.untilMs === undefined ? Number.POSITIVE_INFINITY : Math.round(limits.untilMs * 1000)
    const resources = realResources().length
    let left = limits.maxEvents ?? Number.POSITIVE_INFINITY
    return realSteps(() => {
      // All microtasks of the event before, or of the caller, have drained by now.
      this.#settle()
      if (this.events % RESOURCE_CHECK_EVERY === 0) noMoreThan(resources)
      if (limits.until?.() === true) return 'until'
      if (left-- <= 0) return 'events'
      const event = this.#next(lastUs)
      if (event === null) {
        noMoreThan(resources)
        if (lastUs === Number.POSITIVE_INFINITY) return 'idle'
        this.now = Math.max(this.now, lastUs)
        return 'time'
      }
      this.#moveTo(event)
      this.trace.int(event.at)
      if (event.process === null) this.trace.word(-1)
      else {
        this.trace.word(event.process.index)
        this.touch(event.process)
      }
      event.run?.()
      return null
    })
  }

  #moveTo(event: SimEvent): void {
    this.events++
    if (event.at > this.now) this.now = event.at
    if (this.events - this.#countedFrom.events < MANY_EVENTS) return
    const passed = this.now - this.#countedFrom.now
    if (passed < MANY_EVENTS_TAKE_US) {
      const name = event.process?.name ?? 'the world'
      const span = `${MANY_EVENTS} events in ${passed / 1000} ms up to ${this.now / 1000} ms`
      throw new Bug(`time hardly passes, ${span}: ${name} has something to do again and again at once`)
    }
    this.#countedFrom = { events: this.events, now: this.now }
  }

  #settle(): void {
    const turnEnd = this.#turnEnd
    if (turnEnd.length > 0) {
      // What is asked for meanwhile comes behind.
      for (let i = 0; i < turnEnd.length; i++) turnEnd[i]!()
      turnEnd.length = 0
    }
    if (this.#failure !== null) {
      const failure = this.#failure
      this.#failure = null
      throw failure
    }
    const touched = this.#touched
    this.#touched = 0
    for (const check of this.afterEvent) check(touched)
  }

  #newOperation(name: string): Operation {
    const operation = { code: codeOf(name), calls: 0 }
    this.#operations.set(name, operation)
    return operation
  }

  #next(lastUs: number): SimEvent | null {
    for (;;) {
      const event = this.#queue.first
      if (event === undefined || event.at > lastUs) return null
      this.#queue.pop()
      const process = event.process
      if (event.run === null || (process !== null && !process.alive)) continue
      if (process?.paused === true) process.held.push(event)
      else if (process !== null && !this.#ready(process, event)) continue
      else return event
    }
  }

  /** False: it waits for the process to be done with what it does. */
  #ready(process: Process, event: SimEvent): boolean {
    const { wake } = process
    if (event !== wake && wake === null && process.busyUntil <= event.at) return true
    if (event !== wake) pushHeap(process.waiting, event, overdue)
    else if (process.busyUntil <= event.at) return true
    else process.wake = null
    process.wake ??= this.schedule(Math.max(process.busyUntil, event.at) - this.now, TIMER, process, () => {
      this.#awake(process)
    })
    return false
  }

  #awake(process: Process): void {
    process.wake = null
    let first = process.waiting[0]
    for (; first !== undefined; first = process.waiting[0]) {
      popHeap(process.waiting, overdue)
      if (first.run !== null) break
    }
    first?.run?.()
    if (process.waiting.length === 0 || !process.alive) return
    process.wake = this.schedule(process.busyUntil - this.now, TIMER, process, () => this.#awake(process))
  }
}

function noMoreThan(before: number): void {
  const now = realResources()
  if (now.length > before) throw new Bug(`real resources are active inside a simulation: ${now.join(', ')}`)
}

/** A loop that comes back to itself runs the timers that are due before it looks at what has arrived. */
function overdue(a: SimEvent, b: SimEvent): boolean {
  if (a.phase !== b.phase) return a.phase < b.phase
  return a.at !== b.at ? a.at < b.at : a.order < b.order
}

/** The bit of a host in what `afterEvent` is told. */
export function touchedBit(index: number): number {
  return 1 << Math.min(index, TOUCHED_BITS)
}

/** What a dead process waits for. */
export function never<T>(): Promise<T> {
  return new Promise(() => {})
}
