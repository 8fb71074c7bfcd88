// Version ranges in Kafka's notation: `3`, `0-7`, `2+`, `none`.

import { assert } from '../base/index.ts'
import type { VersionRange } from './types.ts'

export interface Range {
  readonly min: number
  readonly max: number
}

const OPEN = 32767

const KNOWN: Map<VersionRange, Range | null> = new Map()

/** Null for `none`. Each notation is parsed once: every frame asks whether its message is flexible. */
export function rangeOf(text: VersionRange): Range | null {
  let range = KNOWN.get(text)
  if (range === undefined) {
    range = parsed(text)
    KNOWN.set(text, range)
  }
  return range
}

function parsed(text: VersionRange): Range | null {
  if (text === 'none') return null
  const match = /^(\d+)(?:(\+)|-(\d+))?$/.exec(text)
  assert(match !== null, `"${text}" is no version range`)
  const min = Number(match[1])
  return { min, max: match[2] === '+' ? OPEN : match[3] === undefined ? min : Number(match[3]) }
}

/** False where the range is absent. */
export function includes(text: VersionRange | undefined, version: number): boolean {
  if (text === undefined) return false
  const range = rangeOf(text)
  return range !== null && version >= range.min && version <= range.max
}

export function isFlexible(message: { readonly flexible: VersionRange }, version: number): boolean {
  return includes(message.flexible, version)
}
