// What is bounded in the coordinator runtime, with the defaults that its door tells. Only numbers.

import type { CoordinatorLimits } from './types.ts'

export const limits: CoordinatorLimits = {
  readBytes: 256 * 1024,
  foldRecords: 1000,
  foldDelayMs: 250,
  replayRows: 1000,
  staleTableMs: 12 * 60 * 60 * 1000,
  undecidedRecords: 100_000,
  openedBytes: 128 * 1024 * 1024,
  lateMs: 100,
  catchUpMs: 100,
}
