// The group coordinator on the runtime: shards of src/groups as machines, records of `__consumer_offsets` as bytes. Decides
// nothing and keeps nothing.

import type { GroupAnswer, GroupConfig, GroupEvent, GroupRecord } from '../groups/index.ts'
import { createShard, deadline, step } from '../groups/index.ts'
import {
  decodeCoordinatorRecord,
  encodeCoordinatorKey,
  encodeVersioned,
  groupRecords,
  type Input,
  type MessageSchema,
} from '../wire/index.ts'
import { createCoordinator } from './runtime.ts'
import type { Coordinator, CoordinatorOptions, Machine, RecordCodec } from './types.ts'

/** Kafka's name. */
export const GROUP_TOPIC = '__consumer_offsets'
/** Rows are records as they stand in the log. */
const SCHEMA_VERSION = 1

export interface GroupCoordinatorOptions
  extends Omit<
    CoordinatorOptions<GroupRecord, GroupEvent, GroupAnswer>,
    'topic' | 'schemaVersion' | 'codec' | 'machine'
  > {
  readonly config: GroupConfig
}

export type GroupCoordinator = Coordinator<GroupEvent, GroupAnswer>

export function createGroupCoordinator(options: GroupCoordinatorOptions): GroupCoordinator {
  const { config, ...others } = options
  return createCoordinator({
    ...others,
    topic: GROUP_TOPIC,
    schemaVersion: SCHEMA_VERSION,
    codec: groupCodec,
    machine: () => groupMachine(config),
  })
}

function groupMachine(config: GroupConfig): Machine<GroupRecord, GroupEvent, GroupAnswer> {
  const shard = createShard(config)
  return {
    step: (event, at) => step(shard, event, at),
    deadline: () => deadline(shard),
  }
}

const groupCodec: RecordCodec<GroupRecord> = {
  encode({ type, key, value }) {
    // One of the union; the compiler cannot follow a key and a value through the table together.
    const schema: { readonly key: MessageSchema; readonly value: MessageSchema } = groupRecords[type]
    return {
      key: encodeCoordinatorKey(schema.key, key as Input<MessageSchema>),
      value: value === null ? null : encodeVersioned(schema.value, value.version, value.body as Input<MessageSchema>),
    }
  },
  decode: (key, value) => decodeCoordinatorRecord(groupRecords, key, value),
}
