// Writes a history down while it happens: numbers operations, takes the time from a function that is handed in, and sees
// to it that the lines fit each other, so that what it records can always be judged. Knows no client, file or clock.
// Invariant: every operation that was invoked is under way or has exactly one completion.

import { Bug } from '../../base/index.ts'
import type {
  AssignLine,
  CommitLine,
  CrashLine,
  ExchangeLine,
  HistoryLine,
  HistoryOutcome,
  HistoryStep,
  JoinLine,
} from './types.ts'

type Common = 'process' | 'op' | 'time' | 'type' | 'error'

/** What an operation is about to do; `steps` of polls are empty (`{ f: 'poll' }`), of sends without offsets. */
export type Invocation =
  | Omit<ExchangeLine, Common>
  | Omit<AssignLine, Common>
  | Omit<JoinLine, Common>
  | Omit<CommitLine, Common>
  | Omit<CrashLine, Common>

/** What is known at its end: sends again, in their order, with offsets; polls with their records; of a join what the
 *  member was given. */
export interface Completion
  extends Partial<Pick<JoinLine, 'generation' | 'keys' | 'committed' | 'reset' | 'instance' | 'kept'>> {
  readonly steps?: readonly HistoryStep[]
  readonly rebalanced?: readonly string[]
}

export interface RecorderOptions {
  /** Milliseconds; where it goes back, the recorder stays. */
  readonly now: () => number
  /** Takes each line as it is written. Without it they are kept in `lines`. */
  readonly write?: (line: HistoryLine) => void
}

export class HistoryRecorder {
  /** All lines so far, if no `write` was given. */
  readonly lines: HistoryLine[] = []
  readonly #now: () => number
  readonly #write: (line: HistoryLine) => void
  readonly #underWay = new Map<number, { readonly process: string; readonly what: Invocation }>()
  #next = 0
  #time = Number.NEGATIVE_INFINITY

  constructor(options: RecorderOptions) {
    this.#now = options.now
    this.#write = options.write ?? ((line) => this.lines.push(line))
  }

  get underWay(): number {
    return this.#underWay.size
  }

  /** Before the request leaves. Answers with the operation's number, for its completion. */
  invoke(process: string, what: Invocation): number {
    const op = this.#next
    this.#next += 1
    this.#underWay.set(op, { process, what })
    this.#write({ process, op, time: this.#tick(), type: 'invoke', ...what })
    return op
  }

  /** It happened as told. */
  ok(op: number, completion: Completion = {}): void {
    this.#complete(op, 'ok', undefined, completion)
  }

  /** It certainly did not happen. A time-out, or a connection that broke after the request left, is `info`. */
  fail(op: number, error: string, completion: Completion = {}): void {
    this.#complete(op, 'fail', error, completion)
  }

  /** Nobody knows whether it happened. */
  info(op: number, error: string, completion: Completion = {}): void {
    this.#complete(op, 'info', error, completion)
  }

  /** A process's client is dropped: of all that it has under way nobody will ever know. */
  crash(process: string, error: string = 'the client crashed'): void {
    for (const [op, it] of [...this.#underWay]) if (it.process === process) this.info(op, error)
    this.info(this.invoke(process, { f: 'crash' }), error)
  }

  /** Nothing more will be heard of. */
  close(error: string = 'the recording ended'): void {
    for (const op of [...this.#underWay.keys()]) this.info(op, error)
  }

  #complete(op: number, type: HistoryOutcome, error: string | undefined, completion: Completion): void {
    const it = this.#underWay.get(op)
    if (it === undefined) throw new Bug(`operation ${op} of a history completes (${type}) and is not under way`)
    this.#underWay.delete(op)
    const base = { process: it.process, op, time: this.#tick(), type, ...(error === undefined ? {} : { error }) }
    this.#write({ ...base, ...it.what, ...completion } as HistoryLine)
  }

  #tick(): number {
    this.#time = Math.max(this.#time, this.#now())
    return this.#time
  }
}
