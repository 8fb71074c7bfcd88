// State tables on every body of the Tables port, and what becomes of them in crashes, power failures and corruption.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Ports } from '../../../src/base/index.ts'
import { createSimulation } from '../../../src/sim/index.ts'
import { openStates, type StateSchema, type StateTable } from '../../../src/state/index.ts'
import { law, WORLDS } from '../../conformance/worlds.ts'

const numbers: StateSchema<number> = { version: 1, decode: (value) => (typeof value === 'number' ? value : null) }

async function contents<T>(state: StateTable<T>): Promise<Record<string, T>> {
  const rows: Record<string, T> = {}
  for await (const page of state.pages(2)) for (const { key, value } of page) rows[key] = value
  return rows
}

const open = (ports: Ports, schema = numbers, name = 'a'): Promise<StateTable<number>> =>
  openStates(ports.tables).open(name, schema)

describe.each(WORLDS)('%s', (_name, world) => {
  test(
    'rows and position come back in the next life',
    law(world, async (w) => {
      const state = await open(w.ports)
      expect(state.position).toBeNull()
      await state.apply(
        [
          { key: 'x', value: 1 },
          { key: '\u00ffy', value: 2 },
          { key: '', value: 3 },
        ],
        { offset: 5, epoch: 0 },
        100,
      )
      await state.apply([{ key: 'x', value: null }], { offset: 9, epoch: 2 }, 200)
      const again = await open(await w.restart())
      expect([again.position, again.writtenAt]).toEqual([{ offset: 9, epoch: 2 }, 200])
      expect(await contents(again)).toEqual({ '': 3, '\u00ffy': 2 })
    }),
  )

  test(
    'another version of the rows is dropped',
    law(world, async ({ ports }) => {
      await (await open(ports)).apply([{ key: 'x', value: 1 }], { offset: 1, epoch: 0 }, 0)
      const state = await open(ports, { ...numbers, version: 2 })
      expect(state.position).toBeNull()
      expect(await contents(state)).toEqual({})
    }),
  )

  test(
    'names are kept until they are dropped, with nothing left behind',
    law(world, async ({ ports }) => {
      const states = openStates(ports.tables)
      await (await open(ports, numbers, 'a')).apply([{ key: 'x', value: 1 }], { offset: 1, epoch: 0 }, 0)
      await (await open(ports, numbers, 'b')).apply([{ key: 'x', value: 2 }], { offset: 1, epoch: 0 }, 0)
      expect(await states.names()).toEqual(['a', 'b'])
      await states.drop('a')
      expect(await states.names()).toEqual(['b'])
      expect(await contents(await open(ports, numbers, 'a'))).toEqual({})
      expect(await contents(await open(ports, numbers, 'b'))).toEqual({ x: 2 })
    }),
  )
})

describe('what is damaged', () => {
  async function damaged(
    damage: (bytes: Uint8Array | undefined) => Uint8Array | null,
    key: string,
  ): Promise<{ readonly state: StateTable<number>; close(): void; run<T>(work: Promise<T>): Promise<T> }> {
    const sim = createSimulation({ seed: 1 })
    const ports = sim.addNode('n')
    const run = <T>(work: Promise<T>): Promise<T> => sim.wait(work)
    await run(open(ports).then((state) => state.apply([{ key: 'x', value: 7 }], { offset: 3, epoch: 1 }, 0)))
    const table = await run(ports.tables.open('state.a'))
    const value = damage(await run(table.get(key)))
    await run(table.batch([value === null ? { kind: 'delete', key } : { kind: 'put', key, value }]))
    return { state: await run(open(ports)), close: () => sim.close(), run }
  }

  test.each([0, 1, 2, 3, 4])('a row with byte %i flipped is told, not read', async (at) => {
    const { state, run, close } = await damaged((bytes) => bytes!.map((b, i) => (i === at ? b ^ 4 : b)), 'rx')
    expect(state.position).toEqual({ offset: 3, epoch: 1 })
    await expect(run(contents(state))).rejects.toMatchObject({ code: 'CORRUPT' })
    await run(state.clear())
    expect(await run(contents(state))).toEqual({})
    close()
  })

  test.each([
    ['flipped', (bytes: Uint8Array | undefined) => bytes!.map((b) => b ^ 1)],
    ['cut short', (bytes: Uint8Array | undefined) => bytes!.subarray(0, 3)],
    ['gone', () => null],
  ])('a position that is %s takes the rows along', async (_name, damage) => {
    const { state, run, close } = await damaged(damage, 'm')
    expect(state.position).toBeNull()
    expect(await run(contents(state))).toEqual({})
    close()
  })
})

test('after a power failure rows and position are those of one instant, and of all instants some', async () => {
  const change = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), value: fc.option(fc.nat(9), { nil: null }) })
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('apply' as const), changes: fc.array(change, { maxLength: 4 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('power' as const, 'clear' as const) }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.array(step, { maxLength: 25 }), async (seed, steps) => {
      using sim = createSimulation({ seed })
      let state = await sim.wait(open(sim.addNode('n')))
      // What the table may hold, by the offset that it says; the empty one by −1.
      let past = new Map<number, Record<string, number>>([[-1, {}]])
      let now: Record<string, number> = {}
      let offset = 0
      for (const each of steps) {
        if (each.kind === 'apply') {
          await sim.wait(state.apply(each.changes, { offset: ++offset, epoch: 0 }, 0))
          now = { ...now }
          for (const { key, value } of each.changes) {
            if (value === null) delete now[key]
            else now[key] = value
          }
          past.set(offset, now)
        } else if (each.kind === 'clear') {
          await sim.wait(state.clear())
          now = {}
        } else {
          sim.powerLoss('n')
          state = await sim.wait(open(sim.restart('n')))
          const found = await sim.wait(contents(state))
          const at = state.position?.offset ?? -1
          expect(found).toEqual(past.get(at))
          past = new Map([
            [-1, {}],
            [at, found],
          ])
          now = found
        }
      }
    }),
    { numRuns: 150 },
  )
})
