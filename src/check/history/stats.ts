// What is told about a history beside its anomalies: how often consumers got a record, how far they were behind.
// Informational: nothing here is a failure, and nothing judges it.

import type { Case } from './findings.ts'
import { ASSIGN, COMMIT, CRASH, FAIL, INFO, JOIN, OK, SEND, SUBSCRIBE } from './gather.ts'
import type { HistoryStats } from './types.ts'

/** How often one process polled one record while it had subscribed, in operations that succeeded: times → records. */
export function consumeCounts({ history }: Case): Record<string, number> {
  const operations: number[][] = history.processes.list.map(() => [])
  const isSubscribed = new Uint8Array(history.processes.list.length)
  for (let i = 0; i < history.completions.length; i++) {
    const op = history.completions.at(i)
    const f = history.f.at(op)
    const process = history.process.at(op)
    if (history.outcome.at(op) !== OK) continue
    if (f === SUBSCRIBE || f === JOIN) isSubscribed[process] = 1
    else if (f === ASSIGN) isSubscribed[process] = 0
    else if (isSubscribed[process] === 1 && history.pollsTo.at(op) > history.pollsFrom.at(op))
      operations[process]!.push(op)
  }
  const distribution: Record<string, number> = {}
  const times = new Int32Array(history.values.length)
  for (const ops of operations) {
    const rowsOf = (visit: (value: number) => void): void => {
      for (const op of ops) {
        for (let row = history.pollsFrom.at(op); row < history.pollsTo.at(op); row++) visit(history.pollValue.at(row))
      }
    }
    rowsOf((value) => {
      times[value]! += 1
    })
    rowsOf((value) => {
      const n = times[value]!
      if (n === 0) return
      distribution[n] = (distribution[n] ?? 0) + 1
      times[value] = 0
    })
  }
  return distribution
}

const NO_KEYS: ReadonlySet<number> = new Set()

/** A consumer's place in a key: the slot it has read through, and since when. */
interface Place {
  slot: number
  since: number
}

/** How long at least the next record after a consumer's last had been in the log when it polled in vain. */
export function worstLag(it: Case): HistoryStats['worstLag'] {
  const { history } = it
  const known = knownSince(it)
  const places = new Map<number, Map<number, Place>>()
  const lastPoll = new Float64Array(history.processes.list.length).fill(Number.NEGATIVE_INFINITY)
  let worst: HistoryStats['worstLag'] = { ms: 0, key: null, process: null }
  // While a place does not move its lag only grows, so that it is enough to look when it is left.
  const leave = (process: number, key: number, place: Place): void => {
    if (lastPoll[process]! < place.since) return
    const next = place.slot + 1
    if (next >= known.end[key]!) return
    const ms = lastPoll[process]! - known.since[next]!
    if (ms > worst.ms) worst = { ms, key: history.keys.list[key]!, process: history.processes.list[process]! }
  }
  for (let i = 0; i < history.completions.length; i++) {
    const op = history.completions.at(i)
    const process = history.process.at(op)
    const f = history.f.at(op)
    if (f === SEND || f === COMMIT) continue
    const mine = places.get(process) ?? new Map<number, Place>()
    places.set(process, mine)
    if (f === ASSIGN || f === SUBSCRIBE || f === JOIN || f === CRASH) {
      if (history.outcome.at(op) === FAIL) continue
      const keys = (f === ASSIGN ? history.assignments.get(op)?.keys : undefined) ?? NO_KEYS
      move(mine, keys, history.completedAt.at(op), process)
    } else if (history.outcome.at(op) === OK) {
      for (let row = history.pollsFrom.at(op); row < history.pollsTo.at(op); row++) {
        const key = history.valueKey.at(history.pollValue.at(row))
        const slot = it.orders.slotOfPoll(row)
        const place = mine.get(key)
        if (place !== undefined && place.slot >= slot) continue
        if (place !== undefined) leave(process, key, place)
        mine.set(key, { slot, since: history.invokedAt.at(op) })
      }
      lastPoll[process] = history.invokedAt.at(op)
    }
  }
  for (const [process, mine] of places) for (const [key, place] of mine) leave(process, key, place)
  return worst

  function move(mine: Map<number, Place>, kept: ReadonlySet<number>, since: number, process: number): void {
    for (const [key, place] of mine) {
      leave(process, key, place)
      if (!kept.has(key)) mine.delete(key)
    }
    for (const key of kept) if (!mine.has(key)) mine.set(key, { slot: known.start[key]! - 1, since })
  }
}

/** One a slot: when it or a later one of its key was first known to exist. */
function knownSince({ history, orders }: Case): {
  readonly since: Float64Array
  readonly start: Int32Array
  readonly end: Int32Array
} {
  const keys = history.keys.list.length
  const since = new Float64Array(orders.slots).fill(Number.POSITIVE_INFINITY)
  const start = new Int32Array(keys)
  const end = new Int32Array(keys)
  for (let slot = 0; slot < orders.slots; slot++) {
    const key = history.valueKey.at(orders.valuesIn(slot)[0]!)
    if (end[key] === 0) start[key] = slot
    end[key] = slot + 1
  }
  const known = start.slice()
  const know = (slot: number, value: number, time: number): void => {
    const key = history.valueKey.at(value)
    for (; known[key]! <= slot; known[key]! += 1) since[known[key]!] = time
  }
  for (let i = 0; i < history.completions.length; i++) {
    const op = history.completions.at(i)
    if (history.completedLine.at(op) < 0) continue
    const outcome = history.outcome.at(op)
    if (outcome !== OK && outcome !== INFO) continue
    const time = history.completedAt.at(op)
    for (let row = history.sendsFrom.at(op); row < history.sendsTo.at(op); row++) {
      if (history.sendOffset.at(row) >= 0) know(orders.slotOfSend(row), history.sendValue.at(row), time)
    }
    for (let row = history.pollsFrom.at(op); row < history.pollsTo.at(op); row++) {
      know(orders.slotOfPoll(row), history.pollValue.at(row), time)
    }
  }
  return { since, start, end }
}
