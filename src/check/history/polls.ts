// Where a consumer's polls go: poll-skip and nonmonotonic-poll between the polls of a process, int-poll-skip and
// int-nonmonotonic-poll within one operation. Those between polls are allowed to a process that has subscribed, since a
// rebalance may move it; but where a join tells its place, it must go on there, and may read again what the group has not
// committed. A poll that failed, or of which nobody knows, is judged by where the process stood before; after
// one of which nobody knows, or a crash, nobody knows where it stands.
// Does NOT check: where a process begins (its first poll, or one after a seek, may be anywhere, if no join tells); whether two members of
// a group read the same partition; records of values that nobody saw at any offset.

import type { Case, Part } from './findings.ts'
import { ASSIGN, COMMIT, CRASH, FAIL, INFO, JOIN, type Joined, OK, SEND, SUBSCRIBE } from './gather.ts'
import { polled, shown, writerPart } from './words.ts'

/** Of a process: the row of its last record of each key. */
type Positions = Map<number, number>

/** Of a process: where its join lets it begin in keys that it has not polled since. */
interface Start {
  readonly op: number
  readonly offset: number
}
type Starts = Map<number, Start>

export function checkPolls(it: Case): void {
  const { history } = it
  const positions: Positions[] = []
  const starts: Starts[] = history.processes.list.map(() => new Map())
  const isSubscribed = new Uint8Array(history.processes.list.length)
  const within: Positions = new Map()
  for (let i = 0; i < history.completions.length; i++) {
    const op = history.completions.at(i)
    const process = history.process.at(op)
    const f = history.f.at(op)
    if (f === SEND || f === COMMIT) continue
    const before = positions[process] ?? new Map<number, number>()
    positions[process] = before
    if (f === ASSIGN || f === SUBSCRIBE) {
      if (history.outcome.at(op) === FAIL) continue
      isSubscribed[process] = f === SUBSCRIBE ? 1 : 0
      keepAssigned(it, op, before)
      starts[process]!.clear()
    } else if (f === CRASH || f === JOIN) {
      // Of a join that failed nobody knows where it leaves the member.
      const joined = f === JOIN ? history.joins.get(op) : undefined
      for (const key of before.keys()) if (joined?.kept.has(key) !== true) before.delete(key)
      isSubscribed[process] = 0
      starts[process] = startsOf(op, joined, starts[process]!)
    } else if (history.pollsTo.at(op) > history.pollsFrom.at(op) || history.outcome.at(op) === INFO) {
      within.clear()
      checkOperation(it, op, { before, starts: starts[process]!, within, isSubscribed: isSubscribed[process] === 1 })
      if (history.outcome.at(op) === OK) for (const [key, row] of within) before.set(key, row)
      else if (history.outcome.at(op) === INFO) {
        before.clear()
        starts[process]!.clear()
      }
    }
  }
}

function startsOf(op: number, joined: Joined | undefined, before: Starts): Starts {
  const starts: Starts = new Map()
  if (joined === undefined) return starts
  for (const key of joined.kept) if (before.has(key)) starts.set(key, before.get(key)!)
  if (joined.committed === null) return starts
  for (const key of joined.keys) {
    if (joined.kept.has(key)) continue
    const offset = joined.committed.get(key) ?? (joined.reset === 'earliest' ? 0 : null)
    if (offset !== null) starts.set(key, { op, offset })
  }
  return starts
}

function keepAssigned({ history }: Case, op: number, positions: Positions): void {
  const assignment = history.assignments.get(op)
  if (assignment === undefined || assignment.seek) {
    positions.clear()
    return
  }
  for (const key of positions.keys()) if (!assignment.keys.has(key)) positions.delete(key)
}

interface Stand {
  readonly before: Positions
  readonly starts: Starts
  readonly within: Positions
  readonly isSubscribed: boolean
}

function checkOperation(it: Case, op: number, { before, starts, within, isSubscribed }: Stand): void {
  const { history } = it
  const rebalanced = history.rebalanced.get(op)
  for (let row = history.pollsFrom.at(op); row < history.pollsTo.at(op); row++) {
    const key = history.valueKey.at(history.pollValue.at(row))
    const inside = within.get(key)
    within.set(key, row)
    if (rebalanced?.has(key) === true) continue
    if (inside !== undefined) compare(it, inside, row, true, false)
    else if (before.has(key)) compare(it, before.get(key)!, row, false, isSubscribed)
    else if (starts.has(key)) compareStart(it, starts.get(key)!, key, row)
  }
}

function compareStart(it: Case, { op, offset }: Start, key: number, row: number): void {
  const { history, orders, found } = it
  const should = orders.firstFrom(key, offset)
  const is = orders.slotOfPoll(row)
  if (is === should) return
  const isSkip = is > should
  if (isSkip && isDeleted(it, key, is)) return
  const name = history.keys.list[key]!
  found.add({
    name: isSkip ? 'poll-skip' : 'nonmonotonic-poll',
    key,
    tell: () => {
      const who = history.processes.list[history.process.at(op)]
      const path = `process ${who} joined at offset ${offset} of ${name} and then polled offset ${history.pollOffset.at(row)}`
      const parts: Part[] = [
        { op, text: `was given ${name} from offset ${offset} on` },
        { op: history.pollOp.at(row), text: polled(history, row) },
      ]
      if (!isSkip) return { text: `${path}: back`, parts }
      const skipped = orders.valuesIn(should)[0]!
      const more = is - should > 1 ? ` and ${is - should - 1} more` : ''
      return {
        text: `${path}: it skipped ${shown(history, skipped)} at offset ${orders.slotOffset[should]}${more}`,
        parts: [...parts, ...writerPart(history, skipped)],
      }
    },
  })
}

function compare(it: Case, from: number, to: number, isInternal: boolean, isAllowed: boolean): void {
  const { history, orders, found } = it
  const was = orders.slotOfPoll(from)
  const is = orders.slotOfPoll(to)
  if (is === was + 1) return
  const value = history.pollValue.at(to)
  const key = history.valueKey.at(value)
  const isSkip = is > was
  if (isSkip && isDeleted(it, key, is)) return
  const who = isInternal
    ? 'one operation'
    : `process ${history.processes.list[history.process.at(history.pollOp.at(to))]}`
  found.add({
    name: isSkip
      ? isInternal
        ? 'int-poll-skip'
        : 'poll-skip'
      : isInternal
        ? 'int-nonmonotonic-poll'
        : 'nonmonotonic-poll',
    failure: !isAllowed,
    key,
    tell: () => {
      const path = `${who} polled offset ${history.pollOffset.at(from)} of ${history.keyOf(value)} and then offset ${history.pollOffset.at(to)}`
      const parts: Part[] = isInternal
        ? [{ op: history.pollOp.at(to), text: `${polled(history, from)}, then ${polled(history, to)}` }]
        : [
            { op: history.pollOp.at(from), text: polled(history, from) },
            { op: history.pollOp.at(to), text: polled(history, to) },
          ]
      if (!isSkip) return { text: `${path}: ${is === was ? 'again' : 'back'}`, parts }
      const skipped = orders.valuesIn(was + 1)[0]!
      const more = is - was > 2 ? ` and ${is - was - 2} more` : ''
      return {
        text: `${path}: it skipped ${shown(history, skipped)} at offset ${orders.slotOffset[was + 1]}${more}`,
        parts: [...parts, ...writerPart(history, skipped)],
      }
    },
  })
}

/** Whether all that a poll jumped over was deleted. */
function isDeleted({ orders, deletedBelow }: Case, key: number, is: number): boolean {
  return orders.slotOffset[is - 1]! < deletedBelow[key]!
}
