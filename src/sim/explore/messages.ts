// What an exploration and its worker processes say to each other.

import type { LifeReport } from '../life/types.ts'
import type { CommonLifeOptions } from './types.ts'

export interface LifeTask {
  readonly seed: number
  readonly options: CommonLifeOptions
  readonly keep: boolean
  /** Of processor time; a life that needs more is ended with its process. */
  readonly cpuLimitMs: number
}

export type LifeAnswer =
  /** The worker has loaded and takes up the task; from now on its time counts. */
  | { readonly kind: 'began' }
  | { readonly kind: 'lived'; readonly report: LifeReport; readonly cpuMs: number; readonly residentBytes: number }
  /** `runLife` rejected: the world broke, and the process is not to be trusted with another life. */
  | { readonly kind: 'broke'; readonly text: string; readonly cpuMs: number }

/** What a worker's watchdog is given. */
export interface Watched {
  /** Shared: the process's processor time when the present life began, −1 between lives; and that life's limit. Ms. */
  readonly clock: Float64Array
  /** The process that started the worker. */
  readonly parent: number
}
