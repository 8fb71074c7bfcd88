// Watches a simulated cluster: after every event it looks at the nodes that may have changed, and hears of every write to
// their disks, and feeds the invariants of `src/check` with both. It touches nothing, draws no chance and schedules
// nothing: a watched run has the same trace as one that nobody watches.

import type { NodeId, Offset, Uuid } from '../../base/index.ts'
import { ZERO_UUID } from '../../base/index.ts'
import {
  AnswerInvariants,
  type BatchFact,
  CheckQuorum,
  ClusterTruth,
  ControllerInvariants,
  DerivedInvariants,
  type EpochStart,
  FetchInvariants,
  ImageInvariants,
  LogModel,
  PartitionInvariants,
  ProposalInvariants,
  QuorumInvariants,
  SessionInvariants,
  StorageInvariants,
  unseen,
  type Violation,
  type Vote,
} from '../../check/index.ts'
import type { NodeView } from '../../main/index.ts'
import type { SimCluster } from '../cluster.ts'
import type { Notable } from '../life/types.ts'
import { type AnswerFacts, Answers } from './answers.ts'
import type { SnapshotId } from './disk-sink.ts'
import { DiskWatch, QUORUM_KEY } from './disks.ts'
import { Found } from './found.ts'
import { FrameTap } from './frames.ts'
import { listenToGroups } from './groups.ts'
import { ALL, type Member, newMember } from './member.ts'
import { metadataFacts, snapshotFacts } from './metadata.ts'
import type { Watch, WatchOptions } from './types.ts'

/** From now on; before or after the cluster's start. */
export function watchCluster(cluster: SimCluster, options: WatchOptions = {}): Watch {
  return new ClusterWatch(cluster, options)
}

const LOG_DIRECTORY = '/data'
/** Listeners of a simulated node. */
const SERVED: ReadonlySet<number> = new Set([9092, 19_092, 9093])

class ClusterWatch implements Watch {
  readonly #found: Found
  readonly #cluster: SimCluster
  readonly #members: Member[] = []
  readonly #models: Map<string, LogModel> = new Map()
  readonly #truth: ClusterTruth = new ClusterTruth()
  readonly #quorumLog: LogModel
  readonly #quorum: QuorumInvariants
  readonly #checkQuorum: CheckQuorum
  readonly #sessions: SessionInvariants
  readonly #controller: ControllerInvariants
  readonly #partitions: PartitionInvariants
  readonly #images: ImageInvariants
  readonly #proposals: ProposalInvariants
  readonly #storage: StorageInvariants
  readonly #nodes: ReadonlyMap<string, NodeId>
  readonly #answers: Answers
  readonly #isCleaned: (topic: string) => boolean
  #unattached: number
  #closed = false

  constructor(cluster: SimCluster, options: WatchOptions) {
    this.#cluster = cluster
    this.#isCleaned = (topic) => options.cleaned?.has(topic) === true
    const found = new Found(options, () => cluster.sim.now)
    this.#found = found
    this.#storage = new StorageInvariants(found)
    this.#quorumLog = this.#newModel(QUORUM_KEY, '__cluster_metadata-0')
    this.#quorum = new QuorumInvariants(this.#quorumLog, found)
    this.#checkQuorum = new CheckQuorum(options.quorumFetchTimeoutMs ?? 2_000, found)
    this.#sessions = new SessionInvariants(options.sessionTimeoutMs ?? 9_000, found)
    this.#controller = new ControllerInvariants(
      this.#truth,
      {
        stoppedCleanly: (broker, life, previous) => this.#member(broker).cleanEpochs.get(life) === previous,
        lives: (broker, epoch) => this.#member(broker).view?.brokerEpoch === epoch,
      },
      found,
    )
    this.#partitions = new PartitionInvariants(
      {
        truth: this.#truth,
        running: (node) => this.#running(node),
        model: (key) => this.#models.get(key),
        promised: (partition) => this.#controller.minIsr(partition),
      },
      found,
    )
    this.#proposals = new ProposalInvariants(this.#truth, found)
    this.#images = new ImageInvariants(this.#truth, this.#quorumLog, found)
    this.#quorumLog.onCommitted = (batch) => this.#committed(batch.fact, batch.endOffset)
    for (const id of cluster.ids) this.#members.push(newMember(id))
    this.#unattached = this.#members.length
    cluster.sim.afterEvent((touched) => this.#look(touched))
    this.#nodes = new Map(cluster.ids.map((id) => [cluster.host(id), id]))
    const [told, fetched] = [new AnswerInvariants(found), new FetchInvariants(found)]
    this.#answers = new Answers(this.#answerFacts, told, fetched, this.#proposals, this.#quorum, this.#sessions, found)
    const groups = options.groups === undefined ? null : { ...options.groups, cluster, truth: this.#truth, found }
    const nodeOf = this.#answerFacts.nodeOf
    const sink = groups === null ? this.#answers : listenToGroups(this.#answers, groups, nodeOf)
    cluster.sim.hearBytes(new FrameTap((end) => SERVED.has(end.local.port) && this.#nodes.has(end.host), sink))
  }

  get violations(): readonly Violation[] {
    return this.#found.violations
  }

  get markers(): Watch['markers'] {
    return this.#found.markers
  }

  get leaderChanges(): number {
    return this.#controller.leaderChanges
  }

  get isrChanges(): number {
    return this.#controller.isrChanges
  }

  notables(): readonly Notable[] {
    return this.#found.notables.list()
  }

  writerSaw(partition: string, offset: Offset): Offset {
    const model = [...this.#models.values()].findLast(({ name }) => name === partition)
    return [...(model?.committed.values() ?? [])].find((batch) => batch.holds(offset))?.writerSaw ?? 0
  }

  atEnd(): void {
    this.#look(ALL)
    this.#partitions.atEnd()
    const derived = new DerivedInvariants(this.#found)
    for (const { id, disk } of this.#members) disk?.checkDerived(derived, (key) => this.#epochAt(id, key) >= 0)
    for (const { id, view } of this.#members) if (view !== null) this.#images.compareWhole(id, view.image)
  }

  close(): void {
    this.#closed = true
    this.#cluster.sim.hearBytes(null)
    for (const member of this.#members) member.disk?.close()
  }

  // After every event.

  #look(touched: number): void {
    if (this.#closed) return
    if (this.#unattached > 0) this.#attach()
    for (const member of this.#members) {
      if ((touched & member.bit) === 0) continue
      const view = this.#cluster.observed(member.id)
      if (view !== member.view) this.#anotherLife(member, view)
      if (view === null) continue
      const { version, image } = view
      if (version === member.version && image === member.image) continue
      const moved = image !== member.image
      member.version = version
      member.image = image
      this.#changed(member, view)
      if (moved) this.#images.published(member.id, image)
    }
  }

  #changed(member: Member, view: NodeView): void {
    this.#quorum.observed(member.id, view.quorum)
    const { now } = this.#cluster.sim
    this.#checkQuorum.observed(member.id, view.quorum, now)
    if (view.quorum.state === 'leader') this.#sessions.leads(member.id, view.quorum.epoch, now)
    member.quorumDurable = view.quorum.durableEndOffset
    const { replicas } = view
    if (replicas !== member.views) this.#otherReplicas(member, replicas)
    for (let i = 0; i < replicas.length; i++) this.#partitions.observed(member.seen[i]!, replicas[i]!)
  }

  #otherReplicas(member: Member, replicas: NodeView['replicas']): void {
    const before = new Map(member.seen.map((seen) => [seen.key, seen]))
    member.views = replicas
    member.seen = replicas.map((view) => {
      const key = `${view.topicId}:${view.partition}`
      const seen = before.get(key) ?? unseen(member.id, key)
      before.delete(key)
      return seen
    })
    member.places = new Map(member.seen.map(({ key }, i) => [key, i]))
    for (const seen of before.values()) this.#partitions.left(seen)
  }

  /** The process has ended, or another has begun. */
  #anotherLife(member: Member, view: NodeView | null): void {
    if (member.view !== null) {
      this.#quorum.ended(member.id)
      this.#checkQuorum.ended(member.id)
      this.#answers.ended(member.id)
      this.#images.ended(member.id)
      for (const seen of member.seen) this.#partitions.left(seen)
      this.#found.noted(`node ${member.id} is no more`, { node: member.id })
    }
    if (view !== null) {
      member.cleanEpochs.set(view.incarnationId, member.marker)
      member.disk?.opened()
      this.#found.noted(`node ${member.id} starts`, { node: member.id })
    }
    member.view = view
    member.version = -1
    member.image = null
    member.views = []
    member.seen = []
    member.places = new Map()
  }

  #attach(): void {
    const { sim } = this.#cluster
    for (const member of this.#members) {
      const host = this.#cluster.host(member.id)
      if (member.disk !== null || !sim.names.includes(host)) continue
      member.bit = sim.touchedBit(host)
      member.disk = new DiskWatch(member.id, sim.disk(host), LOG_DIRECTORY, this.#sink, this.#found)
      this.#unattached--
    }
  }

  // Facts from the network.

  readonly #answerFacts = {
    key: (...at: Parameters<AnswerFacts['key']>): string => this.#keyOf(...at),
    model: (...at: Parameters<AnswerFacts['key']>): LogModel | undefined => this.#models.get(this.#keyOf(...at)),
    nodeOf: (host: string): NodeId => this.#nodes.get(host)!,
    lookAt: (node: NodeId, model: LogModel): number => this.#lookAt(node, model),
    lookAtQuorum: (node: NodeId): unknown => this.#lookAt(node, this.#quorumLog),
    epochAt: (node: NodeId, key: string): number => this.#epochAt(node, key),
    cuts: (node: NodeId): number => this.#member(node).disk?.cuts ?? 0,
    now: (): number => this.#cluster.sim.now,
    voters: (): number => this.#members.find((each) => each.view !== null)?.view?.quorum.voters.length ?? 0,
  }

  #keyOf(topicId: Uuid, topic: string, index: number): string {
    if (topicId !== '' && topicId !== ZERO_UUID) return `${topicId}:${index}`
    for (const [id, name] of this.#truth.topics) if (name === topic) return `${id}:${index}`
    return ''
  }

  /** Looks at one replica in the midst of its node's event; the epoch that it leads in, −1 if it does not. */
  #lookAt(node: NodeId, model: LogModel): number {
    const member = this.#member(node)
    const { view } = member
    if (view === null) return -1
    // What its replicas know may have been committed in this very event.
    this.#quorum.observed(node, view.quorum)
    if (view.replicas !== member.views) this.#otherReplicas(member, view.replicas)
    for (let i = 0; i < member.seen.length; i++) {
      const replica = view.replicas[i]!
      if (this.#models.get(member.seen[i]!.key) !== model) continue
      this.#partitions.observed(member.seen[i]!, replica)
      return replica.role === 'leader' ? replica.leaderEpoch : -1
    }
    return -1
  }

  #epochAt(node: NodeId, key: string): number {
    const member = this.#member(node)
    if (member.view !== null && member.view.replicas !== member.views) this.#otherReplicas(member, member.view.replicas)
    const replica = member.views[member.places.get(key) ?? -1]
    return replica === undefined || replica.role === 'offline' ? -1 : replica.leaderEpoch
  }

  // Facts from the disks.

  readonly #sink = {
    isCleaned: (topic: string): boolean => this.#isCleaned(topic),
    model: (key: string, name: string): LogModel => this.#models.get(key) ?? this.#newModel(key, name),
    metaProperties: (node: NodeId, directoryId: Uuid): void => this.#quorum.directory(node, directoryId),
    voted: (node: NodeId, vote: Vote, durable: boolean): void => this.#quorum.voted(node, vote, durable),
    foundVote: (node: NodeId, vote: Vote): void => this.#quorum.foundVote(node, vote),
    cleanMarker: (node: NodeId, epoch: number | null): void => this.#cleanMarker(node, epoch),
    snapshot: (node: NodeId, id: SnapshotId, fetched: boolean, bytes: Uint8Array): void =>
      this.#snapshot(node, id, fetched, bytes),
    quorumWrote: (node: NodeId, epoch: number): void => this.#quorum.wrote(node, epoch),
    quorumWroteVoters: (...set: Parameters<QuorumInvariants['wroteVoters']>): void => this.#quorum.wroteVoters(...set),
    writtenUnderMarker: (node: NodeId, model: LogModel): void => this.#storage.writtenUnderMarker(node, model),
    writtenOverCut: (node: NodeId, model: LogModel): void => this.#storage.writtenOverCut(node, model),
    epochs: (node: NodeId, model: LogModel, entries: readonly EpochStart[]): void =>
      this.#storage.epochs(node, model, entries),
    powerLost: (node: NodeId, lying: boolean, ends: ReadonlyMap<LogModel, Offset>): void =>
      this.#powerLost(node, lying, ends),
    cutting: (node: NodeId, model: LogModel, base: Offset, size: number): void => {
      if (this.#recovering(node)) this.#storage.recoveryCuts(node, model, base, size)
    },
    cut: (node: NodeId, key: string, batches: number, left: Offset): void => this.#cut(node, key, batches, left),
    replaced: (node: NodeId): void => this.#quorum.replaced(node),
    lost: (node: NodeId, key: string, batches: number, committed: number): void =>
      this.#lost(node, key, batches, committed),
  }

  #newModel(key: string, name: string): LogModel {
    const model = new LogModel(name, key === QUORUM_KEY ? 'quorum' : 'partition', this.#found)
    model.mayLetGo = () => this.#controller.deletes(key)
    model.leads = () => this.#truth.partitions.get(key)?.leader ?? null
    this.#models.set(key, model)
    return model
  }

  #committed({ bytes, epoch }: BatchFact, endOffset: Offset): void {
    if (bytes === null) return
    const change = this.#truth.apply(metadataFacts(bytes), endOffset)
    if (change === null) return
    this.#controller.committed(change)
    for (const { before, after } of change.partitions) {
      this.#partitions.registered(before, after)
      this.#proposals.committed(before, after, this.#quorum.leaderOf(epoch), change.brokers)
    }
    if (change.brokers.length === 0) return
    const { now } = this.#cluster.sim
    for (const { before, after } of change.brokers) this.#sessions.committed(before, after, epoch, now)
    this.#partitions.returned()
    const registered = change.brokers.some(({ before, after }) => before?.incarnationId !== after?.incarnationId)
    if (registered && this.#quorum.electing) this.#found.marked('broker: registered during an election')
  }

  #cleanMarker(node: NodeId, epoch: number | null): void {
    const member = this.#member(node)
    const before = member.marker
    member.marker = epoch
    if (epoch !== null && before === null) {
      this.#found.marked('log: clean shutdown')
      for (const model of this.#models.values()) this.#storage.stoppedCleanly(node, model)
    } else if (epoch === null && before !== null && member.view !== null)
      this.#found.marked('log: clean shutdown honoured')
  }

  #running(node: NodeId): boolean {
    const member = this.#members.find((each) => each.id === node)
    const broker = this.#truth.brokers.get(node)
    return member?.view != null && broker !== undefined && !broker.fenced && broker.epoch === member.view.brokerEpoch
  }

  #snapshot(node: NodeId, id: SnapshotId, fetched: boolean, bytes: Uint8Array): void {
    if (fetched && this.#member(node).view?.quorum.state === 'leader') {
      const text = `node ${node} leads the quorum and takes over snapshot ${id.endOffset}-${id.epoch}`
      this.#found.violated('R17', text, { node, offset: id.endOffset, epoch: id.epoch })
    }
    if (!fetched) this.#images.snapshot(node, id, snapshotFacts(bytes))
    this.#found.marked(fetched ? 'quorum: snapshot loaded' : 'quorum: snapshot taken')
    if (fetched && this.#quorum.electing) this.#found.marked('quorum: snapshot during an election')
    const how = fetched ? 'takes over' : 'stores'
    const subject = { node, offset: id.endOffset, epoch: id.epoch }
    this.#found.noted(`node ${node} ${how} snapshot ${id.endOffset}-${id.epoch}`, subject)
  }

  #cut(node: NodeId, key: string, batches: number, left: Offset): void {
    const model = this.#models.get(key)!
    if (key === QUORUM_KEY) this.#quorum.wasCut(node)
    if (this.#recovering(node)) this.#found.marked('log: recovery cut')
    else if (batches > 0) {
      this.#found.marked(key === QUORUM_KEY ? 'quorum: log truncated' : 'partition: truncated below its own end')
    }
    this.#found.noted(`node ${node} cuts ${model.name} to end at ${left}`, {
      node,
      partition: model.name,
      offset: left,
    })
  }

  /** The node is still opening its logs. (One that stops shows no replicas, and may cut a log still as a follower.) */
  #recovering(node: NodeId): boolean {
    const { view } = this.#member(node)
    return view === null || view.quorum.state === 'starting'
  }

  #powerLost(node: NodeId, lying: boolean, ends: ReadonlyMap<LogModel, Offset>): void {
    const member = this.#member(node)
    // A drive that lies has made its node say what is not so.
    if (!lying) {
      for (const seen of member.seen) this.#owes(node, this.#models.get(seen.key), seen.durableEndOffset, ends)
      this.#owes(node, this.#quorumLog, member.quorumDurable, ends)
    }
    member.quorumDurable = 0
  }

  #owes(node: NodeId, model: LogModel | undefined, claimed: Offset, ends: ReadonlyMap<LogModel, Offset>): void {
    const end = model === undefined ? undefined : ends.get(model)
    if (model !== undefined && end !== undefined) this.#storage.survived(node, model, claimed, end)
  }

  #lost(node: NodeId, key: string, batches: number, committed: number): void {
    const model = this.#models.get(key)!
    this.#found.marked('log: unsynced records lost')
    if (committed > 0) this.#found.marked('log: acknowledged copies lost')
    const what = `${batches} batches of ${model.name}, ${committed} of them committed`
    this.#found.noted(`the disk of node ${node} has lost ${what}`, { node, partition: model.name })
  }

  #member(id: NodeId): Member {
    return this.#members.find((member) => member.id === id)!
  }
}
