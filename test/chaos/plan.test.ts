// Plans for real time: drawn from a seed, told as text, refused where the target cannot.

import { describe, expect, test } from 'vitest'
import type { Fault, FaultPlan } from '../../src/chaos/index.ts'
import { drawPlan, parseDuration, refusalsOf, textOf } from '../../src/chaos/index.ts'
import { lengthOf, nodesOf } from '../../src/chaos/words.ts'

const NODES = [1, 2, 3]
const MINUTES = 10
const anything = (fault: Fault): string | null => (fault.verb === 'fill-disk' ? 'the disk is large' : null)
const signalsOnly = (fault: Fault): string | null =>
  ['kill', 'kill-all', 'stop', 'restart', 'pause', 'slow-cpu', 'heal'].includes(fault.verb) ? null : 'no proxies'

const draw = (seed: number, refusal: (fault: Fault) => string | null = anything): FaultPlan =>
  drawPlan({ seed, durationMs: MINUTES * 60_000, nodes: NODES, refusal })

/** Faults that begin something, apart from what ends it. */
const beginnings = ({ faults }: FaultPlan): Fault[] =>
  faults.map(({ fault }) => fault).filter(({ verb }) => verb !== 'restart' && verb !== 'heal')

describe('a drawn plan', () => {
  const seeds = Array.from({ length: 50 }, (_, seed) => seed)

  test('is the same for the same seed, and another for another', () => {
    expect(draw(7)).toEqual(draw(7))
    expect(new Set(seeds.map((seed) => JSON.stringify(draw(seed)))).size).toBe(seeds.length)
  })

  test.each(seeds)('of seed %i has its faults in order, within its time, on nodes that exist', (seed) => {
    const { faults, durationMs } = draw(seed)
    expect(faults.map(({ at }) => at)).toEqual(faults.map(({ at }) => at).sort((a, b) => a - b))
    for (const { at, fault } of faults) {
      expect(at + (lengthOf(fault) ?? 0)).toBeLessThanOrEqual(durationMs)
      for (const node of nodesOf(fault)) expect(NODES).toContain(node)
    }
  })

  test.each(seeds)('of seed %i has an episode every ten seconds at least, of three verbs or more', (seed) => {
    const faults = beginnings(draw(seed))
    expect(faults.length).toBeGreaterThanOrEqual(MINUTES * 6)
    expect(new Set(faults.map(({ verb }) => verb)).size).toBeGreaterThanOrEqual(3)
  })

  test.each(seeds)('of seed %i ends what does not end by itself', (seed) => {
    const { faults } = draw(seed)
    for (const [i, { fault }] of faults.entries()) {
      const later = faults.slice(i + 1).map((each) => each.fault)
      const revived = (node: number): boolean => later.some((each) => each.verb === 'restart' && each.node === node)
      if (fault.verb === 'kill' || fault.verb === 'stop') expect(revived(fault.node)).toBe(true)
      if (fault.verb === 'kill-all') expect(NODES.every(revived)).toBe(true)
      if (fault.verb === 'half-open') expect(later.some(({ verb }) => verb === 'heal')).toBe(true)
    }
  })

  test.each(seeds)('of seed %i holds nothing that the target refuses', (seed) => {
    const plan = draw(seed, signalsOnly)
    expect(refusalsOf(plan, signalsOnly, NODES)).toEqual([])
    expect(beginnings(plan).length).toBeGreaterThanOrEqual(MINUTES * 6)
  })

  test('redraws what only a part of a verb refuses', () => {
    const compose = (fault: Fault): string | null => {
      if (fault.verb !== 'isolate') return signalsOnly(fault)
      return fault.direction === 'both' ? null : 'a network is taken away as a whole'
    }
    for (const seed of seeds) {
      const plan = draw(seed, compose)
      expect(refusalsOf(plan, compose, NODES)).toEqual([])
      expect(beginnings(plan).length).toBeGreaterThanOrEqual(MINUTES * 6)
    }
  })

  test('has all verbs that the target can, over many seeds', () => {
    const verbs = new Set(seeds.flatMap((seed) => draw(seed).faults.map(({ fault }) => fault.verb)))
    expect([...verbs].sort()).toEqual(
      [
        ...['cut', 'half-open', 'heal', 'hide', 'isolate', 'kill', 'kill-all', 'pause'],
        ...['reset', 'restart', 'slow', 'slow-cpu', 'stop'],
      ].sort(),
    )
  })

  test('is empty where nothing can be done', () => {
    expect(draw(1, () => 'never').faults).toEqual([])
  })

  test('cuts nobody off from himself where there is one node', () => {
    const { faults } = drawPlan({ seed: 1, durationMs: 60_000, nodes: [1], refusal: anything })
    expect(faults.some(({ fault }) => fault.verb === 'cut')).toBe(false)
    expect(faults.length).toBeGreaterThan(0)
  })
})

test('a given plan is refused fault by fault, with the reason and the time', () => {
  const plan: FaultPlan = {
    durationMs: 10_000,
    faults: [
      { at: 1000, fault: { verb: 'pause', node: 2, ms: 500 } },
      { at: 2000, fault: { verb: 'cut', from: 1, to: 2, oneWay: true, ms: 1000 } },
      { at: 3000, fault: { verb: 'kill', node: 9 } },
    ],
  }
  expect(refusalsOf(plan, signalsOnly, NODES)).toEqual([
    'at 2000 ms, cut 1 → 2 for 1.0 s: no proxies',
    'at 3000 ms, kill 9: there is no node 9: this cluster has 1, 2, 3',
  ])
})

test('faults read as a person would say them', () => {
  const forever = Number.POSITIVE_INFINITY
  expect(
    [
      { verb: 'kill', node: 2 },
      { verb: 'isolate', node: 1, direction: 'out', ms: 3000 },
      { verb: 'isolate', node: 1, direction: 'both', ms: forever },
      { verb: 'slow', node: 3, latencyMs: 300, jitterMs: 50, bandwidth: 1000, ms: 1500 },
      { verb: 'heal' },
    ].map((fault) => textOf(fault as Fault)),
  ).toEqual([
    'kill 2',
    'isolate 1 (out only) for 3.0 s',
    'isolate 1',
    'slow 3 (300 ± 50 ms, 1000 bytes/s) for 1.5 s',
    'heal',
  ])
})

test('durations', () => {
  expect(['10s', '500ms', '2m', '1.5', '0.5s', 'soon', '-1s', ''].map(parseDuration)).toEqual([
    ...[10_000, 500, 120_000, 1500, 500],
    ...[null, null, null],
  ])
})
