// What groups have committed is a register, one a group and key: a member that joins is told what the last commit set.
// lost-commit: it is told something older, or nothing, though a later commit was acknowledged or shown before. An
// attempt of which nobody knows may take effect until the generation that it was made in is over; a generation begins
// when all commits of the ones before are known. phantom-commit: it is told what nobody committed.
// Does NOT check: joins that do not tell what they were told; the order of commits that were under way at once; whether
// what was committed had been polled (groups.ts).

import type { Case, Part } from './findings.ts'
import { FAIL, type Gathering, type Joined, OK } from './gather.ts'

interface Write {
  readonly op: number
  readonly offset: number
  readonly generation: number
  /** Indices of lines. Infinite where nobody knows whether it has taken effect. */
  readonly invoked: number
  readonly completed: number
  /** A member was told it: proof that it stood, and no commit. */
  readonly shown: boolean
}

/** What came after something else for certain: the two that say so of the most. */
interface Floor {
  readonly byTime: Write | null
  readonly byGeneration: Write | null
}

const NOTHING: Floor = { byTime: null, byGeneration: null }

class Register {
  readonly writes: Map<number, Write[]> = new Map()
  readonly ended: Write[] = []
  floor: Floor = NOTHING

  invoked(write: Write): void {
    const same = this.writes.get(write.offset)
    if (same === undefined) this.writes.set(write.offset, [write])
    else same.push(write)
  }

  certain(write: Write): void {
    this.ended.push(write)
    this.floor = raised(this.floor, write)
  }
}

interface Asked {
  readonly floor: Floor
  readonly ended: number
}

interface Event {
  readonly line: number
  readonly op: number
  readonly isEnd: boolean
}

export function checkCommits(it: Case): void {
  const { history } = it
  const registers: Map<number, Register>[] = history.groups.list.map(() => new Map())
  const registerOf = (group: number, key: number): Register => {
    const found = registers[group]!.get(key) ?? new Register()
    registers[group]!.set(key, found)
    return found
  }
  const asked = new Map<number, Map<number, Asked>>()
  for (const { op, isEnd } of events(history)) {
    const commit = history.commits.get(op)
    if (commit !== undefined) {
      for (const [key, offset] of commit.offsets) {
        const register = registerOf(commit.group, key)
        if (!isEnd) register.invoked(writeOf(history, op, offset, commit.generation))
        else if (history.outcome.at(op) === OK) {
          register.certain(register.writes.get(offset)!.find((write) => write.op === op)!)
        }
      }
      continue
    }
    const joined = history.joins.get(op)!
    if (!isEnd) {
      const before = new Map<number, Asked>()
      for (const key of joined.keys) {
        const { floor, ended } = registerOf(joined.group, key)
        before.set(key, { floor, ended: ended.length })
      }
      asked.set(op, before)
      continue
    }
    for (const [key, before] of asked.get(op)!) told(it, op, joined, key, registerOf(joined.group, key), before)
  }
}

/** Beginnings and ends of commits and of joins that tell what they were told, as they happened. */
function events(history: Gathering): Event[] {
  const all: Event[] = []
  for (const [op, { committed }] of history.joins) if (committed !== null) all.push(...bothEnds(history, op))
  for (const op of history.commits.keys()) all.push(...bothEnds(history, op))
  return all.sort((a, b) => a.line - b.line)
}

function bothEnds(history: Gathering, op: number): Event[] {
  const completed = history.completedLine.at(op)
  const begins: Event = { line: history.invokedLine.at(op), op, isEnd: false }
  return completed < 0 ? [begins] : [begins, { line: completed, op, isEnd: true }]
}

function writeOf(history: Gathering, op: number, offset: number, generation: number): Write {
  const isCertain = history.outcome.at(op) === OK
  const completed = isCertain ? history.completedLine.at(op) : Number.POSITIVE_INFINITY
  return { op, offset, generation, invoked: history.invokedLine.at(op), completed, shown: false }
}

function raised(floor: Floor, write: Write): Floor {
  return {
    byTime: floor.byTime === null || write.invoked > floor.byTime.invoked ? write : floor.byTime,
    byGeneration:
      floor.byGeneration === null || write.generation > floor.byGeneration.generation ? write : floor.byGeneration,
  }
}

/** What has certainly replaced a commit before the offsets were asked for; null: it may still have stood. */
function replacer(write: Write, { byTime, byGeneration }: Floor): Write | null {
  if (byTime !== null && byTime.invoked > write.completed) return byTime
  const isOlder = byGeneration !== null && write.generation >= 0 && write.generation < byGeneration.generation
  return isOlder ? byGeneration : null
}

function told(it: Case, op: number, joined: Joined, key: number, register: Register, before: Asked): void {
  const { history } = it
  let { floor } = before
  // Acknowledged only meanwhile, but in a generation that was over when this one began.
  for (const write of register.ended.slice(before.ended)) {
    const isEarlier = write.generation >= 0 && write.generation < joined.generation
    if (isEarlier && !write.shown) floor = raised(floor, write)
  }
  const offset = joined.committed!.get(key)
  if (offset === undefined) {
    if (floor.byTime !== null) lost(it, op, joined, key, null, floor.byTime)
    return
  }
  const same = register.writes.get(offset) ?? []
  const candidates = same.filter((write) => history.outcome.at(write.op) !== FAIL)
  if (candidates.length === 0) {
    phantom(it, op, joined, key, offset, same)
    return
  }
  const replacers = candidates.map((write) => replacer(write, floor))
  const stands = replacers.includes(null)
  if (!stands) {
    lost(it, op, joined, key, candidates.at(-1)!, replacers.at(-1)!)
    return
  }
  const [invoked, completed] = [history.invokedLine.at(op), history.completedLine.at(op)]
  // From here on it has stood for certain, whatever becomes of the attempts; the next one may well be told the same.
  const shown: Write = { op, offset, generation: joined.generation, invoked, completed, shown: true }
  register.invoked(shown)
  register.certain(shown)
}

function lost(it: Case, op: number, joined: Joined, key: number, was: Write | null, newer: Write): void {
  const { history, found } = it
  found.add({
    name: 'lost-commit',
    key,
    tell: () => {
      const where = `of ${history.keys.list[key]}`
      const which = was === null ? 'nothing' : `offset ${was.offset}`
      const how = newer.shown ? 'had been told before' : 'was acknowledged after that'
      return {
        text: `group ${history.groups.list[joined.group]} was told that ${which} is committed ${where}, and offset ${newer.offset} ${how}`,
        parts: [
          ...(was === null ? [] : [committed(history, was, key)]),
          committed(history, newer, key),
          answered(op, was?.offset ?? null, where),
        ],
      }
    },
  })
}

function phantom(it: Case, op: number, joined: Joined, key: number, offset: number, refused: readonly Write[]): void {
  const { history, found } = it
  found.add({
    name: 'phantom-commit',
    key,
    tell: () => {
      const where = `of ${history.keys.list[key]}`
      const why = refused.length === 0 ? 'nobody had committed that' : 'that commit failed'
      return {
        text: `group ${history.groups.list[joined.group]} was told that offset ${offset} is committed ${where}, and ${why}`,
        parts: [...refused.map((write) => committed(history, write, key)), answered(op, offset, where)],
      }
    },
  })
}

function committed(history: Gathering, { op, offset, generation, shown }: Write, key: number): Part {
  if (shown) return answered(op, offset, `of ${history.keys.list[key]}`)
  const when = generation < 0 ? '' : ` in generation ${generation}`
  return { op, text: `committed offset ${offset} of ${history.keys.list[key]}${when}` }
}

function answered(op: number, offset: number | null, where: string): Part {
  return { op, text: `was told ${offset === null ? 'that nothing is committed' : `offset ${offset}`} ${where}` }
}
