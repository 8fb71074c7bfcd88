// What is wrong with a history that cannot be judged. Not an anomaly: the cluster may be innocent, its recorder is not.

/** The message names the line (counted from 1, as editors do) and the remedy. */
export class HistoryError extends Error {
  override readonly name = 'HistoryError'
  /** Index of the line, from 0. */
  readonly line: number
  constructor(line: number, message: string, options?: ErrorOptions) {
    super(`line ${line + 1}: ${message}`, options)
    this.line = line
  }
}
