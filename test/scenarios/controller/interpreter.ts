// `controller`: the controller's decisions on a draft that every decision is applied to at once. Prints what a decision
// answered, and every partition and broker that it changed.
//
//   controller brokers=(1 2 3) racks=(a b c) min-insync=2     brokers register and are unfenced
//   topic t replicas=(1 2 3) [partitions=n factor=n] [key=value …]
//   heartbeat 1 [offset=n] [want=fence|shutdown] [offline=dir]
//   register 1 [incarnation=x] [previous=epoch] [rack=r]
//   alter t-0 by=1 isr=(1 2@epoch) [leader-epoch=n] [partition-epoch=n] [recovery=0|1]
//   reassign t-0 to=(2 3 4) [factor=kept]     cancel t-0     list     delete t
//   elect preferred|unclean                   the periodic elections
//   elect preferred|unclean t-0 u-0 | all     as an operator asks

import {
  activationRecords,
  type Controller,
  type Decision,
  type DecisionContext,
  decideAlterPartition,
  decideAlterPartitionReassignments,
  decideAssignReplicasToDirs,
  decideCreateTopics,
  decideDeleteTopics,
  decideElectLeaders,
  decideFencing,
  decideHeartbeat,
  decideIncrementalAlterConfigs,
  decideListPartitionReassignments,
  decidePreferredElections,
  decideRegisterBroker,
  decideUncleanElections,
  decideUnregisterBroker,
  defaultBootstrapRecords,
  startSessions,
} from '../../../cluster/controller/index.ts'
import type { BrokerImage, PartitionImage, TopicImage } from '../../../cluster/metadata/index.ts'
import { MetadataFold, supportedFeatures, topicByName } from '../../../cluster/metadata/index.ts'
import { SeededRandom, ZERO_UUID } from '../../../src/base/index.ts'
import { parseNodeConfig } from '../../../src/config/index.ts'
import { encodeMetadataRecord, errorName } from '../../../src/wire/index.ts'
import { type Command, type Interpreter, msOf, numbersOf, type Scenario } from '../runner.ts'

export const controllerInterpreter: Interpreter = (first) => new ControllerScenario(first)

const CLUSTER = 'scenario'

class ControllerScenario implements Scenario {
  readonly opening: string[]
  readonly #controller: Controller
  readonly #draft = new MetadataFold()
  readonly #random = new SeededRandom(1)
  readonly #incarnations = new Map<number, string>()
  #now = 0
  #end = 0

  constructor(first: Command) {
    const properties = new Map([
      ['process.roles', 'broker,controller'],
      ['node.id', '9'],
      ['listeners', 'PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093'],
      ['controller.listener.names', 'CONTROLLER'],
      ['controller.quorum.bootstrap.servers', 'localhost:9093'],
      ['min.insync.replicas', first.options.get('min-insync') ?? '1'],
      ['broker.session.timeout.ms', String(msOf(first.options.get('session') ?? '9s'))],
      ['unclean.leader.election.enable', first.options.get('unclean') ?? 'false'],
    ])
    this.#controller = { clusterId: CLUSTER, node: parseNodeConfig(properties), sessions: new Map() }
    const bootstrap = defaultBootstrapRecords().filter(
      (record) => !(first.options.get('elr') === 'off' && JSON.stringify(record).includes('eligible')),
    )
    for (const record of activationRecords(this.#draft, true, bootstrap, this.#controller.node)) this.#write(record)
    startSessions(this.#controller, this.#draft, this.#now)
    const racks = (first.options.get('racks') ?? '').split(' ')
    this.opening = []
    for (const [i, id] of numbersOf(first.options.get('brokers') ?? '').entries()) {
      this.#register(id, 'first', -1, racks[i] || null, [directory(id)])
      this.#heartbeat(id, new Map())
    }
  }

  run(command: Command): string[] {
    const topics = this.#draft.topics
    const brokers = this.#draft.brokers
    const before = { topics: copy(topics), brokers: new Map(brokers) }
    const said = this.#run(command)
    return [...said, ...this.#brokerChanges(before.brokers), ...this.#partitionChanges(before.topics)].map((line) =>
      this.#shorten(line),
    )
  }

  #run(command: Command): string[] {
    switch (command.name) {
      case 'register':
        return this.#runRegister(command)
      case 'heartbeat':
        return this.#runHeartbeat(command)
      case 'topic':
        return this.#createTopic(command)
      case 'alter':
        return this.#alter(command)
      case 'config':
        return this.#config(command)
      case 'advance':
        this.#now += msOf(command.args[0] ?? '0')
        return []
      case 'check-sessions': {
        const decision = decideFencing(this.#controller, this.#draft, this.#now)
        return [decision.response === null ? 'nobody is stale' : `fenced ${this.#take(decision)}`]
      }
      case 'elect':
        return command.args.length > 1 ? this.#electLeaders(command) : this.#elect(command)
      case 'reassign':
      case 'cancel':
        return this.#reassign(command)
      case 'list':
        return this.#list()
      case 'delete': {
        const topics = [{ name: command.args[0] ?? '', topicId: ZERO_UUID }]
        const request = { topics, topicNames: [], timeoutMs: 1_000 }
        const { node } = this.#controller
        return [errorOf(this.#take(decideDeleteTopics(this.#draft, node, request, this.#context(6))).responses![0]!)]
      }
      case 'unregister': {
        const request = { brokerId: Number(command.args[0]) }
        return [errorOf(this.#take(decideUnregisterBroker(this.#controller, this.#draft, request)))]
      }
      case 'assign':
        return this.#assign(command)
      case 'failover':
        startSessions(this.#controller, this.#draft, this.#now)
        return ['sessions start again']
      case 'show':
        return this.#show(command.args[0] ?? '')
      default:
        throw new Error(`unknown command ${command.name}`)
    }
  }

  #runRegister(command: Command): string[] {
    const id = Number(command.args[0])
    const incarnation = command.options.get('incarnation') ?? 'first'
    const previous = command.options.get('previous')
    const epoch = previous === 'clean' ? (this.#draft.brokers.get(id)?.epoch ?? -1) : Number(previous ?? -1)
    const dirs = command.options.get('dirs')?.split(' ').map(directory) ?? [directory(id)]
    return [this.#register(id, incarnation, epoch, command.options.get('rack') ?? null, dirs)]
  }

  #register(id: number, incarnation: string, previous: number, rack: string | null, dirs: readonly string[]): string {
    this.#incarnations.set(id, incarnation)
    const request = {
      brokerId: id,
      clusterId: CLUSTER,
      incarnationId: `${id}-${incarnation}`.padEnd(21, 'x').concat('A'),
      listeners: [{ name: 'PLAINTEXT', host: 'localhost', port: 9000 + id, securityProtocol: 0 }],
      features: [...supportedFeatures].map(([name, range]) => ({
        name,
        minSupportedVersion: range.min,
        maxSupportedVersion: range.max,
      })),
      rack,
      isMigratingZkBroker: false,
      logDirs: [...dirs],
      previousBrokerEpoch: previous,
    }
    const response = this.#take(decideRegisterBroker(this.#controller, this.#draft, request, this.#context(4)))
    return (response.errorCode ?? 0) === 0 ? `registered ${id} epoch=${response.brokerEpoch}` : errorOf(response)
  }

  #runHeartbeat(command: Command): string[] {
    const lines: string[] = []
    for (const text of command.args) lines.push(this.#heartbeat(Number(text), command.options))
    return lines
  }

  #heartbeat(id: number, options: ReadonlyMap<string, string>): string {
    const request = {
      brokerId: id,
      brokerEpoch: Number(options.get('epoch') ?? this.#draft.brokers.get(id)?.epoch ?? -1),
      currentMetadataOffset: Number(options.get('offset') ?? this.#end - 1),
      wantFence: options.get('want') === 'fence',
      wantShutDown: options.get('want') === 'shutdown',
      offlineLogDirs: options.get('offline')?.split(' ').map(directory) ?? [],
      cordonedLogDirs: null,
    }
    const response = this.#take(decideHeartbeat(this.#controller, this.#draft, request, this.#context(2)))
    if ((response.errorCode ?? 0) !== 0) return `${id} ${errorOf(response)}`
    const words = [response.isFenced ? 'fenced' : 'unfenced']
    if (!response.isCaughtUp) words.push('behind')
    if (response.shouldShutDown) words.push('may stop')
    return `${id} ${words.join(', ')}`
  }

  #createTopic(command: Command): string[] {
    const { options } = command
    const replicas = numbersOf(options.get('replicas') ?? '')
    const configs = [...options].filter(([name]) => name.includes('.')).map(([name, value]) => ({ name, value }))
    const partitions = Number(options.get('partitions') ?? 1)
    const manual = replicas.length > 0
    const assignments = Array.from({ length: manual ? partitions : 0 }, (_, i) => ({
      partitionIndex: i,
      brokerIds: replicas.map((_, j) => replicas[(i + j) % replicas.length]!),
    }))
    const topic = {
      name: command.args[0] ?? '',
      numPartitions: manual ? -1 : partitions,
      replicationFactor: manual ? -1 : Number(options.get('factor') ?? -1),
      assignments,
      configs,
    }
    const request = { topics: [topic], timeoutMs: 1_000, validateOnly: options.get('validate-only') === 'true' }
    const response = this.#take(decideCreateTopics(this.#draft, this.#controller.node, request, this.#context(7)))
    const result = response.topics?.[0]
    return (result?.errorCode ?? 0) === 0 ? [] : [`${errorOf(result ?? {})}: ${result?.errorMessage}`]
  }

  #alter(command: Command): string[] {
    const { topic, index, partition } = this.#partition(command.args[0] ?? '')
    const { options } = command
    const by = Number(options.get('by') ?? partition.leader)
    const members = (options.get('isr') ?? '').split(' ').map((text) => {
      const [id, epoch] = text.split('@').map(Number)
      return { brokerId: id!, brokerEpoch: epoch ?? this.#draft.brokers.get(id!)?.epoch ?? -1 }
    })
    const request = {
      brokerId: by,
      brokerEpoch: Number(options.get('broker-epoch') ?? this.#draft.brokers.get(by)?.epoch ?? -1),
      topics: [
        {
          topicId: topic.id,
          partitions: [
            {
              partitionIndex: index,
              leaderEpoch: Number(options.get('leader-epoch') ?? partition.leaderEpoch),
              newIsr: [],
              newIsrWithEpochs: members,
              leaderRecoveryState: Number(options.get('recovery') ?? 0),
              partitionEpoch: Number(options.get('partition-epoch') ?? partition.partitionEpoch),
            },
          ],
        },
      ],
    }
    const response = this.#take(decideAlterPartition(this.#draft, this.#controller.node, request, this.#context(3)))
    if ((response.errorCode ?? 0) !== 0) return [errorOf(response)]
    return [errorOf(response.topics![0]!.partitions![0]!)]
  }

  #config(command: Command): string[] {
    const name = command.args[0] ?? ''
    const configs = [...command.options].map(([key, value]) => ({
      name: key,
      configOperation: value === 'delete' ? 1 : 0,
      value: value === 'delete' ? null : value,
    }))
    const resource =
      name === 'cluster' ? { resourceType: 4, resourceName: '' } : { resourceType: 2, resourceName: name }
    const request = { resources: [{ ...resource, configs }], validateOnly: false }
    const result = this.#take(decideIncrementalAlterConfigs(this.#draft, this.#controller.node, request)).responses![0]!
    return [(result.errorCode ?? 0) === 0 ? 'ok' : `${errorOf(result)}: ${result.errorMessage}`]
  }

  #elect(command: Command): string[] {
    const decide = command.args[0] === 'preferred' ? decidePreferredElections : decideUncleanElections
    const decision = decide(this.#draft, this.#controller.node)
    this.#take(decision)
    return decision.records.length === 0 ? ['nothing to elect'] : []
  }

  #electLeaders(command: Command): string[] {
    const [type, ...named] = command.args
    const places = named.map((text) => splitPartition(text))
    const request = {
      electionType: type === 'preferred' ? 0 : 1,
      topicPartitions:
        named[0] === 'all' ? null : places.map(({ name, index }) => ({ topic: name, partitions: [index] })),
      timeoutMs: 1_000,
    }
    const response = this.#take(decideElectLeaders(this.#draft, this.#controller.node, request))
    const lines = response.replicaElectionResults!.flatMap(({ topic, partitionResult }) =>
      partitionResult!.map((result) => `${topic}-${result.partitionId}: ${sentenceOf(result)}`),
    )
    return lines.length === 0 ? ['nothing to elect'] : lines
  }

  #reassign(command: Command): string[] {
    const { name, index } = splitPartition(command.args[0] ?? '')
    const to = command.options.get('to')
    const replicas = command.name === 'cancel' ? null : numbersOf(to ?? '')
    const request = {
      timeoutMs: 1_000,
      allowReplicationFactorChange: command.options.get('factor') !== 'kept',
      topics: [{ name, partitions: [{ partitionIndex: index, replicas }] }],
    }
    const { node } = this.#controller
    const response = this.#take(decideAlterPartitionReassignments(this.#draft, node, request))
    return [sentenceOf(response.responses![0]!.partitions![0]!)]
  }

  #list(): string[] {
    const request = { timeoutMs: 1_000, topics: null }
    const { topics } = this.#take(decideListPartitionReassignments(this.#draft, request))
    const lines = topics!.flatMap(({ name, partitions }) =>
      partitions!.map((moving) => `${name}-${moving.partitionIndex} is moving${movement(moving)}`),
    )
    return lines.length === 0 ? ['nothing is moving'] : lines
  }

  #assign(command: Command): string[] {
    const { topic, index } = this.#partition(command.args[0] ?? '')
    const brokerId = Number(command.options.get('broker'))
    const request = {
      brokerId,
      brokerEpoch: this.#draft.brokers.get(brokerId)?.epoch ?? -1,
      directories: [
        {
          id: directory(command.options.get('dir') ?? ''),
          topics: [{ topicId: topic.id, partitions: [{ partitionIndex: index }] }],
        },
      ],
    }
    const response = this.#take(decideAssignReplicasToDirs(this.#draft, this.#controller.node, request))
    return [errorOf(response.directories?.[0]?.topics?.[0]?.partitions?.[0] ?? response)]
  }

  #show(name: string): string[] {
    const topic = topicByName(this.#draft, name)
    if (topic === undefined) throw new Error(`no topic ${name}`)
    return [...topic.partitions].map(([index, partition]) => line(topic, index, partition))
  }

  #context(version: number): DecisionContext {
    return { now: this.#now, version, nextOffset: this.#end, random: this.#random }
  }

  #take<Response>(decision: Decision<Response>): Response {
    for (const record of decision.records) this.#write(record)
    return decision.response
  }

  #write(record: Decision<unknown>['records'][number]): void {
    encodeMetadataRecord(record)
    this.#draft.apply(record)
    this.#end++
  }

  #partition(text: string): { topic: TopicImage; index: number; partition: PartitionImage } {
    const { name, index } = splitPartition(text)
    const topic = topicByName(this.#draft, name)
    const partition = topic?.partitions.get(index)
    if (topic === undefined || partition === undefined) throw new Error(`no partition ${text}`)
    return { topic, index, partition }
  }

  #brokerChanges(before: ReadonlyMap<number, BrokerImage>): string[] {
    const lines: string[] = []
    for (const [id, broker] of this.#draft.brokers) {
      const was = before.get(id)
      if (was === undefined || was === broker) continue
      if (was.epoch !== broker.epoch) continue
      const state = `${broker.fenced ? 'fenced' : 'active'}${broker.inControlledShutdown ? ', shutting down' : ''}`
      const dirs = was.directories.length === broker.directories.length ? '' : ` directories=(${broker.directories})`
      lines.push(`broker ${id}: ${state}${dirs}`)
    }
    return lines
  }

  #partitionChanges(before: ReadonlyMap<string, ReadonlyMap<number, PartitionImage>>): string[] {
    const lines: string[] = []
    for (const topic of this.#draft.topics.values()) {
      for (const [index, partition] of topic.partitions) {
        const was = before.get(topic.id)?.get(index)
        if (was !== partition) lines.push(line(topic, index, partition, was))
      }
    }
    return lines
  }

  /** Directory ids as the story names them. */
  #shorten(text: string): string {
    return text.replaceAll(/dir-(\w+?)-+A/g, '$1')
  }
}

function directory(name: string | number): string {
  return `dir-${name}`.padEnd(21, '-').concat('A')
}

function copy(topics: ReadonlyMap<string, TopicImage>): Map<string, ReadonlyMap<number, PartitionImage>> {
  return new Map([...topics].map(([id, topic]) => [id, new Map(topic.partitions)]))
}

/** Replicas are told of while they change. */
function line(topic: TopicImage, index: number, partition: PartitionImage, was?: PartitionImage): string {
  const moves = partition.addingReplicas.length + partition.removingReplicas.length > 0
  const moved = was !== undefined && was.replicas.join() !== partition.replicas.join()
  return (
    `${topic.name}-${index} leader=${partition.leader < 0 ? 'none' : partition.leader}` +
    ` epoch=${partition.leaderEpoch}/${partition.partitionEpoch} isr=(${partition.isr.join(' ')})` +
    list('elr', partition.elr) +
    list('last-known', partition.lastKnownElr) +
    (moves || moved ? movement(partition) : '') +
    (partition.leaderRecoveryState === 'RECOVERING' ? ' recovering' : '')
  )
}

function list(name: string, ids: readonly number[]): string {
  return ids.length === 0 ? '' : ` ${name}=(${ids.join(' ')})`
}

function movement(of: {
  readonly replicas?: readonly number[] | undefined
  readonly addingReplicas?: readonly number[] | undefined
  readonly removingReplicas?: readonly number[] | undefined
}): string {
  const { replicas = [], addingReplicas = [], removingReplicas = [] } = of
  return list('replicas', replicas) + list('adding', addingReplicas) + list('removing', removingReplicas)
}

function splitPartition(text: string): { readonly name: string; readonly index: number } {
  const dash = text.lastIndexOf('-')
  return { name: text.slice(0, dash), index: Number(text.slice(dash + 1)) }
}

function sentenceOf(result: {
  readonly errorCode?: number | undefined
  readonly errorMessage?: string | null | undefined
}): string {
  const error = errorOf(result)
  return error === 'NONE' ? 'ok' : `${error}: ${result.errorMessage}`
}

function errorOf(response: { readonly errorCode?: number | undefined }): string {
  return errorName(response.errorCode ?? 0)
}
