// The door of the simulator: one seed, N hosts, the six ports of each, and the faults. A public product, `odradek/sim`.

/** N whole nodes in it, and clients. */
export type { SimClusterOptions, SimUser } from './cluster.ts'
export { createSimCluster, SimCluster } from './cluster.ts'
/** Many seeds, in worker processes. */
export * from './explore/index.ts'
/** A machine's part in the world. */
export type { HostOptions } from './host.ts'
/** How far a run goes, and why it stopped. */
export type { RunEnd, RunLimits } from './kernel.ts'
/** One seed's whole run. */
export { runLife } from './life/run.ts'
/** Code of one's own in the simulated world. */
export { type SimulatedFaults, type SimulatedUser, type SimulateOptions, simulate } from './life/simulate.ts'
export { formatLife, type LifeText, parseLife } from './life/text.ts'
export type * from './life/types.ts'
/** How a link is worse than it should be. */
export type { LinkQuality } from './links.ts'
/** Faults as data; chaos runs the same plans on real processes. */
export type { Detained, Direction, Fault, FaultPlan, PlannedFault, Verb } from './plan.ts'
export { faultText, isVerb, parseFault, VERBS } from './plan-text.ts'
/** A host's disk, for checkers and faults. */
export type { DiskFaults, DiskState, FlippedBit } from './platter.ts'
export type { SimulationOptions } from './simulation.ts'
/** Bodies of all six ports from one seed, and the verbs that hurt them. */
export { createSimulation, Simulation } from './simulation.ts'
/** Listening in on a world. */
export type { Tap, TappedEnd, TappedProcess } from './tap.ts'
/** Ends a fault that lasts. */
export type { Undo } from './undo.ts'
