// A file of either world against an array of bytes: any interleaving of appends, cuts, syncs and reads, awaited or not,
// leaves what the calls say in their order. In the simulated world also: what a power loss leaves begins with what the
// last completed sync covered.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DiskFile } from '../../src/base/index.ts'
import { createSimulation } from '../../src/sim/index.ts'
import { realWorld, simulatedWorld, type World } from '../conformance/worlds.ts'

const SEED = 20_261_121

type Step =
  | { readonly kind: 'append'; readonly sizes: readonly number[] }
  | { readonly kind: 'cut'; readonly share: number }
  | { readonly kind: 'sync' }
  | { readonly kind: 'read'; readonly share: number; readonly length: number }
  | { readonly kind: 'wait' }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('append' as const), sizes: fc.array(fc.nat(5_000), { maxLength: 4 }) }),
    fc.record({ kind: fc.constant('append' as const), sizes: fc.array(fc.nat(20), { maxLength: 3 }) }),
    fc.record({ kind: fc.constant('cut' as const), share: fc.double({ min: 0, max: 1.1, noNaN: true }) }),
    fc.record({ kind: fc.constant('sync' as const) }),
    fc.record({
      kind: fc.constant('read' as const),
      share: fc.double({ min: 0, max: 1.1, noNaN: true }),
      length: fc.nat(9_000),
    }),
    fc.record({ kind: fc.constant('wait' as const) }),
  ),
  { maxLength: 25 },
)

/** Bytes that tell where they come from. */
function fill(size: number, step: number): Uint8Array {
  return new Uint8Array(size).map((_, i) => (step * 37 + i) & 255)
}

/** Runs the steps on a file; the model is what the file holds once everything has been done. */
async function play(file: DiskFile, sequence: readonly Step[], synced: (covers: number) => void): Promise<Uint8Array> {
  let model = new Uint8Array(0)
  let outstanding: Promise<unknown>[] = []
  for (const [index, step] of sequence.entries()) {
    switch (step.kind) {
      case 'append': {
        const chunks = step.sizes.map((size, i) => fill(size, index * 5 + i))
        outstanding.push(
          new Promise<void>((resolve, reject) => {
            file.append(chunks, (error) => (error === null ? resolve() : reject(error)))
          }),
        )
        model = Uint8Array.from(Buffer.concat([model, ...chunks]))
        break
      }
      case 'cut': {
        const size = Math.floor(model.length * step.share)
        outstanding.push(file.truncate(size))
        model = model.slice(0, size)
        break
      }
      case 'sync': {
        await Promise.all(outstanding.splice(0))
        const covers = model.length
        await file.sync()
        synced(covers)
        break
      }
      case 'read': {
        await Promise.all(outstanding.splice(0))
        const position = Math.floor(model.length * step.share)
        const got = await file.read(position, step.length)
        expect(Buffer.compare(got, model.subarray(position, position + step.length))).toBe(0)
        break
      }
      case 'wait':
        await Promise.all(outstanding)
        outstanding = []
    }
  }
  await Promise.all(outstanding)
  expect(file.size).toBe(model.length)
  return model
}

async function holds(world: World, sequence: readonly Step[]): Promise<void> {
  try {
    await world.run(async () => {
      const path = world.ports.disk.join(world.directory, 'log')
      const file = await world.ports.disk.open(path, { create: true })
      const model = await play(file, sequence, () => {})
      expect(Buffer.compare((await world.ports.disk.readFile(path))!, model)).toBe(0)
      await file.close()
    })
  } finally {
    await world.close()
  }
}

describe('a file is an array of bytes', () => {
  test('in the real world', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => holds(await realWorld(), sequence)),
      { seed: SEED, numRuns: 60 },
    )
  })

  test('in the simulated world', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.nat(1_000_000), async (sequence, seed) =>
        holds(await simulatedWorld(seed)(), sequence),
      ),
      { seed: SEED, numRuns: 200 },
    )
  })
})

test('a power loss leaves what was synced, and below the cuts since nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.nat(1_000_000), async (sequence, seed) => {
      using sim = createSimulation({ seed })
      const { disk } = sim.addNode('a')
      const file = await sim.wait(disk.open('/log', { create: true }))
      await sim.wait(disk.syncDirectory('/'))
      let covered = 0
      const model = await sim.wait(
        play(file, sequence, (covers) => {
          covered = covers
        }),
      )
      const lastSync = sequence.findLastIndex((step) => step.kind === 'sync')
      const cutSince = sequence.slice(lastSync + 1).some((step) => step.kind === 'cut')
      sim.powerLoss('a')
      const left = sim.disk('a').peek('/log')!
      if (!cutSince) expect(Buffer.compare(left.subarray(0, covered), model.subarray(0, covered))).toBe(0)
      if (!cutSince) expect(left.length).toBeLessThanOrEqual(model.length)
    }),
    { seed: SEED, numRuns: 200 },
  )
})
