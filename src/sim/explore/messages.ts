// What an exploration and its worker processes say to each other.

import type { LifeReport } from '../life/types.ts'
import type { CommonLifeOptions } from './types.ts'

export interface LifeTask {
  readonly seed: number
  readonly options: CommonLifeOptions
  readonly keep: boolean
}

export type LifeAnswer =
  | { readonly kind: 'lived'; readonly report: LifeReport; readonly cpuMs: number }
  /** `runLife` rejected: the world broke, and the process is not to be trusted with another life. */
  | { readonly kind: 'broke'; readonly text: string; readonly cpuMs: number }
