// The log of a node that runs as a process: pino behind the injected interface, written as lines for people (as Kafka's
// are) or as JSON. Library code never writes here by itself.

import { type DestinationStream, pino } from 'pino'
import type { Logger } from '../base/index.ts'

export interface LoggingOptions {
  readonly level: string
  readonly format: 'text' | 'json'
  readonly write: (line: string) => void
}

const LEVELS: { readonly [level: number]: string } = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
}
const OWN_FIELDS: ReadonlySet<string> = new Set(['level', 'time', 'msg', 'room', 'node'])

export function createLogger(options: LoggingOptions): Logger {
  const destination: DestinationStream = {
    write: (line) => options.write(options.format === 'json' ? line : textOf(line)),
  }
  return pino({ level: options.level, base: null }, destination)
}

/** `[2026-11-21 10:00:00,000] INFO [raft nodeId=1] text name=value`. */
export function stamp(time: Date): string {
  const two = (n: number): string => String(n).padStart(2, '0')
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
  return `[${day} ${clock},${String(time.getMilliseconds()).padStart(3, '0')}]`
}

function textOf(line: string): string {
  const entry = JSON.parse(line) as { [name: string]: unknown }
  const fields = Object.entries(entry).filter(([name]) => !OWN_FIELDS.has(name))
  const told = fields
    .map(([name, value]) => ` ${name}=${typeof value === 'string' ? value : errorText(value)}`)
    .join('')
  const who = [entry.room, entry.node === undefined ? undefined : `nodeId=${String(entry.node)}`]
  const where = who.filter((each) => each !== undefined).join(' ')
  const level = LEVELS[Number(entry.level)] ?? String(entry.level)
  return `${stamp(new Date(Number(entry.time)))} ${level} [${where}] ${String(entry.msg)}${told}\n`
}

// pino has made an error of `err` into type, message and stack; the stack begins with both.
function errorText(value: unknown): string {
  if (typeof value === 'object' && value !== null && 'stack' in value) return `\n${String(value.stack)}`
  return JSON.stringify(value)
}
