// The records of one decision under way, over the draft: a partition that was already changed in this decision is seen
// as changed, so that two reasons for touching it (a fenced broker, a failed directory) never overwrite each other
// (KAFKA-13173).

import type { NodeId, Uuid } from '../../src/base/index.ts'
import { UNASSIGNED_DIR } from '../../src/base/index.ts'
import type { NodeConfig } from '../../src/config/index.ts'
import { resolveTopicConfig } from '../../src/config/index.ts'
import type { MetadataRecord, PartitionChangeRecord } from '../../src/wire/index.ts'
import type { MetadataImage, PartitionImage, TopicImage } from '../metadata/index.ts'
import {
  changedPartition,
  configsOf,
  directoryOf,
  isActive,
  isElrEnabled,
  isOnlineDirectory,
  metadataVersion,
  partitionRecordVersion,
  TOPIC_RESOURCE,
} from '../metadata/index.ts'
import type { PartitionChange } from './partition-change.ts'
import { changePartition, emptyChange } from './partition-change.ts'
import { dynamicConfig } from './types.ts'

/** What an edit may leave to the draft. */
export type PartitionEdit = Pick<
  PartitionChange,
  'election' | 'isr' | 'unclean' | 'recoveryState' | 'directory' | 'assignment'
> & {
  /** Brokers to be taken for gone, and for active, whatever the draft says. */
  readonly without?: readonly NodeId[]
  readonly with?: readonly NodeId[]
}

interface TopicRules {
  readonly minIsr: number
  readonly unclean: boolean
}

const NO_OVERRIDES: ReadonlyMap<string, string> = new Map()

export class Changes {
  readonly records: MetadataRecord[] = []
  readonly draft: MetadataImage
  readonly #node: NodeConfig
  readonly #level: number
  readonly #elrEnabled: boolean
  readonly #edited = new Map<string, PartitionImage>()
  /** Topic settings that elections need, once a topic. */
  readonly #settings = new Map<string, TopicRules>()
  #inherited: TopicRules | null = null

  constructor(draft: MetadataImage, node: NodeConfig) {
    this.draft = draft
    this.#node = node
    this.#level = metadataVersion(draft)
    this.#elrEnabled = isElrEnabled(draft)
  }

  /** The partition with the changes of this decision. */
  partition(topic: TopicImage, index: number): PartitionImage | undefined {
    return this.#edited.get(`${topic.id}:${index}`) ?? topic.partitions.get(index)
  }

  /** Whether unclean elections are allowed for a topic. */
  allowsUnclean(topic: TopicImage): boolean {
    return this.#settingsOf(topic).unclean
  }

  /** Whether a broker is alive, or one of `also`, and its replica not in a directory that failed. */
  mayLead(partition: PartitionImage, broker: NodeId, also: readonly NodeId[] = []): boolean {
    const registration = this.draft.brokers.get(broker)
    if (registration === undefined) return false
    if (!isActive(registration) && !also.includes(broker)) return false
    return isOnlineDirectory(directoryOf(partition, broker), registration.directories)
  }

  /** The change's record, which is now part of the decision; null where nothing changes. */
  edit(topic: TopicImage, index: number, edit: PartitionEdit): PartitionChangeRecord | null {
    const partition = this.partition(topic, index)
    if (partition === undefined) return null
    const { without, with: also, ...rest } = edit
    const settings = this.#settingsOf(topic)
    const acceptable = (broker: NodeId): boolean =>
      !(without?.includes(broker) ?? false) && this.mayLead(partition, broker, also)
    const record = changePartition({
      election: settings.unclean ? 'unclean' : 'online',
      ...rest,
      topicId: topic.id,
      index,
      partition,
      level: this.#level,
      elrEnabled: this.#elrEnabled,
      minIsr: settings.minIsr,
      acceptable,
      defaultDirectory: (broker) => defaultDirectory(this.draft, broker),
    })
    if (record === null) return null
    this.#add(topic, index, partition, record)
    return record
  }

  /** Only the partition epoch is another one: what was proposed before comes too late. */
  outdate(topic: TopicImage, index: number): void {
    this.#add(topic, index, this.partition(topic, index)!, emptyChange(topic.id, index))
  }

  #add(topic: TopicImage, index: number, before: PartitionImage, record: PartitionChangeRecord): void {
    this.#edited.set(`${topic.id}:${index}`, changedPartition(before, record))
    this.records.push({ type: 'PartitionChangeRecord', version: partitionRecordVersion(this.#level), value: record })
  }

  #settingsOf(topic: TopicImage): TopicRules {
    let found = this.#settings.get(topic.name)
    if (found === undefined) {
      // Elections need two of a topic's many settings, and may touch every topic: the rest is not resolved each time.
      this.#inherited ??= this.#resolve()
      const own = configsOf(this.draft, TOPIC_RESOURCE, topic.name)
      const minIsr = Number(own.get('min.insync.replicas') ?? this.#inherited.minIsr)
      const unclean = own.get('unclean.leader.election.enable')?.trim().toLowerCase()
      found = {
        minIsr,
        unclean: unclean === undefined ? this.#inherited.unclean : unclean === 'true',
      }
      this.#settings.set(topic.name, found)
    }
    return found
  }

  #resolve(): TopicRules {
    const settings = resolveTopicConfig(NO_OVERRIDES, dynamicConfig(this.draft, this.#node.nodeId), this.#node)
    return { minIsr: settings.minInsyncReplicas, unclean: settings.uncleanLeaderElection }
  }
}

/** A broker with one usable directory needs no asking (KIP-858); a cordoned one gets no new replica (KIP-1066). */
export function defaultDirectory(draft: MetadataImage, broker: NodeId): Uuid {
  const registration = draft.brokers.get(broker)
  if (registration === undefined) return UNASSIGNED_DIR
  const open = registration.directories.filter((id) => !(registration.cordonedDirectories?.includes(id) ?? false))
  return open.length === 1 ? open[0]! : UNASSIGNED_DIR
}
