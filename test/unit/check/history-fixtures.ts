// Histories in a few words, for the tests of their checker.

import {
  type CheckOptions,
  type Completion,
  checkHistory,
  type HistoryLine,
  HistoryRecorder,
  type HistoryReport,
  type HistoryStep,
  type HistoryValue,
  type Invocation,
} from '../../../src/check/index.ts'

export type Records = Record<string, [number, HistoryValue][]>
export type Outcome = 'ok' | 'fail' | 'info'
type Sent = readonly [key: string, value: HistoryValue, offset?: number]
export interface Told {
  readonly outcome?: Outcome
  readonly weak?: boolean
  readonly idempotent?: boolean
  readonly rebalanced?: readonly string[]
}

/** A step of a transaction: a send, or the records of a poll. */
export type Deed = Sent | Records

export class History {
  readonly recorder: HistoryRecorder
  now = 0

  constructor() {
    this.recorder = new HistoryRecorder({ now: () => this.now++ })
  }

  get lines(): readonly HistoryLine[] {
    return this.recorder.lines
  }

  report(options: CheckOptions = {}): HistoryReport {
    return checkHistory(this.lines, options)
  }

  send(process: string, key: string, value: HistoryValue, offset?: number, told: Told = {}): void {
    this.begin(process, 'send', [offset === undefined ? [key, value] : [key, value, offset]], told)()
  }

  poll(process: string, records: Records, told: Told = {}): void {
    this.begin(process, 'poll', [records], told)()
  }

  txn(process: string, deeds: readonly Deed[], told: Told = {}): void {
    this.begin(process, 'txn', deeds, told)()
  }

  /** Invokes; what it answers completes. */
  begin(process: string, f: 'send' | 'poll' | 'txn', deeds: readonly Deed[], told: Told = {}): () => void {
    const { outcome = 'ok', rebalanced, ...rest } = told
    const op = this.recorder.invoke(process, { f, steps: deeds.map(asked), ...rest } as Invocation)
    const completion: Completion = { steps: deeds.map(answered), ...(rebalanced === undefined ? {} : { rebalanced }) }
    return () => {
      if (outcome === 'ok') this.recorder.ok(op, completion)
      else this.recorder[outcome](op, 'REQUEST_TIMED_OUT', completion)
    }
  }

  assign(
    process: string,
    keys: readonly string[],
    f: 'assign' | 'subscribe' = 'assign',
    seekToBeginning = false,
  ): void {
    this.recorder.ok(this.recorder.invoke(process, { f, keys, ...(seekToBeginning ? { seekToBeginning } : {}) }))
  }
}

function numbered(generation: number | null): { generation?: number } {
  return generation === null ? {} : { generation }
}

/** A member of the group `g`: what it is given, and what it commits. */
export class Member {
  readonly history: History
  readonly name: string
  readonly group: string

  constructor(history: History, name: string, group: string = 'g') {
    this.history = history
    this.name = name
    this.group = group
  }

  join(generation: number | null, committed: Record<string, number>, keys: readonly string[] = ['x']): void {
    this.joins()(generation, committed, keys)
  }

  joins(): (generation: number | null, committed: Record<string, number>, keys?: readonly string[]) => void {
    const ended = this.begins()
    return (generation, committed, keys = ['x']) =>
      ended({ ...numbered(generation), keys, committed, reset: 'earliest' })
  }

  /** As it tells itself. */
  begins(): (told: Completion) => void {
    const { recorder } = this.history
    const op = recorder.invoke(this.name, { f: 'join', group: this.group })
    return (told) => recorder.ok(op, told)
  }

  /** `offset` null: deletes it. */
  commit(generation: number | null, offset: number | null, outcome: Outcome = 'ok'): void {
    this.commits(generation, offset)(outcome)
  }

  commits(generation: number | null, offset: number | null): (outcome: Outcome) => void {
    const { recorder } = this.history
    const what = { f: 'commit', group: this.group, ...numbered(generation), offsets: { x: offset } } as const
    const op = recorder.invoke(this.name, what)
    return (outcome) => (outcome === 'ok' ? recorder.ok(op) : recorder[outcome](op, 'NETWORK_EXCEPTION'))
  }
}

function isSend(deed: Deed): deed is Sent {
  return Array.isArray(deed)
}

function asked(deed: Deed): HistoryStep {
  return isSend(deed) ? { f: 'send', key: deed[0], value: deed[1] } : { f: 'poll' }
}

function answered(deed: Deed): HistoryStep {
  if (!isSend(deed)) return { f: 'poll', records: deed }
  const [key, value, offset] = deed
  return { f: 'send', key, value, ...(offset === undefined ? {} : { offset }) }
}
