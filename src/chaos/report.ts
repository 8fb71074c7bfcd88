// From what was noted during a run to its report, and the report as text. Pure: the same notes give the same report.

import type { HistoryKey } from '../check/index.ts'
import type { GroupNotes } from './groups.ts'
import type { ChaosReport, Episode, EpisodeReport, GroupReport, MetadataChange } from './types.ts'
import { lengthOf, seconds, textOf } from './words.ts'
import type { Ack } from './workload.ts'

/** After its end an episode may still show: elections, replicas that come back. */
export const AFTERMATH_MS = 2_000
/** What calm times have too is no gap: half as long again as most of theirs, and nothing shorter than this. */
const LEAST_GAP_MS = 250
const CALM_FACTOR = 1.5
/** Single stalls of a busy machine, and the one calm that began before all had come back, are no measure. */
const CALM_QUANTILE = 0.75

export interface Notes {
  readonly durationMs: number
  readonly keys: readonly HistoryKey[]
  /** In the order of their times. */
  readonly acks: readonly Ack[]
  readonly changes: readonly MetadataChange[]
  readonly episodes: readonly Episode[]
}

export interface Measured {
  readonly episodes: readonly EpisodeReport[]
  readonly passedOver: ChaosReport['passedOver']
  readonly acknowledgedPerSecond: number
  readonly calmGapMs: number
}

interface Span {
  readonly from: number
  readonly to: number
}

export function measure(notes: Notes): Measured {
  const { durationMs, episodes } = notes
  const done = episodes.filter(({ passedOver }) => passedOver === null)
  const spans = done.map((episode): Span => ({ from: episode.at, to: episode.until ?? durationMs }))
  const calm = complement(spans, durationMs)
  const byKey = timesByKey(notes)
  const settled = calm
    .map(({ from, to }) => ({ from: from === 0 ? 0 : from + AFTERMATH_MS, to }))
    .filter(({ from, to }) => to > from)
  const calmGaps = settled.map((span) => longestGap(byKey, span).ms).sort((a, b) => a - b)
  const calmGapMs = calmGaps[Math.min(calmGaps.length - 1, Math.floor(calmGaps.length * CALM_QUANTILE))] ?? 0
  const threshold = Math.max(LEAST_GAP_MS, calmGapMs * CALM_FACTOR)
  const calmMs = calm.reduce((sum, { from, to }) => sum + to - from, 0)
  const calmAcks = notes.acks.filter(({ at }) => calm.some(({ from, to }) => at >= from && at < to)).length
  return {
    episodes: done.map((episode, i) => reportOf(episode, spans[i]!, notes, byKey, threshold)),
    passedOver: episodes.flatMap(({ fault, passedOver }) =>
      passedOver === null ? [] : [{ text: textOf(fault), why: passedOver }],
    ),
    acknowledgedPerSecond: calmMs > 0 ? calmAcks / (calmMs / 1000) : 0,
    calmGapMs,
  }
}

export function measureGroup(notes: GroupNotes, keys: readonly HistoryKey[], durationMs: number): GroupReport {
  const { name, lives, committed, refused, unknown, read, again, reads, generations } = notes
  // A group that was given nothing before the end has had a gap of the whole run.
  const first = reads[0]?.at ?? durationMs
  const from = first < durationMs ? first : 0
  const gap = longestGap(timesByKey({ keys, acks: reads }), { from, to: durationMs })
  return {
    ...{ name, rebalances: generations.size, lives, committed, refused, unknown, read, again },
    ...{ failedPolls: Object.fromEntries(notes.failedPolls) },
    ...{ gapMs: Math.round(gap.ms), gapPartition: gap.key },
  }
}

function reportOf(
  { fault }: Episode,
  span: Span,
  notes: Notes,
  byKey: ReadonlyMap<HistoryKey, readonly number[]>,
  threshold: number,
): EpisodeReport {
  const wide: Span = { from: span.from, to: Math.min(notes.durationMs, span.to + AFTERMATH_MS) }
  const within = notes.changes.filter(({ at }) => at >= wide.from && at < wide.to)
  const gap = longestGap(byKey, wide)
  const leaderChanges = within.filter(({ kind }) => kind === 'leader').length
  const isrChanges = within.length - leaderChanges
  return {
    text: lengthOf(fault) === null ? `${textOf(fault)} for ${seconds(span.to - span.from)}` : textOf(fault),
    verb: fault.verb,
    atMs: Math.round(span.from),
    untilMs: Math.round(span.to),
    leaderChanges,
    isrChanges,
    gapMs: Math.round(gap.ms),
    gapPartition: gap.key,
    observed: leaderChanges + isrChanges > 0 || gap.ms >= threshold,
  }
}

function timesByKey({ keys, acks }: Pick<Notes, 'keys' | 'acks'>): Map<HistoryKey, number[]> {
  const byKey = new Map<HistoryKey, number[]>(keys.map((key) => [key, []]))
  for (const { key, at } of acks) byKey.get(key)?.push(at)
  return byKey
}

/** The longest time without an acknowledgement of one partition that touches the span, counted within it and up to the
 *  first acknowledgement after it. */
function longestGap(
  byKey: ReadonlyMap<HistoryKey, readonly number[]>,
  { from, to }: Span,
): { ms: number; key: HistoryKey | null } {
  let longest: { ms: number; key: HistoryKey | null } = { ms: 0, key: null }
  for (const [key, times] of byKey) {
    let before = from
    for (let i = firstAtOrAfter(times, from); ; i++) {
      const at = Math.min(times[i] ?? to, to)
      if (at - before > longest.ms) longest = { ms: at - before, key }
      if (at >= to) break
      before = at
    }
  }
  return longest
}

function firstAtOrAfter(times: readonly number[], at: number): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (times[middle]! < at) low = middle + 1
    else high = middle
  }
  return low
}

/** What lies between spans, in order; spans may overlap. */
function complement(spans: readonly Span[], durationMs: number): Span[] {
  const calm: Span[] = []
  let free = 0
  for (const { from, to } of [...spans].sort((a, b) => a.from - b.from)) {
    if (from > free) calm.push({ from: free, to: Math.min(from, durationMs) })
    free = Math.max(free, to)
  }
  if (free < durationMs) calm.push({ from: free, to: durationMs })
  return calm
}

/** Nothing that must not be: no anomaly, nothing that failed. */
export function isGood(report: ChaosReport): boolean {
  return report.anomalies.length === 0 && report.failures.length === 0
}

/** For people. */
export function formatReport(report: ChaosReport): string {
  const { episodes } = report
  const wide = Math.max(0, ...episodes.map(({ text }) => text.length))
  const rows = episodes.map((each, i) => {
    const effect = [
      count(each.leaderChanges, 'leader change'),
      count(each.isrChanges, 'ISR change'),
      `gap ${each.gapMs} ms${each.gapPartition === null ? '' : ` on ${each.gapPartition}`}`,
    ].filter((part) => part !== '')
    const at = seconds(each.atMs).padStart(8)
    return `${String(i + 1).padStart(4)} ${at}  ${each.text.padEnd(wide)}  ${effect.join(', ')}${each.observed ? '' : '  (no effect seen)'}`
  })
  const observed = episodes.filter((each) => each.observed).length
  const passed = report.passedOver.map(({ text, why }) => `  passed over: ${text}: ${why}`)
  const recovery =
    report.recoveryMs === null
      ? 'the cluster did not recover'
      : `every replica was in sync ${seconds(report.recoveryMs)} after the last fault was healed`
  return [
    ...rows,
    ...passed,
    '',
    `${episodes.length} episodes in ${seconds(report.durationMs)}, ${observed} with an observed effect; longest gap ${Math.max(0, ...episodes.map(({ gapMs }) => gapMs))} ms, between episodes ${Math.round(report.calmGapMs)} ms`,
    `${report.acknowledged} records acknowledged (${report.acknowledgedPerSecond.toFixed(0)} a second between episodes), ${report.failed} refused, ${report.unknown} unknown, ${report.consumed} read; ${recovery}`,
    ...report.groups.map(groupText),
    ...report.allowed.map((text) => `allowed: ${text}`),
    ...report.failures.map((text) => `FAILED: ${text}`),
    ...report.anomalies.map((text) => `ANOMALY: ${text}`),
    `${report.anomalies.length} anomalies`,
  ].join('\n')
}

function groupText(group: GroupReport): string {
  const { name, rebalances, lives, committed, refused, unknown, read, again, gapMs, gapPartition } = group
  const where = gapPartition === null ? '' : ` on ${gapPartition}`
  const failed = Object.entries(group.failedPolls).map(([error, times]) => `${error} ${times} times`)
  const polls = failed.length === 0 ? '' : `, polls failed (${failed.join(', ')})`
  return `${name}: ${rebalances} rebalances of ${lives} members, ${committed} commits (${refused} refused, ${unknown} unknown), ${read} records read, ${again} of them again${polls}; longest gap ${gapMs} ms${where}`
}

function count(n: number, what: string): string {
  return n === 0 ? '' : `${n} ${what}${n === 1 ? '' : 's'}`
}
