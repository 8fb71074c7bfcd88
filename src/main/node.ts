// `createNode(options)`: the single constructor of a node, in production, embedded and in the simulator. It opens the log
// directories, builds the rooms and connects them: cluster metadata publishes, replication subscribes, the request side
// asks both. It decides nothing. Whatever is thrown in the node's own callbacks cuts it off from the world.

import { type ClusterDriver, createClusterDriver } from '../../cluster/driver/index.ts'
import { BROKER_RESOURCE, configsOf, type ListenerEndpoint, supportedFeatures } from '../../cluster/metadata/index.ts'
import { createRaftDriver, type RaftDriver } from '../../raft/driver/index.ts'
import type { ReplicationDriver } from '../../replication/driver/index.ts'
import { Bug, ConfigError, type Logger, messageOf, type NodeId, Timers, type Uuid } from '../base/index.ts'
import { type Broker, createBroker, type ServedListener } from '../broker/index.ts'
import {
  type ListenerConfig,
  type NodeConfig,
  plainPath,
  resolveTopicConfig,
  withDynamicConfig,
} from '../config/index.ts'
import type { GroupCoordinator } from '../coordinator/index.ts'
import { LogCleaner, type LogDirectory, openLogDirectory } from '../log/index.ts'
import { createRpc, type Rpc } from '../rpc/index.ts'
import { readBootstrapRecords } from './bootstrap.ts'
import { checkDirectories, type NodeIdentity, unansweredIncarnation, unlessFailed } from './directories.ts'
import { everyoneFenced } from './farewell.ts'
import { connectGroups, sweepGroups } from './groups.ts'
import { connectReplication } from './replicas.ts'
import { cleanerSettingsOf, raftConfigOf, rpcOptionsOf } from './settings.ts'
import { type SeverablePorts, severable } from './severed.ts'
import type { BoundListener, NodeOptions, NodeView, OdradekNode, StopOptions } from './types.ts'
import { nodeView } from './view.ts'

/** How long a stopping node asks for its partitions to be taken over. */
const CONTROLLED_SHUTDOWN_MS = 30_000
/** The same where the whole cluster stops, and nobody may be left to answer. */
const FAREWELL_MS = 3_000
const NO_CONFIGS: ReadonlyMap<string, string> = new Map()
const SECURITY_PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']

export function createNode(options: NodeOptions): OdradekNode {
  return new Node(options)
}

/** What exists once the directories are open. */
interface Rooms {
  readonly rpc: Rpc
  readonly raft: RaftDriver
  readonly cluster: ClusterDriver
  readonly replication: ReplicationDriver | null
  readonly groups: GroupCoordinator | null
  readonly broker: Broker
}

class Node implements OdradekNode {
  readonly nodeId: NodeId
  readonly #config: NodeConfig
  readonly #logger: Logger
  readonly #ports: SeverablePorts
  readonly #onFatal: (error: Error) => void
  #directories: readonly LogDirectory[] = []
  #cleaner: LogCleaner | null = null
  #rooms: Rooms | null = null
  #started: Promise<void> | null = null
  #stopped: Promise<void> | null = null
  #dead = false
  readonly #incarnationId: Uuid
  /** As a broker: its own, or that of a life before it whose registration may still be on its way. */
  #brokerIncarnationId: Uuid
  readonly #failedDirectories: Uuid[] = []
  /** Paths of directories whose disks had failed before they were opened. */
  readonly #unusable: string[] = []
  /** Null until a directory fails. */
  #timers: Timers | null = null
  readonly #view: NodeView
  #opening: Promise<void> = Promise.resolve()

  constructor(options: NodeOptions) {
    this.nodeId = options.config.nodeId
    this.#config = options.config
    this.#logger = options.logger.child({ node: options.config.nodeId })
    this.#onFatal = options.onFatal
    this.#ports = severable(options.ports, (error) => this.#fatal(error))
    this.#incarnationId = options.ports.random.uuid()
    this.#brokerIncarnationId = this.#incarnationId
    this.#view = nodeView(this.nodeId, this.#incarnationId, () => this.#rooms)
  }

  start(): Promise<void> {
    this.#started ??= this.#start().catch(async (error: unknown) => {
      await this.stop()
      throw error
    })
    return this.#started
  }

  stop(options?: StopOptions): Promise<void> {
    this.#stopped ??= this.#stop(options?.handOver ?? true)
    return this.#stopped
  }

  kill(): Promise<void> {
    this.#dead = true
    return this.#ports.sever()
  }

  get listeners(): readonly BoundListener[] {
    return (this.#rooms?.broker.listeners ?? []).map((bound) => {
      const advertised = this.#advertised(bound)
      return {
        name: bound.name,
        host: bound.host,
        port: bound.port,
        advertisedHost: advertised.host,
        advertisedPort: advertised.port,
      }
    })
  }

  observe(): NodeView {
    return this.#view
  }

  async #start(): Promise<void> {
    const config = this.#config
    const ports = { ...this.#ports, logger: this.#logger }
    const { identity, usable, failed } = await checkDirectories(ports, config)
    this.#unusable.push(...failed)
    this.#opening = this.#openDirectories(usable)
    await this.#opening
    const doubtful = this.#unusable.length > 0
    this.#brokerIncarnationId = (doubtful ? null : unansweredIncarnation(this.#directories)) ?? this.#incarnationId
    const rooms = await this.#build(identity)
    this.#rooms = rooms
    const registered = this.#registered(rooms.cluster)
    await rooms.raft.start()
    const incarnationId = this.#incarnationId
    if (config.isController) {
      const bound = await rooms.broker.listen('controller')
      rooms.cluster.startController({ incarnationId, listeners: bound.map((listener) => this.#endpoint(listener)) })
    }
    if (!config.isBroker) return registered
    const bound = await rooms.broker.listen('broker')
    rooms.cluster.startBroker({
      incarnationId: this.#brokerIncarnationId,
      listeners: bound.map((listener) => this.#endpoint(listener)),
      rack: config.rack,
      directories: this.#directories.filter((d) => config.logDirs.includes(d.path)).map((d) => d.meta.directoryId),
      // What cannot be read may have been left in any state.
      previousBrokerEpoch: doubtful
        ? -1
        : Math.min(...this.#directories.map((directory) => directory.previousBrokerEpoch)),
    })
    await rooms.cluster.unfenced
    const { groups, cluster } = rooms
    if (groups !== null) sweepGroups(groups, cluster.image, this.#logger).catch((error: unknown) => this.#fatal(error))
  }

  async #openDirectories(paths: readonly string[]): Promise<void> {
    const ports = { ...this.#ports, logger: this.#logger }
    const opened: LogDirectory[] = []
    this.#directories = opened
    const enabled = this.#config.isBroker && this.#config.boolean('log.cleaner.enable')
    const cleaner = enabled ? new LogCleaner(ports, cleanerSettingsOf(this.#config)) : null
    this.#cleaner = cleaner
    const options = {
      configOf: () => resolveTopicConfig(NO_CONFIGS, { broker: NO_CONFIGS, cluster: NO_CONFIGS }, this.#config),
      checkpointIntervalMs: this.#config.int('log.flush.offset.checkpoint.interval.ms'),
      retentionCheckIntervalMs: this.#config.long('log.retention.check.interval.ms'),
      stopped: () => this.#stopped !== null,
      ...(cleaner === null ? {} : { cleaner }),
    }
    for (const path of paths) {
      await unlessFailed(path, this.#config, this.#unusable, this.#logger, async () => {
        opened.push(await openLogDirectory(ports, path, options))
      })
    }
    const { isBroker, logDirs } = this.#config
    if (isBroker && !opened.some(({ path }) => logDirs.includes(path)))
      throw new ConfigError(`None of log.dirs can be used: ${logDirs.join(', ')}`)
  }

  async #build(identity: NodeIdentity): Promise<Rooms> {
    const config = this.#config
    const ports = this.#ports
    const logger = this.#logger
    const onFatal = (error: Error): void => this.#fatal(error)
    const rpc = createRpc(ports, rpcOptionsOf(config))
    const raft = createRaftDriver({ ports, rpc, logger, config: raftConfigOf(config, identity), onFatal })
    let replication: ReplicationDriver | null = null
    let groups: GroupCoordinator | null = null
    const bootstrapRecords = config.isController
      ? await readBootstrapRecords(ports.disk, config.metadataLogDir)
      : undefined
    const cluster = createClusterDriver({
      ports,
      rpc,
      raft,
      logger,
      config,
      clusterId: identity.clusterId,
      ...(bootstrapRecords === undefined ? {} : { bootstrapRecords }),
      ready: () => replication?.settled ?? true,
      offlineDirectories: () => this.#failedDirectories,
      cordonedDirectories: () => this.#cordoned(cluster),
      onFatal,
    })
    if (config.isBroker) {
      this.#configureCleaner(cluster)
      groups = connectGroups({ ports, logger, config, cluster, onFatal })
      replication = connectReplication({
        clock: ports.clock,
        rpc,
        logger,
        config,
        cluster,
        directories: this.#directories.filter((directory) => config.logDirs.includes(directory.path)),
        unusable: this.#unusable,
        incarnationId: this.#brokerIncarnationId,
        watchers: [groups],
        onDirectoryFailed: (id, error) => this.#directoryFailed(id, error),
        onFatal,
      })
    }
    const { clusterId } = identity
    const broker = createBroker({
      ports,
      logger,
      config,
      clusterId,
      cluster,
      raft,
      replication,
      groups,
      supportedFeatures,
      onFatal,
    })
    return { rpc, raft, cluster, replication, groups, broker }
  }

  /** The cleaner's configurations may be changed while the node runs. */
  #configureCleaner(cluster: ClusterDriver): void {
    const own = String(this.nodeId)
    cluster.onImage((before, after) => {
      const broker = configsOf(after, BROKER_RESOURCE, own)
      const ofAll = configsOf(after, BROKER_RESOURCE, '')
      const changed =
        broker !== configsOf(before, BROKER_RESOURCE, own) || ofAll !== configsOf(before, BROKER_RESOURCE, '')
      if (changed)
        this.#cleaner?.configure(cleanerSettingsOf(withDynamicConfig(this.#config, { broker, cluster: ofAll })))
    })
  }

  /** By the paths that `cordoned.log.dirs` names now; `*` is all of them. */
  #cordoned(cluster: ClusterDriver): Uuid[] {
    const dynamic = {
      broker: configsOf(cluster.image, BROKER_RESOURCE, String(this.nodeId)),
      cluster: configsOf(cluster.image, BROKER_RESOURCE, ''),
    }
    const named = withDynamicConfig(this.#config, dynamic).list('cordoned.log.dirs').map(plainPath)
    return this.#directories
      .filter(({ path }) => this.#config.logDirs.includes(path) && (named.includes('*') || named.includes(path)))
      .map(({ meta }) => meta.directoryId)
  }

  /** A controller alone is up when it has seen its own registration in the metadata. */
  #registered(cluster: ClusterDriver): Promise<void> {
    return new Promise((resolve) => {
      cluster.onImage((_before, after) => {
        if (after.controllers.get(this.nodeId)?.incarnationId === this.#incarnationId) resolve()
      })
    })
  }

  /** Kafka's rule: a node without its metadata log, or without any directory, cannot go on. */
  #directoryFailed(id: Uuid, error: Error): void {
    this.#failedDirectories.push(id)
    const failed = this.#directories.find((directory) => directory.meta.directoryId === id)
    this.#logger.error({ directory: failed?.path, error: messageOf(error) }, 'log directory failed and was given up')
    const { logDirs } = this.#config
    const left = this.#directories.filter(
      ({ path, meta }) => logDirs.includes(path) && !this.#failedDirectories.includes(meta.directoryId),
    )
    if (failed?.path === this.#config.metadataLogDir || left.length === 0) {
      this.#fatal(error)
      return
    }
    this.#rooms?.cluster.directoryFailed()
    // What this broker leads there is led by nobody until the controller knows.
    const timeoutMs = this.#config.long('log.dir.failure.timeout.ms')
    this.#timers ??= new Timers(this.#ports.clock)
    this.#timers.after(timeoutMs, () => {
      const registered = this.#rooms?.cluster.image.brokers.get(this.nodeId)
      if (registered?.epoch !== this.#rooms?.cluster.brokerEpoch || !registered?.directories.includes(id)) return
      this.#fatal(new Error(`The controller was not told within ${timeoutMs} ms that ${failed?.path} has failed`))
    })
  }

  async #stop(handOver: boolean): Promise<void> {
    const rooms = this.#rooms
    if (rooms !== null && !this.#dead) {
      const { broker, cluster, groups, raft, replication, rpc } = rooms
      // Running or about to be: the image may say so before the heartbeat that tells the broker.
      const registered = cluster.brokerState === 'running' || cluster.brokerState === 'fenced'
      if (registered && this.#config.boolean('controlled.shutdown.enable')) {
        await cluster.controlledShutdown(handOver ? CONTROLLED_SHUTDOWN_MS : FAREWELL_MS)
        if (!handOver) await everyoneFenced(cluster, raft, this.#ports.clock, FAREWELL_MS)
      }
      // Whoever waits for a rebalance hears that another broker coordinates it, and holds up nothing.
      await groups?.stop()
      await broker.close()
      await replication?.stop()
      await cluster.stop()
      await raft.stop()
      rpc.close()
    }
    this.#timers?.clear()
    if (!this.#dead) {
      // What is half open would end without the word of a clean stop, and cost the replicas their place. `start` tells of a failure.
      await this.#opening.catch(() => {})
      await this.#closeDirectories()
    }
    await this.kill()
  }

  /** A directory that was opened and never used keeps the word of its last clean stop, and who asked in vain since. */
  async #closeDirectories(): Promise<void> {
    const brokerEpoch = this.#rooms?.cluster.brokerEpoch ?? -1
    const registered = brokerEpoch >= 0 || !this.#config.isBroker
    await Promise.all(
      this.#directories
        .filter((directory) => !this.#failedDirectories.includes(directory.meta.directoryId))
        .map((directory) =>
          directory.close(
            registered
              ? { clean: true, brokerEpoch }
              : {
                  clean: directory.cleanShutdown,
                  brokerEpoch: directory.previousBrokerEpoch,
                  // One that did not come so far as to ask leaves it at who has.
                  unanswered: this.#rooms === null ? directory.unansweredIncarnation : this.#brokerIncarnationId,
                },
          ),
        ),
    )
  }

  #fatal(error: unknown): void {
    if (this.#dead) return
    this.#logger.error(
      { error: messageOf(error), stack: error instanceof Error ? error.stack : undefined },
      'the node cannot go on',
    )
    void this.kill()
    this.#onFatal(error instanceof Error ? error : new Bug(messageOf(error)))
  }

  #advertised(bound: ServedListener): { readonly host: string; readonly port: number } {
    const configured = this.#listenerConfig(bound.name)
    return {
      host: configured.host === '' ? bound.host : configured.host,
      port: configured.port === 0 ? bound.port : configured.port,
    }
  }

  #listenerConfig(name: string): ListenerConfig {
    const { advertisedListeners, listeners } = this.#config
    const configured = [...advertisedListeners, ...listeners].find((listener) => listener.name === name)
    if (configured === undefined) throw new Bug(`listener ${name} was bound but is not configured`)
    return configured
  }

  #endpoint(bound: ServedListener): ListenerEndpoint {
    const { securityProtocol } = this.#listenerConfig(bound.name)
    return {
      name: bound.name,
      ...this.#advertised(bound),
      securityProtocol: SECURITY_PROTOCOLS.indexOf(securityProtocol),
    }
  }
}
