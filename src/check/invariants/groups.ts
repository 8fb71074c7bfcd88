// What coordinators of groups say (classic protocol), held against what they have said before: fed with requests as brokers
// hear them and answers as they give them. Checks that a partition has one owner in a generation, the one that the members'
// leader named (G1); that generations do not go back (G3); that nobody of an earlier generation is served (G4); that
// offsets are a register: what was acknowledged is not gone and not undone, whoever coordinates, and what was shown stays
// (G5); the size of a group (G6); that offsets of a group that is in use do not expire (G7).
// A commit that nobody answers may take effect until its generation is over: a coordinator takes none any more when it knows
// the next one, and tells that one's members nothing before it is in the log, behind all that it took. One of no generation may
// for ever: nothing fences it, and who knows how long a broker lets a request lie.
// A static member is who has its instance now: a new id takes the old one's place in its generation, and who had the old one is
// nobody any more (G4). Nobody commits for a group that has members (G4).
// Does not check what members make of it, whether an assignment is a good one (G2: the members' leader's), sessions, when a
// static member may be replaced, or that a rebalance ends (G8, the life's). Reads and joins are judged only of the coordinator
// that the controller knows: Kafka, too, lets one that is replaced answer from memory until it hears of it. A generation of
// which nobody was given an assignment may come again after a failover: it was in no log.

import type { Epoch, NodeId, Offset } from '../../base/index.ts'
import { Places } from './places.ts'
import type { Findings } from './types.ts'

export interface GroupLimits {
  /** `group.max.size`. */
  readonly maxSize: number
  /** `offsets.retention.minutes` lets offsets of this life's groups expire: an abandoned one may be forgotten. */
  readonly expires: boolean
}

/** What was so when a request was heard. */
export interface GroupAsked {
  readonly group: string
  readonly order: number
  /** In which the broker coordinates, −1 where it does not, or not by the controller's word. */
  readonly epoch: Epoch
  readonly settled: number
  readonly given: number
}

export interface CommitAsked extends GroupAsked {
  readonly generation: number
  /** Who had taken this member's place by then, and was in the log; null: nobody. */
  readonly replacedBy: string | null
  /** The generation with which this coordinator was content last; null: none yet. */
  readonly content: number | null
  readonly writes: ReadonlyMap<string, Write>
}

export interface FetchAsked extends GroupAsked {
  /** By partition: what ended before this is written over. */
  readonly floors: ReadonlyMap<string, number>
  /** By partition: what may have stood then. */
  readonly writes: ReadonlyMap<string, readonly Write[]>
}

interface Write {
  readonly offset: Offset
  readonly generation: number
  readonly began: number
  /** From here on it has taken effect or never will; infinite: nobody knows yet. */
  ended: number
  refused: string | null
}

interface Group {
  /** Of which a member was given its assignment, so that it is in the log. */
  settled: number
  /** By coordinator: the newest generation that it let members join. */
  readonly given: Map<string, number>
  readonly places: Places
  /** By generation and partition. */
  readonly owners: Map<string, string>
  /** By generation and member: what its leaders named, in words. */
  readonly named: Map<string, Set<string>>
  /** What may still stand, and what was refused since. */
  readonly writes: Map<string, Write[]>
  readonly floors: Map<string, number>
  /** What was acknowledged last, and when. */
  readonly last: Map<string, { readonly offset: Offset; readonly at: number }>
  committed: boolean
  heardAt: number
}

/** What is refused so has changed nothing. */
const REFUSED: ReadonlySet<string> = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'FENCED_INSTANCE_ID',
  'REBALANCE_IN_PROGRESS',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'OFFSET_METADATA_TOO_LARGE',
  'GROUP_ID_NOT_FOUND',
])
/** The shortest there is. */
const RETENTION_MS = 60_000
/** Nobody who is heard so seldom is a member. Less than the retention by what the clocks of two brokers may differ: one writes
 *  when a group became empty, and another counts from there. */
const ABANDONED_AFTER_MS = 20_000
const NOTHING = -1

export class GroupInvariants {
  readonly #limits: GroupLimits
  readonly #now: () => number
  readonly #findings: Findings
  readonly #groups: Map<string, Group> = new Map()
  #order = 0

  constructor(limits: GroupLimits, now: () => number, findings: Findings) {
    this.#limits = limits
    this.#now = now
    this.#findings = findings
  }

  asked(group: string, node: NodeId, epoch: Epoch): GroupAsked {
    const { settled, given } = this.#group(group)
    return { group, order: this.#order++, epoch, settled, given: given.get(`${node}/${epoch}`) ?? NOTHING }
  }

  commitAsked(
    node: NodeId,
    asked: GroupAsked,
    { generation, member }: { readonly generation: number; readonly member: string },
    offsets: ReadonlyMap<string, Offset>,
  ): CommitAsked {
    const group = this.#group(asked.group)
    const writes = new Map<string, Write>()
    for (const [key, offset] of offsets) {
      const began = asked.order
      const ended = isOver(generation, asked.settled) ? began : Number.POSITIVE_INFINITY
      const write: Write = { offset, generation, began, ended, refused: null }
      writes.set(key, write)
      const known = group.writes.get(key)
      if (known === undefined) group.writes.set(key, [write])
      else known.push(write)
    }
    const { places } = group
    const content = places.contentWith(`${node}/${asked.epoch}`)
    return { ...asked, generation, writes, content, replacedBy: places.replacedBy(member, asked.settled) }
  }

  commitAnswered(node: NodeId, asked: CommitAsked, errors: ReadonlyMap<string, string>): void {
    const group = this.#group(asked.group)
    for (const [key, write] of asked.writes) {
      const error = errors.get(key) ?? 'UNKNOWN_SERVER_ERROR'
      if (error === 'NONE') {
        if (!group.committed && this.#limits.expires) this.#begin(group)
        group.committed = true
        this.#acknowledged(group, key, write)
        this.#findings.marked('group: offset committed')
      } else if (REFUSED.has(error)) {
        write.refused = error
        write.ended = this.#order++
        this.#findings.marked('group: commit refused')
      }
    }
    const accepted = [...errors.values()].includes('NONE')
    if (accepted && asked.generation < 0 && asked.epoch >= 0 && asked.content !== null)
      group.places.outsider(`${node}/${asked.epoch}`, asked.content, this.#order++)
    if (!accepted || asked.generation < 0) return
    this.#heard(group)
    if (asked.generation < asked.settled)
      this.#old(node, asked, `takes a commit of generation ${asked.generation}`, asked.settled)
    if (asked.replacedBy !== null)
      this.#violated(
        'G4',
        node,
        `node ${node} takes a commit of who ${asked.replacedBy} of ${asked.group} has replaced`,
      )
    this.#settle(group, asked.generation)
  }

  fetchAsked(asked: GroupAsked): FetchAsked {
    const { floors, writes } = this.#group(asked.group)
    return { ...asked, floors: new Map(floors), writes: new Map([...writes].map(([key, all]) => [key, [...all]])) }
  }

  /** `epoch`: in which it coordinates now. */
  fetchAnswered(node: NodeId, asked: FetchAsked, epoch: Epoch, offsets: ReadonlyMap<string, Offset>): void {
    if (asked.epoch < 0 || asked.epoch !== epoch) return
    const group = this.#group(asked.group)
    for (const [key, offset] of offsets) {
      const floor = asked.floors.get(key) ?? Number.NEGATIVE_INFINITY
      if (offset < 0) {
        if (floor > Number.NEGATIVE_INFINITY) this.#gone(node, asked.group, key)
        else this.#stood(group, key, offset, asked.order)
        continue
      }
      const since = group.writes.get(key)?.filter(({ began }) => began >= asked.order) ?? []
      const all = [...(asked.writes.get(key) ?? []), ...since]
      const writes = all.filter((write) => write.offset === offset)
      const possible = writes.filter(({ refused, ended }) => refused === null && ended >= floor)
      if (possible.length > 0) {
        this.#stood(group, key, offset, asked.order)
        this.#raise(group, key, Math.min(...possible.map(({ began }) => began)))
        continue
      }
      const refused = writes.find((write) => write.refused !== null)?.refused
      const newest = all.findLast(({ ended }) => ended < asked.order)?.offset ?? 'nothing'
      const what = `node ${node} tells group ${asked.group} that ${offset} is committed of ${key}`
      if (refused !== undefined && refused !== null)
        this.#violated('G4', node, `${what}, and that commit was refused with ${refused}`)
      else this.#violated('G5', node, `${what}, and ${newest} was acknowledged after that, or shown`)
    }
  }

  /** `members`: as the leader is told; empty for others. */
  joined(node: NodeId, asked: GroupAsked, epoch: Epoch, generation: number, members: number): void {
    const group = this.#group(asked.group)
    this.#heard(group)
    this.#findings.marked('group: generation joined')
    if (members > this.#limits.maxSize) {
      const text = `node ${node} lets ${members} into generation ${generation} of group ${asked.group}`
      this.#violated('G6', node, `${text}, and group.max.size is ${this.#limits.maxSize}`)
    }
    if (asked.epoch < 0 || asked.epoch !== epoch || !this.#remembers(group)) return
    const newest = Math.max(asked.settled, asked.given)
    if (generation < newest) {
      const text = `node ${node} lets a member join generation ${generation} of group ${asked.group}`
      this.#violated('G3', node, `${text} in epoch ${epoch}, and generation ${newest} was there before`)
    }
    const coordinator = `${node}/${epoch}`
    group.given.set(coordinator, Math.max(group.given.get(coordinator) ?? NOTHING, generation))
  }

  /** Who a static member is, as its coordinator tells the members' leader. */
  known(name: string, member: string, instance: string): void {
    this.#group(name).places.known(member, instance)
  }

  /** A static member is let in, and nobody else under its instance from then on. */
  admitted(asked: GroupAsked, epoch: Epoch, generation: number, member: string, instance: string): void {
    const group = this.#group(asked.group)
    group.places.known(member, instance)
    if (asked.epoch < 0 || asked.epoch !== epoch) return
    if (group.places.admitted(member, instance, generation)) this.#findings.marked('group: static member replaced')
  }

  /** A members' leader says who is to have what. */
  named(name: string, generation: number, assignments: ReadonlyMap<string, readonly string[]>): void {
    const { named, places } = this.#group(name)
    for (const [member, partitions] of assignments) {
      const key = `${generation}/${places.whoIs(member)}`
      const words = inWords(partitions)
      const known = named.get(key)
      if (known === undefined) named.set(key, new Set([words]))
      else known.add(words)
    }
  }

  synced(
    node: NodeId,
    asked: GroupAsked,
    epoch: Epoch,
    { generation, member, partitions }: { generation: number; member: string; partitions: readonly string[] },
  ): void {
    const group = this.#group(asked.group)
    this.#heard(group)
    if (!this.#remembers(group)) return
    if (asked.epoch >= 0 && asked.epoch === epoch && generation < asked.settled)
      this.#old(node, asked, `gives ${member} an assignment of generation ${generation}`, asked.settled)
    const what = `node ${node} gives ${member} ${inWords(partitions)} in generation ${generation} of ${asked.group}`
    const who = group.places.whoIs(member)
    const named = group.named.get(`${generation}/${who}`)
    if (partitions.length > 0 && !named?.has(inWords(partitions)))
      this.#violated('G1', node, `${what}, and the leader named ${[...(named ?? [])].join(' or ') || 'nothing'}`)
    for (const partition of partitions) {
      const key = `${generation}/${partition}`
      const owner = group.owners.get(key) ?? who
      if (owner !== who) this.#violated('G1', node, `${what}, and ${owner} has ${partition}`)
      group.owners.set(key, who)
    }
    this.#settle(group, generation)
    this.#findings.marked('group: assignment given')
  }

  /** A member was told that all is well with its generation. */
  beat(node: NodeId, asked: GroupAsked, epoch: Epoch, generation: number): void {
    const group = this.#group(asked.group)
    this.#heard(group)
    if (asked.epoch < 0 || asked.epoch !== epoch || !this.#remembers(group)) return
    if (group.places.content(`${node}/${epoch}`, generation, asked.order)) {
      const text = `node ${node} has taken a commit of nobody for group ${asked.group}`
      this.#violated('G4', node, `${text}, which had members in generation ${generation} before and after it`)
    }
    if (generation < asked.settled) this.#old(node, asked, `is content with generation ${generation}`, asked.settled)
  }

  #group(name: string): Group {
    let group = this.#groups.get(name)
    if (group === undefined) {
      group = {
        settled: NOTHING,
        given: new Map(),
        places: new Places(),
        owners: new Map(),
        named: new Map(),
        writes: new Map(),
        floors: new Map(),
        last: new Map(),
        committed: false,
        heardAt: this.#now(),
      }
      this.#groups.set(name, group)
    }
    return group
  }

  /** Where a group of nobody and nothing may be forgotten, its generations begin anew. */
  #remembers(group: Group): boolean {
    return group.committed || !this.#limits.expires
  }

  #begin(group: Group): void {
    group.settled = NOTHING
    group.given.clear()
    group.owners.clear()
  }

  #heard(group: Group): void {
    const now = this.#now()
    if (this.#limits.expires && now - group.heardAt > ABANDONED_AFTER_MS) {
      this.#begin(group)
      group.committed = false
      group.floors.clear()
    }
    group.heardAt = now
  }

  /** Whatever a coordinator took of the generations before is in the log by now. */
  #settle(group: Group, generation: number): void {
    if (generation <= group.settled) return
    group.settled = generation
    const now = this.#order++
    for (const all of group.writes.values())
      for (const write of all) if (isOver(write.generation, generation)) write.ended = Math.min(write.ended, now)
  }

  #acknowledged(group: Group, key: string, write: Write): void {
    write.ended = Math.min(write.ended, this.#order++)
    group.last.set(key, { offset: write.offset, at: this.#now() })
    const all = group.writes.get(key)!
    // Where it should have been refused, it may be forgotten by now.
    if (!all.includes(write)) all.push(write)
    this.#raise(group, key, write.began)
  }

  /** What ended before this began is written over. */
  #raise(group: Group, key: string, began: number): void {
    const floor = Math.max(group.floors.get(key) ?? began, began)
    group.floors.set(key, floor)
    keep(group, key, ({ ended }) => ended >= floor)
  }

  /** So it was at some moment from `order` on: all else that had ended by then is written over, or never was. */
  #stood(group: Group, key: string, offset: Offset, order: number): void {
    keep(group, key, (write) => write.offset === offset || write.ended >= order)
  }

  #gone(node: NodeId, name: string, key: string): void {
    const group = this.#group(name)
    if (this.#limits.expires && this.#now() - group.heardAt > ABANDONED_AFTER_MS) return
    const last = group.last.get(key)
    const age = Math.round(this.#now() - (last?.at ?? 0))
    const text = `node ${node} tells group ${name} that nothing is committed of ${key}`
    const since = `${last?.offset} was acknowledged ${age} ms ago, and the group is in use`
    this.#violated(this.#limits.expires && age > RETENTION_MS ? 'G7' : 'G5', node, `${text}; ${since}`)
  }

  #old(node: NodeId, asked: GroupAsked, what: string, settled: number): void {
    this.#violated('G4', node, `node ${node} ${what} of group ${asked.group}, and generation ${settled} is in its log`)
  }

  #violated(name: string, node: NodeId, text: string): void {
    this.#findings.violated(name, text, { node })
  }
}

/** Whether nobody may commit in a generation any more. */
function isOver(generation: number, settled: number): boolean {
  return generation >= 0 && generation < settled
}

function keep(group: Group, key: string, is: (write: Write) => boolean): void {
  const all = group.writes.get(key)
  if (all !== undefined) group.writes.set(key, all.filter(is))
}

function inWords(partitions: readonly string[]): string {
  return [...partitions].sort().join() || 'nothing'
}
