// Takes the lines of a history in and keeps what the checkers ask for, in columns: operations by the order of their
// invocation, the rows of their sends and polls. Refuses a history that contradicts its own form (an operation that
// completes twice, time that goes back, a value that is sent twice). Judges nothing about the cluster. Invariant: sends
// of one operation are neighbours, and so are the records of its polls, in the order of the steps.

import { ByteColumn, Index, IntColumn, Names, NumberColumn, NumberSet } from './columns.ts'
import { HistoryError } from './errors.ts'
import { NONE } from './registers.ts'
import type {
  AssignLine,
  CommitLine,
  ExchangeLine,
  HistoryKey,
  HistoryLine,
  HistoryOutcome,
  HistoryValue,
  JoinLine,
} from './types.ts'

export const OK = 0
export const FAIL = 1
export const INFO = 2
export const OUTCOMES: readonly HistoryOutcome[] = ['ok', 'fail', 'info']

export const SEND = 0
export const POLL = 1
export const TXN = 2
export const ASSIGN = 3
export const SUBSCRIBE = 4
export const CRASH = 5
export const JOIN = 6
export const COMMIT = 7
export const FUNCTIONS = ['send', 'poll', 'txn', 'assign', 'subscribe', 'crash', 'join', 'commit'] as const

export interface Assignment {
  readonly keys: ReadonlySet<number>
  readonly seek: boolean
}

/** Of a member that was given partitions. */
export interface Joined {
  readonly group: number
  /** −1 where it is not told. */
  readonly generation: number
  readonly keys: readonly number[]
  /** Null: it does not say what it was told. */
  readonly committed: ReadonlyMap<number, number> | null
  readonly reset: 'earliest' | 'latest' | null
  readonly instance: string | null
  /** Of `keys`: it had them, and reads on where it stood. */
  readonly kept: ReadonlySet<number>
}

export interface Commit {
  readonly group: number
  readonly generation: number
  /** NONE: what is committed is deleted. */
  readonly offsets: ReadonlyMap<number, number>
}

export class Gathering {
  readonly keys: Names = new Names()
  readonly groups: Names = new Names()
  readonly processes: Names = new Names()

  // One row an operation.
  readonly number: NumberColumn = new NumberColumn()
  readonly process: IntColumn = new IntColumn()
  readonly f: ByteColumn = new ByteColumn()
  readonly outcome: ByteColumn = new ByteColumn()
  readonly weak: ByteColumn = new ByteColumn()
  readonly idempotent: ByteColumn = new ByteColumn()
  readonly invokedLine: IntColumn = new IntColumn()
  /** −1 where no line completed it. */
  readonly completedLine: IntColumn = new IntColumn()
  readonly invokedAt: NumberColumn = new NumberColumn()
  readonly completedAt: NumberColumn = new NumberColumn()
  readonly sendsFrom: IntColumn = new IntColumn()
  readonly sendsTo: IntColumn = new IntColumn()
  readonly pollsFrom: IntColumn = new IntColumn()
  readonly pollsTo: IntColumn = new IntColumn()
  /** Of assign and subscribe. */
  readonly assignments: Map<number, Assignment> = new Map()
  /** Of joins that succeeded, and of all commits. */
  readonly joins: Map<number, Joined> = new Map()
  readonly commits: Map<number, Commit> = new Map()
  /** Keys that were rebalanced during an operation. */
  readonly rebalanced: Map<number, ReadonlySet<number>> = new Map()
  /** Operations in the order in which they completed; at the end those that never did. */
  readonly completions: IntColumn = new IntColumn()

  // One row a send, one row a polled record.
  readonly sendOp: IntColumn = new IntColumn()
  readonly sendValue: IntColumn = new IntColumn()
  /** −1 where it is unknown. */
  readonly sendOffset: NumberColumn = new NumberColumn()
  readonly pollOp: IntColumn = new IntColumn()
  readonly pollValue: IntColumn = new IntColumn()
  readonly pollOffset: NumberColumn = new NumberColumn()

  // One row a (key, value).
  readonly values: HistoryValue[] = []
  readonly valueKey: IntColumn = new IntColumn()
  /** The row of its send, −1 if nobody sent it. */
  readonly valueSend: IntColumn = new IntColumn()

  lines = 0
  firstTime = 0
  lastTime = 0

  readonly #valuesOfKey: Index<HistoryValue>[] = []
  readonly #underWay = new Map<number, number>()
  readonly #used = new NumberSet()
  /** The poll, transaction or assignment that a process has under way. */
  readonly #busy = new Map<number, number>()

  get operations(): number {
    return this.number.length
  }

  /** `at`: the line's index in the history. */
  add(line: HistoryLine, at: number): void {
    if (this.lines === 0) this.firstTime = line.time
    else if (line.time < this.lastTime) {
      throw new HistoryError(
        at,
        `time goes back from ${this.lastTime} to ${line.time}; record all processes with one clock, and sort the lines as they happened`,
      )
    }
    this.lastTime = line.time
    this.lines += 1
    if (line.type === 'invoke') this.#invoke(line, at)
    else this.#complete(line, at)
  }

  /** No line will follow: what is under way stays unknown for ever. */
  end(): void {
    for (const op of this.#underWay.values()) this.completions.push(op)
    this.#underWay.clear()
  }

  valueId(key: number, value: HistoryValue): number {
    const index = this.#valuesOfKey[key] ?? new Index<HistoryValue>()
    this.#valuesOfKey[key] = index
    let id = index.get(value)
    if (id === undefined) {
      id = this.values.length
      index.add(value, id)
      this.values.push(value)
      this.valueKey.push(key)
      this.valueSend.push(-1)
    }
    return id
  }

  findValue(key: number, value: HistoryValue): number | undefined {
    return this.#valuesOfKey[key]?.get(value)
  }

  keyOf(value: number): HistoryKey {
    return this.keys.list[this.valueKey.at(value)]!
  }

  /** The operation that sent a value, −1 if none did. */
  writer(value: number): number {
    const send = this.valueSend.at(value)
    return send < 0 ? -1 : this.sendOp.at(send)
  }

  #invoke(line: HistoryLine, at: number): void {
    if (!Number.isSafeInteger(line.op) || line.op < 0) {
      throw new HistoryError(at, `op is ${line.op}; number the operations 0, 1, 2, …`)
    }
    if (!this.#used.add(line.op)) {
      throw new HistoryError(at, `operation ${line.op} is invoked again; give each operation a number of its own`)
    }
    const op = this.operations
    const process = this.processes.id(line.process)
    if (line.f !== 'send' && line.f !== 'commit' && line.f !== 'crash') {
      const other = this.#busy.get(process)
      if (other !== undefined) {
        throw new HistoryError(
          at,
          `process ${line.process} begins operation ${line.op} (${line.f}) while its operation ${this.number.at(other)} is under way; only sends and commits may be several: complete that one (\`info\` if nobody knows), or give each consumer a process of its own`,
        )
      }
      this.#busy.set(process, op)
    }
    this.#underWay.set(line.op, op)
    this.number.push(line.op)
    this.process.push(process)
    this.f.push(FUNCTIONS.indexOf(line.f))
    this.outcome.push(INFO)
    this.invokedLine.push(at)
    this.completedLine.push(-1)
    this.invokedAt.push(line.time)
    this.completedAt.push(-1)
    this.sendsFrom.push(this.sendOp.length)
    if ('steps' in line) this.#sends(line, op, at)
    else if (line.f === 'commit') this.commits.set(op, this.#commit(line))
    this.sendsTo.push(this.sendOp.length)
    this.pollsFrom.push(0)
    this.pollsTo.push(0)
    const isWeak = 'steps' in line && line.weak === true
    this.weak.push(isWeak ? 1 : 0)
    this.idempotent.push((('steps' in line ? line.idempotent : undefined) ?? !isWeak) ? 1 : 0)
  }

  #sends(line: ExchangeLine, op: number, at: number): void {
    for (const step of line.steps) {
      if (step.f !== 'send') continue
      const value = this.valueId(this.keys.id(step.key), step.value)
      if (this.valueSend.at(value) >= 0) {
        throw new HistoryError(
          at,
          `operation ${line.op} sends ${JSON.stringify(step.value)} to ${step.key}, which operation ${this.number.at(this.writer(value))} sent already; values must be unique within their key, or nobody can tell who wrote what was read`,
        )
      }
      this.valueSend.set(value, this.sendOp.length)
      this.sendOp.push(op)
      this.sendValue.push(value)
      this.sendOffset.push(-1)
    }
  }

  #complete(line: HistoryLine, at: number): void {
    const op = this.#underWay.get(line.op)
    if (op === undefined) {
      const why = this.#used.has(line.op)
        ? 'it was completed already; write one completion an operation'
        : 'it was never invoked; write the line of type "invoke" before the request leaves'
      throw new HistoryError(at, `operation ${line.op} completes (${line.type}), but ${why}`)
    }
    const process = this.process.at(op)
    if (this.processes.list[process] !== line.process || FUNCTIONS[this.f.at(op)] !== line.f) {
      throw new HistoryError(
        at,
        `operation ${line.op} was invoked as ${FUNCTIONS[this.f.at(op)]} of ${this.processes.list[process]} and completes as ${line.f} of ${line.process}; both lines must agree`,
      )
    }
    this.#underWay.delete(line.op)
    if (this.#busy.get(process) === op) this.#busy.delete(process)
    this.outcome.set(op, OUTCOMES.indexOf(line.type as HistoryOutcome))
    this.completedLine.set(op, at)
    this.completedAt.set(op, line.time)
    this.completions.push(op)
    if ('steps' in line) this.#exchanged(line, op, at)
    else if (line.f === 'join') {
      if (line.type === 'ok') this.joins.set(op, this.#joined(line))
    } else if ('keys' in line) this.#assigned(line, op)
  }

  #exchanged(line: ExchangeLine, op: number, at: number): void {
    this.pollsFrom.set(op, this.pollOp.length)
    let row = this.sendsFrom.at(op)
    let sends = 0
    for (const step of line.steps) {
      if (step.f === 'send') {
        sends += 1
        const isSame = row < this.sendsTo.at(op) && this.#isSent(row, step.key, step.value)
        if (!isSame) throw this.#otherSends(line, at)
        if (step.offset !== undefined) this.sendOffset.set(row, checkedOffset(step.offset, line, at))
        row += 1
      } else {
        for (const key in step.records) this.#polled(op, key, step.records[key]!, line, at)
      }
    }
    const mayBeSilent = line.type !== 'ok' && sends === 0
    if (row !== this.sendsTo.at(op) && !mayBeSilent) throw this.#otherSends(line, at)
    this.pollsTo.set(op, this.pollOp.length)
    if (line.rebalanced !== undefined && line.rebalanced.length > 0) {
      this.rebalanced.set(op, new Set(line.rebalanced.map((key) => this.keys.id(key))))
    }
  }

  #isSent(row: number, key: HistoryKey, value: HistoryValue): boolean {
    const sent = this.sendValue.at(row)
    return this.values[sent] === value && this.keyOf(sent) === key
  }

  #otherSends(line: ExchangeLine, at: number): HistoryError {
    return new HistoryError(
      at,
      `operation ${line.op} completes with other sends than it was invoked with; repeat its send steps in their order, and add offsets to them`,
    )
  }

  #polled(
    op: number,
    name: HistoryKey,
    records: readonly (readonly [number, HistoryValue])[],
    line: ExchangeLine,
    at: number,
  ): void {
    const key = this.keys.id(name)
    for (const [offset, value] of records) {
      this.pollOp.push(op)
      this.pollValue.push(this.valueId(key, value))
      this.pollOffset.push(checkedOffset(offset, line, at))
    }
  }

  #joined({ group, generation, keys = [], committed, reset, instance, kept = [] }: JoinLine): Joined {
    return {
      group: this.groups.id(group),
      generation: generation ?? -1,
      keys: keys.map((key) => this.keys.id(key)),
      committed: committed === undefined ? null : this.#offsets(committed),
      reset: reset ?? null,
      instance: instance ?? null,
      kept: new Set(kept.map((key) => this.keys.id(key))),
    }
  }

  #commit({ group, generation, offsets }: CommitLine): Commit {
    return { group: this.groups.id(group), generation: generation ?? -1, offsets: this.#offsets(offsets) }
  }

  #offsets(offsets: Readonly<Record<HistoryKey, number | null>>): ReadonlyMap<number, number> {
    return new Map(Object.entries(offsets).map(([key, offset]) => [this.keys.id(key), offset ?? NONE]))
  }

  #assigned(line: AssignLine, op: number): void {
    this.assignments.set(op, {
      keys: new Set(line.keys.map((key) => this.keys.id(key))),
      seek: line.seekToBeginning === true,
    })
  }
}

function checkedOffset(offset: number, line: ExchangeLine, at: number): number {
  if (Number.isSafeInteger(offset) && offset >= 0) return offset
  const hint = offset === -1 ? '; −1 is how Kafka says that it knows none: leave the offset out' : ''
  throw new HistoryError(at, `operation ${line.op} has the offset ${offset}, which is none${hint}`)
}
