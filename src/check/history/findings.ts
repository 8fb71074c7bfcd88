// What the checkers of a history write into: counts by name, the first anomalies of each with their evidence, what the
// settings allow. Judges nothing. Invariant: memory is bounded by the number of names, whatever the number of anomalies.

import { type Gathering, OUTCOMES } from './gather.ts'
import type { Orders } from './orders.ts'
import type { Anomaly, AnomalyEvidence, AnomalyName, CheckOptions } from './types.ts'
import type { Witnesses } from './witnesses.ts'
import { deedsOf } from './words.ts'

const DEFAULT_MAX_PER_NAME = 32

/** An operation that takes part in an anomaly, and what it did in it; without words, what it did at large. */
export interface Part {
  readonly op: number
  readonly text?: string
}

export interface Finding {
  readonly name: AnomalyName
  readonly failure?: boolean
  /** Id of a key, −1 for none. */
  readonly key: number
  /** Made only for those that are kept. */
  readonly tell: () => { readonly text: string; readonly parts: readonly Part[] }
}

/** All that a checker needs. */
export interface Case {
  readonly history: Gathering
  readonly orders: Orders
  readonly found: Findings
  readonly witnesses: Witnesses
  /** One a key: below it, records were deleted. */
  readonly deletedBelow: Float64Array
  readonly seenFrom: NonNullable<CheckOptions['seenFrom']>
}

export class Findings {
  readonly counts: Map<AnomalyName, number> = new Map()
  readonly allowed: Map<AnomalyName, number> = new Map()
  readonly allowedLosses: Map<AnomalyName, number> = new Map()
  readonly kept: Anomaly[] = []
  readonly #history: Gathering
  readonly #max: number

  constructor(history: Gathering, options: CheckOptions) {
    this.#history = history
    this.#max = options.maxPerName ?? DEFAULT_MAX_PER_NAME
  }

  add(finding: Finding): void {
    const failure = finding.failure ?? true
    const counts = failure ? this.counts : this.allowed
    const n = (counts.get(finding.name) ?? 0) + 1
    counts.set(finding.name, n)
    if (n > this.#max) return
    const { text, parts } = finding.tell()
    const evidence = parts
      .map((part) => this.#evidence(part))
      .sort((a, b) => a.line - b.line)
      .filter((part, i, all) => i === 0 || part.line !== all[i - 1]!.line)
    this.kept.push({
      name: finding.name,
      failure,
      key: finding.key < 0 ? null : this.#history.keys.list[finding.key]!,
      text,
      lines: evidence.map((part) => part.line),
      evidence,
    })
  }

  allowLoss(name: AnomalyName): void {
    this.allowedLosses.set(name, (this.allowedLosses.get(name) ?? 0) + 1)
  }

  #evidence({ op, text }: Part): AnomalyEvidence {
    const history = this.#history
    const completed = history.completedLine.at(op)
    return {
      line: completed < 0 ? history.invokedLine.at(op) : completed,
      op: history.number.at(op),
      process: history.processes.list[history.process.at(op)]!,
      invokedAt: history.invokedAt.at(op),
      completedAt: completed < 0 ? null : history.completedAt.at(op),
      outcome: OUTCOMES[history.outcome.at(op)]!,
      text: text ?? deedsOf(history, op),
    }
  }
}
