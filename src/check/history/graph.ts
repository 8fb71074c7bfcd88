// A directed graph whose edges have kinds, in typed arrays: its strongly connected components over some of the kinds
// (Tarjan, without recursion: linear in nodes and edges), and a short cycle in one. Knows nothing of what the nodes are;
// those from `weightless` on are only ways between the others and count nothing in a cycle's length.

import { ByteColumn, IntColumn } from './columns.ts'

/** A cycle is searched from so many nodes of a component, as long as that costs less than MAX_STEPS. */
const MAX_STARTS = 32
const MAX_STEPS = 2_000_000

export class Graph {
  nodes = 0
  /** Nodes from this one on have no weight; set before `freeze`. */
  weightless = 0
  readonly #from = new IntColumn()
  readonly #to = new IntColumn()
  readonly #kind = new ByteColumn()
  #start = new Int32Array(0)
  #target = new Int32Array(0)
  #kinds = new Uint8Array(0)

  link(from: number, to: number, kind: number): void {
    this.#from.push(from)
    this.#to.push(to)
    this.#kind.push(kind)
  }

  /** All edges are there: sorts them by where they begin. */
  freeze(): void {
    const edges = this.#from.length
    this.#start = new Int32Array(this.nodes + 1)
    this.#target = new Int32Array(edges)
    this.#kinds = new Uint8Array(edges)
    for (let i = 0; i < edges; i++) this.#start[this.#from.at(i) + 1]! += 1
    for (let node = 0; node < this.nodes; node++) this.#start[node + 1]! += this.#start[node]!
    const next = this.#start.slice()
    for (let i = 0; i < edges; i++) {
      const at = next[this.#from.at(i)]!
      next[this.#from.at(i)] = at + 1
      this.#target[at] = this.#to.at(i)
      this.#kinds[at] = this.#kind.at(i)
    }
  }

  /** The components of more than one node over edges whose kind is in `kinds`, inside those of `within`. */
  components(kinds: number, within: Components | null): Components {
    return new Tarjan(this.#start, this.#target, this.#kinds, kinds, within).run(this.nodes)
  }

  /** A shortest cycle through one of the first nodes with weight in a component, as its nodes in order. */
  shortCycle(component: readonly number[], kinds: number, components: Components): readonly number[] {
    const starts = component.filter((node) => node < this.weightless)
    let edges = 0
    for (const node of component) edges += this.#start[node + 1]! - this.#start[node]!
    const most = Math.max(1, Math.min(MAX_STARTS, Math.floor(MAX_STEPS / (edges + 1))))
    let best: readonly number[] = []
    let weight = Number.POSITIVE_INFINITY
    for (const start of starts.slice(0, most)) {
      const cycle = this.#cycleThrough(start, kinds, components)
      const itsWeight = cycle.filter((node) => node < this.weightless).length
      if (cycle.length > 0 && itsWeight < weight) {
        best = cycle
        weight = itsWeight
      }
    }
    return best
  }

  /** Breadth first, where a step to a weightless node is free. */
  #cycleThrough(start: number, kinds: number, components: Components): readonly number[] {
    const parent = new Map<number, number>()
    let level = [start]
    while (level.length > 0) {
      const next: number[] = []
      for (let i = 0; i < level.length; i++) {
        const node = level[i]!
        for (let edge = this.#start[node]!; edge < this.#start[node + 1]!; edge++) {
          const target = this.#target[edge]!
          if ((this.#kinds[edge]! & kinds) === 0 || components.of[target] !== components.of[start]) continue
          if (target === start) return pathTo(node, start, parent)
          if (parent.has(target)) continue
          parent.set(target, node)
          if (target < this.weightless) next.push(target)
          else level.push(target)
        }
      }
      level = next
    }
    return []
  }
}

function pathTo(end: number, start: number, parent: ReadonlyMap<number, number>): number[] {
  const path = [end]
  for (let node = end; node !== start; ) {
    node = parent.get(node)!
    path.push(node)
  }
  return path.reverse()
}

/** Strongly connected components of more than one node. */
export interface Components {
  /** One a node: its component, −1 for a node that is alone. */
  readonly of: Int32Array
  readonly members: readonly (readonly number[])[]
}

class Tarjan {
  readonly #start: Int32Array
  readonly #target: Int32Array
  readonly #kinds: Uint8Array
  readonly #wanted: number
  readonly #within: Components | null

  constructor(start: Int32Array, target: Int32Array, kinds: Uint8Array, wanted: number, within: Components | null) {
    this.#start = start
    this.#target = target
    this.#kinds = kinds
    this.#wanted = wanted
    this.#within = within
  }

  run(nodes: number): Components {
    const of = new Int32Array(nodes).fill(-1)
    const members: number[][] = []
    // Visited in order 1, 2, …; 0 is unvisited. A node whose component is closed has Infinity's stand-in.
    const low = new Uint32Array(nodes)
    const order = new Uint32Array(nodes)
    const edge = new Int32Array(nodes)
    const open = new Int32Array(nodes)
    const path = new Int32Array(nodes)
    const CLOSED = 0xffff_ffff
    let opened = 0
    let clock = 0
    const roots = this.#within === null ? null : this.#within.members.flat()
    for (let r = 0; r < (roots?.length ?? nodes); r++) {
      const root = roots === null ? r : roots[r]!
      if (order[root] !== 0) continue
      let depth = 0
      path[0] = root
      while (depth >= 0) {
        const node = path[depth]!
        if (order[node] === 0) {
          clock += 1
          order[node] = clock
          low[node] = clock
          edge[node] = this.#start[node]!
          open[opened] = node
          opened += 1
        }
        const child = this.#step(node, edge, order, low)
        if (child >= 0) {
          depth += 1
          path[depth] = child
          continue
        }
        if (low[node] === order[node]) {
          let first = opened
          do first -= 1
          while (open[first] !== node)
          for (let i = first; i < opened; i++) low[open[i]!] = CLOSED
          if (opened - first > 1) {
            for (let i = first; i < opened; i++) of[open[i]!] = members.length
            members.push([...open.subarray(first, opened)].sort((a, b) => a - b))
          }
          opened = first
        } else {
          const parent = path[depth - 1]!
          low[parent] = Math.min(low[parent]!, low[node]!)
        }
        depth -= 1
      }
    }
    return { of, members }
  }

  /** The next unvisited node behind one, −1 if there is none left; lowers `low` by those that are open. */
  #step(node: number, edge: Int32Array, order: Uint32Array, low: Uint32Array): number {
    const within = this.#within?.of
    for (let i = edge[node]!; i < this.#start[node + 1]!; i++) {
      const target = this.#target[i]!
      if ((this.#kinds[i]! & this.#wanted) === 0) continue
      if (within !== undefined && within[target] !== within[node]) continue
      if (order[target] === 0) {
        edge[node] = i + 1
        return target
      }
      // A closed node's `low` is larger than every order.
      if (low[target]! !== 0xffff_ffff) low[node] = Math.min(low[node]!, order[target]!)
    }
    edge[node] = this.#start[node + 1]!
    return -1
  }
}
