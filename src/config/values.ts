// A node's values by name, in their types, with the table's defaults. What it reads has been validated before.

import { assert } from '../base/index.ts'
import { brokerConfigKeys } from './table.ts'
import type { ConfigKey } from './types.ts'
import { splitList } from './validators.ts'

/** Values in text form with their types and defaults; each is parsed once. */
export class Values {
  readonly #given: ReadonlyMap<string, string>
  readonly #numbers = new Map<string, number>()

  constructor(given: ReadonlyMap<string, string>) {
    this.#given = given
  }

  has(name: string): boolean {
    return this.#given.has(name)
  }

  string(name: string): string | null {
    const key = this.#key(name, ['string', 'class', 'password', 'list'])
    return this.#given.get(name)?.trim() ?? key.default
  }

  int(name: string): number {
    return this.#number(name, ['int', 'short'])
  }

  long(name: string): number {
    return this.#number(name, ['long', 'int', 'short'])
  }

  double(name: string): number {
    return this.#number(name, ['double'])
  }

  boolean(name: string): boolean {
    const key = this.#key(name, ['boolean'])
    return (this.#given.get(name) ?? key.default)?.trim().toLowerCase() === 'true'
  }

  list(name: string): readonly string[] {
    const key = this.#key(name, ['list'])
    return splitList(this.#given.get(name) ?? key.default ?? '')
  }

  #number(name: string, types: readonly ConfigKey['type'][]): number {
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    const text = this.#given.get(name) ?? this.#key(name, types).default
    assert(text !== null, `configuration ${name} has neither a value nor a default`)
    const value = toNumber(text)
    this.#numbers.set(name, value)
    return value
  }

  #key(name: string, types: readonly ConfigKey['type'][]): ConfigKey {
    const key = brokerConfigKeys.get(name)
    assert(key !== undefined, `${name} is not a configuration of a node`)
    assert(types.includes(key.type), `configuration ${name} is a ${key.type}`)
    return key
  }
}

/** A validated number; longs saturate (D15: a larger one means "for ever" in every place that has one). */
export function toNumber(text: string): number {
  const n = Number.parseFloat(text)
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, n))
}
