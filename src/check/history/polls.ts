// Where a consumer's polls go: poll-skip and nonmonotonic-poll between the polls of a process, int-poll-skip and
// int-nonmonotonic-poll within one operation. Those between polls are allowed to a process that has subscribed, since a
// rebalance may move it. A poll that failed, or of which nobody knows, is judged by where the process stood before; after
// one of which nobody knows, or a crash, nobody knows where it stands.
// Does NOT check: where a process begins (its first poll, or one after a seek, may be anywhere); whether two members of
// a group read the same partition; records of values that nobody saw at any offset.

import type { Case, Part } from './findings.ts'
import { ASSIGN, CRASH, FAIL, INFO, OK, SEND, SUBSCRIBE } from './gather.ts'
import { polled, shown, writerPart } from './words.ts'

/** Of a process: the row of its last record of each key. */
type Positions = Map<number, number>

export function checkPolls(it: Case): void {
  const { history } = it
  const positions: Positions[] = []
  const isSubscribed = new Uint8Array(history.processes.list.length)
  const within: Positions = new Map()
  for (let i = 0; i < history.completions.length; i++) {
    const op = history.completions.at(i)
    const process = history.process.at(op)
    const f = history.f.at(op)
    if (f === SEND) continue
    const before = positions[process] ?? new Map<number, number>()
    positions[process] = before
    if (f === ASSIGN || f === SUBSCRIBE) {
      if (history.outcome.at(op) === FAIL) continue
      isSubscribed[process] = f === SUBSCRIBE ? 1 : 0
      keepAssigned(it, op, before)
    } else if (f === CRASH) {
      before.clear()
    } else if (history.pollsTo.at(op) > history.pollsFrom.at(op) || history.outcome.at(op) === INFO) {
      within.clear()
      checkOperation(it, op, before, within, isSubscribed[process] === 1)
      if (history.outcome.at(op) === OK) for (const [key, row] of within) before.set(key, row)
      else if (history.outcome.at(op) === INFO) before.clear()
    }
  }
}

function keepAssigned({ history }: Case, op: number, positions: Positions): void {
  const assignment = history.assignments.get(op)
  if (assignment === undefined || assignment.seek) {
    positions.clear()
    return
  }
  for (const key of positions.keys()) if (!assignment.keys.has(key)) positions.delete(key)
}

function checkOperation(it: Case, op: number, before: Positions, within: Positions, isSubscribed: boolean): void {
  const { history } = it
  const rebalanced = history.rebalanced.get(op)
  for (let row = history.pollsFrom.at(op); row < history.pollsTo.at(op); row++) {
    const key = history.valueKey.at(history.pollValue.at(row))
    const inside = within.get(key)
    within.set(key, row)
    if (rebalanced?.has(key) === true) continue
    if (inside !== undefined) compare(it, inside, row, true, false)
    else if (before.has(key)) compare(it, before.get(key)!, row, false, isSubscribed)
  }
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
