// A log that does what Kafka promises, and clients that write and read it as a script says: the source of correct
// histories. Idempotent producers have several sends under way; plain ones write twice now and then; what weak ones were
// told is truncated while nobody has read it; transactions commit, abort or stay unknown, and hide what comes after them
// until they are decided; consumers are assigned, crash, and rewind when they abort.

import type { HistoryRecorder, HistoryStep } from '../../../src/check/index.ts'

export interface Step {
  readonly verb: 'send' | 'plain' | 'weak' | 'truncate' | 'complete' | 'poll' | 'txn' | 'assign' | 'crash'
  readonly who: number
  readonly key: number
  /** Chooses outcomes and amounts. */
  readonly n: number
}

type Fate = 'committed' | 'open' | 'aborted' | 'weak'
interface Entry {
  readonly value: string
  fate: Fate
}
interface Pending {
  readonly process: string
  complete(): void
}

const KEYS = ['x-0', 'x-1']

export class Model {
  readonly #recorder: HistoryRecorder
  readonly #logs: Entry[][] = KEYS.map(() => [])
  readonly #positions = new Map<string, number[]>()
  #pending: Pending[] = []
  #values = 0

  constructor(recorder: HistoryRecorder) {
    this.#recorder = recorder
  }

  /** Ends with a consumer that reads everything. */
  run(script: readonly Step[]): void {
    for (const step of script) this.#do(step)
    while (this.#pending.length > 0) this.#complete(0)
    this.#recorder.ok(this.#recorder.invoke('final', { f: 'assign', keys: KEYS, seekToBeginning: true }))
    for (let i = 0; i < 2; i++) this.#poll('final', 1 << 20, 0)
  }

  #do(step: Step): void {
    const producer = `producer-${step.who}`
    const consumer = `consumer-${step.who}`
    if (step.verb === 'send') this.#send(producer, step.key, step.n)
    else if (step.verb === 'plain') this.#plain(`plain-${step.who}`, step.key, step.n)
    else if (step.verb === 'weak') this.#weak(`weak-${step.who}`, step.key, step.n)
    else if (step.verb === 'truncate') this.#truncate(step.key)
    else if (step.verb === 'complete' && this.#pending.length > 0) this.#complete(step.n % this.#pending.length)
    else if (step.verb === 'poll') this.#poll(consumer, 1 + (step.n % 4), step.n)
    else if (step.verb === 'txn') this.#transaction(`worker-${step.who}`, step.n)
    else if (step.verb === 'assign') this.#assign(consumer, step.n)
    else if (step.verb === 'crash') {
      this.#recorder.crash(consumer)
      this.#positions.delete(consumer)
    }
  }

  #complete(i: number): void {
    const [it] = this.#pending.splice(i, 1)
    it!.complete()
  }

  /** Written when it is invoked, so that the order of a producer's sends is that of their invocation. */
  #send(process: string, key: number, n: number): void {
    const value = this.#value()
    const ask: HistoryStep = { f: 'send', key: KEYS[key]!, value }
    const op = this.#recorder.invoke(process, { f: 'send', steps: [ask] })
    const isWritten = n !== 0
    const offset = isWritten ? this.#append(key, value, 'committed') : -1
    const complete = (): void => {
      if (n <= 1) this.#recorder.info(op, 'REQUEST_TIMED_OUT', { steps: [ask] })
      else if (n === 2) return
      else this.#recorder.ok(op, { steps: [{ ...ask, offset }] })
    }
    this.#pending.push({ process, complete })
  }

  /** Its retries overtake each other: written when it completes, sometimes twice. */
  #plain(process: string, key: number, n: number): void {
    const value = this.#value()
    const ask: HistoryStep = { f: 'send', key: KEYS[key]!, value }
    const op = this.#recorder.invoke(process, { f: 'send', steps: [ask], idempotent: false })
    const complete = (): void => {
      if (n > 7) this.#append(key, value, 'committed')
      const offset = this.#append(key, value, 'committed')
      if (n < 2) this.#recorder.info(op, 'REQUEST_TIMED_OUT')
      else this.#recorder.ok(op, { steps: [{ ...ask, offset }] })
    }
    this.#pending.push({ process, complete })
  }

  #weak(process: string, key: number, n: number): void {
    const ask = { f: 'send', key: KEYS[key]!, value: this.#value() } as const
    const op = this.#recorder.invoke(process, { f: 'send', steps: [ask], weak: true })
    // One in three is lost on its way, as with acks=0.
    const offset = n % 3 === 0 ? -1 : this.#append(key, ask.value, 'weak')
    this.#recorder.ok(op, { steps: [offset < 0 || n % 2 === 0 ? ask : { ...ask, offset }] })
  }

  /** A leader died that alone had the end of the log. */
  #truncate(key: number): void {
    const log = this.#logs[key]!
    while (log.at(-1)?.fate === 'weak') log.pop()
  }

  #transaction(process: string, n: number): void {
    if (this.#pending.some((it) => it.process === process)) return
    const sends = [n % 2, (n >> 1) % 2].map((key) => ({ key, value: this.#value() }))
    const asks = sends.map(({ key, value }): HistoryStep => ({ f: 'send', key: KEYS[key]!, value }))
    const op = this.#recorder.invoke(process, { f: 'txn', steps: [{ f: 'poll' }, ...asks] })
    const before = [...this.#position(process)]
    const records = this.#read(process, 2)
    const written = sends.map(({ key, value }) => ({ key, offset: this.#append(key, value, 'open') }))
    const complete = (): void => {
      const isCommitted = n % 4 !== 0
      for (const { key, offset } of written) this.#logs[key]![offset]!.fate = isCommitted ? 'committed' : 'aborted'
      const told = asks.map((ask, i) => ({ ...ask, offset: written[i]!.offset }))
      const completion = { steps: [{ f: 'poll', records }, ...told] as HistoryStep[] }
      if (n > 3) {
        if (isCommitted) this.#recorder.ok(op, completion)
        else this.#recorder.fail(op, 'aborted', completion)
      } else {
        // The client is gone; another goes on from what was committed, or from anywhere.
        this.#recorder.info(op, 'REQUEST_TIMED_OUT', completion)
      }
      if (!isCommitted) this.#positions.set(process, before)
    }
    this.#pending.push({ process, complete })
  }

  #poll(process: string, most: number, n: number): void {
    const before = [...this.#position(process)]
    const op = this.#recorder.invoke(process, { f: 'poll', steps: [{ f: 'poll' }] })
    const steps: HistoryStep[] = [{ f: 'poll', records: this.#read(process, most) }]
    if (n === 11) {
      this.#recorder.fail(op, 'the offsets were not committed', { steps })
      this.#positions.set(process, before)
    } else this.#recorder.ok(op, { steps })
  }

  #assign(process: string, n: number): void {
    const isSeeking = n % 3 === 0
    this.#recorder.ok(
      this.#recorder.invoke(process, { f: 'assign', keys: KEYS, ...(isSeeking ? { seekToBeginning: true } : {}) }),
    )
    if (isSeeking) this.#positions.set(process, [0, 0])
  }

  #position(process: string): number[] {
    const position = this.#positions.get(process) ?? KEYS.map(() => 0)
    this.#positions.set(process, position)
    return position
  }

  /** As at read_committed: up to the first transaction that is open. */
  #read(process: string, most: number): Record<string, [number, string][]> {
    const position = this.#position(process)
    const records: Record<string, [number, string][]> = {}
    for (const [key, log] of this.#logs.entries()) {
      const list: [number, string][] = []
      while (position[key]! < log.length && list.length < most && log[position[key]!]!.fate !== 'open') {
        const entry = log[position[key]!]!
        if (entry.fate === 'weak') entry.fate = 'committed'
        if (entry.fate === 'committed') list.push([position[key]!, entry.value])
        position[key]! += 1
      }
      records[KEYS[key]!] = list
    }
    return records
  }

  #append(key: number, value: string, fate: Fate): number {
    this.#logs[key]!.push({ value, fate })
    return this.#logs[key]!.length - 1
  }

  #value(): string {
    this.#values += 1
    return `v${this.#values}`
  }
}
