// The door of the checkers: histories and their anomalies, invariants over what is observed of a cluster. A public
// product, `odradek/check`; knows nothing of where a history or an observation came from.

export { checkHistory, HistoryChecker } from './history/check.ts'
export { HistoryError } from './history/errors.ts'
export { decodeHistory, decodeHistoryLine, encodeHistoryLine } from './history/lines.ts'
export { type Completion, HistoryRecorder, type Invocation, type RecorderOptions } from './history/recorder.ts'
export { formatHistoryReport } from './history/report.ts'
export type * from './history/types.ts'
export type * from './invariants/types.ts'
