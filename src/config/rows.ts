// The form of the rows in the two tables.

import type { ConfigType } from './types.ts'

/** Stands where a default would: the operator must give a value. */
export const REQUIRED: unique symbol = Symbol('required')

export type ConfigRow = readonly [
  name: string,
  type: ConfigType,
  byDefault: string | null | typeof REQUIRED,
  valid: string,
  importance: 'h' | 'm' | 'l',
  flags?: string,
]
