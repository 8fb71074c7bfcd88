// The door of chaos: the simulator's fault plans on real processes. A public product, `odradek/chaos`.

export { drawPlan, refusalsOf } from './plan.ts'
export { formatReport, isGood } from './report.ts'
/** A workload under a plan, judged by its history. */
export { runChaos } from './run.ts'
export type { Proxied, StartOptions, ToxiproxyChoice } from './start.ts'
/** Clusters to hurt. */
export { connectTarget, isProxied, proxied, startTarget } from './start.ts'
export type * from './types.ts'
export type { Direction, Fault, FaultPlan, PlannedFault, Verb } from './words.ts'
export { parseDuration, textOf } from './words.ts'
