// What groups have committed is a register, one a group and key: a member that joins is told what the last commit set.
// lost-commit: it is told something older, or nothing, though a later commit was acknowledged or shown before. An
// attempt of which nobody knows may take effect until the generation that it was made in is over; a generation begins
// when all commits of the ones before are known. phantom-commit: it is told what nobody committed. A deletion is a commit
// of nothing.
// Does NOT check: joins that do not tell what they were told, and keys that a member keeps over a join; the order of commits that were under way at once; whether
// what was committed had been polled (groups.ts).

import type { Case, Part } from './findings.ts'
import { FAIL, type Gathering, type Joined, OK } from './gather.ts'
import { type Floor, NONE, Register, replacer, type Write } from './registers.ts'

interface Event {
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
  /** By join: of each of its keys, what was known when it began. */
  const asked = new Map<number, Map<number, Floor>>()
  for (const { op, isEnd } of events(history)) {
    const commit = history.commits.get(op)
    if (commit !== undefined) {
      const isOk = history.outcome.at(op) === OK
      for (const [key, offset] of commit.offsets) {
        const register = registerOf(commit.group, key)
        const write = writeOf(history, op, offset, commit.generation)
        if (isEnd) {
          if (isOk) register.acknowledged(write)
        } else if (history.outcome.at(op) === FAIL) register.refused(write)
        else register.invoked(write)
      }
      continue
    }
    const joined = history.joins.get(op)
    if (joined === undefined || joined.committed === null) continue
    if (!isEnd) {
      const keys = joined.keys.filter((key) => !joined.kept.has(key))
      asked.set(op, new Map(keys.map((key) => [key, registerOf(joined.group, key).floor])))
    } else {
      for (const [key, floor] of asked.get(op)!) told(it, op, joined, key, registerOf(joined.group, key), floor)
      asked.delete(op)
    }
  }
}

/** Beginnings and ends of commits and joins, as they happened. */
function* events(history: Gathering): Generator<Event> {
  const { completions } = history
  let next = 0
  for (let op = 0; op <= history.operations; op++) {
    const until = op < history.operations ? history.invokedLine.at(op) : Number.POSITIVE_INFINITY
    for (; next < completions.length; next++) {
      const line = history.completedLine.at(completions.at(next))
      if (line > until) break
      if (line >= 0) yield { op: completions.at(next), isEnd: true }
    }
    if (op < history.operations) yield { op, isEnd: false }
  }
}

function writeOf(history: Gathering, op: number, offset: number, generation: number): Write {
  const isCertain = history.outcome.at(op) === OK
  const completed = isCertain ? history.completedLine.at(op) : Number.POSITIVE_INFINITY
  return { op, offset, generation, invoked: history.invokedLine.at(op), completed, shown: false }
}

function told(it: Case, op: number, joined: Joined, key: number, register: Register, before: Floor): void {
  const { history } = it
  // Also what was acknowledged only meanwhile, but in a generation that was over when this one began.
  const floor = register.floorOf(joined.generation, before)
  const offset = joined.committed!.get(key) ?? NONE
  const writes = register.offset(offset)
  const last = writes?.last ?? null
  if (writes === undefined || last === null) {
    phantom(it, op, joined, key, offset, writes?.refused ?? null)
    return
  }
  if (!writes.mayStand(floor)) {
    lost(it, op, joined, key, last, replacer(last, floor)!)
    return
  }
  const [invoked, completed] = [history.invokedLine.at(op), history.completedLine.at(op)]
  // From here on it has stood for certain, whatever becomes of the attempts; the next one may well be told the same.
  register.shown({ op, offset, generation: joined.generation, invoked, completed, shown: true })
}

function lost(it: Case, op: number, joined: Joined, key: number, was: Write, newer: Write): void {
  const { history, found } = it
  found.add({
    name: 'lost-commit',
    key,
    tell: () => {
      const where = `of ${history.keys.list[key]}`
      const which = was.offset === NONE ? 'nothing' : `offset ${was.offset}`
      const how = newer.shown ? 'had been told before' : 'was acknowledged after that'
      const what = newer.offset !== NONE ? `offset ${newer.offset}` : newer.shown ? 'that nothing is' : 'its deletion'
      return {
        text: `group ${history.groups.list[joined.group]} was told that ${which} is committed ${where}, and ${what} ${how}`,
        parts: [
          ...(was.op < 0 ? [] : [committed(history, was, key)]),
          committed(history, newer, key),
          answered(op, was.offset, where),
        ],
      }
    },
  })
}

function phantom(it: Case, op: number, joined: Joined, key: number, offset: number, refused: Write | null): void {
  const { history, found } = it
  found.add({
    name: 'phantom-commit',
    key,
    tell: () => {
      const where = `of ${history.keys.list[key]}`
      const why = refused === null ? 'nobody had committed that' : 'that commit failed'
      return {
        text: `group ${history.groups.list[joined.group]} was told that offset ${offset} is committed ${where}, and ${why}`,
        parts: [...(refused === null ? [] : [committed(history, refused, key)]), answered(op, offset, where)],
      }
    },
  })
}

function committed(history: Gathering, { op, offset, generation, shown }: Write, key: number): Part {
  if (shown) return answered(op, offset, `of ${history.keys.list[key]}`)
  const when = generation < 0 ? '' : ` in generation ${generation}`
  if (offset === NONE) return { op, text: `deleted the committed offset of ${history.keys.list[key]}` }
  return { op, text: `committed offset ${offset} of ${history.keys.list[key]}${when}` }
}

function answered(op: number, offset: number, where: string): Part {
  return { op, text: `was told ${offset === NONE ? 'that nothing is committed' : `offset ${offset}`} ${where}` }
}
