// A model world around the pure rooms of replication: replicas with logs of (epoch, value) entries, a network that holds
// every message until it is told to deliver or drop it, and a controller that commits ISRs by compare-and-set. It knows
// the truth (what was ever committed) and checks the invariants of the replication chapter after every step.
// Not modelled: the ELR, wiped disks, unclean elections unless asked for.

import { outOfRange, truncationPoint } from '../../replication/fetching/index.ts'
import {
  type Assignment,
  type BrokerStatus,
  createPartition,
  maximalIsr,
  type PartitionEffect,
  type PartitionEvent,
  type PartitionState,
  step,
} from '../../replication/partition/index.ts'

export interface Entry {
  readonly epoch: number
  readonly value: number
}

export class ModelLog {
  start = 0
  entries: Entry[] = []
  epochs: { epoch: number; startOffset: number }[] = []

  get endOffset(): number {
    return this.start + this.entries.length
  }

  get lastEpoch(): number {
    return this.epochs.at(-1)?.epoch ?? -1
  }

  at(offset: number): Entry | undefined {
    return this.entries[offset - this.start]
  }

  assignEpoch(epoch: number, startOffset: number): void {
    if (this.lastEpoch === epoch) return
    while ((this.epochs.at(-1)?.startOffset ?? -1) >= startOffset) this.epochs.pop()
    this.epochs.push({ epoch, startOffset })
  }

  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.epoch > this.lastEpoch) this.assignEpoch(entry.epoch, this.endOffset)
      this.entries.push(entry)
    }
  }

  endOffsetForEpoch(epoch: number): { epoch: number; endOffset: number } {
    if (epoch < 0 || this.epochs.length === 0) return { epoch: -1, endOffset: -1 }
    let floor = this.epochs.length - 1
    while (floor >= 0 && this.epochs[floor]!.epoch > epoch) floor--
    if (floor < 0) return { epoch, endOffset: this.epochs[0]!.startOffset }
    return { epoch: this.epochs[floor]!.epoch, endOffset: this.epochs[floor + 1]?.startOffset ?? this.endOffset }
  }

  truncateTo(offset: number): Entry[] {
    while (this.epochs.length > 0 && this.epochs.at(-1)!.startOffset >= offset) this.epochs.pop()
    return this.entries.splice(Math.max(0, offset - this.start))
  }

  restartAt(offset: number): void {
    this.entries = []
    this.epochs = []
    this.start = offset
  }

  get text(): string {
    return this.entries.map((entry) => `${entry.value}@${entry.epoch}`).join(' ')
  }
}

export interface ModelReplica {
  readonly id: number
  alive: boolean
  brokerEpoch: number
  state: PartitionState
  readonly log: ModelLog
  /** The last high watermark checkpoint. */
  checkpoint: number
  fetching: boolean
}

export type Message =
  | { readonly kind: 'metadata'; readonly to: number; readonly assignment: Assignment; readonly brokers: Brokers }
  | {
      readonly kind: 'fetch'
      readonly from: number
      readonly to: number
      readonly brokerEpoch: number
      readonly leaderEpoch: number
      readonly offset: number
      readonly lastFetchedEpoch: number
    }
  | {
      readonly kind: 'fetched'
      readonly from: number
      readonly to: number
      readonly brokerEpoch: number
      readonly leaderEpoch: number
      readonly offset: number
      readonly error: string
      readonly entries: readonly Entry[]
      readonly highWatermark: number
      readonly diverging: { readonly epoch: number; readonly endOffset: number } | null
      readonly leaderLog: { readonly start: number; readonly end: number }
    }
  | {
      readonly kind: 'alter'
      readonly from: number
      readonly brokerEpoch: number
      readonly proposal: Extract<PartitionEffect, { kind: 'propose-isr' }>
    }
  | {
      readonly kind: 'altered'
      readonly to: number
      readonly brokerEpoch: number
      readonly event: PartitionEvent
    }

type Brokers = ReadonlyMap<number, BrokerStatus>

export interface WorldOptions {
  readonly replicas: readonly number[]
  readonly minInsync: number
  readonly lagMs: number
}

export class World {
  now: number = 0
  readonly replicas: ModelReplica[]
  readonly messages: Message[] = []
  readonly options: WorldOptions
  /** The controller's truth. */
  leader: number = -1
  leaderEpoch: number = 0
  partitionEpoch: number = 0
  isr: number[]
  readonly brokers: Map<number, BrokerStatus> = new Map()
  /** Everything that any high watermark has ever covered. */
  readonly committed: Map<number, Entry> = new Map()
  readonly acked: { readonly offset: number; readonly value: number }[] = []
  /** What happened since it was last taken, as scenarios print it. */
  happened: string[] = []
  #nextBrokerEpoch = 100
  #nextValue = 1
  #nextTicket = 1
  readonly #waiting = new Map<string, { readonly offset: number; readonly value: number }>()

  constructor(options: WorldOptions) {
    this.options = options
    this.isr = [...options.replicas]
    for (const id of options.replicas) {
      this.brokers.set(id, { epoch: this.#nextBrokerEpoch++, fenced: false, shuttingDown: false })
    }
    this.replicas = options.replicas.map((id) => {
      const log = new ModelLog()
      const brokerEpoch = this.brokers.get(id)!.epoch
      return { id, alive: true, brokerEpoch, log, checkpoint: 0, fetching: false, state: this.#fresh(id, log, 0) }
    })
  }

  replica(id: number): ModelReplica {
    const found = this.replicas.find((replica) => replica.id === id)
    if (found === undefined) throw new Error(`there is no replica ${id}`)
    return found
  }

  // What clients and replicas do.

  produce(id: number, count = 1, acks: 1 | -1 = -1): void {
    const replica = this.replica(id)
    if (!replica.alive) return
    const [effect] = step(replica.state, { kind: 'append', acks, count }, this.now)
    if (effect?.kind !== 'write') {
      this.#say(id, effect?.kind === 'refuse' ? `refuses ${effect.error}` : 'is silent')
      return
    }
    const first = replica.log.endOffset
    for (let i = 0; i < count; i++) replica.log.append([{ epoch: effect.epoch, value: this.#nextValue++ }])
    const end = replica.log.endOffset
    this.#say(id, `writes ${first}..${end - 1} epoch=${effect.epoch}`)
    if (acks === -1) {
      const ticket = this.#nextTicket++
      this.#waiting.set(`${id}:${ticket}`, { offset: end - 1, value: replica.log.at(end - 1)!.value })
      this.#step(replica, { kind: 'staged', upTo: end, ticket, deadline: this.now + 30_000 })
    }
    this.#step(replica, { kind: 'appended', endOffset: end, durableEndOffset: end })
  }

  fetch(id: number): void {
    const replica = this.replica(id)
    const role = replica.state.role
    if (!replica.alive || replica.fetching || role.kind !== 'follower' || role.leader < 0) return
    replica.fetching = true
    this.messages.push({
      kind: 'fetch',
      from: id,
      to: role.leader,
      brokerEpoch: replica.brokerEpoch,
      leaderEpoch: role.epoch,
      offset: replica.log.endOffset,
      lastFetchedEpoch: replica.log.lastEpoch,
    })
  }

  advance(ms: number): void {
    this.now += ms
    for (const replica of this.replicas) if (replica.alive) this.#step(replica, { kind: 'tick' })
  }

  /** Dies with its page cache intact, or loses everything above `keep` with the power. */
  kill(id: number, keep: number = Number.POSITIVE_INFINITY): void {
    const replica = this.replica(id)
    replica.alive = false
    replica.fetching = false
    if (keep < replica.log.endOffset) replica.log.truncateTo(keep)
    this.#say(id, `dies end=${replica.log.endOffset}`)
  }

  /** Comes back fenced, in a new life, with the high watermark it last wrote down. */
  restart(id: number): void {
    const replica = this.replica(id)
    replica.alive = true
    replica.fetching = false
    replica.brokerEpoch = this.#nextBrokerEpoch++
    replica.state = this.#fresh(id, replica.log, Math.min(replica.checkpoint, replica.log.endOffset))
    this.#say(id, `is back end=${replica.log.endOffset} hw=${replica.state.highWatermark}`)
    this.brokers.set(id, { epoch: replica.brokerEpoch, fenced: true, shuttingDown: false })
    this.#dropFromIsr(id)
    // It acts on no image from before its own registration.
    for (let i = this.messages.length - 1; i >= 0; i--) {
      const message = this.messages[i]!
      if (message.kind === 'metadata' && message.to === id) this.messages.splice(i, 1)
    }
    this.publish()
  }

  checkpoint(id: number): void {
    const replica = this.replica(id)
    replica.checkpoint = replica.state.highWatermark
  }

  /** Retention moves a log's start. */
  retain(id: number, from: number): void {
    const { log } = this.replica(id)
    log.entries.splice(0, from - log.start)
    log.start = from
  }

  // What the controller does.

  elect(id: number, unclean = false): boolean {
    const broker = this.brokers.get(id)
    if (broker === undefined || broker.fenced) return false
    if (!this.isr.includes(id)) {
      if (!unclean) return false
      this.isr = [id]
    }
    this.leader = id
    this.leaderEpoch++
    this.partitionEpoch++
    this.publish()
    return true
  }

  fence(id: number): void {
    const broker = this.brokers.get(id)
    if (broker === undefined || broker.fenced) return
    this.brokers.set(id, { ...broker, fenced: true })
    this.#dropFromIsr(id)
    this.publish()
  }

  unfence(id: number): void {
    const broker = this.brokers.get(id)
    if (broker === undefined || !broker.fenced || !this.replica(id).alive) return
    this.brokers.set(id, { ...broker, fenced: false })
    if (this.leader < 0 && this.isr.includes(id)) this.elect(id)
    else this.publish()
  }

  /** The same registration to everybody, each by a message of its own. */
  publish(): void {
    const assignment = this.assignment()
    const brokers = new Map(this.brokers)
    for (const { id } of this.replicas) this.messages.push({ kind: 'metadata', to: id, assignment, brokers })
  }

  assignment(): Assignment {
    return {
      leader: this.leader,
      leaderEpoch: this.leaderEpoch,
      partitionEpoch: this.partitionEpoch,
      replicas: this.options.replicas,
      isr: [...this.isr],
    }
  }

  // The network.

  deliver(index: number): void {
    const [message] = this.messages.splice(index, 1)
    if (message !== undefined) this.#receive(message)
  }

  drop(index: number): void {
    const message = this.messages[index]
    // Metadata is a log: what a node missed reaches it later.
    if (message === undefined || message.kind === 'metadata') return
    this.messages.splice(index, 1)
    this.#lost(message)
  }

  /** Delivers in order until nothing is left that `wanted` allows. */
  settle(wanted: (message: Message) => boolean = () => true, limit = 1000): void {
    for (let i = 0; i < limit; i++) {
      const at = this.messages.findIndex(wanted)
      if (at < 0) return
      this.deliver(at)
    }
  }

  #lost(message: Message): void {
    if (message.kind === 'fetch') this.#doneFetching(message.from, message.brokerEpoch)
    if (message.kind === 'fetched') this.#doneFetching(message.to, message.brokerEpoch)
    if (message.kind === 'alter') {
      const event: PartitionEvent = { kind: 'isr-retry', proposal: message.proposal.proposal }
      this.messages.push({ kind: 'altered', to: message.from, brokerEpoch: message.brokerEpoch, event })
    }
    if (message.kind === 'altered' && 'proposal' in message.event) {
      const replica = this.replica(message.to)
      if (replica.alive && replica.brokerEpoch === message.brokerEpoch)
        this.#step(replica, { kind: 'isr-retry', proposal: message.event.proposal })
    }
  }

  #doneFetching(id: number, brokerEpoch: number): void {
    const replica = this.replica(id)
    if (replica.brokerEpoch === brokerEpoch) replica.fetching = false
  }

  #receive(message: Message): void {
    if (message.kind === 'alter') {
      this.#alter(message)
      return
    }
    const replica = this.replica(message.to)
    if (!replica.alive) {
      this.#lost(message)
      return
    }
    switch (message.kind) {
      case 'metadata':
        this.#metadata(replica, message.assignment, message.brokers)
        return
      case 'fetch':
        this.#answerFetch(replica, message)
        return
      case 'fetched':
        if (replica.brokerEpoch !== message.brokerEpoch) return
        replica.fetching = false
        this.#useFetch(replica, message)
        return
      case 'altered':
        if (replica.brokerEpoch === message.brokerEpoch) this.#step(replica, message.event)
    }
  }

  #metadata(replica: ModelReplica, assignment: Assignment, brokers: Brokers): void {
    // Images come in order; one overtaken by a later one never counts.
    if (assignment.partitionEpoch < replica.state.partitionEpoch) return
    this.#step(replica, { kind: 'metadata', brokers })
    if (assignment.leader === replica.id)
      this.#step(replica, { kind: 'become-leader', assignment, logEndOffset: replica.log.endOffset })
    else this.#step(replica, { kind: 'become-follower', assignment })
  }

  #answerFetch(leader: ModelReplica, request: Extract<Message, { kind: 'fetch' }>): void {
    const found = this.#lookUp(leader, request)
    this.messages.push({
      kind: 'fetched',
      from: leader.id,
      to: request.from,
      brokerEpoch: request.brokerEpoch,
      leaderEpoch: request.leaderEpoch,
      offset: request.offset,
      error: 'NONE',
      entries: [],
      highWatermark: leader.state.highWatermark,
      diverging: null,
      leaderLog: { start: leader.log.start, end: leader.log.endOffset },
      ...found,
    })
  }

  #lookUp(
    leader: ModelReplica,
    request: Extract<Message, { kind: 'fetch' }>,
  ): Partial<Extract<Message, { kind: 'fetched' }>> {
    const { state, log } = leader
    if (request.leaderEpoch < state.leaderEpoch) return { error: 'FENCED_LEADER_EPOCH' }
    if (request.leaderEpoch > state.leaderEpoch) return { error: 'UNKNOWN_LEADER_EPOCH' }
    if (state.role.kind !== 'leader') return { error: 'NOT_LEADER_OR_FOLLOWER' }
    if (request.offset < log.start) return { error: 'OFFSET_OUT_OF_RANGE' }
    if (request.lastFetchedEpoch >= 0) {
      const end = log.endOffsetForEpoch(request.lastFetchedEpoch)
      if (end.epoch < request.lastFetchedEpoch || end.endOffset < request.offset) return { diverging: end }
    }
    if (request.offset > log.endOffset) return { error: 'OFFSET_OUT_OF_RANGE' }
    const { from: replica, brokerEpoch, offset } = request
    const effects = step(state, { kind: 'fetched', replica, brokerEpoch, offset, logStartOffset: 0 }, this.now)
    const first = effects[0]
    if (first?.kind === 'refuse') return { error: first.error }
    this.#run(leader, effects)
    return { entries: log.entries.slice(offset - log.start), highWatermark: state.highWatermark }
  }

  #useFetch(replica: ModelReplica, answer: Extract<Message, { kind: 'fetched' }>): void {
    const role = replica.state.role
    if (role.kind !== 'follower' || role.epoch !== answer.leaderEpoch || role.leader !== answer.from) return
    if (replica.log.endOffset !== answer.offset) return
    if (answer.error === 'OFFSET_OUT_OF_RANGE') {
      const remedy = outOfRange(answer.leaderLog, replica.log.endOffset)
      if (remedy.kind === 'truncate') this.#truncate(replica, remedy.to)
      if (remedy.kind === 'restart') {
        replica.log.restartAt(remedy.at)
        this.#say(replica.id, `starts anew at ${remedy.at}`)
        this.#truncated(replica)
      }
      return
    }
    if (answer.error !== 'NONE') {
      this.#say(replica.id, `is refused ${answer.error}`)
      return
    }
    if (answer.diverging !== null) {
      this.#truncate(replica, truncationPoint(replica.log, answer.diverging))
      return
    }
    replica.log.append(answer.entries)
    if (answer.entries.length > 0) this.#say(replica.id, `copies ${answer.offset}..${replica.log.endOffset - 1}`)
    const end = replica.log.endOffset
    this.#step(replica, { kind: 'appended', endOffset: end, durableEndOffset: end })
    this.#step(replica, { kind: 'followed', leaderEpoch: answer.leaderEpoch, highWatermark: answer.highWatermark })
  }

  #truncate(replica: ModelReplica, to: number): void {
    const before = replica.log.entries.slice()
    const from = replica.log.endOffset
    replica.log.truncateTo(to)
    this.#say(replica.id, `truncates ${from} to ${replica.log.endOffset}`)
    // P9: nothing that is committed, as this replica has it, is ever cut.
    for (let offset = replica.log.endOffset; offset < from; offset++) {
      const truth = this.committed.get(offset)
      if (truth !== undefined && truth.value === before[offset - replica.log.start]?.value)
        throw new Error(`P9: ${replica.id} truncates committed offset ${offset}`)
    }
    this.#truncated(replica)
  }

  #truncated(replica: ModelReplica): void {
    this.#step(replica, {
      kind: 'truncated',
      logStartOffset: replica.log.start,
      endOffset: replica.log.endOffset,
      durableEndOffset: replica.log.endOffset,
    })
  }

  #alter(message: Extract<Message, { kind: 'alter' }>): void {
    const { proposal, isr } = { proposal: message.proposal.proposal, isr: message.proposal.newIsr }
    const error = this.#objection(message)
    if (error !== null) {
      this.#answerAlter(message, { kind: 'isr-refused', proposal, error })
      return
    }
    for (const { id } of isr) if (!this.isr.includes(id)) this.#checkJoin(id)
    this.isr = isr.map((member) => member.id)
    this.partitionEpoch++
    const { leaderEpoch, partitionEpoch } = this
    this.#answerAlter(message, { kind: 'isr-committed', proposal, leaderEpoch, partitionEpoch, isr: [...this.isr] })
    this.publish()
  }

  #answerAlter(message: Extract<Message, { kind: 'alter' }>, event: PartitionEvent): void {
    this.messages.push({ kind: 'altered', to: message.from, brokerEpoch: message.brokerEpoch, event })
  }

  #objection({ from, brokerEpoch, proposal }: Extract<Message, { kind: 'alter' }>): string | null {
    if (this.leader !== from || this.brokers.get(from)?.epoch !== brokerEpoch) return 'INVALID_REQUEST'
    if (proposal.leaderEpoch < this.leaderEpoch) return 'FENCED_LEADER_EPOCH'
    if (proposal.leaderEpoch > this.leaderEpoch) return 'NOT_CONTROLLER'
    if (proposal.partitionEpoch !== this.partitionEpoch) return 'INVALID_UPDATE_VERSION'
    for (const member of proposal.newIsr) {
      const broker = this.brokers.get(member.id)
      const stale = broker === undefined || (member.brokerEpoch !== -1 && member.brokerEpoch !== broker.epoch)
      if (stale || broker.fenced || broker.shuttingDown) return 'INELIGIBLE_REPLICA'
    }
    return null
  }

  /** P8: whoever joins has everything committed, up to the start of this leader's epoch at least. */
  #checkJoin(id: number): void {
    const leader = this.replica(this.leader)
    if (leader.state.role.kind !== 'leader' || leader.state.role.epoch !== this.leaderEpoch) return
    const { log } = this.replica(id)
    if (log.endOffset < leader.state.role.epochStartOffset)
      throw new Error(
        `P8: ${id} joins with end ${log.endOffset}, the epoch starts at ${leader.state.role.epochStartOffset}`,
      )
  }

  #dropFromIsr(id: number): void {
    const rest = this.isr.filter((member) => member !== id)
    if (rest.length > 0) this.isr = rest
    if (this.leader === id) {
      const next = this.isr.find((member) => member !== id && this.brokers.get(member)?.fenced === false)
      this.leader = next ?? -1
      this.leaderEpoch++
    }
    this.partitionEpoch++
  }

  #fresh(id: number, log: ModelLog, highWatermark: number): PartitionState {
    return createPartition({
      nodeId: id,
      lagTimeMaxMs: this.options.lagMs,
      minInsyncReplicas: this.options.minInsync,
      durable: false,
      endOffset: log.endOffset,
      durableEndOffset: log.endOffset,
      highWatermark: Math.max(highWatermark, log.start),
      brokers: new Map(this.brokers),
    })
  }

  #step(replica: ModelReplica, event: PartitionEvent): void {
    this.#run(replica, step(replica.state, event, this.now))
  }

  #run(replica: ModelReplica, effects: readonly PartitionEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'lead':
          replica.log.assignEpoch(effect.epoch, effect.epochStartOffset)
          this.#say(
            replica.id,
            `leads epoch=${effect.epoch} start=${effect.epochStartOffset} hw=${replica.state.highWatermark}`,
          )
          break
        case 'follow':
          replica.fetching = false
          this.#say(
            replica.id,
            effect.leader < 0
              ? `has no leader epoch=${effect.epoch}`
              : `follows ${effect.leader} epoch=${effect.epoch}`,
          )
          break
        case 'high-watermark':
          this.#watermark(replica, effect.offset)
          break
        case 'acknowledge':
          this.#acknowledged(replica, effect)
          break
        case 'propose-isr':
          this.#say(replica.id, `proposes isr (${effect.newIsr.map((m) => m.id).join(' ')})`)
          this.messages.push({ kind: 'alter', from: replica.id, brokerEpoch: replica.brokerEpoch, proposal: effect })
          break
        case 'isr':
          this.#say(replica.id, `has isr (${effect.isr.join(' ')})`)
          break
        case 'write':
        case 'refuse':
          throw new Error(`${effect.kind} was not asked for`)
      }
    }
  }

  #watermark(replica: ModelReplica, offset: number): void {
    this.#say(replica.id, `hw=${offset}`)
    if (replica.state.role.kind === 'leader') {
      const { role } = replica.state
      if (role.isr.isr.length < Math.min(this.options.minInsync, this.options.replicas.length))
        throw new Error(`P4: ${replica.id} moves its high watermark with isr (${role.isr.isr.join(' ')})`)
      for (const id of maximalIsr(replica.state)) {
        const end = this.replica(id).log.endOffset
        if (end < offset) throw new Error(`P4: high watermark ${offset} of ${replica.id}, but ${id} ends at ${end}`)
      }
    }
    for (let i = replica.log.start; i < Math.min(offset, replica.log.endOffset); i++) {
      const entry = replica.log.at(i)!
      const truth = this.committed.get(i)
      if (truth === undefined) this.committed.set(i, entry)
      else if (truth.value !== entry.value)
        throw new Error(`P10: offset ${i} was shown as ${truth.value}, ${replica.id} shows ${entry.value}`)
    }
  }

  #acknowledged(replica: ModelReplica, effect: Extract<PartitionEffect, { kind: 'acknowledge' }>): void {
    const key = `${replica.id}:${effect.ticket}`
    const wait = this.#waiting.get(key)
    this.#waiting.delete(key)
    if (wait === undefined) throw new Error(`${replica.id} acknowledges twice`)
    this.#say(replica.id, `acks upto=${wait.offset + 1}${effect.error === 'NONE' ? '' : ` ${effect.error}`}`)
    if (effect.error !== 'NONE') return
    // P12: success means committed, by the truth.
    if (this.committed.get(wait.offset)?.value !== wait.value)
      throw new Error(`P12: ${replica.id} acknowledges offset ${wait.offset}, which is not committed`)
    this.acked.push(wait)
  }

  #say(id: number, text: string): void {
    this.happened.push(`${id} ${text}`)
  }

  take(): string[] {
    return this.happened.splice(0)
  }

  /** What must hold in every state (P2, P3, P6, P10). */
  check(): void {
    for (const id of this.isr) {
      const { log } = this.replica(id)
      for (const [offset, truth] of this.committed) {
        const entry = log.at(offset)
        if (offset >= log.start && entry?.value !== truth.value)
          throw new Error(
            `P2: ${id} is in the ISR with ${entry?.value ?? 'nothing'} at ${offset}, committed is ${truth.value}`,
          )
      }
    }
    const leader = this.replicas.find((replica) => replica.id === this.leader)
    if (leader?.alive && leader.state.role.kind === 'leader' && leader.state.role.epoch === this.leaderEpoch) {
      const maximal = maximalIsr(leader.state)
      for (const id of this.isr)
        if (!maximal.includes(id))
          throw new Error(`P3: the controller has ${id} in the ISR, leader ${leader.id} has (${maximal.join(' ')})`)
    }
    for (const { id, log } of this.replicas) {
      for (let i = 1; i < log.epochs.length; i++)
        if (
          log.epochs[i]!.epoch <= log.epochs[i - 1]!.epoch ||
          log.epochs[i]!.startOffset < log.epochs[i - 1]!.startOffset
        )
          throw new Error(`P6: epochs of ${id} are not ascending`)
    }
    for (const a of this.replicas) {
      for (const b of this.replicas) {
        const common = Math.min(a.state.highWatermark, b.state.highWatermark, a.log.endOffset, b.log.endOffset)
        for (let i = Math.max(a.log.start, b.log.start); i < common; i++)
          if (a.log.at(i)?.value !== b.log.at(i)?.value || a.log.at(i)?.epoch !== b.log.at(i)?.epoch)
            throw new Error(`P10: ${a.id} and ${b.id} differ at ${i}, below both high watermarks`)
      }
    }
  }
}
