// The door of exploring, within the simulator.

export { explore } from './explore.ts'
export { LifePool, type LifePoolOptions } from './pool.ts'
export { serveLives } from './serve.ts'
export { type ShrinkOptions, type ShrinkProgress, type ShrinkResult, shrink } from './shrink.ts'
export { type ShrinkLifeOptions, shrinkLife } from './shrink-life.ts'
export { STORY_LINES, story } from './story.ts'
export { DEFAULT_FLOORS, FLOORS_JUDGED_FROM, MARKERS_JUDGED_FROM, SPEED_JUDGED_FROM } from './summary.ts'
export { readTrace, TRACE_KINDS, type TraceEntry, type TraceHeader, type TraceKind } from './trace-entry.ts'
export { TraceRecorder } from './trace-recorder.ts'
export type * from './types.ts'
