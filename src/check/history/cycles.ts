// Cycles of dependencies between operations: G0 and G1c, as they are, or only with the order of one process's
// operations (-process) or of all in real time (-realtime). An edge ww: one wrote the record before the other's in a
// key's log; wr: the other polled what one wrote; real time: one was acknowledged before the other was invoked. A cycle
// of wr edges alone is a failure. One that needs ww edges is allowed: Kafka does not isolate writers (Jepsen's
// `ww-deps`). One anomaly is told of each strongly connected component, by a short cycle in it, under the name that
// needs the least: what is G1c is not told as G1c-realtime again.
// Does NOT check: anti-dependencies (a poll that did not see a later record: consumers may be late), so no G2 or
// G-single; cycles over operations that failed (G1a speaks of these); a second cycle in one component.

import type { Case, Part } from './findings.ts'
import { FAIL, type Gathering, OK, POLL, SEND, TXN } from './gather.ts'
import { type Components, Graph } from './graph.ts'
import type { Orders } from './orders.ts'
import type { AnomalyName } from './types.ts'
import { shown } from './words.ts'

const WR = 1
const WW = 2
const PROCESS = 4
const REALTIME = 8

interface Stage {
  readonly name: AnomalyName
  readonly kinds: number
  readonly failure: boolean
  /** Components with a node that was told of in one of these families are not told again. */
  readonly family: number
  readonly silencedBy: number
}

const STAGES: readonly Stage[] = [
  { name: 'G1c', kinds: WR, failure: true, family: 1, silencedBy: 1 },
  { name: 'G1c-process', kinds: WR | PROCESS, failure: true, family: 1, silencedBy: 1 },
  { name: 'G1c-realtime', kinds: WR | REALTIME, failure: true, family: 1, silencedBy: 1 },
  { name: 'G0', kinds: WW, failure: false, family: 2, silencedBy: 2 },
  { name: 'G0-process', kinds: WW | PROCESS, failure: false, family: 2, silencedBy: 2 },
  { name: 'G0-realtime', kinds: WW | REALTIME, failure: false, family: 2, silencedBy: 2 },
  { name: 'G1c', kinds: WR | WW, failure: false, family: 4, silencedBy: 7 },
  { name: 'G1c-process', kinds: WR | WW | PROCESS, failure: false, family: 4, silencedBy: 7 },
  { name: 'G1c-realtime', kinds: WR | WW | REALTIME, failure: false, family: 4, silencedBy: 7 },
]

export function checkCycles(it: Case): void {
  const graph = dependencies(it)
  // Most histories have no cycle at all, and one search says so; every other searches inside what it found.
  const all = graph.components(WR | WW | PROCESS | REALTIME, null)
  if (all.members.length === 0) return
  const told = new Uint8Array(graph.nodes)
  for (const stage of STAGES) {
    const components = graph.components(stage.kinds, all)
    for (const members of components.members) {
      if (members.some((node) => node < graph.weightless && (told[node]! & stage.silencedBy) !== 0)) continue
      for (const node of members) told[node]! |= stage.family
      tell(it, graph, stage, members, components)
    }
  }
}

function tell(it: Case, graph: Graph, stage: Stage, members: readonly number[], components: Components): void {
  it.found.add({
    name: stage.name,
    failure: stage.failure,
    key: -1,
    tell: () => {
      const cycle = graph.shortCycle(members, stage.kinds, components)
      const ops = cycle.filter((node) => node < graph.weightless)
      const steps = ops.map((op, i) => explain(it, stage.kinds, op, ops[(i + 1) % ops.length]!))
      return {
        text: `a cycle of ${ops.length} operations: ${steps.join('; ')}`,
        parts: ops.map((op): Part => ({ op })),
      }
    },
  })
}

/** Why one operation comes before another. */
function explain({ history, orders }: Case, kinds: number, from: number, to: number): string {
  const [a, b] = [history.number.at(from), history.number.at(to)]
  if ((kinds & WR) !== 0) {
    for (let row = history.pollsFrom.at(to); row < history.pollsTo.at(to); row++) {
      const value = history.pollValue.at(row)
      if (history.writer(value) !== from) continue
      return `operation ${a} sent ${shown(history, value)} to ${history.keyOf(value)}, which operation ${b} polled`
    }
  }
  if ((kinds & WW) !== 0) {
    for (let row = history.sendsFrom.at(to); row < history.sendsTo.at(to); row++) {
      const value = history.sendValue.at(row)
      const before = valueBefore(history, orders, value)
      if (before < 0 || history.writer(before) !== from) continue
      return `operation ${a} sent ${shown(history, before)} to ${history.keyOf(value)} before operation ${b} sent ${shown(history, value)}`
    }
  }
  const where = (kinds & PROCESS) === 0 ? '' : ' in one process'
  return `operation ${a} had completed${where} before operation ${b} was invoked`
}

/** The value in the slot before a value's, −1 where it is its key's first or was never seen. */
function valueBefore(history: Gathering, orders: Orders, value: number): number {
  const slot = orders.slot[value]!
  if (slot <= 0) return -1
  const before = orders.valuesIn(slot - 1)[0]!
  return history.valueKey.at(before) === history.valueKey.at(value) ? before : -1
}

function dependencies({ history, orders }: Case): Graph {
  const graph = new Graph()
  graph.nodes = history.operations
  graph.weightless = history.operations
  for (let row = 0; row < history.pollOp.length; row++) {
    const reader = history.pollOp.at(row)
    const writer = history.writer(history.pollValue.at(row))
    if (writer >= 0 && writer !== reader && canDepend(history, writer) && canDepend(history, reader)) {
      graph.link(writer, reader, WR)
    }
  }
  for (let slot = 0; slot < orders.slots; slot++) {
    const value = orders.valuesIn(slot)[0]!
    const before = valueBefore(history, orders, value)
    if (before < 0) continue
    const first = history.writer(before)
    const second = history.writer(value)
    if (first < 0 || second < 0 || first === second) continue
    if (canDepend(history, first) && canDepend(history, second)) graph.link(first, second, WW)
  }
  linkTime(history, graph)
  graph.freeze()
  return graph
}

function canDepend(history: Gathering, op: number): boolean {
  return history.outcome.at(op) !== FAIL
}

/** An order of operations by time has as many edges as pairs of operations. So they are tied to moments: a moment comes
 *  after all that completed before it, and before all that is invoked after it, and one moment after the other. */
class Moments {
  readonly #graph: Graph
  readonly #kind: number
  #last = -1
  #isOpen = false

  constructor(graph: Graph, kind: number) {
    this.#graph = graph
    this.#kind = kind
  }

  completed(op: number): void {
    if (!this.#isOpen) {
      const moment = this.#graph.nodes
      this.#graph.nodes += 1
      if (this.#last >= 0) this.#graph.link(this.#last, moment, this.#kind)
      this.#last = moment
      this.#isOpen = true
    }
    this.#graph.link(op, this.#last, this.#kind)
  }

  invoked(op: number): void {
    this.#isOpen = false
    if (this.#last >= 0) this.#graph.link(this.#last, op, this.#kind)
  }
}

function linkTime(history: Gathering, graph: Graph): void {
  const realtime = new Moments(graph, REALTIME)
  const processes = history.processes.list.map(() => new Moments(graph, PROCESS))
  const takesPart = (op: number): boolean => {
    const f = history.f.at(op)
    return (f === SEND || f === POLL || f === TXN) && canDepend(history, op)
  }
  let next = 0
  for (let op = 0; op < history.operations; op++) {
    for (; next < history.completions.length; next++) {
      const done = history.completions.at(next)
      const line = history.completedLine.at(done)
      if (line < 0 || line > history.invokedLine.at(op)) break
      if (history.outcome.at(done) !== OK || !takesPart(done)) continue
      realtime.completed(done)
      processes[history.process.at(done)]!.completed(done)
    }
    if (!takesPart(op)) continue
    realtime.invoked(op)
    processes[history.process.at(op)]!.invoked(op)
  }
}
