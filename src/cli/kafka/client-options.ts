// What the properties of a tool say of its connections. What they cannot have is refused: a tool that was told to encrypt
// must not go on in plain text.

import type { ClientOptions } from '../../client/index.ts'

const REQUEST_TIMEOUT_MS = 30_000

/** Throws Error, in Kafka's words where it has some. */
export function clientOptionsOf(bootstrap: string, properties: ReadonlyMap<string, string>): ClientOptions {
  const protocol = properties.get('security.protocol')?.trim() || 'PLAINTEXT'
  if (protocol.toUpperCase() !== 'PLAINTEXT') {
    throw new Error(
      `Invalid value ${protocol} for configuration security.protocol: only PLAINTEXT is there yet. Take it out, or use Apache Kafka's own tool`,
    )
  }
  const clientId = properties.get('client.id')
  return {
    bootstrap,
    requestTimeoutMs: int(properties, 'request.timeout.ms', REQUEST_TIMEOUT_MS),
    ...(clientId === undefined ? {} : { clientId }),
  }
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
