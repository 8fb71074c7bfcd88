// Turns of the loop that partitions share.

import { expect, it } from 'vitest'
import { Timers } from '../../../src/base/index.ts'
import { Turns } from '../../../src/coordinator/turns.ts'
import { createSimulation } from '../../../src/sim/index.ts'

it('nobody shares a turn, loads come before folds, and a free turn is given at once', async () => {
  using sim = createSimulation({ seed: 1 })
  const { clock } = sim.addNode('n')
  const fatal: Error[] = []
  const turns = new Turns(new Timers(clock), (error) => fatal.push(error))
  const order: string[] = []
  const at: number[] = []
  const take = (name: string): void => {
    void turns.take(name.startsWith('load') ? 'load' : 'fold').then(() => {
      order.push(name)
      at.push(clock.monotonic())
    })
  }
  for (const name of ['fold 1', 'fold 2', 'load 1', 'fold 3', 'load 2']) take(name)
  await sim.sleep(0)
  await sim.sleep(50)
  expect(order).toEqual(['fold 1', 'load 1', 'load 2', 'fold 2', 'fold 3'])
  expect(new Set(at).size).toBe(5)
  const before = clock.monotonic()
  take('fold 4')
  await Promise.resolve()
  await Promise.resolve()
  expect([order.at(-1), at.at(-1)! - before < 0.01]).toEqual(['fold 4', true])
  expect(fatal).toEqual([])
})
