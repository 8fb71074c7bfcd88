// The causal story of a violation: of everything worth telling in a life, what is about the violation's record, epoch or
// vote, and the faults around it, in the order in which it happened. Chooses and words; judges nothing.

import type { HistoryLine, HistoryStep, Violation, ViolationSubject } from '../../check/index.ts'
import type { LifeReport, Notable } from '../life/types.ts'
import { isVerb } from '../plan-text.ts'

export const STORY_LINES = 40
/** What was done to the cluster this long before the violation may have led to it, virtual milliseconds. */
const BEFORE_MS = 30_000
/** And to the very node that it is about, longer: it may have been dead all the while. */
const SAME_NODE_BEFORE_MS = 90_000
/** Of a record: so many offsets to either side belong to its story. */
const NEAR = 3
const METADATA = '__cluster_metadata-0'

interface Told {
  readonly at: number
  readonly order: number
  readonly text: string
  /** How much it has to do with the violation; 0: nothing. */
  readonly weight: number
}

/** Lines for people; needs a report that was kept (`keep`), else there is little to tell. */
export function story(report: LifeReport, violation: Violation, most: number = STORY_LINES): string[] {
  const told = [...fromNotables(report, violation), ...fromHistory(report, violation)].filter((each) => each.weight > 0)
  const end: Told = {
    at: violation.at,
    order: Number.POSITIVE_INFINITY,
    text: `${violation.name}: ${violation.text}`,
    weight: Number.POSITIVE_INFINITY,
  }
  // Where there is too much, the heaviest stay, and of equals the latest.
  const heaviest = told.sort((a, b) => b.weight - a.weight || b.at - a.at || b.order - a.order)
  const chosen = [...heaviest.slice(0, most - 2), end].sort((a, b) => a.at - b.at || a.order - b.order)
  const left = told.length - (chosen.length - 1)
  const lines = chosen.map(({ at, text }) => `${at.toFixed(1).padStart(10)} ms  ${text}`)
  return left > 0 ? [`${`${left} more`.padStart(13)}  lesser events are left out`, ...lines] : lines
}

function fromNotables(report: LifeReport, violation: Violation): Told[] {
  return (report.notables ?? []).map((notable, order) => ({
    at: notable.at,
    order,
    text: wordsOf(notable),
    // The violation itself is the end, and told once.
    weight: notable.text.includes(violation.text) ? 0 : weightOf(notable, violation),
  }))
}

function wordsOf({ partition, node, offset, epoch, text }: Notable): string {
  const who = node !== null && !text.includes(`node ${node}`) ? `node ${node}: ` : ''
  const where = partition !== null && !text.includes(partition) ? `${partition}: ` : ''
  const marks = [
    ...(offset !== undefined && !text.includes(String(offset)) ? [`offset ${offset}`] : []),
    ...(epoch !== undefined && !/epoch/.test(text) ? [`epoch ${epoch}`] : []),
  ]
  return `${who}${where}${text}${marks.length > 0 ? ` (${marks.join(', ')})` : ''}`
}

function weightOf(notable: Notable, { at, subject }: Violation): number {
  if (notable.at > at) return 0
  const recent = Math.max(0, 1 - (at - notable.at) / BEFORE_MS)
  if (notable.partition !== null) {
    if (subject.partition !== undefined) {
      return notable.partition === subject.partition ? ofThePartition(notable, subject, recent) : 0
    }
    // Without a partition, what happened on the node; without a node, what happened last.
    return (subject.node === undefined || subject.node === notable.node ? 3 : 0) * recent
  }
  const fault = isVerb(notable.text.split(' ', 1)[0]!) ? 10 : 0
  // Votes and elections of the quorum carry an epoch; to a topic's partition they are far away.
  const isQuorums = notable.epoch !== undefined
  if (isQuorums && subject.partition !== undefined && subject.partition !== METADATA) return 4 * recent
  if (isQuorums && subject.epoch === notable.epoch) return 50 + 20 * recent
  const samePlace = subject.node !== undefined && notable.node === subject.node
  if (samePlace) return (30 + fault) * Math.max(0, 1 - (at - notable.at) / SAME_NODE_BEFORE_MS)
  return (15 + fault) * recent
}

function ofThePartition(notable: Notable, subject: ViolationSubject, recent: number): number {
  const nearOffset =
    subject.offset === undefined || notable.offset === undefined || Math.abs(notable.offset - subject.offset) <= NEAR
  const sameEpoch = subject.epoch !== undefined && notable.epoch === subject.epoch
  const exact = subject.offset !== undefined && notable.offset === subject.offset
  if (exact) return 100
  if (sameEpoch) return 60 + 20 * recent
  // A truncation or an election names no offset near ours and may still have taken it.
  if (!nearOffset) return notable.offset! <= subject.offset! ? 20 + 20 * recent : 5 * recent
  return 40 + 20 * recent
}

function fromHistory(report: LifeReport, { subject }: Violation): Told[] {
  if (subject.partition === undefined || (subject.offset === undefined && subject.value === undefined)) return []
  const { partition, offset } = subject
  const value = subject.value ?? valueAt(report.history ?? [], partition, offset)
  const told: Told[] = []
  const readers = new Set<string>()
  // Sends are told whole, of polls the first of each reader: later ones see the same.
  for (const [order, line] of (report.history ?? []).entries()) {
    if (!('steps' in line)) continue
    const what = line.steps.flatMap((step) => aboutRecord(step, partition, offset, value))
    if (what.length === 0) continue
    if (line.f === 'poll' && readers.has(line.process)) continue
    readers.add(line.process)
    told.push({
      at: line.time,
      order: 1e9 + order,
      text: `${line.process}: ${what.join(', ')}${outcomeOf(line)}`,
      weight: 90,
    })
  }
  return told
}

/** What was acknowledged at an offset, so that its send can be told from its beginning. */
function valueAt(history: readonly HistoryLine[], partition: string, offset: number | undefined): string | undefined {
  for (const line of history) {
    if (line.type !== 'ok' || !('steps' in line)) continue
    for (const step of line.steps) {
      if (step.f === 'send' && step.key === partition && step.offset === offset) return String(step.value)
    }
  }
  return undefined
}

function aboutRecord(
  step: HistoryStep,
  partition: string,
  offset: number | undefined,
  value: string | undefined,
): string[] {
  if (step.f === 'send') {
    if (step.key !== partition) return []
    const same =
      value === undefined ? step.offset !== undefined && step.offset === offset : String(step.value) === value
    if (!same) return []
    return [`send of "${step.value}" to ${partition}${step.offset === undefined ? '' : ` at offset ${step.offset}`}`]
  }
  const records = step.records?.[partition] ?? []
  return records
    .filter(([at, read]) => at === offset || (value !== undefined && String(read) === value))
    .map(([at, read]) => `read "${read}" at ${partition} offset ${at}`)
}

function outcomeOf(line: HistoryLine): string {
  if (line.type === 'invoke') return line.f === 'send' ? ' begins' : ''
  if (line.type === 'ok') return line.f === 'send' ? ' is acknowledged' : ''
  const why = line.error === undefined ? '' : ` (${line.error})`
  return line.type === 'fail' ? ` is refused${why}` : ` ends without an answer${why}`
}
