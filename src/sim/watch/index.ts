// Watching a simulated cluster: invariants after every event, markers, notable events.

export type { Watch, WatchOptions } from './types.ts'
export { watchCluster } from './watch.ts'
