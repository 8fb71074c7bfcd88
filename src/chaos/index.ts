// The door of chaos: the simulator's fault plans on real processes. A public product, `odradek/chaos`.

export type { Fault, FaultPlan, PlannedFault } from '../sim/index.ts'
