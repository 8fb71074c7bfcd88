// What a watch has found: violations (each text once), markers, and the newest notable events for whoever tells a story.
// Judges nothing.

import type { Findings, KnownMarker, MarkerName, Violation, ViolationSubject } from '../../check/index.ts'
import { MARKERS } from '../../check/index.ts'
import type { Notable } from '../life/types.ts'
import { Ring } from './ring.ts'
import type { WatchOptions } from './types.ts'

export class Found implements Findings {
  readonly violations: Violation[] = []
  readonly markers: Record<MarkerName, number> = Object.fromEntries(MARKERS.map(({ name }) => [name, 0]))
  readonly notables: Ring<Notable>
  readonly #now: () => number
  readonly #mostViolations: number
  readonly #told: Set<string> = new Set()

  constructor(options: WatchOptions, now: () => number) {
    this.#now = now
    this.notables = new Ring(options.notables ?? 4096)
    this.#mostViolations = options.violations ?? 20
  }

  violated(name: string, text: string, subject: ViolationSubject): void {
    const key = `${name} ${text}`
    if (this.#told.has(key)) return
    this.#told.add(key)
    this.noted(`${name} is violated: ${text}`, subject)
    if (this.violations.length < this.#mostViolations) this.violations.push({ name, at: this.#now(), text, subject })
  }

  marked(marker: KnownMarker): void {
    this.markers[marker]!++
  }

  noted(text: string, subject: ViolationSubject): void {
    const { node, partition, offset, epoch } = subject
    this.notables.push({
      at: this.#now(),
      node: node ?? null,
      partition: partition ?? null,
      text,
      ...(offset === undefined ? {} : { offset }),
      ...(epoch === undefined ? {} : { epoch }),
    })
  }
}
