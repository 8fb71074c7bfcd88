// Watching a simulated cluster: invariants after every event, markers, notable events.

export type { Watch, WatchOptions } from './watch.ts'
export { watchCluster } from './watch.ts'
