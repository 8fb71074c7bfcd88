// What a decision of the controller is made from and made of. A decision reads the draft and changes nothing in it: its
// records do, when the caller applies them. What is not in the log (who was heard when) is in `sessions`.

import type { BrokerEpoch, Instant, NodeId, Offset, Random } from '../../src/base/index.ts'
import type { DynamicConfig, NodeConfig } from '../../src/config/index.ts'
import type { ErrorName, MetadataRecord } from '../../src/wire/index.ts'
import type { MetadataImage } from '../metadata/index.ts'

/** Kafka's bound on the records of one request; more would not fit one atomic batch (KAFKA-14204). */
export const MAX_RECORDS_PER_USER_OP = 10_000
/** Leaders moved by one run of the imbalance task, and by one of the unclean one. */
export const MAX_ELECTIONS_PER_RUN = 1_000

/** One broker as the active controller hears it. Forgotten with the leadership. */
export interface BrokerSession {
  epoch: BrokerEpoch
  lastContact: Instant
  /** Last offset the broker has applied; −1 unknown. */
  metadataOffset: Offset
  /** The offset that all others must have applied before this broker may go; −1 outside controlled shutdown. */
  controlledShutdownOffset: Offset
  /** Offset of its registration's record: unfenced once it has applied that. */
  registrationOffset: Offset
}

export interface Controller {
  readonly clusterId: string
  readonly node: NodeConfig
  readonly sessions: Map<NodeId, BrokerSession>
}

export interface DecisionContext {
  readonly now: Instant
  /** The request's version. */
  readonly version: number
  /** Where the first record of this decision will lie. */
  readonly nextOffset: Offset
  readonly random: Random
  /** Counts partitions made or deleted against what the client may; false: refused, and not counted (KIP-599). */
  readonly charge?: (partitions: number) => boolean
}

export interface Decision<Response> {
  readonly records: readonly MetadataRecord[]
  readonly response: Response
}

/** Kafka's error and its sentence; null: the error's own default text. */
export interface Refusal {
  readonly error: ErrorName
  readonly message: string | null
}

export function refusal(error: ErrorName, message: string | null = null): Refusal {
  return { error, message }
}

/** More than one atomic batch may hold. */
export const TOO_LARGE: Refusal = refusal('POLICY_VIOLATION', 'Unable to perform excessively large batch operation.')

/** What a client gets that is over its rate, null within it or where nobody counts. */
export function overRate(context: DecisionContext, partitions: number): Refusal | null {
  if (context.charge?.(partitions) ?? true) return null
  return refusal('THROTTLING_QUOTA_EXCEEDED', 'The throttling quota has been exceeded.')
}

/** The dynamic broker configurations that hold on this controller's node. */
export function dynamicConfig(draft: MetadataImage, nodeId: NodeId): DynamicConfig {
  return { broker: draft.configs.get(`4:${nodeId}`) ?? NONE, cluster: draft.configs.get('4:') ?? NONE }
}

const NONE: ReadonlyMap<string, string> = new Map()
