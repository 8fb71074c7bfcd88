// The door of configuration: Kafka's names, types, defaults and validators as a table, and what a node or a topic makes
// of them. Pure: text comes in from whoever read the file.

import type { NodeId } from '../base/index.ts'

export type ConfigType =
  | 'boolean'
  | 'string'
  | 'int'
  | 'short'
  | 'long'
  | 'double'
  | 'list'
  | 'class'
  | 'password'
  /** Of a name that no table knows. */
  | 'unknown'

export interface ConfigKey {
  readonly name: string
  readonly type: ConfigType
  /** In text form, as Kafka prints it; null: none. */
  readonly default: string | null
  /** No default: the operator must give a value. */
  readonly required: boolean
  readonly importance: 'high' | 'medium' | 'low'
  /** Null when the value is good, else Kafka's whole sentence ("Invalid value -5 for configuration retention.ms: …"). */
  readonly validate: (value: string) => string | null
  /** The validator as documentation and error messages print it; '' where any value of the type will do. */
  readonly valid: string
  readonly sensitive: boolean
  /** Where it may be changed while running (brokers only). */
  readonly scope: 'read-only' | 'per-broker' | 'cluster-wide'
  /** Accepted, but listed by DescribeConfigs only when the operator has set it. */
  readonly internal: boolean
  readonly documentation: string
}

export type SecurityProtocol = 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'

export interface ListenerConfig {
  /** In upper case, as Kafka keeps it. */
  readonly name: string
  /** '' in `listeners`: every interface. Never '' in `advertisedListeners`. IPv6 without brackets. */
  readonly host: string
  readonly port: number
  readonly securityProtocol: SecurityProtocol
}

/** One node's configuration, checked as a whole. */
export interface NodeConfig {
  readonly nodeId: NodeId
  readonly isBroker: boolean
  readonly isController: boolean
  readonly listeners: readonly ListenerConfig[]
  /** Same names as `listeners` or fewer; host and port as peers should use them, port 0 meaning "as bound". Controller
   *  listeners are among them: what voters tell each other (KIP-853). */
  readonly advertisedListeners: readonly ListenerConfig[]
  readonly controllerListenerNames: readonly string[]
  readonly interBrokerListenerName: string
  /** `controller.quorum.voters`; empty with kraft.version 1. */
  readonly staticVoters: readonly { readonly id: NodeId; readonly host: string; readonly port: number }[]
  /** `controller.quorum.bootstrap.servers`. */
  readonly bootstrapServers: readonly { readonly host: string; readonly port: number }[]
  readonly logDirs: readonly string[]
  /** `metadata.log.dir`, or the first of `log.dirs`. */
  readonly metadataLogDir: string
  readonly rack: string | null
  /** What the operator wrote, by name, in text form. */
  readonly given: ReadonlyMap<string, string>
  /** What is accepted but worth a line in the log: unknown names with the nearest known one, deprecated pairs. */
  readonly warnings: readonly string[]
  /** A value with its default; throws Bug for a name that is not in the table. */
  string(name: string): string | null
  int(name: string): number
  /** Longs saturate at ±Number.MAX_SAFE_INTEGER. */
  long(name: string): number
  double(name: string): number
  boolean(name: string): boolean
  list(name: string): readonly string[]
}

/** What a topic's configuration means: the log's part has the names of `LogConfig` in src/log. Longs are saturated
 *  numbers; −1 is "no limit" where Kafka has it so. */
export interface TopicSettings {
  readonly segmentBytes: number
  readonly segmentMs: number
  readonly segmentJitterMs: number
  readonly segmentIndexBytes: number
  readonly indexIntervalBytes: number
  readonly retentionBytes: number
  readonly retentionMs: number
  readonly cleanupDelete: boolean
  readonly cleanupCompact: boolean
  readonly deleteRetentionMs: number
  readonly minCompactionLagMs: number
  readonly maxCompactionLagMs: number
  readonly minCleanableDirtyRatio: number
  readonly maxMessageBytes: number
  readonly messageTimestampType: 'CreateTime' | 'LogAppendTime'
  readonly messageTimestampBeforeMaxMs: number
  readonly messageTimestampAfterMaxMs: number
  readonly compressionType: 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  readonly fileDeleteDelayMs: number
  readonly producerIdExpirationMs: number
  /** No ack before the bytes are on the platter (`odradek.log.flush.mode=fsync`). */
  readonly flush: 'os' | 'fsync'
  readonly minInsyncReplicas: number
  readonly uncleanLeaderElection: boolean
}

/** Broker configurations changed while running, as the metadata image holds them. */
export interface DynamicConfig {
  /** Of this broker. */
  readonly broker: ReadonlyMap<string, string>
  /** Of every broker that has none of its own (resource name ''). */
  readonly cluster: ReadonlyMap<string, string>
}

/** Where a value comes from, by DescribeConfigs' names. */
export type ConfigSource =
  | 'DYNAMIC_TOPIC_CONFIG'
  | 'DYNAMIC_BROKER_CONFIG'
  | 'DYNAMIC_DEFAULT_BROKER_CONFIG'
  | 'STATIC_BROKER_CONFIG'
  | 'DEFAULT_CONFIG'
  | 'CLIENT_METRICS_CONFIG'
  | 'GROUP_CONFIG'

/** `ConfigSource` in wire terms. */
export const CONFIG_SOURCE_IDS: { readonly [source in ConfigSource]: number } = {
  DYNAMIC_TOPIC_CONFIG: 1,
  DYNAMIC_BROKER_CONFIG: 2,
  DYNAMIC_DEFAULT_BROKER_CONFIG: 3,
  STATIC_BROKER_CONFIG: 4,
  DEFAULT_CONFIG: 5,
  CLIENT_METRICS_CONFIG: 7,
  GROUP_CONFIG: 8,
}

export interface ConfigSynonym {
  readonly name: string
  readonly value: string | null
  readonly source: ConfigSource
}

/** One configuration as DescribeConfigs tells it. */
export interface DescribedConfig {
  readonly key: ConfigKey
  /** Null for sensitive values and where there is none. */
  readonly value: string | null
  readonly source: ConfigSource
  readonly readOnly: boolean
  /** By precedence, as Kafka lists them. */
  readonly synonyms: readonly ConfigSynonym[]
}
