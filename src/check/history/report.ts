// A report for people: each anomaly with the operations that contradict each other, by name, failures first.

import type { Anomaly, AnomalyEvidence, HistoryReport } from './types.ts'

export function formatHistoryReport(report: HistoryReport): string {
  const names = new Map<string, Anomaly[]>()
  for (const anomaly of report.anomalies) {
    const heading = `${anomaly.name}${anomaly.failure ? '' : ' (allowed)'}`
    const all = names.get(heading)
    if (all === undefined) names.set(heading, [anomaly])
    else all.push(anomaly)
  }
  const lines: string[] = []
  for (const [heading, anomalies] of names) {
    const { name, failure } = anomalies[0]!
    const count = (failure ? report.counts : report.allowed)[name] ?? anomalies.length
    lines.push(`${heading}: ${count}`)
    for (const anomaly of anomalies) lines.push(...paragraph(anomaly, report.stats.startedAt))
    if (count > anomalies.length) lines.push(`  and ${count - anomalies.length} more`)
    lines.push('')
  }
  return [...lines, ...summary(report)].join('\n')
}

function paragraph(anomaly: Anomaly, startedAt: number): string[] {
  const rows = anomaly.evidence.map((part) => cells(part, startedAt))
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]!.length))) ?? []
  return [
    `  ${anomaly.text}`,
    ...rows.map((row) => `    ${row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')}`.trimEnd()),
  ]
}

function cells(part: AnomalyEvidence, startedAt: number): string[] {
  const seconds = (at: number): string => ((at - startedAt) / 1000).toFixed(3)
  const end = part.completedAt === null ? '…' : seconds(part.completedAt)
  return [
    `line ${part.line + 1}`,
    `op ${part.op}`,
    part.process,
    `${seconds(part.invokedAt)}–${end} s`,
    part.outcome,
    part.text,
  ]
}

function summary(report: HistoryReport): string[] {
  const { stats } = report
  const lines = [
    `${stats.operations} operations of ${stats.processes} processes on ${stats.keys} keys in ${(stats.durationMs / 1000).toFixed(1)} s: ${stats.ok} ok, ${stats.fail} failed, ${stats.info} unknown`,
    `${stats.sent} values sent, ${stats.acknowledged} acknowledged; ${stats.polled} records polled, ${stats.polledDistinct} different`,
  ]
  const { worstLag } = stats
  if (worstLag.key !== null) {
    lines.push(`at worst ${worstLag.process} was ${(worstLag.ms / 1000).toFixed(3)} s behind in ${worstLag.key}`)
  }
  const consumed = Object.entries(report.consumeCounts)
  if (consumed.length > 0) {
    lines.push(`consumed by one subscriber: ${consumed.map(([times, n]) => `${n} records ${times}×`).join(', ')}`)
  }
  const losses = list(report.allowedLosses)
  if (losses !== '') lines.push(`not promised, and not kept: ${losses}`)
  const allowed = list(report.allowed)
  if (allowed !== '') lines.push(`anomalies that Kafka allows: ${allowed}`)
  lines.push(report.valid ? 'No anomaly.' : `ANOMALIES: ${list(report.counts)}`)
  return lines
}

function list(counts: Readonly<Record<string, number | undefined>>): string {
  return Object.entries(counts)
    .map(([name, n]) => `${name} ${n}`)
    .join(', ')
}
