// Adds lives up: medians, floors, rare states. Pure; rows must come in seed order, so that two explorations of the same
// seeds tell the same. Judges floors only over lives as they are drawn: a short or fault-free one is no sample of them.

import type { AnomalyName, MarkerName } from '../../check/index.ts'
import type { ExploreOptions, ExploreReport, FloorResult, Floors, LifeRow, SeedFailure } from './types.ts'

export const DEFAULT_FLOORS: Floors = {
  acknowledged: 200,
  leaderChanges: 3,
  isrChanges: 3,
  episodes: 5,
  budgetSpent: 0.2,
  speed: null,
}
/** Medians of fewer say more about the seeds than about the simulator. */
export const FLOORS_JUDGED_FROM = 20
export const SPEED_JUDGED_FROM = 100
/** So many seeds must reach every declared marker. */
export const MARKERS_JUDGED_FROM = 1_000
/** Milliseconds of faults that the floors are meant for. */
const FLOORS_DURATION_MS = 60_000

type Sums = Record<'acknowledged' | 'failed' | 'unknown' | 'simulatedMs' | 'events' | 'cpuMs', number>
type Samples = Record<'acknowledged' | 'leaderChanges' | 'isrChanges' | 'episodes' | 'recoveryMs', number[]>

export type SummaryOptions = Pick<ExploreOptions, 'firstSeed' | 'seeds' | 'life' | 'floors' | 'declaredMarkers'>

export class Summary {
  readonly #options: SummaryOptions
  readonly #failures: SeedFailure[] = []
  readonly #sums: Sums = { acknowledged: 0, failed: 0, unknown: 0, simulatedMs: 0, events: 0, cpuMs: 0 }
  readonly #samples: Samples = { acknowledged: [], leaderChanges: [], isrChanges: [], episodes: [], recoveryMs: [] }
  readonly #markers: Map<MarkerName, number> = new Map()
  readonly #faults: Map<string, number> = new Map()
  readonly #losses: Partial<Record<AnomalyName, number>> = {}
  #ran = 0
  #budgetSpent = 0

  constructor(options: SummaryOptions) {
    this.#options = options
    for (const name of options.declaredMarkers ?? []) this.#markers.set(name, 0)
  }

  get failed(): number {
    return this.#failures.length
  }

  get markersReached(): number {
    return [...this.#markers.values()].filter((seeds) => seeds > 0).length
  }

  get markersKnown(): number {
    return this.#markers.size
  }

  add(row: LifeRow): void {
    this.#ran++
    this.#sums.cpuMs += row.cpuMs
    if (row.violations.length > 0) this.#failures.push({ seed: row.seed, violations: row.violations })
    const { report } = row
    if (report === null) return
    for (const name of ['acknowledged', 'failed', 'unknown', 'simulatedMs', 'events'] as const) {
      this.#sums[name] += report[name]
    }
    for (const name of ['acknowledged', 'leaderChanges', 'isrChanges', 'episodes'] as const) {
      this.#samples[name].push(report[name])
    }
    if (report.recoveryMs !== null) this.#samples.recoveryMs.push(report.recoveryMs)
    if (report.budget.spentInFull > 0) this.#budgetSpent++
    for (const [name, times] of Object.entries(report.markers)) count(this.#markers, name, times)
    for (const [verb, times] of Object.entries(report.faults)) count(this.#faults, verb, times)
    for (const [name, losses] of Object.entries(report.allowedLosses) as [AnomalyName, number][]) {
      this.#losses[name] = (this.#losses[name] ?? 0) + losses
    }
  }

  report(wallMs: number): ExploreReport {
    const { firstSeed, seeds } = this.#options
    const medians = Object.fromEntries(
      Object.entries(this.#samples).map(([name, values]) => [name, median(values)]),
    ) as ExploreReport['medians']
    const speed = this.#sums.cpuMs === 0 ? 0 : this.#sums.simulatedMs / this.#sums.cpuMs
    const floorsNotJudged = this.#whyNoFloors()
    const floors = [...(floorsNotJudged === null ? this.#floors(medians) : []), ...this.#speedFloor(speed)]
    const markersMissing = [...this.#markers].filter(([, reached]) => reached === 0).map(([name]) => name)
    const markersJudged = this.#ran >= MARKERS_JUDGED_FROM
    return {
      firstSeed,
      ran: this.#ran,
      left: seeds - this.#ran,
      failures: this.#failures,
      medians,
      totals: this.#sums,
      faults: sorted(this.#faults),
      floors,
      floorsNotJudged,
      markers: sorted(this.#markers),
      markersMissing: markersMissing.sort(),
      markersJudged,
      allowedLosses: this.#losses,
      speed,
      wallMs,
      ok:
        this.#failures.length === 0 &&
        floors.every((floor) => floor.ok) &&
        !(markersJudged && markersMissing.length > 0),
    }
  }

  #whyNoFloors(): string | null {
    const { life } = this.#options
    if (life?.plan !== undefined) return 'the plan was given'
    if (life?.kind === 'calm') return 'there were no faults'
    if (life?.swarm?.verbs !== undefined) return 'the kinds of faults were given'
    if (life?.durationMs !== undefined && life.durationMs < FLOORS_DURATION_MS) {
      return `lives are shorter than ${FLOORS_DURATION_MS / 1000} s`
    }
    return this.#ran < FLOORS_JUDGED_FROM ? `fewer than ${FLOORS_JUDGED_FROM} seeds ran` : null
  }

  #floors(medians: ExploreReport['medians']): FloorResult[] {
    const floors = { ...DEFAULT_FLOORS, ...this.#options.floors }
    const share = this.#budgetSpent / Math.max(1, this.#ran)
    return [
      floor('acknowledged records (median)', floors.acknowledged, medians.acknowledged),
      floor('leader changes (median)', floors.leaderChanges, medians.leaderChanges),
      floor('ISR changes (median)', floors.isrChanges, medians.isrChanges),
      floor('fault episodes (median)', floors.episodes, medians.episodes),
      floor('share of seeds that spent their budget', floors.budgetSpent, share),
    ]
  }

  #speedFloor(speed: number): FloorResult[] {
    const wanted = this.#options.floors?.speed ?? null
    if (wanted === null || this.#ran < SPEED_JUDGED_FROM) return []
    return [floor('simulated seconds per second and core', wanted, speed)]
  }
}

function floor(name: string, wanted: number, found: number): FloorResult {
  return { name, wanted, found, ok: found >= wanted }
}

/** Counts seeds, not times; a name that was not reached is known all the same. */
function count(into: Map<string, number>, name: string, times: number): void {
  into.set(name, (into.get(name) ?? 0) + (times > 0 ? 1 : 0))
}

function sorted(counts: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The lower of the two in the middle; 0 of nothing. */
export function median(values: readonly number[]): number {
  const inOrder = values.toSorted((a, b) => a - b)
  return inOrder[(inOrder.length - 1) >> 1] ?? 0
}
