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
  if (!isUuid(uuid)) throw new ConfigError(`"${uuid}" is not a uuid: 22 characters of base64url are expected`)
  let bits = 0
  let held = 0
  for (let i = 0, out = at; i < 22; i++) {
    bits = (bits << 6) | VALUES[uuid.charCodeAt(i)]!
    held += 6
    if (held >= 8) {
      held -= 8
      into[out++] = (bits >> held) & 255
      bits &= (1 << held) - 1
    }
  }
}

export function isUuid(text: string): boolean {
  if (text.length !== 22) return false
  for (let i = 0; i < 22; i++) if ((VALUES[text.charCodeAt(i)] ?? -1) < 0) return false
  return true
}
