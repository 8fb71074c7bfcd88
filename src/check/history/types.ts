// A history: what clients asked of a Kafka cluster and what they were told, in the order in which it happened. One JSON
// object a line makes a file of it (`history.jsonl`, docs/history.md). Modelled on Jepsen's Kafka workload
// (jepsen.tests.kafka), so that its anomalies can be looked for in any cluster's history; differs in that a process may
// have several sends under way.

/** A topic partition, `topic-0`. A topic that is deleted and made anew is another key. */
export type HistoryKey = string
/** What was sent, unique within its key. */
export type HistoryValue = string | number

/** One send within an operation; its offset is known once the broker has said so (acks other than 0). */
export interface SendStep {
  readonly f: 'send'
  readonly key: HistoryKey
  readonly value: HistoryValue
  readonly offset?: number
}

/** One poll within an operation: per key the records it returned, in order, as (offset, value). */
export interface PollStep {
  readonly f: 'poll'
  readonly records?: Readonly<Record<HistoryKey, readonly (readonly [offset: number, value: HistoryValue])[]>>
}

export type HistoryStep = SendStep | PollStep

export type HistoryOutcome = 'ok' | 'fail' | 'info'

interface HistoryBase {
  /** One logical thread of a client: a producer, a consumer. Several sends of a process may be under way, one poll. */
  readonly process: string
  /** Joins the line that invokes an operation with the one that completes it; unique within the history. */
  readonly op: number
  /** Milliseconds since any moment, the same for the whole history; never decreases from line to line. */
  readonly time: number
  /** `invoke` begins an operation, one other ends it: `ok` it happened as told, `fail` it certainly did not happen,
   *  `info` nobody knows. An operation that no line ends is as one that `info` ends. */
  readonly type: 'invoke' | HistoryOutcome
  /** With `fail` and `info`: Kafka's error name, or words. */
  readonly error?: string
}

/** Sends, polls, or a transaction of several of both. Only a `txn` is atomic: the steps of a `send` stand alone. */
export interface ExchangeLine extends HistoryBase {
  readonly f: 'send' | 'poll' | 'txn'
  /** The line that completes repeats the sends of the one that invoked, with their offsets (with `fail` and `info`, it
   *  may have no steps). */
  readonly steps: readonly HistoryStep[]
  /** A send whose loss was never excluded (acks=0, acks=1, or min.insync.replicas not enforced): counted if lost, and
   *  counted if there twice unless `idempotent`, but no anomaly. */
  readonly weak?: boolean
  /** Whether the producer promises each record once and in the order of invocation. Where it is not said: yes, but no
   *  for a weak send. Without it a record that is there twice is counted, and is no anomaly. */
  readonly idempotent?: boolean
  /** Keys whose assignment changed while the operation was under way (on the line that completes). */
  readonly rebalanced?: readonly HistoryKey[]
}

/** A consumer takes other partitions; its polls of the others may jump from here on. Where it stood in keys that it
 *  keeps, it stays, as the Java consumer does, unless it seeks. */
export interface AssignLine extends HistoryBase {
  readonly f: 'assign' | 'subscribe'
  readonly keys: readonly HistoryKey[]
  readonly seekToBeginning?: boolean
}

/** A member of a group is given partitions. Invoked before the group's offsets are asked for; the line that completes it
 *  tells the assignment. From here on the member reads on where the group has committed. */
export interface JoinLine extends HistoryBase {
  readonly f: 'join'
  readonly group: string
  /** Of the classic protocol. What was committed in an earlier one is known to the coordinator when this one begins. */
  readonly generation?: number
  readonly keys?: readonly HistoryKey[]
  /** What it was told that the group has committed: the next offset to read. Keys that are missing: nothing. */
  readonly committed?: Readonly<Record<HistoryKey, number>>
  /** Where it begins in keys of which nothing is committed; left out: anywhere. */
  readonly reset?: 'earliest' | 'latest'
  /** `group.instance.id`: another process that comes back under this name in the same generation is the same member. */
  readonly instance?: string
  /** With a cooperative assignor: those of `keys` that it had already and reads on where it stood; `committed` tells of
   *  the others. */
  readonly kept?: readonly HistoryKey[]
}

/** A member commits the next offsets to read. Several of a process may be under way, as sends. An attempt that is made
 *  again is another operation: the first may take effect after the second, until the generation is over. `null` deletes
 *  what is committed (OffsetDelete, DeleteGroups). */
export interface CommitLine extends HistoryBase {
  readonly f: 'commit'
  readonly group: string
  readonly generation?: number
  readonly offsets: Readonly<Record<HistoryKey, number | null>>
}

/** A client was dropped and opened anew. */
export interface CrashLine extends HistoryBase {
  readonly f: 'crash'
}

export type HistoryLine = ExchangeLine | AssignLine | JoinLine | CommitLine | CrashLine

/** Jepsen's names; `phantom`, a record that was polled and that no operation sent (a history that Jepsen refuses); and
 *  those of groups, which Jepsen does not look at: `lost-commit`, `phantom-commit`, `group-skip`, `shared-partition`. */
export type AnomalyName =
  | 'duplicate'
  | 'inconsistent-offsets'
  | 'lost-write'
  | 'unseen'
  | 'phantom'
  | 'G1a'
  | 'precommitted-read'
  | 'poll-skip'
  | 'nonmonotonic-poll'
  | 'int-poll-skip'
  | 'int-nonmonotonic-poll'
  | 'nonmonotonic-send'
  | 'int-nonmonotonic-send'
  | 'int-send-skip'
  | 'G0'
  | 'G0-process'
  | 'G0-realtime'
  | 'G1c'
  | 'G1c-process'
  | 'G1c-realtime'
  | 'lost-commit'
  | 'phantom-commit'
  | 'group-skip'
  | 'shared-partition'

/** One operation of those that contradict each other. */
export interface AnomalyEvidence {
  /** Index into the history of the line that completed it; of its invocation if none did. */
  readonly line: number
  readonly op: number
  readonly process: string
  /** When it was invoked and completed; null if it never was. */
  readonly invokedAt: number
  readonly completedAt: number | null
  readonly outcome: HistoryOutcome
  /** What it did, as far as this anomaly is concerned: `sent "a" to topic-0, offset 5`. */
  readonly text: string
}

export interface Anomaly {
  readonly name: AnomalyName
  /** False for what Kafka allows (reported all the same). */
  readonly failure: boolean
  readonly key: HistoryKey | null
  /** One sentence for people. */
  readonly text: string
  /** The smallest set of lines that contradict each other, as indices into the history. */
  readonly lines: readonly number[]
  /** The same lines' operations. */
  readonly evidence: readonly AnomalyEvidence[]
}

export interface CheckOptions {
  /** So many anomalies of a name are kept with their evidence; all are counted. Default 32, as Jepsen's. */
  readonly maxPerName?: number
  /** Records below these offsets were deleted (retention, DeleteRecords): nobody need have seen them, and polls may
   *  jump over them. `Infinity` for a topic that was deleted. */
  readonly deletedBelow?: Readonly<Record<HistoryKey, number>>
  /** From which offset on the leader that appended what lies at `offset` had ever had the log. It knew of no producer what
   *  retention had deleted before: a value is there again, and not a duplicate, if all before was below that (as in
   *  Kafka; see KIP-360). Default 0, everything. */
  readonly seenFrom?: (key: HistoryKey, offset: number) => number
}

export interface HistoryStats {
  readonly lines: number
  readonly operations: number
  readonly processes: number
  readonly keys: number
  /** Operations by outcome; those that no line completed are `info`. */
  readonly ok: number
  readonly fail: number
  readonly info: number
  /** Values that were sent, and of these the acknowledged. */
  readonly sent: number
  readonly acknowledged: number
  /** Records that polls returned, and the different ones among them. */
  readonly polled: number
  readonly polledDistinct: number
  /** The time of the first line. */
  readonly startedAt: number
  /** From the first line to the last, milliseconds. */
  readonly durationMs: number
  /** The longest time that a consumer was behind what was known to be in a key's log, at least; 0 without any. */
  readonly worstLag: { readonly ms: number; readonly key: HistoryKey | null; readonly process: string | null }
}

export interface HistoryReport {
  /** No anomaly that is a failure. */
  readonly valid: boolean
  /** Failures first; at most `maxPerName` of each name. */
  readonly anomalies: readonly Anomaly[]
  /** How many failures there are of each name. */
  readonly counts: Readonly<Partial<Record<AnomalyName, number>>>
  /** How many anomalies that Kafka allows. */
  readonly allowed: Readonly<Partial<Record<AnomalyName, number>>>
  /** What became of sends that were promised less (`weak`, not `idempotent`): losses and repetitions, not in `counts`. */
  readonly allowedLosses: Readonly<Partial<Record<AnomalyName, number>>>
  /** How often one process that had subscribed polled one record: once is exactly-once. Informational. */
  readonly consumeCounts: Readonly<Record<string, number>>
  readonly stats: HistoryStats
}
