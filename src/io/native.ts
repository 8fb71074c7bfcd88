// The native codecs, loaded when first used: each takes 3 to 4 MB of a broker that may never meet its format.

import { createRequire } from 'node:module'

const load = createRequire(import.meta.url)

let loadedLz4: typeof import('lz4-napi') | null = null
let loadedSnappy: typeof import('snappy') | null = null

export function lz4(): typeof import('lz4-napi') {
  loadedLz4 ??= load('lz4-napi') as typeof import('lz4-napi')
  return loadedLz4
}

export function snappy(): typeof import('snappy') {
  loadedSnappy ??= load('snappy') as typeof import('snappy')
  return loadedSnappy
}
