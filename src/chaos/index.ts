// The door of chaos: the simulator's fault plans on real processes. A public product, `odradek/chaos`.

export type { Lasting, RunPlan } from './chaos.ts'
/** A cluster to hurt, one method a verb. */
export { Chaos, composeChaos, connectChaos, startChaos } from './chaos.ts'
export type { ComposeOptions } from './compose.ts'
/** Plans for real time. */
export { drawPlan, refusalsOf } from './plan.ts'
/** What a run says. */
export { formatReport, isGood } from './report.ts'
export type { Proxied, StartOptions, ToxiproxyChoice } from './start.ts'
/** A cluster behind proxies, for whoever starts one himself (`odradek up --chaos`). */
export { proxied } from './start.ts'
export type * from './types.ts'
export type { Direction, Fault, FaultPlan, PlannedFault, Verb } from './words.ts'
export { parseDuration, textOf } from './words.ts'
