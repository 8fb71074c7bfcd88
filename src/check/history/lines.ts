// A history as text: one JSON object a line. Decoding trusts nothing and says what is wrong with which line and what to
// do about it; fields that it does not know are let pass, for people's notes. Does not look from one line to another:
// that is the checker's.

import { messageOf } from '../../base/index.ts'
import { HistoryError } from './errors.ts'
import type { HistoryLine } from './types.ts'

const EXCHANGES: readonly unknown[] = ['send', 'poll', 'txn']
const ASSIGNMENTS: readonly unknown[] = ['assign', 'subscribe']
const TYPES: readonly unknown[] = ['invoke', 'ok', 'fail', 'info']
const SHOWN_CHARACTERS = 60
const OFFSETS_FORM = 'the next offset to read by key, as {"topic-0": 12}'

export function encodeHistoryLine(line: HistoryLine): string {
  return JSON.stringify(line)
}

/** `at`: the line's index, for errors. */
export function decodeHistoryLine(text: string, at: number): HistoryLine {
  let line: unknown
  try {
    line = JSON.parse(text)
  } catch (error) {
    throw new HistoryError(
      at,
      `is not JSON (${messageOf(error)}): ${shorten(text)}; each line is one JSON object, and a last line that was cut off when its writer died must be removed`,
    )
  }
  const wrong = flawOf(line)
  if (wrong !== null) throw new HistoryError(at, `${wrong}: ${shorten(text)}`)
  return line as HistoryLine
}

/** Lines of a text; empty ones are passed over, their numbers are not. */
export function* decodeHistory(text: string): Generator<HistoryLine> {
  for (const [at, line] of text.split('\n').entries()) if (line.trim() !== '') yield decodeHistoryLine(line, at)
}

type Fields = Readonly<Record<string, unknown>>

function flawOf(line: unknown): string | null {
  if (!isObject(line)) return 'is no JSON object'
  if (typeof line.process !== 'string' || line.process === '') return lacks(line, 'process', 'a name in quotes')
  if (!isWhole(line.op)) return lacks(line, 'op', 'a number 0, 1, 2, … that joins the two lines of an operation')
  if (typeof line.time !== 'number') return lacks(line, 'time', 'a number of milliseconds')
  if (!TYPES.includes(line.type)) return lacks(line, 'type', 'one of "invoke", "ok", "fail", "info"')
  if (line.error !== undefined && typeof line.error !== 'string') return lacks(line, 'error', 'text')
  if (EXCHANGES.includes(line.f)) return flawOfExchange(line)
  if (ASSIGNMENTS.includes(line.f)) return areKeys(line.keys) ? null : lacks(line, 'keys', 'a list of names')
  if (line.f === 'join' || line.f === 'commit') return flawOfGroup(line)
  if (line.f === 'crash') return null
  return lacks(line, 'f', 'one of "send", "poll", "txn", "assign", "subscribe", "join", "commit", "crash"')
}

function flawOfGroup(line: Fields): string | null {
  if (typeof line.group !== 'string') return lacks(line, 'group', 'a name in quotes')
  if (line.generation !== undefined && !isWhole(line.generation)) {
    return `${lacks(line, 'generation', 'a whole number from 0 on')}, and is left out where there is none`
  }
  if (line.f === 'commit') {
    if (isObject(line.offsets) && Object.values(line.offsets).every((it) => it === null || isWhole(it))) return null
    return `${lacks(line, 'offsets', OFFSETS_FORM)}, or null where it deletes what is committed`
  }
  for (const name of ['keys', 'kept'] as const) {
    if (line[name] !== undefined && !areKeys(line[name])) return lacks(line, name, 'a list of names')
  }
  if (line.instance !== undefined && typeof line.instance !== 'string')
    return lacks(line, 'instance', 'a name in quotes')
  if (line.committed !== undefined && !areOffsets(line.committed)) {
    return `${lacks(line, 'committed', OFFSETS_FORM)}, and keys of which nothing is committed are left out`
  }
  const resets: readonly unknown[] = [undefined, 'earliest', 'latest']
  return resets.includes(line.reset) ? null : lacks(line, 'reset', '"earliest" or "latest"')
}

function flawOfExchange(line: Fields): string | null {
  for (const flag of ['weak', 'idempotent']) {
    if (line[flag] !== undefined && typeof line[flag] !== 'boolean') return lacks(line, flag, 'true or false')
  }
  if (line.rebalanced !== undefined && !areKeys(line.rebalanced)) return lacks(line, 'rebalanced', 'a list of names')
  if (!Array.isArray(line.steps)) return lacks(line, 'steps', 'a list of sends and polls')
  for (const [i, step] of line.steps.entries()) {
    const flaw = isObject(step) ? flawOfStep(step, line.f) : 'is no object'
    if (flaw !== null) return `steps[${i}] ${flaw}`
  }
  return null
}

function flawOfStep(step: Fields, f: unknown): string | null {
  if (step.f !== 'send' && step.f !== 'poll') return lacks(step, 'f', '"send" or "poll"')
  if (f !== 'txn' && f !== step.f) return `is a ${step.f} in a ${String(f)}; only a "txn" has both`
  if (step.f === 'poll') return step.records === undefined ? null : flawOfRecords(step.records)
  if (typeof step.key !== 'string') return lacks(step, 'key', 'a topic partition, as "topic-0"')
  if (!isValue(step.value)) return lacks(step, 'value', 'text or a number')
  if (step.offset === undefined || isWhole(step.offset)) return null
  return `${lacks(step, 'offset', 'a whole number from 0 on')}, and is left out where it is unknown`
}

function flawOfRecords(records: unknown): string | null {
  const form = 'lists of [offset, value] by key, as {"topic-0": [[0, "a"]]}'
  if (!isObject(records)) return `has "records" ${shorten(JSON.stringify(records))}; they are ${form}`
  for (const key in records) {
    const list = records[key]
    if (!Array.isArray(list)) return `has records of ${key} that are no list; they are ${form}`
    for (const pair of list) {
      const isPair = Array.isArray(pair) && pair.length === 2 && isWhole(pair[0]) && isValue(pair[1])
      if (!isPair) return `has the record ${shorten(JSON.stringify(pair))} of ${key}; they are ${form}`
    }
  }
  return null
}

function lacks(fields: Fields, name: string, form: string): string {
  const value = fields[name]
  return value === undefined
    ? `has no "${name}"; it must be ${form}`
    : `has "${name}" ${shorten(JSON.stringify(value))}; it must be ${form}`
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isWhole(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isValue(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number'
}

function areOffsets(value: unknown): boolean {
  return isObject(value) && Object.values(value).every(isWhole)
}

function areKeys(value: unknown): boolean {
  return Array.isArray(value) && value.every((key) => typeof key === 'string')
}

function shorten(text: string): string {
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}…`
}
