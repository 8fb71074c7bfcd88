// This broker's replicas: it turns published metadata into logs, roles and fetchers, and holds whoever waits for them.
// What a role may do is decided in replication/partition. Invariant: destructive changes are acted on only when the
// image holds this process's own registration, so that replayed history deletes nothing.

import type { LocalChange, MetadataImage, PartitionImage } from '../../cluster/metadata/index.ts'
import type { Endpoint, Epoch, Instant, NodeId, Offset, Timestamp, Uuid } from '../../src/base/index.ts'
import { messageOf, Timers, ZERO_UUID } from '../../src/base/index.ts'
import type { LogDirectory, PartitionLog } from '../../src/log/index.ts'
import type { BrokerStatus } from '../partition/index.ts'
import { append } from './appends.ts'
import { deleteRecords } from './deletions.ts'
import { describeDirectory, unknown } from './directories.ts'
import { Fetcher } from './fetcher.ts'
import type { Host } from './host.ts'
import { IsrProposals } from './isr-proposals.ts'
import { Watching } from './local.ts'
import { Moves } from './moves.ts'
import { endOffsetForEpoch, listOffset } from './offsets.ts'
import { assignedDirectory, isCounted, place } from './placement.ts'
import { ReadWait } from './read-wait.ts'
import { directoryName, Replica, replicaKey } from './replica.ts'
import { Throttles } from './throttles.ts'
import type {
  ActiveProducer,
  AppendRequest,
  AppendResult,
  DeletedRecords,
  DirectoryDescription,
  DirectoryMove,
  LeaderHint,
  ListedOffset,
  PendingRead,
  Reader,
  ReadRequest,
  ReplicationDriver,
  ReplicationError,
  ReplicationOptions,
  ReplicaView,
  TopicPartition,
} from './types.ts'

export function createReplicationDriver(options: ReplicationOptions): ReplicationDriver {
  return new Driver(options)
}

class Driver implements ReplicationDriver, Host {
  readonly options: ReplicationOptions
  readonly timers: Timers
  readonly proposals: IsrProposals
  readonly watching: Watching
  readonly throttles: Throttles
  readonly #moves: Moves
  image: MetadataImage
  brokers: ReadonlyMap<NodeId, BrokerStatus> = new Map()
  /** By topic id, then by index. */
  readonly #replicas = new Map<Uuid, Map<number, Replica>>()
  readonly #fetchers = new Map<NodeId, Fetcher>()
  readonly #failedDirectories = new Set<LogDirectory>()
  /** Creations and deletions under one directory name, one after the other. */
  readonly #pathWork = new Map<string, Promise<void>>()
  /** Logs that are being created, by directory. */
  readonly #creating = new Map<LogDirectory, number>()
  #woken: ReadWait[] = []
  readonly #reads = new Set<ReadWait>()
  /** Replicas of the first image that are not open yet; null before it. */
  #opening: Set<Replica> | null = null
  #stopped = false
  version = 0
  /** Null when replicas came or went since it was asked for. */
  #views: readonly ReplicaView[] | null = null

  constructor(options: ReplicationOptions) {
    this.options = options
    this.image = options.image
    this.timers = new Timers(options.ports.clock)
    this.proposals = new IsrProposals(options)
    this.watching = new Watching(this, options.watchers ?? [])
    this.throttles = new Throttles(options.throttling, () => this.now())
    this.#moves = new Moves(this, (directory) => this.#failedDirectories.has(directory))
    for (const directory of options.directories) directory.onFailure((error) => this.#directoryFailed(directory, error))
  }

  get settled(): boolean {
    return this.#opening !== null && this.#opening.size === 0
  }

  now(): Instant {
    return this.options.ports.clock.monotonic()
  }

  apply(image: MetadataImage, changes: readonly LocalChange[]): void {
    if (this.#stopped) return
    const before = this.image
    this.image = image
    if (image.configs !== before.configs && this.throttles.reconfigure())
      for (const fetcher of this.#fetchers.values()) fetcher.kick()
    const brokersChanged = image.brokers !== before.brokers || this.brokers.size === 0
    if (brokersChanged) this.brokers = statuses(image)
    if (this.#opening === null) {
      if (image.brokers.get(this.options.nodeId)?.incarnationId !== this.options.incarnationId) return
      this.#begin()
    } else for (const change of changes) this.#change(change)
    if (!brokersChanged) return
    // Registrations first: with one of them fenced and the ISR not yet smaller, a leader would commit what it may not (P4).
    for (const replica of this.#all()) replica.step({ kind: 'metadata', brokers: this.brokers })
    for (const [leader, fetcher] of this.#fetchers) fetcher.endpoint = this.#endpointOf(leader)
  }

  append(request: AppendRequest): Promise<AppendResult> {
    return append(this, request)
  }

  read(request: ReadRequest): PendingRead {
    const wait = new ReadWait(this, request)
    this.#reads.add(wait)
    wait.start()
    wait.result.then(() => this.#reads.delete(wait), this.options.onFatal)
    return wait
  }

  listOffset(
    at: TopicPartition,
    timestamp: Timestamp,
    currentLeaderEpoch: Epoch,
    reader: Reader,
  ): Promise<ListedOffset> {
    return listOffset(this, at, timestamp, currentLeaderEpoch, reader)
  }

  endOffsetForEpoch(
    at: TopicPartition,
    currentLeaderEpoch: Epoch,
    epoch: Epoch,
  ): { readonly error: ReplicationError; readonly epoch: Epoch; readonly endOffset: number } {
    return endOffsetForEpoch(this, at, currentLeaderEpoch, epoch)
  }

  deleteRecords(at: TopicPartition, offset: Offset, deadline: Instant): Promise<DeletedRecords> {
    return deleteRecords(this, at, offset, deadline)
  }

  describeDirectories(): Promise<readonly DirectoryDescription[]> {
    const cordoned = this.image.brokers.get(this.options.nodeId)?.cordonedDirectories ?? []
    return Promise.all(
      this.options.directories.map((directory) =>
        describeDirectory(this, directory, {
          failed: this.#failedDirectories.has(directory),
          cordoned: cordoned.includes(directory.meta.directoryId),
        }),
      ),
    ).then((described) => [...described, ...(this.options.unusable ?? []).map((path) => unknown(path, false))])
  }

  moveToDirectory(move: DirectoryMove): Promise<ReplicationError> {
    return this.#moves.ask(move)
  }

  activeProducers(at: TopicPartition): ReplicationError | readonly ActiveProducer[] {
    const replica = this.locate(at)
    return typeof replica === 'string' ? replica : replica.log.producers()
  }

  observe(): readonly ReplicaView[] {
    // One that stops holds no replica any more, whatever their last word was.
    this.#views ??= this.#stopped ? [] : [...this.#all()].map((replica) => replica.view)
    return this.#views
  }

  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    this.proposals.stop()
    for (const fetcher of this.#fetchers.values()) fetcher.close()
    this.#fetchers.clear()
    const replicas = [...this.#all()]
    for (const replica of replicas) replica.close('stopped')
    this.#membersChanged()
    for (const read of this.#reads) read.cancel()
    await this.#moves.stop()
    // Logs are closed next, by their directories: nothing may still be at work on them.
    await Promise.all([...replicas.map((replica) => replica.idle()), ...this.#pathWork.values()])
    this.timers.clear()
  }

  // What replicas, reads and fetchers ask of the driver.

  locate(at: TopicPartition): Replica | ReplicationError {
    const topicId = at.topicId === ZERO_UUID ? this.image.topicIds.get(at.topic) : at.topicId
    if (topicId === undefined) return 'UNKNOWN_TOPIC_OR_PARTITION'
    const replica = this.#replicas.get(topicId)?.get(at.partition)
    if (replica === undefined) return this.#absent(topicId, at)
    if (replica.offline) return 'KAFKA_STORAGE_ERROR'
    return replica.state === null ? 'NOT_LEADER_OR_FOLLOWER' : replica
  }

  hint(at: TopicPartition, error: ReplicationError): LeaderHint | null {
    if (error !== 'NOT_LEADER_OR_FOLLOWER' && error !== 'FENCED_LEADER_EPOCH') return null
    const topicId = at.topicId === ZERO_UUID ? this.image.topicIds.get(at.topic) : at.topicId
    const partition = topicId === undefined ? undefined : this.image.topics.get(topicId)?.partitions.get(at.partition)
    if (partition === undefined || partition.leader < 0) return null
    return { leaderId: partition.leader, leaderEpoch: partition.leaderEpoch }
  }

  wake(read: ReadWait): void {
    if (read.woken) return
    read.woken = true
    this.#woken.push(read)
    // At the end of this turn's work: a produce to ten partitions wakes a follower's fetch once, with all ten.
    if (this.#woken.length === 1)
      Promise.resolve()
        .then(() => this.#lookAgain())
        .catch(this.options.onFatal)
  }

  follow(replica: Replica, leader: NodeId): void {
    this.unfollow(replica)
    let fetcher = this.#fetchers.get(leader)
    if (fetcher === undefined) {
      fetcher = new Fetcher(this, leader)
      fetcher.endpoint = this.#endpointOf(leader)
      this.#fetchers.set(leader, fetcher)
    }
    fetcher.add(replica)
    replica.fetcher = fetcher
  }

  unfollow(replica: Replica): void {
    const fetcher = replica.fetcher
    if (fetcher === null) return
    replica.fetcher = null
    fetcher.remove(replica.key)
    if (fetcher.size > 0) return
    fetcher.close()
    if (this.#fetchers.get(fetcher.leader) === fetcher) this.#fetchers.delete(fetcher.leader)
  }

  released(replica: Replica): void {
    replica.fetcher?.released(replica)
  }

  failed(replica: Replica, error: Error): void {
    if (!replica.offline) {
      const { topic, partition } = replica.at
      this.options.logger.error({ topic, partition, error: messageOf(error) }, 'a replica is offline: its log failed')
    }
    replica.goOffline(messageOf(error))
    void this.#moves.cancel(replica)
  }

  // Metadata into replicas.

  /** The first image of this life: every replica that is ours, and nothing that is not. */
  #begin(): void {
    this.#opening = new Set()
    for (const topic of this.image.topics.values()) {
      for (const [index, partition] of topic.partitions) {
        if (!partition.replicas.includes(this.options.nodeId)) continue
        const replica = this.#ensure({ topic: topic.name, topicId: topic.id, partition: index }, partition)
        if (replica.state === null && !replica.offline) this.#opening.add(replica)
      }
    }
    for (const directory of this.options.directories) {
      for (const log of [...directory.logs]) {
        const replica = this.#replicas.get(log.topicId)?.get(log.partition)
        // The other of two has been chosen.
        const spare = replica !== undefined && replica.directory !== null && replica.directory !== directory
        if (replica !== undefined && !spare) continue
        const where = { topic: log.topic, topicId: log.topicId, partition: log.partition }
        const why = spare ? 'that lies in another directory too' : 'that is not assigned to this broker any more'
        this.options.logger.warn(where, `deleting a log ${why}`)
        this.#onPath(directoryName(log.topic, log.partition), () => this.#deleteLog(directory, log))
      }
    }
    this.#moves.sweep((log) => this.#replicas.get(log.topicId)?.has(log.partition) === true)
  }

  #change(change: LocalChange): void {
    switch (change.kind) {
      case 'replica':
        this.#ensure({ topic: change.topic, topicId: change.topicId, partition: change.index }, change.partition)
        return
      case 'remove': {
        const replica = this.#replicas.get(change.topicId)?.get(change.index)
        if (replica !== undefined) this.#remove(replica)
        return
      }
      case 'config':
        for (const replica of this.#replicas.get(change.topicId)?.values() ?? []) replica.reconfigure()
    }
  }

  #ensure(at: TopicPartition, partition: PartitionImage): Replica {
    let partitions = this.#replicas.get(at.topicId)
    if (partitions === undefined) {
      partitions = new Map()
      this.#replicas.set(at.topicId, partitions)
    }
    const existing = partitions.get(at.partition)
    if (existing !== undefined) {
      existing.assign(partition)
      this.#tellDirectory(existing)
      // A replaced disk: the controller has just taken this replica for lost, so it may begin anew.
      if (existing.unplaced && this.#place(existing).kind !== 'unavailable') {
        existing.placed()
        this.#open(existing)
      }
      return existing
    }
    this.#membersChanged()
    const replica = new Replica(this, at, replicaKey(at.topicId, at.partition), partition)
    partitions.set(at.partition, replica)
    this.#open(replica)
    return replica
  }

  #open(replica: Replica): void {
    const name = directoryName(replica.at.topic, replica.at.partition)
    const placement = this.#place(replica)
    if (placement.kind === 'found' && !this.#pathWork.has(name)) {
      this.#opened(replica, placement.log, placement.directory)
      return
    }
    this.#onPath(name, () => this.#create(replica))
  }

  #place(replica: Replica): ReturnType<typeof place> {
    const { nodeId, directories } = this.options
    const online = directories.filter((directory) => !this.#failedDirectories.has(directory))
    const cordoned = this.image.brokers.get(nodeId)?.cordonedDirectories ?? []
    const assigned = assignedDirectory(replica.assigned, nodeId)
    const load = (directory: LogDirectory): number => directory.logs.length + (this.#creating.get(directory) ?? 0)
    // A directory that is out of service now may be back in the next life, with what is in it.
    const allHere = this.#failedDirectories.size === 0 && (this.options.unusable ?? []).length === 0
    const counted = isCounted(replica.assigned, nodeId)
    const wanted = this.#moves.wanted(directoryName(replica.at.topic, replica.at.partition))
    return place(online, cordoned, replica.at.topicId, replica.at.partition, assigned, counted, allHere, load, wanted)
  }

  async #create(replica: Replica): Promise<void> {
    const { topic, topicId, partition } = replica.at
    if (replica.closed) return
    const placement = this.#place(replica)
    if (placement.kind === 'unavailable') {
      this.#unavailable(replica, placement.reason)
      return
    }
    if (placement.kind === 'found') {
      this.#opened(replica, placement.log, placement.directory)
      return
    }
    const { directory: chosen } = placement
    this.#creating.set(chosen, (this.#creating.get(chosen) ?? 0) + 1)
    try {
      // A topic of the same name that was deleted while this broker was away (KAFKA-14616).
      for (const directory of this.options.directories) {
        const stale = directory.logs.find((log) => log.topic === topic && log.partition === partition)
        if (stale !== undefined) await this.#deleteLog(directory, stale)
      }
      const config = this.options.configFor(topic).log
      const log = await chosen.create(topic, topicId, partition, config)
      this.#moves.created(directoryName(topic, partition))
      // Removed meanwhile: what was queued behind on this path deletes it.
      if (!replica.closed) this.#opened(replica, log, chosen)
      else await chosen.delete(log)
    } catch (error) {
      this.#unavailable(replica, messageOf(error))
    } finally {
      this.#creating.set(chosen, (this.#creating.get(chosen) ?? 1) - 1)
    }
  }

  #opened(replica: Replica, log: PartitionLog, directory: LogDirectory): void {
    replica.opened(log, directory)
    this.#opening?.delete(replica)
    const { directoryId } = directory.meta
    this.#moves.opened(replica)
    if (assignedDirectory(replica.assigned, this.options.nodeId) === directoryId) return
    const { topicId, partition } = replica.at
    this.options.onDirectoryAssigned({ topicId, partition, directoryId })
  }

  /** A move that was given up may have been told of after all: a disk that fails must take its own replicas with it. */
  #tellDirectory(replica: Replica): void {
    this.#moves.assigned(replica)
    if (replica.directory === null || this.#moves.isMoving(replica) || replica.assigned.directories.length === 0) return
    const { directoryId } = replica.directory.meta
    if (assignedDirectory(replica.assigned, this.options.nodeId) === directoryId) return
    const { topicId, partition } = replica.at
    this.options.onDirectoryAssigned({ topicId, partition, directoryId })
  }

  #unavailable(replica: Replica, reason: string): void {
    const { topic, partition } = replica.at
    this.options.logger.error({ topic, partition, reason }, 'a replica is offline: its log cannot be opened')
    replica.unavailable(reason)
    this.#opening?.delete(replica)
  }

  #remove(replica: Replica): void {
    const { topic, topicId, partition } = replica.at
    replica.close('removed')
    this.#opening?.delete(replica)
    const partitions = this.#replicas.get(topicId)
    partitions?.delete(partition)
    this.#membersChanged()
    if (partitions?.size === 0) this.#replicas.delete(topicId)
    this.#onPath(directoryName(topic, partition), async () => {
      await this.#moves.cancel(replica)
      await replica.idle()
      const directory = replica.directory
      const log = directory?.get(topicId, partition)
      if (directory === null || log === undefined) return
      await this.#deleteLog(directory, log)
    })
  }

  async #deleteLog(directory: LogDirectory, log: PartitionLog): Promise<void> {
    const { topic, topicId, partition } = log
    try {
      await directory.delete(log)
      this.options.logger.info({ topic, topicId, partition }, 'deleted a log')
    } catch (error) {
      // The directory reports itself if its disk has failed; a log left behind is deleted after the next start.
      this.options.logger.error({ topic, topicId, partition, error: messageOf(error) }, 'a log could not be deleted')
    }
  }

  #onPath(name: string, work: () => Promise<void>): void {
    const before = this.#pathWork.get(name)
    const mine = (before === undefined ? work() : before.then(work)).then(() => {
      if (this.#pathWork.get(name) === mine) this.#pathWork.delete(name)
    })
    mine.catch(this.options.onFatal)
    this.#pathWork.set(name, mine)
  }

  #directoryFailed(directory: LogDirectory, error: Error): void {
    if (this.#failedDirectories.has(directory)) return
    this.#failedDirectories.add(directory)
    this.options.logger.error({ path: directory.path, error: messageOf(error) }, 'a log directory has failed')
    for (const replica of this.#all()) if (replica.directory === directory) replica.goOffline(messageOf(error))
    this.#moves.directoryFailed(directory)
    this.options.onDirectoryFailed(directory.meta.directoryId, error)
  }

  #membersChanged(): void {
    this.#views = null
    this.version++
  }

  #endpointOf(leader: NodeId): Endpoint | null {
    const listeners = this.image.brokers.get(leader)?.listeners ?? []
    return listeners.find((listener) => listener.name === this.options.interBrokerListener) ?? null
  }

  #absent(topicId: Uuid, at: TopicPartition): ReplicationError {
    const topic = this.image.topics.get(topicId)
    if (topic === undefined) return at.topicId === ZERO_UUID ? 'UNKNOWN_TOPIC_OR_PARTITION' : 'UNKNOWN_TOPIC_ID'
    return topic.partitions.has(at.partition) ? 'NOT_LEADER_OR_FOLLOWER' : 'UNKNOWN_TOPIC_OR_PARTITION'
  }

  #lookAgain(): void {
    const woken = this.#woken
    this.#woken = []
    for (const read of woken) {
      read.woken = false
      read.look()
    }
  }

  *#all(): Generator<Replica> {
    for (const partitions of this.#replicas.values()) yield* partitions.values()
  }
}

function statuses(image: MetadataImage): Map<NodeId, BrokerStatus> {
  const brokers = new Map<NodeId, BrokerStatus>()
  for (const { id, epoch, fenced, inControlledShutdown } of image.brokers.values())
    brokers.set(id, { epoch, fenced, shuttingDown: inControlledShutdown })
  return brokers
}
