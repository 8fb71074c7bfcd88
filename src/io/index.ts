// The door of the real world: bodies of the six ports on node:*, level and the thread pool. Knows nothing of Kafka.

/** Single bodies, for tools that need one. */
export { SystemClock } from './clock.ts'
/** The bounded decoders as one synchronous call: the simulator's offload. */
export { decompressSync } from './codecs.ts'
export { SystemDisk } from './disk.ts'
export { SystemNetwork } from './network.ts'
export { PoolOffload } from './offload.ts'
export { SystemRandom } from './random.ts'
export type { SystemPorts, SystemPortsOptions } from './system.ts'
/** The ports of one node, and the call that cuts them all. */
export { createPorts } from './system.ts'
export { LevelTables } from './tables.ts'
