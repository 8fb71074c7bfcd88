// AlterReplicaLogDirs (KIP-113): which replicas are on their way to which other directory of this broker, and where those
// that are yet to be created are wanted. One at a time is copied into each directory; the waits behind that, for the
// controller and for a quiet instant, hold up nobody. Moves found at the start go on.

import { messageOf } from '../../src/base/index.ts'
import type { LogDirectory, PartitionLog } from '../../src/log/index.ts'
import type { Host } from './host.ts'
import { Move } from './move.ts'
import { Pace } from './pace.ts'
import { directoryName, type Replica } from './replica.ts'
import type { DirectoryMove, ReplicationError } from './types.ts'

/** Of replicas that are yet to come; the oldest is forgotten. */
const MAX_WANTED = 10_000
/** What a file system takes; the name of a copy is the longest that a partition's directory has. */
const MAX_NAME = 255
const UNIQUE_BYTES = 32

interface Under {
  readonly move: Move
  readonly over: Promise<void>
}

export class Moves {
  readonly #host: Host
  readonly #isFailed: (directory: LogDirectory) => boolean
  /** By key of the replica. */
  readonly #moves = new Map<string, Under>()
  /** The last that is to be copied into each. */
  readonly #queues = new Map<LogDirectory, Promise<unknown>>()
  readonly #pace: Pace
  /** By name of the partition's directory. */
  readonly #wanted = new Map<string, LogDirectory>()

  constructor(host: Host, isFailed: (directory: LogDirectory) => boolean) {
    this.#host = host
    this.#isFailed = isFailed
    const rate = (): number => host.options.throttling?.moveRate?.() ?? Number.POSITIVE_INFINITY
    this.#pace = new Pace(rate, () => host.now())
  }

  /** Where a replica that is being created was wanted; asked once. */
  wanted(name: string): LogDirectory | null {
    const directory = this.#wanted.get(name) ?? null
    return directory === null || this.#isFailed(directory) ? null : directory
  }

  created(name: string): void {
    this.#wanted.delete(name)
  }

  isMoving(replica: Replica): boolean {
    return this.#moves.has(replica.key)
  }

  /** Resolves when the move has begun. */
  async ask({ at, path }: DirectoryMove): Promise<ReplicationError> {
    const { directories, unusable = [] } = this.#host.options
    const name = directoryName(at.topic, at.partition)
    if (`${name}.${'-future'}`.length + UNIQUE_BYTES > MAX_NAME) return 'INVALID_TOPIC_EXCEPTION'
    if (unusable.includes(path)) return 'KAFKA_STORAGE_ERROR'
    const to = directories.find((directory) => directory.path === path)
    if (to === undefined) return 'LOG_DIR_NOT_FOUND'
    if (this.#isFailed(to)) return 'KAFKA_STORAGE_ERROR'
    const replica = this.#host.locate(at)
    if (typeof replica === 'string') {
      if (replica === 'KAFKA_STORAGE_ERROR') return replica
      this.#want(name, to)
      return 'REPLICA_NOT_AVAILABLE'
    }
    const moving = this.#moves.get(replica.key)
    if (moving !== undefined && moving.move.to === to && !moving.move.cancelled) return 'NONE'
    moving?.move.cancel()
    if (replica.directory === to) return 'NONE'
    // With one of them out of service, another copy of the replica may lie there.
    if (unusable.length > 0 || directories.some((directory) => this.#isFailed(directory))) return 'KAFKA_STORAGE_ERROR'
    return (await this.#start(replica, to, null)) ? 'NONE' : 'KAFKA_STORAGE_ERROR'
  }

  /** A replica is open: what was on its way before goes on. */
  opened(replica: Replica): void {
    const { topicId, partition } = replica.at
    for (const directory of this.#host.options.directories) {
      if (this.#isFailed(directory)) continue
      const found = futureOf(directory, topicId, partition)
      if (found === undefined) continue
      if (directory === replica.directory || this.#moves.has(replica.key)) this.#discard(directory, found)
      else void this.#start(replica, directory, found)
    }
  }

  /** At the start: copies of what is not ours. */
  sweep(isOurs: (log: PartitionLog) => boolean): void {
    for (const directory of this.#host.options.directories)
      for (const found of directory.futures) if (!isOurs(found)) this.#discard(directory, found)
  }

  assigned(replica: Replica): void {
    this.#moves.get(replica.key)?.move.assigned()
  }

  /** The replica was removed or is offline, or its goal has failed. */
  cancel(replica: Replica): Promise<void> {
    const under = this.#moves.get(replica.key)
    under?.move.cancel()
    return under?.over ?? Promise.resolve()
  }

  directoryFailed(directory: LogDirectory): void {
    for (const { move } of this.#moves.values()) if (move.to === directory || move.replica.offline) move.cancel()
  }

  /** Resolves when nothing is copied any more. */
  async stop(): Promise<void> {
    for (const { move } of this.#moves.values()) move.cancel(true)
    await Promise.all([...this.#moves.values()].map(({ over }) => over))
  }

  /** Behind the end of the one before of the same replica; copying, when it is its turn. Resolves when it has its place, or there is none. */
  async #start(replica: Replica, to: LogDirectory, found: PartitionLog | null): Promise<boolean> {
    const { onFatal } = this.#host.options
    const before = this.#moves.get(replica.key)?.over ?? Promise.resolve()
    const turn = this.#queues.get(to) ?? Promise.resolve()
    const move = new Move(this.#host, this.#pace, replica, to, found)
    const prepared = before.then(() => move.prepare())
    const over: Promise<void> = prepared
      .then(() => move.run(turn))
      .then(() => {
        if (this.#moves.get(replica.key)?.move === move) this.#moves.delete(replica.key)
      })
    over.catch(onFatal)
    this.#moves.set(replica.key, { move, over })
    const queue: Promise<unknown> = Promise.all([turn, move.copied]).then(() => {
      if (this.#queues.get(to) === queue) this.#queues.delete(to)
    })
    this.#queues.set(to, queue)
    return prepared.catch(() => false)
  }

  #want(name: string, to: LogDirectory): void {
    this.#wanted.delete(name)
    this.#wanted.set(name, to)
    if (this.#wanted.size <= MAX_WANTED) return
    for (const oldest of this.#wanted.keys()) {
      this.#wanted.delete(oldest)
      return
    }
  }

  #discard(directory: LogDirectory, log: PartitionLog): void {
    const { topic, partition } = log
    directory.delete(log).catch((error: unknown) => {
      const fields = { topic, partition, directory: directory.path, error: messageOf(error) }
      this.#host.options.logger.error(fields, 'what is left of a move could not be deleted')
    })
  }
}

export function futureOf(directory: LogDirectory, topicId: string, partition: number): PartitionLog | undefined {
  return directory.futures.find((log) => log.topicId === topicId && log.partition === partition)
}
