// A history: what clients asked of a Kafka cluster and what they were told, in the order in which it happened. One JSON
// object a line makes a file of it (`history.jsonl`). Modelled on Jepsen's Kafka workload (jepsen.tests.kafka), so that
// its anomalies can be looked for in any cluster's history; differs in that a process may have several sends under way.

/** A topic partition, `topic-0`. */
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

interface HistoryBase {
  /** One logical thread of a client: a producer, a consumer. */
  readonly process: string
  /** Joins the line that invokes an operation with the one that completes it; unique within the history. */
  readonly op: number
  /** Milliseconds since any moment, the same for the whole history; never decreases from line to line. */
  readonly time: number
  /** `invoke` begins an operation, one other ends it: `ok` it happened as told, `fail` it certainly did not happen,
   *  `info` nobody knows. An operation that no line ends is as one that `info` ends. */
  readonly type: 'invoke' | 'ok' | 'fail' | 'info'
  /** With `fail` and `info`: Kafka's error name, or words. */
  readonly error?: string
}

/** Sends, polls, or a transaction of several of both. */
export interface ExchangeLine extends HistoryBase {
  readonly f: 'send' | 'poll' | 'txn'
  readonly steps: readonly HistoryStep[]
  /** A send whose loss was never excluded (acks=0, acks=1, or min.insync.replicas not enforced): counted if lost, and
   *  counted if there twice unless `idempotent`, but no anomaly. */
  readonly weak?: boolean
}

/** A consumer takes other partitions; from here on its polls may jump. */
export interface AssignLine extends HistoryBase {
  readonly f: 'assign' | 'subscribe'
  readonly keys: readonly HistoryKey[]
  readonly seekToBeginning?: boolean
}

/** A client was dropped and opened anew. */
export interface CrashLine extends HistoryBase {
  readonly f: 'crash'
}

export type HistoryLine = ExchangeLine | AssignLine | CrashLine

/** Jepsen's names. */
export type AnomalyName =
  | 'duplicate'
  | 'inconsistent-offsets'
  | 'lost-write'
  | 'unseen'
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

export interface Anomaly {
  readonly name: AnomalyName
  /** False for what Kafka allows (reported all the same). */
  readonly failure: boolean
  readonly key: HistoryKey | null
  /** One sentence for people. */
  readonly text: string
  /** The smallest set of lines that contradict each other, as indices into the history. */
  readonly lines: readonly number[]
}
