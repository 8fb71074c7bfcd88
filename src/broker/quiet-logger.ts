// A log that hostile peers cannot fill: lines about connections beyond so many a second are counted, and the count is
// told with the next line that gets through.

import type { Clock, Instant, Logger } from '../base/index.ts'

export class QuietLogger implements Logger {
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #linesPerSecond: number
  #since: Instant
  #lines = 0
  #suppressed = 0

  constructor(logger: Logger, clock: Clock, linesPerSecond: number) {
    this.#logger = logger
    this.#clock = clock
    this.#linesPerSecond = linesPerSecond
    this.#since = clock.monotonic()
  }

  debug(fields: object, message: string): void {
    this.#logger.debug(fields, message)
  }

  info(fields: object, message: string): void {
    if (this.#passes()) this.#logger.info(this.#counted(fields), message)
  }

  warn(fields: object, message: string): void {
    if (this.#passes()) this.#logger.warn(this.#counted(fields), message)
  }

  /** Never suppressed: errors are ours. */
  error(fields: object, message: string): void {
    this.#logger.error(fields, message)
  }

  child(bindings: object): Logger {
    return new QuietLogger(this.#logger.child(bindings), this.#clock, this.#linesPerSecond)
  }

  #passes(): boolean {
    const now = this.#clock.monotonic()
    if (now - this.#since >= 1_000) {
      this.#since = now
      this.#lines = 0
    }
    if (this.#lines < this.#linesPerSecond) {
      this.#lines++
      return true
    }
    this.#suppressed++
    return false
  }

  #counted(fields: object): object {
    if (this.#suppressed === 0) return fields
    const suppressed = this.#suppressed
    this.#suppressed = 0
    return { ...fields, suppressed }
  }
}
