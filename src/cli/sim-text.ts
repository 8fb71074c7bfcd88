// What `odradek sim` prints: a life, a failure, the sum of an exploration. Pure text; knows no terminal.

import type { Violation } from '../check/index.ts'
import type { ExploreReport, LifeReport, LifeRow } from '../sim/index.ts'

/** Of one seed; more of them say the same again. */
const VIOLATIONS_SHOWN = 5
const HASH_DIGITS = 12

export function lifeLines(report: LifeReport, wallMs: number): string[] {
  const { swarm, budget } = report
  const lines = [
    `seed ${report.seed}: ${report.violations.length === 0 ? 'nothing found' : 'FAILED'}, hash ${report.hash.slice(0, HASH_DIGITS)}`,
    `  cluster   ${swarm.brokers} brokers, min.insync.replicas ${swarm.minInsyncReplicas}, flush=${swarm.flush}${pairsOf(swarm.properties)}`,
    `  workload  ${report.acknowledged} acknowledged, ${report.failed} failed, ${report.unknown} unknown`,
    `  changes   ${report.leaderChanges} of leaders, ${report.isrChanges} of ISRs`,
    `  faults    ${report.episodes}${countsOf(report.faults)}`,
    `  budget    ${budget.allowed}; spent in full: ${budget.spentInFull}`,
    `  recovery  ${report.recoveryMs === null ? 'never' : `${seconds(report.recoveryMs)} after healing`}`,
    `  markers   ${namesOf(report.markers)}`,
    `  time      ${seconds(report.simulatedMs)} simulated in ${seconds(wallMs)}, ${report.events} events`,
  ]
  if (Object.keys(report.allowedLosses).length > 0) lines.push(`  allowed   losses${countsOf(report.allowedLosses)}`)
  return [...lines, ...violationLines(report.violations)]
}

export function failureLines(row: LifeRow, again: string): string[] {
  return [`seed ${row.seed}: FAILED`, ...violationLines(row.violations), `  again: ${again}`]
}

function violationLines(violations: readonly Violation[]): string[] {
  const lines = violations
    .slice(0, VIOLATIONS_SHOWN)
    .map(({ name, at, text }) => `  ${name} at ${at.toFixed(0)} ms: ${text}`)
  const left = violations.length - lines.length
  return left > 0 ? [...lines, `  and ${left} more`] : lines
}

export function summaryLines(report: ExploreReport): string[] {
  const { medians, totals, floors, floorsNotJudged } = report
  const lines = [
    `${report.ran} seeds from ${report.firstSeed} in ${seconds(report.wallMs)}: ${report.ran - report.failures.length} passed, ${report.failures.length} failed${report.left > 0 ? `, ${report.left} not run` : ''}`,
    `  simulated ${(totals.simulatedMs / 3_600_000).toFixed(1)} hours, ${report.speed.toFixed(0)} s per second and core, ${totals.events} events`,
    `  median    ${medians.acknowledged} acknowledged, ${medians.leaderChanges} leader changes, ${medians.isrChanges} ISR changes, ${medians.episodes} fault episodes, recovered in ${seconds(medians.recoveryMs)}`,
    `  faults    seeds with each:${countsOf(report.faults)}`,
    `  markers   ${Object.keys(report.markers).length - report.markersMissing.length} of ${Object.keys(report.markers).length} reached${report.markersMissing.length > 0 ? `; not: ${report.markersMissing.join(', ')}` : ''}`,
  ]
  if (Object.keys(report.allowedLosses).length > 0) lines.push(`  allowed   losses${countsOf(report.allowedLosses)}`)
  if (floorsNotJudged !== null) lines.push(`  floors    not judged: ${floorsNotJudged}`)
  for (const { name, wanted, found, ok } of floors) {
    lines.push(`  ${ok ? 'floor    ' : 'BELOW    '} ${name}: ${round(found)}, at least ${wanted}`)
  }
  if (report.markersJudged && report.markersMissing.length > 0) {
    lines.push(
      `  FAILED    a rare state that no seed reached is one that nobody checks: ${report.markersMissing.join(', ')}`,
    )
  }
  return lines
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

function round(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(2)
}

function countsOf(counts: Readonly<Record<string, number | undefined>>): string {
  const names = Object.entries(counts).map(([name, times]) => `${name} ${times}`)
  return names.length === 0 ? '' : ` (${names.join(', ')})`
}

function pairsOf(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `, ${name}=${value}`)
    .join('')
}

function namesOf(markers: Readonly<Record<string, number>>): string {
  const reached = Object.entries(markers).filter(([, times]) => times > 0)
  return reached.length === 0 ? 'none' : reached.map(([name]) => name).join(', ')
}
