// What one thing was at any offset of the metadata log. Nothing else.

import type { Offset } from '../../base/index.ts'

export class Versions<T> {
  readonly #list: { readonly from: Offset; readonly value: T | null }[] = []

  set(from: Offset, value: T | null): void {
    const last = this.#list.at(-1)
    if (last?.from === from) this.#list.pop()
    this.#list.push({ from, value })
  }

  /** Null where it was not there. */
  at(offset: Offset): T | null {
    for (let i = this.#list.length - 1; i >= 0; i--) if (this.#list[i]!.from <= offset) return this.#list[i]!.value
    return null
  }
}

/** The versions under a key, begun if need be. */
export function version<K, T>(map: Map<K, Versions<T>>, key: K): Versions<T> {
  let versions = map.get(key)
  if (versions === undefined) {
    versions = new Versions()
    map.set(key, versions)
  }
  return versions
}
