// What every assignment that somebody gives by hand must satisfy, for a new partition and for one that is moved: Kafka's
// validateManualPartitionAssignment. Does not ask whether its brokers are alive.

import type { NodeId } from '../../src/base/index.ts'
import type { MetadataImage } from '../metadata/index.ts'
import type { Refusal } from './types.ts'
import { refusal } from './types.ts'

/** Null when it can stand. `factor`: how many replicas it must have; null: any number. */
export function assignmentProblem(
  draft: MetadataImage,
  replicas: readonly NodeId[],
  factor: number | null,
): Refusal | null {
  const invalid = (sentence: string): Refusal => refusal('INVALID_REPLICA_ASSIGNMENT', sentence)
  if (replicas.length === 0) return invalid('The manual partition assignment includes an empty replica list.')
  const sorted = [...replicas].sort((a, b) => a - b)
  for (const [i, id] of sorted.entries()) {
    const named = `The manual partition assignment includes`
    if (!draft.brokers.has(id)) return invalid(`${named} broker ${id}, but no such broker is registered.`)
    if (i > 0 && sorted[i - 1] === id) return invalid(`${named} the broker ${id} more than once.`)
  }
  if (factor === null || factor === replicas.length) return null
  return invalid(
    `The manual partition assignment includes a partition with ${replicas.length} replica(s), but this is not consistent with previous partitions, which have ${factor} replica(s).`,
  )
}
