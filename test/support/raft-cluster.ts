// N pure raft cores with disks and a network made of arrays: what text scenarios and the random schedules of the property
// test run on. Deterministic; delivers, loses, delays and fsyncs only when told. No bytes: a record is an epoch and a text.

import type {
  AppendContent,
  BatchView,
  ElectionState,
  QuorumEntry,
  RaftEffect,
  RaftEvent,
  RaftMessage,
  RaftState,
  ReplicaKey,
  ResponseBody,
  SnapshotId,
  VoterSet,
} from '../../raft/core/index.ts'
import { currentVoters, deadline, quorumAt, start, step } from '../../raft/core/index.ts'
import { assert } from '../../src/base/index.ts'

export interface Entry {
  readonly epoch: number
  readonly value: string
  /** Entries of one batch travel together. */
  readonly batch: number
  readonly quorum: BatchView['quorum']
}

export interface StoredSnapshot {
  readonly id: SnapshotId
  /** Every value below `id.endOffset`, in order. */
  readonly values: readonly string[]
  readonly quorum: QuorumEntry
}

export interface Disk {
  election: ElectionState
  startOffset: number
  /** From `startOffset` on; what lies beyond `durable` of them is lost with the power. */
  entries: Entry[]
  durableEnd: number
  snapshots: StoredSnapshot[]
}

export interface Node {
  readonly id: number
  directoryId: string
  alive: boolean
  state: RaftState
  readonly disk: Disk
  /** Every value applied, by offset: what a state machine above would have seen. */
  applied: string[]
  pendingAppends: { readonly id: number; readonly end: number }[]
  /** With a slow disk, appends become durable only by `fsync`. */
  slow: boolean
  parked: Parked[]
  nextToken: number
  incarnation: number
}

interface Parked {
  readonly request: Extract<RaftEvent, { kind: 'fetch-request' }>
  readonly from: Sender
  readonly highWatermark: number
  readonly until: number
}

interface Sender {
  readonly id: number
  readonly requestId: number
  readonly incarnation: number
}

export type Packet =
  | {
      readonly kind: 'request'
      readonly from: Sender
      readonly key: ReplicaKey
      readonly to: number
      readonly toDirectory: string | null
      readonly message: RaftMessage
    }
  | { readonly kind: 'response'; readonly from: number; readonly to: Sender; readonly event: RaftEvent }

export interface ClusterOptions {
  readonly voters: readonly number[]
  readonly observers?: readonly number[]
  readonly seed: number
  readonly fetchTimeoutMs?: number
  readonly electionTimeoutMs?: number
  /** kraft.version; 0 has no directory ids. */
  readonly kraftVersion?: number
}

const FETCH_WAIT_MS = 500
const CHUNK = 3

export class RaftCluster {
  readonly nodes: Map<number, Node> = new Map()
  now = 0
  packets: Packet[] = []
  /** Called for every effect before it is carried out. */
  onEffect: (node: Node, effect: RaftEffect) => void = () => {}
  /** Called after every step. */
  onStep: (node: Node) => void = () => {}
  /** False: a packet on this way is lost. */
  passes: (from: number, to: number) => boolean = () => true
  readonly #options: ClusterOptions
  #batches = 0

  constructor(options: ClusterOptions) {
    this.#options = options
    for (const id of [...options.voters, ...(options.observers ?? [])]) {
      const disk: Disk = {
        election: { epoch: 0, leaderId: -1, votedFor: null },
        startOffset: 0,
        entries: [],
        durableEnd: 0,
        snapshots: [],
      }
      const directoryId = `dir-${id}`
      const node: Node = {
        id,
        directoryId,
        alive: true,
        state: this.#boot(id, directoryId, disk, 0),
        disk,
        applied: [],
        pendingAppends: [],
        slow: false,
        parked: [],
        nextToken: 1,
        incarnation: 0,
      }
      this.nodes.set(id, node)
    }
  }

  node(id: number): Node {
    const found = this.nodes.get(id)
    if (found === undefined) throw new Error(`there is no node ${id}`)
    return found
  }

  voterSet(ids: readonly number[]): VoterSet {
    const named = (this.#options.kraftVersion ?? 1) > 0
    return ids.map((id) => ({
      id,
      directoryId: named ? (this.nodes.get(id)?.directoryId ?? `dir-${id}`) : null,
      endpoints: [{ name: 'CONTROLLER', host: `n${id}`, port: 1 }],
      minKRaftVersion: 0,
      maxKRaftVersion: 1,
    }))
  }

  /** Lets an event happen at a node, and carries out what it does. */
  event(node: Node, event: RaftEvent): RaftEffect[] {
    if (!node.alive) return []
    const effects = step(node.state, event, this.now)
    this.#run(node, effects)
    this.onStep(node)
    this.#wake(node)
    return effects
  }

  /** Ticks whoever is due at `now`, and ends long polls that have waited enough. */
  tick(): void {
    for (const node of this.nodes.values()) {
      if (!node.alive) continue
      if (deadline(node.state) <= this.now) {
        this.event(node, { kind: 'tick' })
        // S57: an alarm that is due again at once rings for ever, and nothing else happens on that node any more.
        assert(!node.alive || deadline(node.state) > this.now, 'a tick puts the next one off')
      }
      const due = node.parked.filter((parked) => parked.until <= this.now)
      node.parked = node.parked.filter((parked) => parked.until > this.now)
      for (const parked of due) this.#answerFetch(node, parked.request, parked.from, Number.POSITIVE_INFINITY, false)
    }
  }

  /** The next instant at which `tick` has something to do. */
  nextTick(): number {
    let at = Number.POSITIVE_INFINITY
    for (const node of this.nodes.values()) {
      if (!node.alive) continue
      at = Math.min(at, deadline(node.state), ...node.parked.map((parked) => parked.until))
    }
    return at
  }

  /** Delivers one packet, or loses it. */
  deliver(index = 0): void {
    const [packet] = this.packets.splice(index, 1)
    if (packet === undefined) return
    const from = packet.kind === 'request' ? packet.from.id : packet.from
    const to = packet.kind === 'request' ? packet.to : packet.to.id
    const target = this.nodes.get(to)
    if (target === undefined || !target.alive || !this.passes(from, to)) {
      this.lose(packet)
      return
    }
    if (packet.kind === 'request') this.#receive(target, packet)
    else if (packet.to.incarnation === target.incarnation) this.event(target, packet.event)
  }

  /** The sender hears that no answer came. */
  lose(packet: Packet): void {
    const sender = packet.kind === 'request' ? packet.from : packet.to
    const node = this.nodes.get(sender.id)
    if (node === undefined || !node.alive || node.incarnation !== sender.incarnation) return
    this.event(node, { kind: 'failed', requestId: sender.requestId, unsupportedVersion: false })
  }

  /** Makes what is staged durable, up to `count` appends. */
  fsync(node: Node, count: number = Number.POSITIVE_INFINITY): void {
    while (count-- > 0 && node.alive) {
      const next = node.pendingAppends.shift()
      if (next === undefined) return
      node.disk.durableEnd = Math.max(node.disk.durableEnd, Math.min(next.end, endOf(node.disk)))
      this.event(node, { kind: 'appended', id: next.id })
    }
  }

  /** Power failure: of what was not durable, `survives` more entries happen to be on the disk. */
  crash(node: Node, survives = 0): void {
    node.alive = false
    node.incarnation++
    node.pendingAppends = []
    const asking = node.parked.map((parked) => parked.from)
    node.parked = []
    const { disk } = node
    disk.durableEnd = Math.min(endOf(disk), disk.durableEnd + survives)
    disk.entries.length = disk.durableEnd - disk.startOffset
    // Connections of the dead break.
    const broken = this.packets.filter((packet) => packet.kind === 'request' && packet.to === node.id)
    this.packets = this.packets.filter((packet) => !broken.includes(packet))
    for (const packet of broken) this.lose(packet)
    for (const { id, requestId, incarnation } of asking) {
      const other = this.nodes.get(id)
      if (other === undefined || !other.alive || other.incarnation !== incarnation) continue
      this.event(other, { kind: 'failed', requestId, unsupportedVersion: false })
    }
  }

  restart(node: Node): void {
    assert(!node.alive, `node ${node.id} runs already`)
    node.alive = true
    node.applied = []
    node.state = this.#boot(node.id, node.directoryId, node.disk, node.incarnation)
    this.#apply(node)
    this.event(node, { kind: 'tick' })
  }

  /** Its disk is replaced by an empty one: another directory id, nothing remembered. */
  wipe(node: Node): void {
    node.directoryId = `${node.directoryId}'`
    node.disk.election = { epoch: 0, leaderId: -1, votedFor: null }
    node.disk.startOffset = 0
    node.disk.entries = []
    node.disk.durableEnd = 0
    node.disk.snapshots = []
  }

  propose(node: Node, values: readonly string[]): boolean {
    const { state } = node
    const before = state.log.endOffset
    this.event(node, {
      kind: 'propose',
      epoch: state.role.epoch,
      baseOffset: before,
      records: values.map((value) => new TextEncoder().encode(value)),
    })
    return state.log.endOffset > before
  }

  /** Everything committed so far becomes a snapshot; the log before it goes, if asked. */
  snapshot(node: Node, clean: boolean): SnapshotId {
    const { state, disk } = node
    const endOffset = state.highWatermark
    const id = { endOffset, epoch: epochAt(disk, endOffset - 1) }
    disk.snapshots.push({
      id,
      values: node.applied.slice(0, endOffset),
      quorum: { ...quorumAt(state, endOffset), offset: endOffset - 1 },
    })
    this.event(node, { kind: 'snapshot-stored', id })
    if (!clean) return id
    disk.entries.splice(0, endOffset - disk.startOffset)
    disk.startOffset = endOffset
    disk.snapshots = disk.snapshots.slice(-1)
    this.event(node, { kind: 'log-cleaned', startOffset: endOffset, snapshots: [id] })
    return id
  }

  #boot(id: number, directoryId: string, disk: Disk, incarnation: number): RaftState {
    const options = this.#options
    // A snapshot beyond the log (a crash between its installation and the restart of the log) becomes the log.
    const newest = disk.snapshots[disk.snapshots.length - 1]
    const last = epochAt(disk, endOf(disk) - 1)
    const ahead =
      newest !== undefined &&
      (last < newest.id.epoch || (last === newest.id.epoch && endOf(disk) < newest.id.endOffset))
    if (ahead && disk.startOffset < newest.id.endOffset) {
      disk.entries = []
      disk.startOffset = newest.id.endOffset
      disk.durableEnd = newest.id.endOffset
      disk.snapshots = [newest]
    }
    const base: QuorumEntry = {
      offset: -1,
      kraftVersion: options.kraftVersion ?? 1,
      voters: this.voterSet(options.voters),
    }
    const oldest = disk.snapshots[0]
    const quorum: QuorumEntry[] = [oldest === undefined ? base : oldest.quorum]
    for (const entry of disk.entries) {
      if (entry.quorum === null) continue
      const last = quorum[quorum.length - 1]!
      quorum.push({
        offset: entry.quorum.offset,
        kraftVersion: entry.quorum.kraftVersion ?? last.kraftVersion,
        voters: entry.quorum.voters ?? last.voters,
      })
    }
    return start(
      {
        config: {
          nodeId: id,
          directoryId,
          canVote: !(options.observers ?? []).includes(id),
          listenerName: 'CONTROLLER',
          bootstrapServers: [],
          fetchTimeoutMs: options.fetchTimeoutMs ?? 2000,
          electionTimeoutMs: options.electionTimeoutMs ?? 1000,
          electionBackoffMaxMs: 1000,
          retryBackoffMs: 20,
        },
        seed: options.seed * 1000 + id * 10 + incarnation,
        election: disk.election,
        log: {
          startOffset: disk.startOffset,
          endOffset: endOf(disk),
          epochs: epochsOf(disk),
          snapshots: disk.snapshots.map((snapshot) => snapshot.id),
        },
        quorum,
      },
      this.now,
    )
  }

  #run(node: Node, effects: readonly RaftEffect[]): void {
    for (const effect of effects) {
      this.onEffect(node, effect)
      switch (effect.kind) {
        case 'persist':
          node.disk.election = effect.election
          this.#run(node, effect.then)
          break
        case 'append':
          node.disk.entries.push(...this.#entriesOf(effect.content, effect.baseOffset, effect.epoch))
          assert(endOf(node.disk) === effect.endOffset, 'an append is as long as it says')
          node.pendingAppends.push({ id: effect.id, end: effect.endOffset })
          break
        case 'truncate':
          node.disk.entries.length = effect.endOffset - node.disk.startOffset
          node.disk.durableEnd = Math.min(node.disk.durableEnd, effect.endOffset)
          break
        case 'send':
          this.packets.push({
            kind: 'request',
            from: { id: node.id, requestId: effect.requestId, incarnation: node.incarnation },
            key: { id: node.id, directoryId: node.directoryId },
            to: Number(effect.to.endpoint.host.slice(1)),
            toDirectory: effect.to.directoryId,
            message: effect.message,
          })
          break
        case 'committed':
          this.#apply(node)
          break
        case 'install-snapshot':
          this.#install(node, effect.id)
          break
        case 'reply':
        case 'became':
        case 'write-snapshot':
          break
      }
    }
    if (!node.slow) this.fsync(node)
  }

  #entriesOf(content: AppendContent, baseOffset: number, epoch: number): Entry[] {
    const batch = ++this.#batches
    switch (content.kind) {
      case 'records':
        return content.records.map((record) => ({
          epoch,
          value: new TextDecoder().decode(record),
          batch,
          quorum: null,
        }))
      case 'start-of-epoch': {
        const first: Entry = { epoch, value: `leader-${content.leaderId}`, batch, quorum: null }
        if (!content.writeQuorum) return [first]
        const version: Entry = { epoch, value: `kraft.version-${content.kraftVersion}`, batch, quorum: null }
        const quorum = { offset: baseOffset + 2, kraftVersion: content.kraftVersion, voters: content.voters }
        return [
          first,
          version,
          { epoch, value: `voters-${content.voters.map((voter) => voter.id).join('+')}`, batch, quorum },
        ]
      }
      case 'fetched':
        return fromBytes(content.payload)
    }
  }

  #receive(node: Node, packet: Extract<Packet, { kind: 'request' }>): void {
    const { message, from, key } = packet
    const token = node.nextToken++
    const voter: ReplicaKey = { id: packet.to, directoryId: packet.toDirectory }
    const sender = { id: key.id, directoryId: (this.#options.kraftVersion ?? 1) > 0 ? key.directoryId : null }
    switch (message.kind) {
      case 'vote':
        this.#respond(node, from, this.event(node, { ...message, kind: 'vote-request', token, from: sender, voter }))
        break
      case 'begin-quorum-epoch':
        this.#respond(
          node,
          from,
          this.event(node, {
            kind: 'begin-request',
            token,
            voter,
            leaderId: from.id,
            epoch: message.epoch,
            endpoint: { host: `n${from.id}`, port: 1 },
          }),
        )
        break
      case 'end-quorum-epoch':
        this.#respond(
          node,
          from,
          this.event(node, {
            kind: 'end-request',
            token,
            leaderId: from.id,
            epoch: message.epoch,
            preferredSuccessors: message.preferredSuccessors,
            endpoint: null,
          }),
        )
        break
      case 'fetch':
        this.#answerFetch(
          node,
          { ...message, kind: 'fetch-request', token, replica: sender },
          from,
          message.highWatermark,
          true,
        )
        break
      case 'fetch-snapshot':
        this.#respond(
          node,
          from,
          this.event(node, { ...message, kind: 'fetch-snapshot-request', token, replica: sender }),
        )
        break
    }
  }

  /** Answers now, or parks the request until there is something to say. */
  #answerFetch(node: Node, request: Parked['request'], from: Sender, highWatermark: number, mayWait: boolean): void {
    const token = node.nextToken++
    const effects = this.event(node, { ...request, token })
    const reply = replyOf(effects, token)
    if (reply === null) return
    const { body } = reply
    const nothing = body.kind === 'read' && body.offset === endOf(node.disk) && body.highWatermark <= highWatermark
    if (reply.error === 'NONE' && nothing && mayWait) {
      node.parked.push({ request, from, highWatermark, until: this.now + FETCH_WAIT_MS })
      return
    }
    this.#respond(node, from, effects, token)
  }

  #wake(node: Node): void {
    if (node.parked.length === 0) return
    const { state } = node
    const awake = node.parked.filter(
      (parked) =>
        state.role.epoch !== parked.request.epoch ||
        state.role.kind !== 'leader' ||
        endOf(node.disk) > parked.request.offset ||
        (state.role.highWatermarkKnown && state.highWatermark > parked.highWatermark),
    )
    node.parked = node.parked.filter((parked) => !awake.includes(parked))
    for (const parked of awake) this.#answerFetch(node, parked.request, parked.from, parked.highWatermark, true)
  }

  #respond(node: Node, to: Sender, effects: readonly RaftEffect[], token?: number): void {
    const reply = replyOf(effects, token)
    if (reply === null) return
    const { body, error, leaderId, leaderEndpoint, epoch } = reply
    this.packets.push({
      kind: 'response',
      from: node.id,
      to,
      event: {
        kind: 'response',
        requestId: to.requestId,
        error,
        leaderId,
        leaderEndpoint,
        epoch,
        body: bodyOf(node, body),
      },
    })
  }

  #install(node: Node, id: SnapshotId): void {
    const { disk } = node
    const from = [...this.nodes.values()].find((other) =>
      other.disk.snapshots.some((snapshot) => snapshot.id.endOffset === id.endOffset && snapshot.id.epoch === id.epoch),
    )
    const snapshot = from?.disk.snapshots.find(
      (held) => held.id.endOffset === id.endOffset && held.id.epoch === id.epoch,
    )
    if (snapshot === undefined) {
      this.event(node, { kind: 'snapshot-installed', id, quorum: null, valid: false })
      return
    }
    disk.snapshots = [snapshot]
    disk.entries = []
    disk.startOffset = id.endOffset
    disk.durableEnd = id.endOffset
    node.pendingAppends = []
    this.event(node, { kind: 'snapshot-installed', id, quorum: snapshot.quorum, valid: true })
  }

  #apply(node: Node): void {
    const { disk, state } = node
    if (node.applied.length < disk.startOffset) node.applied = [...(disk.snapshots[0]?.values ?? [])]
    while (node.applied.length < Math.min(state.highWatermark, endOf(disk))) {
      node.applied.push(valueAt(disk, node.applied.length))
    }
  }
}

export function endOf(disk: Disk): number {
  return disk.startOffset + disk.entries.length
}

export function valueAt(disk: Disk, offset: number): string {
  const entry = disk.entries[offset - disk.startOffset]
  assert(entry !== undefined, `offset ${offset} is in the log`)
  return `${entry.epoch}:${entry.value}`
}

export function epochAt(disk: Disk, offset: number): number {
  return disk.entries[offset - disk.startOffset]?.epoch ?? disk.snapshots.at(-1)?.id.epoch ?? 0
}

export function votersOf(node: Node): number[] {
  return currentVoters(node.state).map((voter) => voter.id)
}

function epochsOf(disk: Disk): { epoch: number; startOffset: number }[] {
  const epochs: { epoch: number; startOffset: number }[] = []
  for (const [i, entry] of disk.entries.entries()) {
    if (epochs.at(-1)?.epoch !== entry.epoch) epochs.push({ epoch: entry.epoch, startOffset: disk.startOffset + i })
  }
  return epochs
}

function replyOf(
  effects: readonly RaftEffect[],
  token?: number,
): Extract<RaftEffect, { kind: 'reply' }>['answer'] | null {
  for (const effect of effects) {
    if (effect.kind === 'reply' && (token === undefined || effect.token === token)) return effect.answer
    if (effect.kind === 'persist') {
      const nested = replyOf(effect.then, token)
      if (nested !== null) return nested
    }
  }
  return null
}

function bodyOf(node: Node, body: Extract<RaftEffect, { kind: 'reply' }>['answer']['body']): ResponseBody {
  const { disk } = node
  switch (body.kind) {
    case 'none':
    case 'vote':
    case 'diverging':
    case 'snapshot':
      return body
    case 'read': {
      const entries = disk.entries.slice(body.offset - disk.startOffset)
      return {
        kind: 'records',
        payload: toBytes(entries),
        batches: batchViews(body.offset, entries),
        highWatermark: body.highWatermark,
      }
    }
    case 'read-snapshot': {
      const size = Math.max(1, body.id.endOffset)
      return {
        kind: 'snapshot-bytes',
        id: body.id,
        size,
        position: body.position,
        payload: new Uint8Array(Math.min(CHUNK, size - body.position)),
      }
    }
  }
}

function batchViews(from: number, entries: readonly Entry[]): BatchView[] {
  const views: { baseOffset: number; endOffset: number; epoch: number; quorum: BatchView['quorum']; batch: number }[] =
    []
  for (const [i, entry] of entries.entries()) {
    const last = views.at(-1)
    if (last !== undefined && last.batch === entry.batch) {
      last.endOffset++
      last.quorum ??= entry.quorum
    } else
      views.push({
        baseOffset: from + i,
        endOffset: from + i + 1,
        epoch: entry.epoch,
        quorum: entry.quorum,
        batch: entry.batch,
      })
  }
  return views
}

export function toBytes(entries: readonly Entry[]): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(entries))
}

function fromBytes(bytes: Uint8Array): Entry[] {
  return JSON.parse(new TextDecoder().decode(bytes)) as Entry[]
}
