// The part of kafka-reassign-partitions that is between directories of one broker: how far such moves are, and how they are
// begun, which has to wait for a replica that is not there yet.

import { type Admin, ClientError, type LogDirectoryDescription, type TopicPartition } from '../../client/index.ts'
import { compare, nameOf, type Placement, type ReplicaPlace } from './reassign-json.ts'

const AGAIN_MS = 100

export interface ReplicaMove extends ReplicaPlace {
  /** Null: in no directory of that broker that is in service. */
  readonly current: string | null
  /** On its way there. */
  readonly future: string | null
}

/** By broker, then by partition. */
export async function replicaMoves(admin: Admin, places: readonly ReplicaPlace[]): Promise<ReplicaMove[]> {
  const brokers = [...new Set(places.map(({ broker }) => broker))]
  const described = new Map(
    await Promise.all(brokers.map(async (id) => [id, await admin.describeLogDirs(id)] as const)),
  )
  return places.toSorted(comparePlaces).map((place) => {
    const find = (isFuture: boolean): string | null => directoryOf(described.get(place.broker)!, place, isFuture)
    return { ...place, current: find(false), future: find(true) }
  })
}

/** Where each replica lies; those that lie nowhere, or on a broker that does not answer, are left out. */
export async function placesOf(admin: Admin, placements: readonly Placement[]): Promise<ReplicaPlace[]> {
  const brokers = [...new Set(placements.flatMap(({ replicas }) => replicas))]
  const lists = await Promise.all(
    brokers.map(async (broker) => {
      const directories = await admin.describeLogDirs(broker).catch((error: unknown) => {
        if (error instanceof ClientError) return []
        throw error
      })
      return placements.flatMap(({ topic, partition }) => {
        const path = directoryOf(directories, { topic, partition }, false)
        return path === null ? [] : [{ topic, partition, broker, path }]
      })
    }),
  )
  return lists.flat()
}

function directoryOf(
  directories: readonly LogDirectoryDescription[],
  { topic, partition }: TopicPartition,
  isFuture: boolean,
): string | null {
  const found = directories.find(
    ({ error, replicas }) =>
      error === 'NONE' &&
      replicas.some((each) => each.topic === topic && each.partition === partition && each.isFuture === isFuture),
  )
  return found?.path ?? null
}

export function moveText(move: ReplicaMove): string {
  const { broker, path, current, future } = move
  const name = nameOf(move)
  if (current === null) {
    return `Partition ${name} is not found in any live log dir on broker ${broker}. There is likely an offline log directory on the broker.`
  }
  if (future === path) return `Reassignment of replica ${name}-${broker} is still in progress.`
  if (future !== null) {
    return `Partition ${name} on broker ${broker} is being moved to log dir ${future} instead of ${path}.`
  }
  return current === path
    ? `Reassignment of replica ${name}-${broker} completed successfully.`
    : `Partition ${name} on broker ${broker} is not being moved from log dir ${current} to ${path}.`
}

export function isUnderWay({ current, future }: ReplicaMove): boolean {
  return current !== null && future !== null
}

/** Throws a sentence for a replica that cannot be moved, and for those that were not there in time. */
export async function beginMoves(
  admin: Admin,
  places: readonly ReplicaPlace[],
  timeoutMs: number,
  out: (text: string) => void,
): Promise<void> {
  const begun = Date.now()
  for (let left = places.toSorted(comparePlaces); left.length > 0; ) {
    const waiting: ReplicaPlace[] = []
    for (const broker of new Set(left.map((place) => place.broker))) {
      const asked = left.filter((place) => place.broker === broker)
      const answers = await admin.alterReplicaLogDirs(broker, asked)
      for (const place of asked) {
        const error = answers.find((answer) => compare(answer, place) === 0)?.error ?? 'UNKNOWN_SERVER_ERROR'
        if (error === 'REPLICA_NOT_AVAILABLE') waiting.push(place)
        else if (error !== 'NONE') throw new Error(`Failed to alter dir for ${nameOf(place)}-${broker}: ${error}`)
        else
          out(
            `Successfully started moving log directory to ${place.path} for replica ${nameOf(place)} with broker ${broker} \n`,
          )
      }
    }
    left = waiting
    if (left.length === 0) return
    if (Date.now() - begun >= timeoutMs) {
      const names = left.map((place) => `${nameOf(place)}-${place.broker}`).join(',')
      throw new TimedOut(
        `Timed out before log directory move${left.length === 1 ? '' : 's'} could be started for: ${names}`,
      )
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
  }
}

/** Its sentence is all that is printed. */
export class TimedOut extends Error {}

function comparePlaces(a: ReplicaPlace, b: ReplicaPlace): number {
  return a.broker - b.broker || compare(a, b)
}
