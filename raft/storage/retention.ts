// Which snapshots the retention lets go, as Kafka's KafkaMetadataLog decides: the oldest goes while it is too old or all
// together are too big, and only when a newer one covers what it covered. The log then starts at the oldest that is left.

import type { Timestamp } from '../../src/base/index.ts'

export interface HeldSnapshot {
  readonly size: number
  readonly lastTimestamp: Timestamp
}

export interface SnapshotLimits {
  /** −1: no limit. */
  readonly retentionBytes: number
  readonly retentionMs: number
}

/** How many of the oldest may go. */
export function expiredSnapshots(
  snapshots: readonly HeldSnapshot[],
  logSize: number,
  now: Timestamp,
  limits: SnapshotLimits,
): number {
  let total = logSize
  for (const snapshot of snapshots) total += snapshot.size
  let count = 0
  while (count < snapshots.length - 1) {
    const oldest = snapshots[count]!
    const tooOld = limits.retentionMs >= 0 && now - oldest.lastTimestamp > limits.retentionMs
    const tooBig = limits.retentionBytes >= 0 && total > limits.retentionBytes
    if (!tooOld && !tooBig) break
    total -= oldest.size
    count++
  }
  return count
}
