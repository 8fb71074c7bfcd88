// Lives and faults as text: what is read back is what was written, and what is no life is refused with the line.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Fault, faultText, formatLife, parseFault, parseLife, VERBS } from '../../../src/sim/index.ts'
import { drawPlan } from '../../../src/sim/life/draw.ts'
import { drawSwarm } from '../../../src/sim/life/swarm.ts'

const node = fc.integer({ min: 1, max: 9 })
const ms = fc.oneof(fc.integer({ min: 0, max: 1e6 }), fc.double({ min: 0.001, max: 1e6, noNaN: true }))
const properties = fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { minKeys: 1 })

/** One arbitrary a verb; the type sees to it that none is missing. */
const FAULTS: { readonly [V in Fault['verb']]: fc.Arbitrary<Extract<Fault, { verb: V }>> } = {
  kill: fc.record({ verb: fc.constant('kill'), node }),
  'kill-at': fc.record({ verb: fc.constant('kill-at'), node, calls: fc.nat() }),
  'kill-all': fc.record({ verb: fc.constant('kill-all') }),
  'power-loss': fc.record({ verb: fc.constant('power-loss'), node }),
  'power-loss-all': fc.record({ verb: fc.constant('power-loss-all') }),
  stop: fc.record({ verb: fc.constant('stop'), node }),
  restart: fc.oneof(
    fc.record({ verb: fc.constant('restart'), node }),
    fc.record({ verb: fc.constant('restart'), node, properties }),
  ),
  pause: fc.record({ verb: fc.constant('pause'), node, ms }),
  'slow-cpu': fc.record({ verb: fc.constant('slow-cpu'), node, factor: ms, ms }),
  isolate: fc.record({
    verb: fc.constant('isolate'),
    node,
    direction: fc.constantFrom('both' as const, 'out' as const, 'in' as const),
    ms,
  }),
  cut: fc.record({ verb: fc.constant('cut'), from: node, to: node, oneWay: fc.boolean(), ms }),
  detain: fc.record({
    verb: fc.constant('detain'),
    from: node,
    to: node,
    what: fc.constantFrom('all' as const, 'some' as const, 'AlterPartition' as const),
    lostMs: ms,
    ms,
  }),
  heal: fc.record({ verb: fc.constant('heal') }),
  slow: fc.record({ verb: fc.constant('slow'), node, latencyMs: ms, jitterMs: ms, bandwidth: fc.nat(), ms }),
  reset: fc.record({ verb: fc.constant('reset'), node }),
  'half-open': fc.record({ verb: fc.constant('half-open'), node }),
  hide: fc.record({ verb: fc.constant('hide'), node, ms }),
  'slow-disk': fc.record({ verb: fc.constant('slow-disk'), node, factor: ms, ms }),
  'fail-disk': fc.record({
    verb: fc.constant('fail-disk'),
    node,
    operation: fc.constantFrom('sync' as const, 'append' as const),
  }),
  'lying-sync': fc.record({ verb: fc.constant('lying-sync'), node, ms }),
  'fill-disk': fc.record({ verb: fc.constant('fill-disk'), node, freeBytes: fc.nat(), ms }),
  'flip-bit': fc.record({ verb: fc.constant('flip-bit'), node, ms }),
  'replace-disk': fc.record({ verb: fc.constant('replace-disk'), node }),
  'skew-clock': fc.record({
    verb: fc.constant('skew-clock'),
    node,
    jumpMs: fc.integer(),
    driftPpm: fc.integer({ min: -500_000, max: 500_000 }),
  }),
}

const fault = fc.oneof(...Object.values(FAULTS)) as fc.Arbitrary<Fault>

describe('a fault', () => {
  test('of every verb is read back as it was written', () => {
    expect(Object.keys(FAULTS).sort()).toEqual([...VERBS].sort())
    fc.assert(
      fc.property(fault, (each) => {
        expect(parseFault(faultText(each))).toEqual(each)
      }),
    )
  })

  test.each([
    ['isolate 2 both for 3000', { verb: 'isolate', node: 2, direction: 'both', ms: 3000 }],
    ['cut 1 > 3 for 20', { verb: 'cut', from: 1, to: 3, oneWay: true, ms: 20 }],
    ['restart 2 a=b%20c', { verb: 'restart', node: 2, properties: { a: 'b c' } }],
  ])('reads %s', (text, wanted) => {
    expect(parseFault(text)).toEqual(wanted)
    expect(faultText(parseFault(text))).toBe(text)
  })

  test.each([
    '',
    'explode 1',
    'kill',
    'kill two',
    'kill 1 2',
    'isolate 2 sideways for 3',
    'pause 2 of 3',
    'restart 1 x',
  ])('refuses "%s"', (text) => {
    expect(() => parseFault(text)).toThrow(`"${text}"`)
  })
})

describe('a life', () => {
  test('of any seed is read back as it was written', () => {
    const planned = fc.array(fc.record({ at: ms, fault }))
    fc.assert(
      fc.property(
        fc.nat({ max: 0xffffffff }),
        fc.constantFrom('within' as const, 'calm' as const, 'beyond' as const),
        planned,
        (seed, kind, faults) => {
          const swarm = drawSwarm(seed, kind)
          const life = { seed, kind, swarm, plan: { faults, durationMs: 60_000 } }
          expect(parseLife(formatLife(life, ['why it is kept', 'at 1 kill 1']))).toEqual(life)
        },
      ),
    )
  })

  test('is drawn from its seed alone, in the order of time', () => {
    const plans = [1, 2].map((seed) => drawPlan(seed, drawSwarm(seed, 'within'), 60_000))
    expect(drawPlan(1, drawSwarm(1, 'within'), 60_000)).toEqual(plans[0])
    expect(plans[1]).not.toEqual(plans[0])
    const times = plans[0]!.faults.map(({ at }) => at)
    expect(times.toSorted((a, b) => a - b)).toEqual(times)
  })

  test('uses only the verbs of its swarm, and a relay takes another node when one comes back', () => {
    const relayed = new Set<string>()
    for (let seed = 1; seed <= 30; seed++) {
      const verbs = seed % 2 === 0 ? { isolate: 1, kill: 1 } : { cut: 1 }
      const known = new Set<string>([...Object.keys(verbs), 'restart'])
      const { faults } = drawPlan(seed, drawSwarm(seed, 'within', { verbs }), 60_000)
      expect(faults.filter((each) => !known.has(each.fault.verb))).toEqual([])
      for (const { at, fault } of faults) {
        if (fault.verb !== 'isolate') continue
        const next = faults.find((each) => Math.abs(each.at - at - fault.ms) <= 200 && each.fault.verb === 'isolate')
        if (next !== undefined && next.fault !== fault) relayed.add(`${seed} ${at}`)
      }
    }
    expect(relayed.size).toBeGreaterThan(5)
  })

  test('names the line that it does not understand, and what is missing', () => {
    const swarm = drawSwarm(1, 'within')
    const text = formatLife({ seed: 1, kind: 'within', swarm, plan: { faults: [], durationMs: 1 } })
    expect(() => parseLife(`${text}at noon kill 1`)).toThrow(/^line \d+: "at noon kill 1"/)
    expect(() => parseLife(`${text}hello`)).toThrow(/^line \d+: "hello"/)
    expect(() => parseLife(text.replace(/^flush .*$/m, ''))).toThrow('no line "flush …"')
    expect(() => parseLife(text.replace(/^workload admins .*$/m, ''))).toThrow('no line "workload admins …"')
    expect(() => parseLife(text.replace(/^kind .*$/m, 'kind odd'))).toThrow('"odd" is none of within, calm, beyond')
  })
})
