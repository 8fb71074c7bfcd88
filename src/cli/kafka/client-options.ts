// What the properties of a tool say of its connections. What they cannot have is refused: a tool that was told to encrypt
// must not go on in plain text.

import type { ClientOptions } from '../../client/index.ts'
import { stamp } from '../../launcher/index.ts'
import { type ClientKind, refuseKeys, unknownText } from './client-keys.ts'

const REQUEST_TIMEOUT_MS = 30_000
/** Those that have Kafka's default where they are absent. */
const NUMBERS = {
  apiTimeoutMs: 'default.api.timeout.ms',
  retryBackoffMs: 'retry.backoff.ms',
  retryBackoffMaxMs: 'retry.backoff.max.ms',
  connectTimeoutMs: 'socket.connection.setup.timeout.ms',
} as const satisfies Partial<Record<keyof ClientOptions, string>>

/** Throws Error, in Kafka's words where it has some. */
export function clientOptionsOf(bootstrap: string, properties: ReadonlyMap<string, string>): ClientOptions {
  refuseKeys(properties)
  const clientId = properties.get('client.id')
  const numbers = Object.entries(NUMBERS).flatMap(([ours, kafkas]) =>
    properties.has(kafkas) ? [[ours, int(properties, kafkas, 0)]] : [],
  )
  return {
    bootstrap,
    requestTimeoutMs: int(properties, 'request.timeout.ms', REQUEST_TIMEOUT_MS),
    ...Object.fromEntries(numbers),
    ...(clientId === undefined ? {} : { clientId }),
  }
}

/** Of configurations that no such client has, as Kafka logs it; null: there are none. */
export function warningOf(kind: ClientKind, properties: ReadonlyMap<string, string>): string | null {
  const text = unknownText(kind, properties)
  if (text === null) return null
  const className = `${kind.charAt(0).toUpperCase()}${kind.slice(1)}${kind === 'admin' ? 'Client' : ''}Config`
  return `${stamp(new Date())} WARN ${text} (org.apache.kafka.clients.${kind}.${className})`
}

/** A property that is a number of Java's `int` from 0 on. Throws Error in Kafka's words. */
export function int(properties: ReadonlyMap<string, string>, name: string, absent: number): number {
  return whole(properties, name, absent, 'INT')
}

/** The same of a `long`, as far as a number here is exact. */
export function long(properties: ReadonlyMap<string, string>, name: string, absent: number): number {
  return whole(properties, name, absent, 'LONG')
}

function whole(properties: ReadonlyMap<string, string>, name: string, absent: number, type: 'INT' | 'LONG'): number {
  const text = properties.get(name)?.trim()
  if (text === undefined) return absent
  const most = type === 'INT' ? 2 ** 31 - 1 : Number.MAX_SAFE_INTEGER
  if (!/^[+-]?\d+$/.test(text) || Math.abs(Number(text)) > most)
    throw new Error(`Invalid value ${text} for configuration ${name}: Not a number of type ${type}`)
  if (Number(text) < 0) throw new Error(`Invalid value ${text} for configuration ${name}: Value must be at least 0`)
  return Number(text)
}
