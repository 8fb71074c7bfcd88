// The smallest coordinator: a map of counters. Writes are answered when they are committed, reads at once from what is
// committed. It keeps to the contract of a machine as src/groups does, in a page.

import type { Machine, MachineEffect, MachineEvent, Moment, RecordCodec } from '../../src/coordinator/index.ts'
import type { ErrorName } from '../../src/wire/index.ts'

export interface KvRecord {
  readonly key: string
  readonly value: number | null
}

export type KvQuestion =
  | { readonly kind: 'put'; readonly token: number; readonly records: readonly KvRecord[] }
  /** Adds to what was written last, committed or not; answers with the sum. */
  | { readonly kind: 'add'; readonly token: number; readonly key: string; readonly by: number }
  | { readonly kind: 'get'; readonly token: number; readonly key: string }
  /** Answered by a tick, so many milliseconds from now. */
  | { readonly kind: 'wake'; readonly token: number; readonly inMs: number }

export interface KvAnswer {
  readonly kind: 'answer'
  readonly token: number
  readonly error: ErrorName
  readonly value: number | null
}

type Phase = 'unloaded' | 'loading' | 'active' | 'failed'

export class KvMachine implements Machine<KvRecord, KvQuestion, KvAnswer> {
  phase: Phase = 'unloaded'
  epoch = -1
  readonly committed: Map<string, number> = new Map()
  /** Told when it has become active. */
  readonly #onLoaded: (machine: KvMachine) => void
  #writes: { readonly append: number; readonly records: readonly KvRecord[]; readonly answer: KvAnswer }[] = []
  #alarms: { readonly at: number; readonly token: number }[] = []
  #nextAppend = 1

  constructor(onLoaded: (machine: KvMachine) => void = () => {}) {
    this.#onLoaded = onLoaded
  }

  step(event: MachineEvent<KvRecord> | KvQuestion, at: Moment): MachineEffect<KvRecord, KvAnswer>[] {
    switch (event.kind) {
      case 'load':
        if (event.epoch <= this.epoch) return []
        this.epoch = event.epoch
        return this.#leave('loading')
      case 'unload':
        if (event.epoch !== null && event.epoch <= this.epoch) return []
        this.epoch = event.epoch ?? this.epoch
        return this.#leave('unloaded')
      case 'replay':
        if (this.phase === 'loading' && event.epoch === this.epoch)
          for (const record of event.records) this.#set(record)
        return []
      case 'loaded':
      case 'load-failed':
        if (this.phase !== 'loading' || event.epoch !== this.epoch) return []
        this.phase = event.kind === 'loaded' ? 'active' : 'failed'
        if (event.kind === 'loaded') this.#onLoaded(this)
        return []
      case 'committed': {
        const done = this.#writes.filter((write) => write.append <= event.append)
        this.#writes = this.#writes.filter((write) => write.append > event.append)
        for (const { records } of done) for (const record of records) this.#set(record)
        return done.map(({ answer }) => answer)
      }
      case 'append-failed': {
        const failed = this.#writes.filter((write) => write.append === event.append)
        this.#writes = this.#writes.filter((write) => write.append !== event.append)
        return failed.map(({ answer }) => refused(answer.token, event.error))
      }
      case 'tick': {
        const due = this.#alarms.filter((alarm) => alarm.at <= at.now)
        this.#alarms = this.#alarms.filter((alarm) => alarm.at > at.now)
        return due.map(({ token }) => ({ kind: 'answer', token, error: 'NONE', value: null }))
      }
      default:
        return this.#ask(event, at)
    }
  }

  deadline(): number | null {
    return this.#alarms.length === 0 ? null : Math.min(...this.#alarms.map((alarm) => alarm.at))
  }

  #ask(question: KvQuestion, at: Moment): MachineEffect<KvRecord, KvAnswer>[] {
    if (this.phase !== 'active')
      return [refused(question.token, this.phase === 'loading' ? 'COORDINATOR_LOAD_IN_PROGRESS' : 'NOT_COORDINATOR')]
    const { token } = question
    switch (question.kind) {
      case 'get':
        return [{ kind: 'answer', token, error: 'NONE', value: this.committed.get(question.key) ?? null }]
      case 'wake':
        this.#alarms.push({ at: at.now + question.inMs, token })
        return []
      case 'put':
        return this.#write(token, question.records, null)
      case 'add': {
        const value = this.#latest(question.key) + question.by
        return this.#write(token, [{ key: question.key, value }], value)
      }
    }
  }

  #write(token: number, records: readonly KvRecord[], value: number | null): MachineEffect<KvRecord, KvAnswer>[] {
    const append = this.#nextAppend++
    this.#writes.push({ append, records, answer: { kind: 'answer', token, error: 'NONE', value } })
    return [{ kind: 'append', append, epoch: this.epoch, records }]
  }

  #latest(key: string): number {
    const written = this.#writes.flatMap(({ records }) => records).findLast((record) => record.key === key)
    return (written === undefined ? this.committed.get(key) : written.value) ?? 0
  }

  #set({ key, value }: KvRecord): void {
    if (value === null) this.committed.delete(key)
    else this.committed.set(key, value)
  }

  #leave(phase: Phase): KvAnswer[] {
    const tokens = [...this.#writes.map(({ answer }) => answer.token), ...this.#alarms.map(({ token }) => token)]
    this.phase = phase
    this.committed.clear()
    this.#writes = []
    this.#alarms = []
    return tokens.map((token) => refused(token, 'NOT_COORDINATOR'))
  }
}

function refused(token: number, error: ErrorName): KvAnswer {
  return { kind: 'answer', token, error, value: null }
}

const text = new TextEncoder()
const read = new TextDecoder()

/** Keys that begin with `?` are of a type that this version does not know. */
export const kvCodec: RecordCodec<KvRecord> = {
  encode: ({ key, value }) => ({ key: text.encode(key), value: value === null ? null : text.encode(String(value)) }),
  decode: (key, value) => {
    const name = read.decode(key)
    return name.startsWith('?') ? null : { key: name, value: value === null ? null : Number(read.decode(value)) }
  },
}
