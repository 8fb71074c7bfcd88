// How far an exploration is: one line that is written over on a terminal, a line now and then elsewhere.

import type { Progress } from '../sim/index.ts'

/** Twice a second is as fast as anybody reads. */
const TERMINAL_EVERY_MS = 500
const PLAIN_EVERY_MS = 15_000
const HOUR_MS = 3_600_000

export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

export class ProgressLine {
  readonly #screen: Screen
  readonly #everyMs: number
  #shownAtMs = Number.NEGATIVE_INFINITY
  #standing = ''

  constructor(screen: Screen) {
    this.#screen = screen
    this.#everyMs = screen.isTTY === true ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS
    // Elsewhere the first line comes when there is something to tell.
    if (screen.isTTY !== true) this.#shownAtMs = 0
  }

  show(progress: Progress): void {
    if (progress.wallMs - this.#shownAtMs < this.#everyMs) return
    this.#shownAtMs = progress.wallMs
    this.#write(textOf(progress))
  }

  /** Shown as it is, at once; on a terminal only, since each is followed by the next. */
  text(text: string): void {
    if (this.#screen.isTTY === true) this.#write(text)
  }

  /** Something that stays, above the line. */
  say(text: string): void {
    this.#clear()
    this.#screen.write(`${text}\n`)
    if (this.#standing !== '') this.#write(this.#standing)
  }

  end(): void {
    this.#clear()
    this.#standing = ''
  }

  #clear(): void {
    if (this.#screen.isTTY === true && this.#standing !== '') this.#screen.write('\r\x1b[2K')
  }

  #write(text: string): void {
    if (this.#screen.isTTY !== true) {
      this.#screen.write(`${text}\n`)
      return
    }
    this.#clear()
    this.#standing = text.slice(0, (this.#screen.columns ?? 80) - 1)
    this.#screen.write(this.#standing)
  }
}

export function textOf({ ran, seeds, wallMs, simulatedMs, markersReached, markersKnown, failed }: Progress): string {
  const rate = wallMs === 0 ? 0 : (ran * 1000) / wallMs
  return [
    `${ran}/${seeds} seeds`,
    `${rate.toFixed(rate < 10 ? 1 : 0)}/s`,
    `${(simulatedMs / HOUR_MS).toFixed(1)} simulated hours`,
    `${markersReached}/${markersKnown} markers`,
    `${failed} failed`,
  ].join(' · ')
}
