// The launcher: a cluster of real processes on this machine, and the control socket through which `odradek node` reaches it.

/** Asks the `up` that runs the cluster in a data directory. */
export { ask } from './control.ts'
export type { Layout } from './layout.ts'
/** Where things lie in a data directory. */
export { layoutOf } from './layout.ts'
/** One node in this process. */
export { loadNodeConfig } from './load.ts'
export { createLogger, stamp } from './logging.ts'
export type { ControlRequest, ControlResponse, NodeState, NodeStatus } from './messages.ts'
export type { Arrangement } from './prepare.ts'
export { runNode } from './process.ts'
export { nodeProgram } from './program.ts'
export type { RunningCluster, UpOptions } from './up.ts'
/** Starts the cluster. */
export { up } from './up.ts'
