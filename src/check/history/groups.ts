// What a group has read together. group-skip: it commits an offset beyond a record that none of its members has polled.
// shared-partition: two members of one generation were given the same partition; a static member that has come back under
// its name is the same. A commit by who is no member (a reset by a tool) moves the group: what it jumps over nobody need
// have read; nor what a member jumps over that was told that nothing is committed and does not begin at the beginning.
// Does NOT check: that a group reads on at all; records that a group reads again (at least once is what it promises), and
// so not whether it reads again what it was set back to: the polls of whoever joined there tell; what comes before the
// place where a group began, if that is not told.

import type { Case } from './findings.ts'
import { COMMIT, CRASH, FAIL, JOIN, type Joined, OK } from './gather.ts'
import { NONE } from './registers.ts'
import { shown, writerPart } from './words.ts'

/** Of a group in one key: everything below a slot was polled or need not be, and what was polled above it. Never less: a
 *  commit that sets the group back takes nothing back that was read. */
interface Reach {
  below: number
  readonly above: Set<number>
}

export function checkGroups(it: Case): void {
  if (it.history.groups.list.length === 0) return
  checkShares(it)
  new Reaches(it).check()
}

function checkShares({ history, found }: Case): void {
  const owners = new Map<string, number>()
  for (const [op, { group, generation, keys }] of history.joins) {
    if (generation < 0) continue
    for (const key of keys) {
      const place = `${generation} ${key} ${group}`
      const other = owners.get(place)
      if (other === undefined) owners.set(place, op)
      else if (!isSameMember(history, other, op)) {
        const both = [other, op].map((each) => history.processes.list[history.process.at(each)])
        found.add({
          name: 'shared-partition',
          key,
          tell: () => ({
            text: `${both.join(' and ')} were both given ${history.keys.list[key]} in generation ${generation} of group ${history.groups.list[group]}`,
            parts: [other, op].map((each) => ({ op: each, text: `was given ${history.keys.list[key]}` })),
          }),
        })
      }
    }
  }
}

function isSameMember({ process, joins }: Case['history'], a: number, b: number): boolean {
  const instance = joins.get(a)!.instance
  return process.at(a) === process.at(b) || (instance !== null && instance === joins.get(b)!.instance)
}

class Reaches {
  readonly #it: Case
  readonly #reaches: Map<number, Reach>[]
  /** By group: keys of which it may have committed something. */
  readonly #committedKeys: Set<number>[]
  /** By process: the group that it is in. */
  readonly #groups = new Map<number, number>()
  /** By process: the keys in which it may begin anywhere, and has not yet. */
  readonly #anywhere = new Map<number, Set<number>>()

  constructor(it: Case) {
    this.#it = it
    this.#reaches = it.history.groups.list.map(() => new Map())
    this.#committedKeys = it.history.groups.list.map(() => new Set())
  }

  check(): void {
    const { history } = this.#it
    let next = 0
    for (let op = 0; op < history.operations; op++) {
      if (history.f.at(op) !== COMMIT || history.outcome.at(op) === FAIL) continue
      for (; next < history.completions.length; next++) {
        const done = history.completions.at(next)
        const line = history.completedLine.at(done)
        if (line < 0 || line > history.invokedLine.at(op)) break
        this.#completed(done)
      }
      const { group, offsets } = history.commits.get(op)!
      for (const [key, offset] of offsets) this.#committed(op, group, key, offset)
    }
  }

  #completed(op: number): void {
    const { history, orders } = this.#it
    const process = history.process.at(op)
    const f = history.f.at(op)
    if (f === JOIN) {
      const joined = history.joins.get(op)
      if (joined === undefined) return
      this.#groups.set(process, joined.group)
      this.#begin(process, joined)
      return
    }
    // What a process had polled counts when it is gone, too.
    if (f === CRASH || history.outcome.at(op) !== OK) return
    const group = this.#groups.get(process)
    if (group === undefined) return
    for (let row = history.pollsFrom.at(op); row < history.pollsTo.at(op); row++) {
      const key = history.valueKey.at(history.pollValue.at(row))
      this.#polled(process, group, key, orders.slotOfPoll(row))
    }
  }

  #begin(process: number, { group, keys, kept, committed, reset }: Joined): void {
    const before = this.#anywhere.get(process)
    const anywhere = new Set<number>()
    this.#anywhere.set(process, anywhere)
    for (const key of keys) {
      if (kept.has(key)) {
        if (before?.has(key) === true) anywhere.add(key)
        continue
      }
      const hasOffset = committed === null ? this.#committedKeys[group]!.has(key) : committed.has(key)
      if (!hasOffset && reset !== 'earliest') anywhere.add(key)
      const from = committed === null ? null : (committed.get(key) ?? (reset === 'earliest' ? 0 : null))
      const reaches = this.#reaches[group]!
      if (from !== null && !reaches.has(key)) {
        reaches.set(key, { below: this.#it.orders.firstFrom(key, from), above: new Set() })
      }
    }
  }

  #polled(process: number, group: number, key: number, slot: number): void {
    const reach = this.#reaches[group]!.get(key)
    const begins = this.#anywhere.get(process)?.delete(key) === true
    if (reach === undefined) {
      this.#reaches[group]!.set(key, { below: slot + 1, above: new Set() })
      return
    }
    if (begins) raise(reach, slot)
    if (slot > reach.below) reach.above.add(slot)
    else if (slot === reach.below) raise(reach, slot + 1)
  }

  #committed(op: number, group: number, key: number, offset: number): void {
    const { history, orders, deletedBelow } = this.#it
    if (offset === NONE) {
      this.#committedKeys[group]!.delete(key)
      return
    }
    this.#committedKeys[group]!.add(key)
    const process = history.process.at(op)
    const until = orders.firstFrom(key, offset)
    const isMember = this.#groups.get(process) === group
    const reach = this.#reaches[group]!.get(key)
    if (reach === undefined) {
      if (!isMember) this.#reaches[group]!.set(key, { below: until, above: new Set() })
      return
    }
    if (!isMember || this.#anywhere.get(process)?.delete(key) === true) raise(reach, until)
    let first = -1
    let count = 0
    for (; reach.below < until; reach.below += 1) {
      if (reach.above.delete(reach.below) || orders.slotOffset[reach.below]! < deletedBelow[key]!) continue
      if (first < 0) first = reach.below
      count += 1
    }
    raise(reach, until)
    if (first >= 0) this.#skipped(op, group, key, offset, first, count)
  }

  #skipped(op: number, group: number, key: number, offset: number, slot: number, count: number): void {
    const { history, orders, found } = this.#it
    const value = orders.valuesIn(slot)[0]!
    const more = count > 1 ? ` and ${count - 1} more` : ''
    found.add({
      name: 'group-skip',
      key,
      tell: () => ({
        text: `group ${history.groups.list[group]} committed offset ${offset} of ${history.keys.list[key]}, and none of its members had polled ${shown(history, value)} at offset ${orders.slotOffset[slot]}${more}`,
        parts: [...writerPart(history, value), { op, text: `committed offset ${offset} of ${history.keys.list[key]}` }],
      }),
    })
  }
}

function raise(reach: Reach, until: number): void {
  for (; reach.below < until || reach.above.has(reach.below); reach.below += 1) reach.above.delete(reach.below)
}
