// What the watch of a node's disk hands on. Shapes only.

import type { NodeId, Offset, Uuid } from '../../base/index.ts'
import type { EpochStart, LogModel, Vote, VoterKey } from '../../check/index.ts'

export interface SnapshotId {
  readonly endOffset: Offset
  readonly epoch: number
}

/** What is done with the facts. */
export interface DiskSink {
  /** Whether logs of a topic are cleaned: what lies in them is not what was written, and they are passed over. */
  isCleaned(topic: string): boolean
  /** The model of a partition's log: by topic id and index, or the quorum's. */
  model(key: string, name: string): LogModel
  metaProperties(node: NodeId, directoryId: Uuid): void
  voted(node: NodeId, vote: Vote, durable: boolean): void
  foundVote(node: NodeId, vote: Vote): void
  /** The clean-shutdown marker, or null when it was taken away. */
  cleanMarker(node: NodeId, epoch: number | null): void
  quorumWrote(node: NodeId, epoch: number): void
  quorumWroteVoters(node: NodeId, offset: Offset, epoch: number, voters: readonly VoterKey[]): void
  /** Bytes reached a log; false: nobody minds. */
  writtenUnderMarker(node: NodeId, model: LogModel): void
  /** Bytes reached a log where durable ones had been cut, and that cut is not durable yet. */
  writtenOverCut(node: NodeId, model: LogModel): void
  epochs(node: NodeId, model: LogModel, entries: readonly EpochStart[]): void
  /** A power failure took something, or a failed fsync did; `ends` are the ends of logs before. */
  powerLost(node: NodeId, lying: boolean, ends: ReadonlyMap<LogModel, Offset>): void
  /** Before a cut. */
  cutting(node: NodeId, model: LogModel, base: Offset, size: number): void
  snapshot(node: NodeId, id: SnapshotId, fetched: boolean, bytes: Uint8Array): void
  /** A replica cut batches off its log; none where only half a batch went. */
  cut(node: NodeId, key: string, batches: number, left: Offset): void
  /** A whole disk is gone. */
  replaced(node: NodeId): void
  lost(node: NodeId, key: string, batches: number, committed: number): void
}
