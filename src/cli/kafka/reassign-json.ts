// The files of kafka-reassign-partitions: where partitions are to be, and topics for which somewhere is to be proposed. Reads
// and writes them in Kafka's form; asks nobody.

import type { TopicPartition } from '../../client/index.ts'

/** In a file: the broker chooses the directory. */
const ANY_DIRECTORY = 'any'

export interface Placement extends TopicPartition {
  readonly replicas: readonly number[]
}

/** A replica that is to lie in a certain directory of its broker. */
export interface ReplicaPlace extends TopicPartition {
  readonly broker: number
  readonly path: string
}

/** Throws a sentence. */
export function placementsIn(text: string): { readonly placements: Placement[]; readonly places: ReplicaPlace[] } {
  const placements: Placement[] = []
  const places: ReplicaPlace[] = []
  for (const row of rowsIn(text, 'partitions')) {
    const { topic, partition, replicas, log_dirs: paths } = row
    if (typeof topic !== 'string' || !isId(partition) || !Array.isArray(replicas) || !replicas.every(isId)) {
      throw new Error(`${JSON.stringify(row)}: a topic, a partition and its replicas are expected`)
    }
    if (paths !== undefined && !(Array.isArray(paths) && paths.every((path) => typeof path === 'string'))) {
      throw new Error(`${JSON.stringify(row)}: log_dirs are paths, or "${ANY_DIRECTORY}"`)
    }
    if (paths !== undefined && paths.length !== replicas.length) {
      throw new Error(
        `Size of replicas list [${replicas.join(', ')}] is different from size of log dirs list [${paths.join(', ')}] for partition ${topic}-${partition}`,
      )
    }
    placements.push({ topic, partition, replicas })
    for (const [i, path] of (paths ?? []).entries()) {
      if (path !== ANY_DIRECTORY) places.push({ topic, partition, broker: replicas[i]!, path })
    }
  }
  return { placements, places }
}

/** The same for what is to be done at once: nothing twice, nothing empty. */
export function movesIn(text: string): ReturnType<typeof placementsIn> {
  const { placements, places } = placementsIn(text)
  if (placements.length === 0) throw new Error('Partition reassignment list cannot be empty')
  if (placements.some(({ replicas }) => replicas.length === 0)) {
    throw new Error('Partition replica list cannot be empty')
  }
  const twice = duplicates(placements.map(nameOf))
  if (twice.length > 0) {
    throw new Error(`Partition reassignment contains duplicate topic partitions: ${twice.join(',')}`)
  }
  const wrong = placements.filter(({ replicas }) => duplicates(replicas).length > 0)
  if (wrong.length > 0) {
    const texts = wrong.map(
      (each) => `${nameOf(each)} contains multiple entries for ${duplicates(each.replicas).join(',')}`,
    )
    throw new Error(`Partition replica lists may not contain duplicate entries: ${texts.join('. ')}`)
  }
  return { placements, places }
}

/** Throws a sentence. */
export function topicsIn(text: string): string[] {
  const topics = rowsIn(text, 'topics').map((row) => {
    if (typeof row.topic !== 'string') throw new Error(`${JSON.stringify(row)}: {"topic": NAME} is expected`)
    return row.topic
  })
  const twice = duplicates(topics)
  if (twice.length > 0) throw new Error(`List of topics to reassign contains duplicate entries: [${twice.join(', ')}]`)
  return topics
}

/** `places`: where those replicas lie that are known to lie somewhere. */
export function jsonOf(placements: readonly Placement[], places: readonly ReplicaPlace[] = []): string {
  const paths = new Map(places.map((place) => [`${nameOf(place)}-${place.broker}`, place.path]))
  const partitions = placements.toSorted(compare).map(({ topic, partition, replicas }) => ({
    ...{ topic, partition, replicas },
    log_dirs: replicas.map((broker) => paths.get(`${topic}-${partition}-${broker}`) ?? ANY_DIRECTORY),
  }))
  return JSON.stringify({ version: 1, partitions })
}

/** By topic, then by number. */
export function compare(a: TopicPartition, b: TopicPartition): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1
  return a.partition - b.partition
}

export function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

export function duplicates<T>(items: readonly T[]): T[] {
  return [...new Set(items.filter((item, i) => items.indexOf(item) !== i))]
}

function rowsIn(text: string, field: 'partitions' | 'topics'): Readonly<Record<string, unknown>>[] {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    throw new Error('The input string is not a valid JSON')
  }
  const { version = 1, [field]: rows = [] } = (given ?? {}) as Readonly<Record<string, unknown>>
  if (version !== 1) throw new Error(`Not supported version field value ${version}`)
  if (!Array.isArray(rows)) throw new Error(`${field} is a list`)
  return rows.map((row: unknown) => (row ?? {}) as Readonly<Record<string, unknown>>)
}

function isId(value: unknown): value is number {
  return Number.isInteger(value)
}
