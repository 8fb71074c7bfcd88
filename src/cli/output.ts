// How the commands speak: tables for people, JSON for programs, failures in one sentence that says what to do.

import process from 'node:process'
import { Bug, messageOf, ProtocolError } from '../base/index.ts'
import { ClientError } from '../client/index.ts'

export function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** For what is said beside the result. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`)
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2))
}

/** Columns as wide as their widest cell, two spaces between them; a number is set to the right. */
export function table(head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const cells = rows.map((row) => row.map((cell) => (cell === null ? '-' : String(cell))))
  const widths = head.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]!.length)))
  const isNumeric = head.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === 'number'))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => (isNumeric[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd()
  return [head, ...cells].map(line).join('\n')
}

/** The sentence for a failure; the whole stack only where we are the ones who are wrong. */
export function explain(error: unknown): string {
  const isOurs = error instanceof Bug || error instanceof ProtocolError || error instanceof TypeError
  if (isOurs && error instanceof Error) return error.stack ?? error.message
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOENT' && error instanceof Error && 'path' in error) return `${String(error.path)} does not exist`
  if (error instanceof ClientError && error.error === 'NETWORK_EXCEPTION') {
    return `${error.message}. Is the cluster running? \`odradek up\` starts one; -b names another.`
  }
  return messageOf(error)
}

/** `12.3 s`, `4 min`. */
export function duration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const minutes = Math.floor(ms / 60_000)
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`
}
