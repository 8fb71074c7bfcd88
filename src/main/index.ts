/** Who is in a cluster on one machine, as its directory notes it. */

/** What a new cluster is formatted with. */
export { LATEST_METADATA_VERSION } from '../../cluster/metadata/index.ts'
export * from './cluster-file.ts'
export type { FormatReport, FormatRequest } from './format.ts'
/** Log directories made ready for a node, as `odradek storage format` does. */
export { formatStorage, hasVoted, isReservedDirectoryId } from './format.ts'
/** The properties of a cluster on one machine. */
export * from './local.ts'
/** The single constructor of a node. */
export { createNode } from './node.ts'
/** Embedding: one node, or a whole cluster, in a program. */
export type { RunningCluster, StartClusterOptions } from './start-cluster.ts'
export { startCluster } from './start-cluster.ts'
export type { RunningNode, StartNodeOptions } from './start-node.ts'
export { startNode } from './start-node.ts'
export type * from './types.ts'
