// Writes down what clients ask and are told, in the world's time. Values are short texts; a record's padding follows after
// a slash and is no part of its value.

import type { HistoryKey, HistoryLine, HistoryStep } from '../../check/index.ts'

export type Promised = { readonly weak?: boolean; readonly idempotent?: boolean }

export class Recorder {
  readonly lines: HistoryLine[] = []
  readonly #now: () => number
  #op = 0

  constructor(now: () => number) {
    this.#now = now
  }

  /** Answers what ends the operation. */
  begin(
    process: string,
    f: 'send' | 'poll',
    steps: readonly HistoryStep[],
    promised: Promised = {},
  ): (type: 'ok' | 'fail' | 'info', steps: readonly HistoryStep[], error?: string) => void {
    const op = this.#op++
    this.lines.push({ process, op, time: this.#now(), type: 'invoke', f, steps, ...promised })
    return (type, told, error) => {
      const why = error === undefined ? {} : { error }
      this.lines.push({ process, op, time: this.#now(), type, f, steps: told, ...promised, ...why })
    }
  }

  assign(process: string, keys: readonly HistoryKey[], seekToBeginning: boolean): void {
    this.#both({ process, f: 'assign', keys, seekToBeginning })
  }

  crash(process: string): void {
    this.#both({ process, f: 'crash' })
  }

  #both(
    line:
      | { process: string; f: 'assign'; keys: readonly HistoryKey[]; seekToBeginning: boolean }
      | { process: string; f: 'crash' },
  ): void {
    const op = this.#op++
    const time = this.#now()
    this.lines.push({ ...line, op, time, type: 'invoke' }, { ...line, op, time, type: 'ok' })
  }
}

export function valueOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(SLASH)
  return Buffer.from(bytes.buffer, bytes.byteOffset, end < 0 ? bytes.length : end).toString('latin1')
}

const SLASH = '/'.charCodeAt(0)
