// What kafka-topics --describe prints of a topic.

import type { ConfigDescription, MovingPartition, PartitionDescription, TopicDescription } from '../../client/index.ts'
import type { Options } from './parser.ts'

/** Each shows the partitions it is about, and no line for the topic. */
export const REPORTS: readonly string[] = [
  'under-replicated-partitions',
  'under-min-isr-partitions',
  'at-min-isr-partitions',
  'unavailable-partitions',
]

export interface DescribedTopic {
  readonly topic: TopicDescription
  readonly configs: ConfigDescription['entries']
  readonly moving: readonly MovingPartition[]
}

/** Kafka's ConfigSource of what nobody has set. */
const DEFAULT_SOURCE = 5
const ZERO_ID = 'A'.repeat(22)

export function linesOf(described: DescribedTopic, options: Options, live: ReadonlySet<number>): string[] {
  const { topic } = described
  const partitions = topic.partitions.toSorted((a, b) => a.partition - b.partition)
  const reports = REPORTS.filter((report) => options.has(report))
  const lines: string[] = []
  const overrides = options.has('topics-with-overrides')
  const changed = described.configs.filter(({ source }) => source !== DEFAULT_SOURCE)
  if (reports.length === 0 && (!overrides || changed.length > 0)) {
    const texts = changed.map(({ name, value }) => `${name}=${value}`)
    const factor = partitions[0] === undefined ? 0 : replicationFactor(partitions[0], moveOf(described, partitions[0]))
    lines.push(
      [
        `Topic: ${topic.name}`,
        ...(topic.id === ZERO_ID ? [] : [`TopicId: ${topic.id}`]),
        `PartitionCount: ${partitions.length}`,
        `ReplicationFactor: ${factor}`,
        `Configs: ${texts.join(',')}`,
      ].join('\t'),
    )
  }
  if (overrides) return lines
  const minIsr = Number(described.configs.find(({ name }) => name === 'min.insync.replicas')?.value ?? 1)
  for (const partition of partitions) {
    const move = moveOf(described, partition)
    const isShown = reports.length === 0 || reports.some((report) => isOf(report, partition, move, minIsr, live))
    if (isShown) lines.push(lineOf(topic.name, partition, move))
  }
  return lines
}

function isOf(
  report: string,
  partition: PartitionDescription,
  move: MovingPartition | undefined,
  minIsr: number,
  live: ReadonlySet<number>,
): boolean {
  const { leader, isr } = partition
  switch (report) {
    case 'under-replicated-partitions':
      return replicationFactor(partition, move) > isr.length
    case 'under-min-isr-partitions':
      return leader < 0 || isr.length < minIsr
    case 'at-min-isr-partitions':
      return isr.length === minIsr
    default:
      return leader < 0 || !live.has(leader)
  }
}

function lineOf(topic: string, partition: PartitionDescription, move: MovingPartition | undefined): string {
  const list = (ids: readonly number[] | null): string => (ids === null ? 'N/A' : ids.join(','))
  return [
    '',
    `Topic: ${topic}`,
    `Partition: ${partition.partition}`,
    `Leader: ${partition.leader < 0 ? 'none' : partition.leader}`,
    `Replicas: ${list(partition.replicas)}`,
    `Isr: ${list(partition.isr)}`,
    ...(move === undefined
      ? []
      : [`Adding Replicas: ${list(move.adding)}`, `Removing Replicas: ${list(move.removing)}`]),
    `Elr: ${list(partition.elr)}`,
    `LastKnownElr: ${list(partition.lastKnownElr)}`,
  ].join('\t')
}

function moveOf(described: DescribedTopic, { partition }: PartitionDescription): MovingPartition | undefined {
  return described.moving.find((move) => move.partition === partition)
}

/** A move that has ended since it was asked for changes nothing. */
function replicationFactor({ replicas }: PartitionDescription, move: MovingPartition | undefined): number {
  const changing = [...(move?.adding ?? []), ...(move?.removing ?? [])]
  if (move === undefined || !replicas.some((id) => changing.includes(id))) return replicas.length
  return move.replicas.length - move.adding.length
}
