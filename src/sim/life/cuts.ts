// Rules of the network that faults set, counted: two faults may set one rule, and it ends when both have. Knows hosts only
// by name.

import type { Direction } from '../plan.ts'
import type { Simulation } from '../simulation.ts'

interface Rule {
  count: number
  readonly begin: () => void
}

export class Cuts {
  readonly #sim: Simulation
  readonly #rules: Map<string, Rule> = new Map()

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  /** Cuts a host off from all; answers what ends it. */
  isolate(host: string, direction: Direction): () => void {
    return this.#set(`${host} ${direction}`, () => this.#sim.isolate(host, direction))
  }

  cut(from: string, to: string, oneWay: boolean): () => void {
    const ends = [this.#set(`${from} > ${to}`, () => this.#sim.cut(from, to))]
    if (!oneWay) ends.push(this.#set(`${to} > ${from}`, () => this.#sim.cut(to, from)))
    return () => {
      for (const end of ends) end()
    }
  }

  clear(): void {
    this.#rules.clear()
    this.#sim.heal()
  }

  #set(name: string, begin: () => void): () => void {
    const rule = this.#rules.get(name) ?? { count: 0, begin }
    this.#rules.set(name, rule)
    if (rule.count++ === 0) begin()
    return () => {
      // Cleared meanwhile, and perhaps set again by another fault.
      if (this.#rules.get(name) !== rule || --rule.count > 0) return
      this.#rules.delete(name)
      this.#sim.heal()
      for (const each of this.#rules.values()) each.begin()
    }
  }
}
