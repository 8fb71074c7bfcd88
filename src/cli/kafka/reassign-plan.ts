// What kafka-reassign-partitions works out: a proposal for where topics could be (Kafka's AdminUtils: round robin over
// brokers in an order that alternates racks, followers at a shift that grows), and whom a move throttles. Asks nobody.

import type { MovingPartition, TopicPartition } from '../../client/index.ts'
import { hashOrder, partitionHash } from './java.ts'
import { nameOf, type Placement } from './reassign-json.ts'

export interface PlacedBroker {
  readonly id: number
  readonly rack: string | null
}

/**
 * As many replicas of each partition as there are now, on these brokers. `below` draws a number below its argument. Throws a
 * sentence where there are too few brokers, or racks of some only.
 */
export function proposal(
  current: readonly Placement[],
  brokers: readonly PlacedBroker[],
  below: (bound: number) => number,
): Placement[] {
  // Where partitions of a topic differ in their number of replicas, the first one in a hash map of Java counts.
  const ordered = hashOrder(current, partitionHash)
  return [...new Set(ordered.map(({ topic }) => topic))].flatMap((topic) => {
    const partitions = ordered.filter((placement) => placement.topic === topic)
    return spread(topic, partitions.length, partitions[0]!.replicas.length, brokers, below)
  })
}

function spread(
  topic: string,
  partitions: number,
  factor: number,
  brokers: readonly PlacedBroker[],
  below: (bound: number) => number,
): Placement[] {
  if (factor > brokers.length) {
    throw new Error(`Replication factor: ${factor} larger than available brokers: ${brokers.length}.`)
  }
  const order = alternating(brokers)
  const racks = new Set(brokers.map(rackOf)).size
  const stride = brokers.some(({ rack }) => rack !== null) ? racks : 1
  const start = below(order.length)
  const firstShift = below(order.length)
  return Array.from({ length: partitions }, (_, partition) => {
    const shift = (firstShift + Math.floor(partition / order.length)) * stride
    const first = (partition + start) % order.length
    const chosen = [order[first]!]
    for (let step = 0; chosen.length < factor; step++) {
      const candidate = order[(first + 1 + ((shift + step) % (order.length - 1))) % order.length]!
      const used = new Set(chosen.map(rackOf))
      const isNewRack = !used.has(rackOf(candidate)) || used.size === racks
      if (isNewRack && !chosen.includes(candidate)) chosen.push(candidate)
    }
    return { topic, partition, replicas: chosen.map(({ id }) => id) }
  })
}

/** Brokers without a rack are each a rack of their own. */
function rackOf({ id, rack }: PlacedBroker): string {
  return rack ?? `broker ${id}`
}

/** One of each rack in turn. */
function alternating(brokers: readonly PlacedBroker[]): PlacedBroker[] {
  if (brokers.every(({ rack }) => rack === null)) return [...brokers]
  const sorted = brokers.toSorted((a, b) => a.id - b.id)
  const racks = [...new Set(sorted.map(rackOf))].sort()
  const queues = racks.map((rack) => sorted.filter((broker) => rackOf(broker) === rack))
  const longest = Math.max(...queues.map(({ length }) => length))
  return Array.from({ length: longest }, (_, i) => queues.flatMap((queue) => queue[i] ?? [])).flat()
}

/** From whom to whom one partition moves. */
interface Way extends TopicPartition {
  readonly sources: readonly number[]
  readonly destinations: readonly number[]
}

export interface Throttled {
  readonly topic: string
  /** As `leader.replication.throttled.replicas` has them. */
  readonly leaders: string
  readonly followers: string
}

/** With what moves already: its sources are those of a partition that is sent elsewhere meanwhile. */
export function throttledBy(
  moving: readonly MovingPartition[],
  wanted: readonly Placement[],
  current: readonly Placement[],
): { readonly topics: readonly Throttled[]; readonly brokers: readonly number[] } {
  const ways = new Map<string, Way>()
  for (const { topic, partition, replicas, adding } of moving) {
    const sources = replicas.filter((id) => !adding.includes(id))
    ways.set(nameOf({ topic, partition }), { topic, partition, sources, destinations: adding })
  }
  const now = new Map(current.map((placement) => [nameOf(placement), placement.replicas]))
  for (const placement of wanted) {
    const { topic, partition } = placement
    const name = nameOf(placement)
    const sources = ways.get(name)?.sources ?? now.get(name) ?? []
    const destinations = placement.replicas.filter((id) => !sources.includes(id))
    ways.set(name, { topic, partition, sources, destinations })
  }
  const all = [...ways.values()]
  const topics = [...new Set(all.map(({ topic }) => topic))].map((topic) => {
    const listed = (side: 'sources' | 'destinations'): string =>
      all
        .filter((way) => way.topic === topic)
        .flatMap((way) => way[side].map((id) => `${way.partition}:${id}`))
        .sort()
        .join(',')
    return { topic, leaders: listed('sources'), followers: listed('destinations') }
  })
  const brokers = [...new Set(all.flatMap(({ sources, destinations }) => [...sources, ...destinations]))]
  return { topics, brokers: brokers.sort((a, b) => a - b) }
}
