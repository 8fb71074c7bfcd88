// Clients of one shard, for schedules nobody thought of: they join, sync, leave, die, lie about their generation; the log commits
// late, refuses and times out; the coordinator moves. Checks after every step what must hold whatever happens.

import { expect } from 'vitest'
import {
  durableRecords,
  type GroupConfig,
  type GroupEffect,
  type GroupRecord,
  recordKey,
} from '../../src/groups/index.ts'
import { errorName } from '../../src/wire/index.ts'
import { TestShard, topicsOf } from './group-shard.ts'

type Answer = Extract<GroupEffect, { kind: 'answer' }>

interface Client {
  readonly groupId: string
  readonly instance: string | null
  readonly version: number
  memberId: string
  generation: number
  /** Of whose generation it leads. */
  members: readonly string[]
  /** What a client that does as it should does next. */
  next: 'join' | 'sync' | 'heartbeat' | 'wait'
}

const GROUPS: readonly string[] = ['g', 'h']
const PARTITIONS = 3
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

export class GroupsWorld {
  test: TestShard
  readonly clients: Client[]
  /** How often a member got its part. */
  assignmentsGiven = 0
  #epoch = 0
  #nonce = 0
  /** What was asked and is not answered. */
  readonly #open = new Map<number, (answer: Answer) => void>()
  readonly #answered = new Set<number>()
  /** By group: the newest generation that anybody was told of. */
  readonly #newest = new Map<string, number>()
  /** By group and generation: which of its leader's assignments is given out. */
  readonly #given = new Map<string, string>()
  /** Each commit has a larger offset than all before it; what was acknowledged is the least that may be read. */
  #nextOffset = 1
  readonly #floors = new Map<string, number>()
  readonly #maybeDeleted = new Set<string>()
  #deletions = 0
  /** Groups that the log refused news of: it knows an older state than the coordinator. */
  readonly #behind = new Map<string, number>()

  constructor(config: Partial<GroupConfig>) {
    this.test = new TestShard(config)
    this.clients = Array.from({ length: 8 }, (_, i) => ({
      groupId: GROUPS[i % 2]!,
      instance: i >= 6 ? 'i' : i >= 4 ? `i${i}` : null,
      version: [9, 5, 3, 8][i % 4]!,
      memberId: '',
      generation: -1,
      members: [],
      next: 'join',
    }))
    this.#take(this.test.load(0))
  }

  /** The client does what is its turn. */
  go(client: Client): void {
    if (client.next === 'join') this.join(client, false)
    else if (client.next === 'sync') this.sync(client)
    else if (client.next === 'heartbeat') this.heartbeat(client, false)
  }

  join(client: Client, otherProtocols: boolean): void {
    client.next = 'wait'
    const protocols = (otherProtocols ? ['range'] : ['sticky', 'range']).map((name) => ({
      name,
      metadata: new TextEncoder().encode(name),
    }))
    const { groupId, memberId, instance: groupInstanceId, version } = client
    const body = { groupId, memberId, groupInstanceId, protocolType: 'connect', protocols, rebalanceTimeoutMs: 20_000 }
    this.#ask(this.test.request('JoinGroup', body, { version }), (answer) => {
      if (answer.api !== 'JoinGroup') return
      const { errorCode, memberId: given, generationId, members, leader } = answer.response
      const error = errorName(errorCode)
      client.next = error === 'NONE' ? 'sync' : 'join'
      if (error === 'MEMBER_ID_REQUIRED') client.memberId = given
      else if (error === 'UNKNOWN_MEMBER_ID' || error === 'FENCED_INSTANCE_ID') this.crash(client)
      if (error !== 'NONE') return
      client.memberId = given
      client.generation = generationId
      client.members = leader === given ? members.map((one) => one.memberId) : []
      this.#heardOf(groupId, generationId)
      expect(members.length, 'G6: group.max.size').toBeLessThanOrEqual(this.test.config.maxSize)
      if (members.length > 0) expect(new Set(members.map((one) => one.memberId)).size).toBe(members.length)
    })
  }

  sync(client: Client): void {
    const { groupId, memberId, generation: generationId, instance: groupInstanceId, members } = client
    const nonce = `${++this.#nonce}`
    client.next = 'wait'
    const assignments = members.map((id) => ({
      memberId: id,
      assignment: new TextEncoder().encode(`${generationId}/${nonce}/${id}`),
    }))
    this.#ask(
      this.test.request('SyncGroup', { groupId, memberId, generationId, groupInstanceId, assignments }),
      (answer) => {
        if (answer.api !== 'SyncGroup') return
        client.next = answer.response.errorCode === 0 ? 'heartbeat' : 'join'
        if (answer.response.errorCode !== 0) return
        const text = textOf(answer.response.assignment)
        expect(generationId, 'assignments are given out for the newest generation alone').toBe(
          this.#newest.get(groupId),
        )
        if (text === '') return
        const [generation, ofLeader, owner] = text.split('/')
        expect(Number(generation), 'G1: an assignment is of its generation').toBe(generationId)
        // A static member may hold under a new id what was assigned to its old one.
        if (groupInstanceId === null) expect(owner, 'G1: each gets its own').toBe(memberId)
        const key = `${groupId}/${generationId}`
        expect(this.#given.get(key) ?? ofLeader, 'G1: one assignment a generation').toBe(ofLeader)
        this.#given.set(key, ofLeader!)
        this.assignmentsGiven++
      },
    )
  }

  heartbeat(client: Client, lie: boolean): void {
    const { groupId, memberId, instance: groupInstanceId } = client
    const generationId = client.generation - (lie ? 1 : 0)
    this.#ask(this.test.request('Heartbeat', { groupId, memberId, generationId, groupInstanceId }), (answer) => {
      if (answer.api !== 'Heartbeat' || lie || client.next !== 'heartbeat') return
      const error = errorName(answer.response.errorCode)
      if (error !== 'NONE') client.next = 'join'
      if (error === 'UNKNOWN_MEMBER_ID' || error === 'FENCED_INSTANCE_ID') this.crash(client)
    })
  }

  leave(client: Client): void {
    const { groupId, memberId, instance: groupInstanceId, version } = client
    const members = [{ memberId, groupInstanceId, reason: null }]
    this.#ask(
      this.test.request('LeaveGroup', { groupId, memberId, members }, { version: Math.min(version, 5) }),
      () => {},
    )
    this.crash(client)
  }

  /** Restarts without a word: a static one comes back without its id. */
  crash(client: Client): void {
    client.memberId = ''
    client.generation = -1
    client.members = []
    client.next = 'join'
  }

  commitOffset(client: Client, partition: number, lie: boolean): void {
    const { groupId, memberId, instance: groupInstanceId } = client
    const offset = this.#nextOffset++
    const deletions = this.#deletions
    const newest = this.#newest.get(groupId)
    const generationIdOrMemberEpoch = client.generation - (lie ? 1 : 0)
    const topics = topicsOf([{ topic: 't', partition: partition % PARTITIONS, offset }])
    const body = { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch, topics }
    this.#ask(this.test.request('OffsetCommit', body), (answer) => {
      if (answer.api !== 'OffsetCommit' || answer.response.topics[0]!.partitions[0]!.errorCode !== 0) return
      if (generationIdOrMemberEpoch >= 0) expect(newest, 'G4: of this generation alone').toBe(generationIdOrMemberEpoch)
      // A deletion that was asked for since may have taken it.
      if (deletions !== this.#deletions) return
      const key = `${groupId}/${partition % PARTITIONS}`
      this.#floors.set(key, Math.max(this.#floors.get(key) ?? -1, offset))
    })
  }

  fetch(groupId: string, requireStable: boolean): void {
    const floors = new Map(this.#floors)
    const topics = topicsOf(
      Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: 't', partition, offset: -1 })),
    )
    this.#ask(this.test.request('OffsetFetch', { groupId, topics, requireStable }), (answer) => {
      if (answer.api !== 'OffsetFetch' || answer.response.errorCode !== 0) return
      const inLog = this.#offsetsInLog(groupId)
      for (const { partitionIndex, committedOffset } of answer.response.topics[0]!.partitions) {
        // Offsets are never used twice, so one that the log refused is in it nowhere.
        if (committedOffset >= 0) expect(inLog, 'G5: what is said is committed').toContain(committedOffset)
        const least = floors.get(`${groupId}/${partitionIndex}`) ?? -1
        expect(committedOffset, 'G5: an acknowledged offset does not go back').toBeGreaterThanOrEqual(least)
      }
    })
  }

  delete(groupId: string): void {
    // Asked for is enough: it may happen without being acknowledged.
    for (let partition = 0; partition < PARTITIONS; partition++) this.#floors.delete(`${groupId}/${partition}`)
    this.#maybeDeleted.add(groupId)
    this.#deletions++
    this.#ask(this.test.request('DeleteGroups', { groupId }), () => {})
  }

  describe(groupId: string): void {
    this.#ask(this.test.request('DescribeGroups', { groupId }), () => {})
    this.#ask(this.test.request('ListGroups', {}), () => {})
  }

  /** The log commits the next of what it has. */
  commit(pick: number): void {
    const written = this.#written()
    const one = written[pick % Math.max(written.length, 1)]
    if (one === undefined) return
    for (const other of written) if (other.append <= one.append) this.#caughtUp(other)
    this.#take(this.test.commit(one.append))
  }

  refuse(pick: number): void {
    const written = this.#written()
    const one = written[pick % Math.max(written.length, 1)]
    if (one === undefined) return
    for (const record of one.records)
      if (record.type === 'GroupMetadata') this.#behind.set(record.key.group, one.append)
    this.#take(this.test.fail(one.append, 'NOT_ENOUGH_REPLICAS', false))
  }

  timeOut(pick: number): void {
    const written = this.#written()
    const one = written[pick % Math.max(written.length, 1)]
    if (one !== undefined) this.#take(this.test.fail(one.append, 'REQUEST_TIMED_OUT', true))
  }

  advance(ms: number): void {
    const until = this.test.now + ms
    for (let due = this.test.deadline(); due !== null && due <= until; due = this.test.deadline()) {
      this.test.now = Math.max(this.test.now, due)
      this.#take(this.test.happen({ kind: 'tick' }))
    }
    this.test.now = until
  }

  /** Led by another process, which has what is committed and `more` of the rest: its leader may have it all. */
  failover(more: number): void {
    this.#epoch += 2
    this.#take(this.test.happen({ kind: 'unload', epoch: this.#epoch - 1 }))
    expect([...this.#open.keys()], 'nobody is left waiting at a coordinator that is none').toEqual([])
    const written = this.#written()
    for (const one of written.slice(0, more % (written.length + 1))) {
      one.state = 'committed'
      this.#caughtUp(one)
    }
    this.test = this.test.successor()
    this.#take(this.test.load(this.#epoch))
    this.#behind.clear()
    // A generation that had begun and is not in the log begins anew, with others.
    this.#newest.clear()
    for (const record of durableRecords(this.test.shard)) {
      if (record.type === 'GroupMetadata') this.#newest.set(record.key.group, record.value!.body.generation)
    }
    // What the log has of it may be another group of that name.
    for (const groupId of this.#maybeDeleted) this.#begunAnew(groupId)
  }

  /** Whatever was written is committed. */
  settle(): void {
    while (this.#written().length > 0) this.commit(this.#written().length - 1)
  }

  /** What the log says is what the coordinator knows, for every group that is not in between. */
  checkReplay(): void {
    if (this.#written().length > 0) return
    const twin = this.test.successor()
    twin.load(1)
    const known = timeless(durableRecords(this.test.shard))
    const read = timeless(durableRecords(twin.shard))
    for (const [key, text] of known) {
      const groupId = (JSON.parse(key) as string[])[1]!
      if (!key.startsWith('["group"') || !this.#behind.has(groupId)) expect([key, read.get(key)]).toEqual([key, text])
    }
    expect(groupsOf(this.test), 'the groups of the log are those that are known').toEqual(groupsOf(twin))
    for (const key of read.keys()) if (key.startsWith('["offset"')) expect(known.has(key), key).toBe(true)
  }

  /** Nobody speaks any more: everybody is answered, and no member is left. */
  finish(): void {
    for (let i = 0; i < 40; i++) {
      this.settle()
      this.advance(10_000)
    }
    this.settle()
    expect([...this.#open.keys()], 'every request is answered').toEqual([])
    for (const groupId of GROUPS) {
      this.#ask(this.test.request('DescribeGroups', { groupId }), (answer) => {
        if (answer.api !== 'DescribeGroups') return
        expect(['Empty', 'Dead'], `${groupId} is left by the silent`).toContain(answer.response.groupState)
      })
    }
    this.checkReplay()
  }

  /** Generations go up, unless the group was deleted and has begun anew. */
  #heardOf(groupId: string, generation: number): void {
    const newest = this.#newest.get(groupId) ?? 0
    if (generation <= newest && this.#maybeDeleted.delete(groupId)) {
      this.#begunAnew(groupId)
    } else expect(generation, 'G3: generations go up').toBeGreaterThanOrEqual(newest)
    this.#newest.set(groupId, generation)
  }

  /** Every offset that was ever committed. */
  #offsetsInLog(groupId: string): Set<number> {
    const offsets = new Set<number>()
    for (const record of this.test.committedRecords()) {
      if (record.type === 'OffsetCommit' && record.value !== null && record.key.group === groupId)
        offsets.add(record.value.body.offset)
    }
    return offsets
  }

  #begunAnew(groupId: string): void {
    for (const key of [...this.#given.keys()]) if (key.startsWith(`${groupId}/`)) this.#given.delete(key)
  }

  #written(): { append: number; records: readonly GroupRecord[]; state: string }[] {
    return this.test.log.filter((one) => one.state === 'written')
  }

  #caughtUp({ append, records }: { readonly append: number; readonly records: readonly GroupRecord[] }): void {
    for (const record of records) {
      if (record.type !== 'GroupMetadata') continue
      const refused = this.#behind.get(record.key.group)
      if (refused !== undefined && append > refused) this.#behind.delete(record.key.group)
    }
  }

  #ask(request: ReturnType<TestShard['request']>, then: (answer: Answer) => void): void {
    this.#open.set(request.token, then)
    this.#take(this.test.happen({ kind: 'request', request }))
  }

  #take(effects: readonly GroupEffect[]): void {
    for (const effect of effects) {
      if (effect.kind !== 'answer') continue
      const then = this.#open.get(effect.token)
      expect([effect.token, this.#answered.has(effect.token)], 'answered once').toEqual([effect.token, false])
      expect(then, `${effect.token} was asked`).toBeDefined()
      this.#open.delete(effect.token)
      this.#answered.add(effect.token)
      then?.(effect)
    }
  }
}

/** By key. When a stable group became so is not in the log; nor is it ever asked. */
function timeless(records: readonly GroupRecord[]): Map<string, string> {
  return new Map(
    records.map((record) => {
      const text = JSON.stringify(record, (name, value: unknown) => {
        if (name === 'currentStateTimestamp') return 0
        return value instanceof Uint8Array ? textOf(value) : value
      })
      return [recordKey(record)!, text]
    }),
  )
}

/** Ids of the groups that are committed, in whatever state. */
function groupsOf({ shard: { phase } }: TestShard): string[] {
  if (phase.kind !== 'active') return []
  return [...phase.contents.groups].flatMap(([groupId, cell]) => (cell.committed === null ? [] : [groupId])).sort()
}
