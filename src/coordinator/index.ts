// What every coordinator shares: the fold of its log into standby tables on every replica, loading on election, appends that
// are answered when they are committed, timers. The pure rooms decide; `main` hands in the replicas.

/** The coordinator of classic groups and committed offsets. */
export { createGroupCoordinator, GROUP_TOPIC, type GroupCoordinator, type GroupCoordinatorOptions } from './groups.ts'
/** Any coordinator: an internal topic, a machine, a codec of its records. */
export { createCoordinator } from './runtime.ts'
export type * from './types.ts'
