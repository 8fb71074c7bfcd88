// Kafka's uuids: 16 bytes, printed as base64url without padding. The text form is the key everywhere inside.

import type { Uuid } from './brands.ts'
import { ConfigError } from './errors.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const VALUES: Int8Array = new Int8Array(128).fill(-1)
for (let i = 0; i < ALPHABET.length; i++) VALUES[ALPHABET.charCodeAt(i)] = i

/** The text form of 16 bytes at `at`. */
export function uuidFromBytes(bytes: Uint8Array, at = 0): Uuid {
  let text = ''
  for (let i = 0; i < 15; i += 3) {
    const triple = (bytes[at + i]! << 16) | (bytes[at + i + 1]! << 8) | bytes[at + i + 2]!
    text +=
      ALPHABET[triple >> 18]! + ALPHABET[(triple >> 12) & 63]! + ALPHABET[(triple >> 6) & 63]! + ALPHABET[triple & 63]!
  }
  const last = bytes[at + 15]!
  return text + ALPHABET[last >> 2]! + ALPHABET[(last & 3) << 4]!
}

/** Writes the 16 bytes of a text form; throws ConfigError on anything that is not one. */
export function uuidToBytes(uuid: Uuid, into: Uint8Array, at = 0): void {
  if (!writeUuid(uuid, into, at)) {
    throw new ConfigError(`"${uuid}" is not a uuid: 22 characters of base64url are expected`)
  }
}

/** The same, or false, and rubbish in the 16 bytes, for a text that is none. */
export function writeUuid(text: string, into: Uint8Array, at: number): boolean {
  if (text.length !== 22) return false
  let bad = 0
  let out = at
  for (let i = 0; i < 20; i += 4) {
    const a = sextet(text, i)
    const b = sextet(text, i + 1)
    const c = sextet(text, i + 2)
    const d = sextet(text, i + 3)
    bad |= a | b | c | d
    into[out] = (a << 2) | (b >> 4)
    into[out + 1] = (b << 4) | (c >> 2)
    into[out + 2] = (c << 6) | d
    out += 3
  }
  const a = sextet(text, 20)
  const b = sextet(text, 21)
  into[out] = (a << 2) | (b >> 4)
  return (bad | a | b) >= 0
}

/** Negative for what is no character of the alphabet. */
function sextet(text: string, i: number): number {
  const code = text.charCodeAt(i)
  return code < 128 ? VALUES[code]! : -1
}

export function isUuid(text: string): boolean {
  if (text.length !== 22) return false
  for (let i = 0; i < 22; i++) if ((VALUES[text.charCodeAt(i)] ?? -1) < 0) return false
  return true
}
