// The judge of a history: takes its lines one by one, and at the end answers with Jepsen's Kafka anomalies by name. Time
// is linear in the history (lines, sends and polled records), memory a few numbers for each and one copy of each value.
// Does NOT check: what no line tells. Timestamps, headers, bytes; latencies; what happened after the last line. Each
// checker's own header says more.

import { checkCommits } from './commits.ts'
import { checkCycles } from './cycles.ts'
import { type Case, Findings } from './findings.ts'
import { FAIL, Gathering, INFO, OK } from './gather.ts'
import { checkGroups } from './groups.ts'
import { checkLosses } from './losses.ts'
import { Orders } from './orders.ts'
import { checkPolls } from './polls.ts'
import { checkSends } from './sends.ts'
import { consumeCounts, worstLag } from './stats.ts'
import type { AnomalyName, CheckOptions, HistoryLine, HistoryReport, HistoryStats } from './types.ts'
import { checkValues } from './values.ts'
import { Witnesses } from './witnesses.ts'

/** Throws a HistoryError that names the line for a history that contradicts its own form. */
export function checkHistory(lines: Iterable<HistoryLine>, options: CheckOptions = {}): HistoryReport {
  const checker = new HistoryChecker(options)
  for (const line of lines) checker.add(line)
  return checker.report()
}

/** For lines that come one by one, as from a file larger than memory. */
export class HistoryChecker {
  readonly #history = new Gathering()
  readonly #options: CheckOptions
  #next = 0

  constructor(options: CheckOptions = {}) {
    this.#options = options
  }

  /** `at`: the line's index, if lines between were left out. */
  add(line: HistoryLine, at: number = this.#next): void {
    this.#history.add(line, at)
    this.#next = at + 1
  }

  /** Once, after the last line. */
  report(): HistoryReport {
    const history = this.#history
    history.end()
    const found = new Findings(history, this.#options)
    const deletedBelow = new Float64Array(history.keys.list.length)
    for (const [key, offset] of Object.entries(this.#options.deletedBelow ?? {})) {
      const id = history.keys.find(key)
      if (id !== undefined) deletedBelow[id] = offset
    }
    const orders = new Orders(history)
    const witnesses = new Witnesses(history, orders)
    const it: Case = { history, orders, found, witnesses, deletedBelow, seenFrom: this.#options.seenFrom ?? (() => 0) }
    checkValues(it)
    checkLosses(it)
    checkPolls(it)
    checkSends(it)
    checkCommits(it)
    checkGroups(it)
    checkCycles(it)
    return {
      valid: found.counts.size === 0,
      anomalies: found.kept.sort((a, b) => Number(b.failure) - Number(a.failure)),
      counts: record(found.counts),
      allowed: record(found.allowed),
      allowedLosses: record(found.allowedLosses),
      consumeCounts: consumeCounts(it),
      stats: statsOf(it),
    }
  }
}

function record(counts: ReadonlyMap<AnomalyName, number>): Partial<Record<AnomalyName, number>> {
  return Object.fromEntries(counts)
}

function statsOf(it: Case): HistoryStats {
  const { history, orders } = it
  const outcomes = [0, 0, 0]
  for (let op = 0; op < history.operations; op++) outcomes[history.outcome.at(op)]! += 1
  let acknowledged = 0
  for (let send = 0; send < history.sendOp.length; send++) {
    if (history.outcome.at(history.sendOp.at(send)) === OK) acknowledged += 1
  }
  let polledDistinct = 0
  for (const isSeen of orders.isSeen) polledDistinct += isSeen
  return {
    lines: history.lines,
    operations: history.operations,
    processes: history.processes.list.length,
    keys: history.keys.list.length,
    ok: outcomes[OK]!,
    fail: outcomes[FAIL]!,
    info: outcomes[INFO]!,
    sent: history.sendOp.length,
    acknowledged,
    polled: history.pollOp.length,
    polledDistinct,
    startedAt: history.firstTime,
    durationMs: history.lastTime - history.firstTime,
    worstLag: worstLag(it),
  }
}
