// Where a producer's sends land: nonmonotonic-send between the sends of a process, int-nonmonotonic-send and
// int-send-skip within one operation (the last is always allowed: Kafka does not isolate writers from each other).
// A process may have several sends under way. What is promised then: of an idempotent producer, the order of invocation
// among those that were acknowledged (sequence numbers, KIP-98; a new epoch after a failure keeps it, KIP-360). Of one
// that is not, only that a send lands after those that were acknowledged before it was invoked, since a retry may overtake.
// Does NOT check: sends that failed or of which nobody knows; weak ones, whose offset may be used again; sends to a key
// before and after an assignment without that key, or before and after a crash; gaps between operations.

import type { Case } from './findings.ts'
import { ASSIGN, CRASH, FAIL, INFO, OK, SUBSCRIBE } from './gather.ts'
import { sent, shown, writerPart } from './words.ts'

/** Of a process: the row of its last send to each key. */
type LastSends = Map<number, number>

export function checkSends(it: Case): void {
  const { history } = it
  const told = new Set<number>()
  const invoked: LastSends[] = []
  const acknowledged: LastSends[] = []
  const within: LastSends = new Map()
  let completion = 0
  for (let op = 0; op < history.operations; op++) {
    const process = history.process.at(op)
    for (; completion < history.completions.length; completion++) {
      const done = history.completions.at(completion)
      const line = history.completedLine.at(done)
      if (line < 0 || line > history.invokedLine.at(op)) break
      if (sendsAny(it, done)) acknowledge(it, done, ofProcess(acknowledged, history.process.at(done)))
    }
    const f = history.f.at(op)
    if (f === CRASH || f === ASSIGN || f === SUBSCRIBE) {
      forget(it, op, ofProcess(invoked, process))
      forget(it, op, ofProcess(acknowledged, process))
    } else if (sendsAny(it, op) && history.weak.at(op) === 0) {
      checkOperation(it, op, within)
      if (history.outcome.at(op) !== OK) continue
      if (history.idempotent.at(op) === 1) inOrderOfInvocation(it, op, ofProcess(invoked, process), told)
      afterAcknowledged(it, op, ofProcess(acknowledged, process), told)
    }
  }
}

function sendsAny({ history }: Case, op: number): boolean {
  return history.sendsTo.at(op) > history.sendsFrom.at(op)
}

function ofProcess(sends: LastSends[], process: number): LastSends {
  const mine = sends[process] ?? new Map<number, number>()
  sends[process] = mine
  return mine
}

function forget({ history }: Case, op: number, sends: LastSends): void {
  const assignment = history.assignments.get(op)
  if (history.f.at(op) === CRASH) sends.clear()
  else if (assignment === undefined || history.outcome.at(op) === FAIL) return
  else for (const key of sends.keys()) if (!assignment.keys.has(key)) sends.delete(key)
}

/** An operation has completed: whatever is invoked from here on must land after it. */
function acknowledge({ history, orders }: Case, op: number, sends: LastSends): void {
  if (history.outcome.at(op) !== OK || history.weak.at(op) === 1) return
  for (let row = history.sendsFrom.at(op); row < history.sendsTo.at(op); row++) {
    const slot = orders.slotOfSend(row)
    const key = history.valueKey.at(history.sendValue.at(row))
    const last = sends.get(key)
    if (slot >= 0 && (last === undefined || orders.slotOfSend(last) < slot)) sends.set(key, row)
  }
}

function checkOperation({ history, orders, found }: Case, op: number, within: LastSends): void {
  const outcome = history.outcome.at(op)
  if (outcome !== OK && outcome !== INFO) return
  within.clear()
  for (let row = history.sendsFrom.at(op); row < history.sendsTo.at(op); row++) {
    const slot = orders.slotOfSend(row)
    if (slot < 0) continue
    const key = history.valueKey.at(history.sendValue.at(row))
    const before = within.get(key)
    within.set(key, row)
    if (before === undefined) continue
    const was = orders.slotOfSend(before)
    const parts = [{ op, text: `${sent(history, before)}, then ${sent(history, row)}` }]
    const pair = `${shown(history, history.sendValue.at(before))} and then ${shown(history, history.sendValue.at(row))}`
    if (slot > was + 1) {
      const other = orders.valuesIn(was + 1)[0]!
      found.add({
        name: 'int-send-skip',
        failure: false,
        key,
        tell: () => ({
          text: `one operation sent ${pair} to ${history.keys.list[key]}, and ${shown(history, other)} of another is between them`,
          parts: [...parts, ...writerPart(history, other)],
        }),
      })
    } else if (slot <= was && history.idempotent.at(op) === 1) {
      found.add({
        name: 'int-nonmonotonic-send',
        key,
        tell: () => ({
          text: `one operation sent ${pair} to ${history.keys.list[key]}, and they landed the other way round, at offsets ${orders.slotOffset[was]} and ${orders.slotOffset[slot]}`,
          parts,
        }),
      })
    }
  }
}

function inOrderOfInvocation(it: Case, op: number, last: LastSends, told: Set<number>): void {
  const { history, orders } = it
  const first = new Set<number>()
  for (let row = history.sendsFrom.at(op); row < history.sendsTo.at(op); row++) {
    if (orders.slotOfSend(row) < 0) continue
    const key = history.valueKey.at(history.sendValue.at(row))
    const before = last.get(key)
    if (!first.has(key) && before !== undefined) compare(it, before, row, told)
    first.add(key)
    last.set(key, row)
  }
}

function afterAcknowledged(it: Case, op: number, acknowledged: LastSends, told: Set<number>): void {
  const { history, orders } = it
  for (let row = history.sendsFrom.at(op); row < history.sendsTo.at(op); row++) {
    if (orders.slotOfSend(row) < 0) continue
    const before = acknowledged.get(history.valueKey.at(history.sendValue.at(row)))
    if (before !== undefined && !told.has(op)) compare(it, before, row, told)
  }
}

function compare({ history, orders, found }: Case, before: number, row: number, told: Set<number>): void {
  const was = orders.slotOfSend(before)
  const is = orders.slotOfSend(row)
  if (is > was) return
  told.add(history.sendOp.at(row))
  const key = history.valueKey.at(history.sendValue.at(row))
  found.add({
    name: 'nonmonotonic-send',
    key,
    tell: () => ({
      text: `process ${history.processes.list[history.process.at(history.sendOp.at(row))]} sent ${shown(history, history.sendValue.at(before))} and then ${shown(history, history.sendValue.at(row))} to ${history.keys.list[key]}, and the later one landed at the earlier offset, ${orders.slotOffset[is]} before ${orders.slotOffset[was]}`,
      parts: [
        { op: history.sendOp.at(before), text: sent(history, before) },
        { op: history.sendOp.at(row), text: sent(history, row) },
      ],
    }),
  })
}
