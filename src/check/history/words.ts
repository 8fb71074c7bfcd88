// What operations did, in words for people. Judges nothing.

import type { Part } from './findings.ts'
import { FUNCTIONS, type Gathering } from './gather.ts'

/** So many sends or records of an operation are named in a line of evidence. */
const MAX_NAMED = 4

/** `"a"`: a value as it stands in the history. */
export function shown(history: Gathering, value: number): string {
  return JSON.stringify(history.values[value])
}

export function sent(history: Gathering, send: number): string {
  const value = history.sendValue.at(send)
  const offset = history.sendOffset.at(send)
  const where = offset < 0 ? 'offset unknown' : `offset ${offset}`
  return `sent ${shown(history, value)} to ${history.keyOf(value)}, ${where}`
}

export function polled(history: Gathering, row: number): string {
  const value = history.pollValue.at(row)
  return `polled ${shown(history, value)} from ${history.keyOf(value)}, offset ${history.pollOffset.at(row)}`
}

/** Who sent a value, as a part of an anomaly; none for one that nobody sent. */
export function writerPart(history: Gathering, value: number): Part[] {
  const send = history.valueSend.at(value)
  return send < 0 ? [] : [{ op: history.sendOp.at(send), text: sent(history, send) }]
}

/** All that an operation did, as far as it fits. */
export function deedsOf(history: Gathering, op: number): string {
  const deeds: string[] = []
  for (let row = history.sendsFrom.at(op); row < history.sendsTo.at(op); row++) deeds.push(sent(history, row))
  for (let row = history.pollsFrom.at(op); row < history.pollsTo.at(op); row++) deeds.push(polled(history, row))
  if (deeds.length === 0) return FUNCTIONS[history.f.at(op)]!
  const named = deeds.slice(0, MAX_NAMED).join('; ')
  return deeds.length > MAX_NAMED ? `${named}; and ${deeds.length - MAX_NAMED} more` : named
}
