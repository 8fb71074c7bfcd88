// Three pure partitions, a network that delays, reorders and drops, a controller that compares and sets: whatever the
// schedule, P2–P4, P6, P8–P10 and P12 hold after every step; and when all is healed, everybody agrees.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { World } from '../support/partition-world.ts'

const ids = [1, 2, 3] as const
const id = fc.constantFrom(...ids)
const pick = fc.nat(1000)

type Act = readonly [name: string, a: number, b: number]

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constant('produce'), id, fc.integer({ min: 1, max: 3 })) },
  { weight: 10, arbitrary: fc.tuple(fc.constant('fetch'), id, fc.constant(0)) },
  { weight: 22, arbitrary: fc.tuple(fc.constant('deliver'), pick, fc.constant(0)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('drop'), pick, fc.constant(0)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('advance'), fc.constantFrom(10, 60, 600, 1100), fc.constant(0)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('fence'), id, fc.constant(0)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('unfence'), id, fc.constant(0)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('elect'), id, fc.constant(0)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('restart'), id, fc.constant(0)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('checkpoint'), id, fc.constant(0)) },
)

function perform(world: World, [name, a, b]: Act): void {
  const some = world.messages.length === 0 ? 0 : a % world.messages.length
  if (name === 'produce') world.produce(a, b, a % 2 === 0 ? 1 : -1)
  else if (name === 'fetch') world.fetch(a)
  else if (name === 'deliver') world.deliver(some)
  else if (name === 'drop') world.drop(some)
  else if (name === 'advance') world.advance(a)
  else if (name === 'fence') world.fence(a)
  else if (name === 'unfence') world.unfence(a)
  else if (name === 'elect') world.elect(a)
  else if (name === 'checkpoint') world.checkpoint(a)
  else {
    world.kill(a)
    world.restart(a)
  }
}

function heal(world: World): void {
  for (const replica of ids) world.unfence(replica)
  world.publish()
  world.settle()
  for (let round = 0; round < 30; round++) {
    world.advance(60)
    for (const replica of ids) world.fetch(replica)
    world.settle()
    world.check()
  }
}

describe('three partitions under random schedules', () => {
  it('keeps what is committed, in every state', () => {
    fc.assert(
      fc.property(fc.array(act, { minLength: 50, maxLength: 400 }), (acts) => {
        const world = new World({ replicas: ids, minInsync: 2, lagMs: 1000 })
        world.elect(1)
        world.settle()
        for (const one of acts) {
          perform(world, one)
          world.check()
        }
        heal(world)
        if (world.leader < 0) return
        const leader = world.replica(world.leader)
        expect(world.isr.length, 'the ISR is whole again').toBe(3)
        for (const { log } of world.replicas) expect(log.text).toBe(leader.log.text)
        for (const { offset, value } of world.acked) expect(leader.log.at(offset)?.value).toBe(value)
        world.produce(world.leader, 1)
        for (let round = 0; round < 3; round++) {
          for (const replica of ids) world.fetch(replica)
          world.settle()
        }
        expect(leader.state.highWatermark, 'writes are acknowledged again').toBe(leader.log.endOffset)
      }),
      { numRuns: 300, seed: 20261121 },
    )
  })
})
