// One shard under random schedules of clients, log and moves: G1, G4, G5 and G6, every request answered exactly once, and what
// the log says is what the coordinator knows.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GroupsWorld } from '../support/groups-world.ts'

type Act = readonly [name: string, a: number, b: boolean]

const one = (name: string): fc.Arbitrary<Act> => fc.tuple(fc.constant(name), fc.nat(1000), fc.boolean())

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 80, arbitrary: one('go') },
  { weight: 2, arbitrary: one('join') },
  { weight: 2, arbitrary: one('sync') },
  { weight: 2, arbitrary: one('heartbeat') },
  { weight: 2, arbitrary: one('leave') },
  { weight: 2, arbitrary: one('crash') },
  { weight: 10, arbitrary: one('commit-offset') },
  { weight: 5, arbitrary: one('fetch') },
  { weight: 1, arbitrary: one('delete') },
  { weight: 1, arbitrary: one('describe') },
  { weight: 40, arbitrary: one('commit') },
  { weight: 1, arbitrary: one('refuse') },
  { weight: 1, arbitrary: one('time-out') },
  { weight: 12, arbitrary: one('advance') },
  { weight: 1, arbitrary: one('failover') },
)

function perform(world: GroupsWorld, [name, a, b]: Act): void {
  const client = world.clients[a % world.clients.length]!
  const rarely = b && a % 5 === 0
  if (name === 'go') world.go(client)
  else if (name === 'join') world.join(client, rarely)
  else if (name === 'sync') world.sync(client)
  else if (name === 'heartbeat') world.heartbeat(client, rarely)
  else if (name === 'leave') world.leave(client)
  else if (name === 'crash') world.crash(client)
  else if (name === 'commit-offset') world.commitOffset(client, a, rarely)
  else if (name === 'fetch') world.fetch(client.groupId, b)
  else if (name === 'delete') world.delete(client.groupId)
  else if (name === 'describe') world.describe(client.groupId)
  else if (name === 'commit') world.commit(a)
  else if (name === 'refuse') world.refuse(a)
  else if (name === 'time-out') world.timeOut(a)
  else if (name === 'advance') world.advance([0, 50, 1000, 7000][a % 4]!)
  else if (name === 'failover') world.failover(a)
  else throw new Error(name)
}

/** To look further: `GROUPS_SEED=7 GROUPS_RUNS=2000`. Without shrinking, which takes minutes: the path of a failure lives it again. */
const SEED = Number(process.env.GROUPS_SEED ?? 20261121)
const RUNS = Number(process.env.GROUPS_RUNS ?? 60)

describe('a shard under random schedules', () => {
  it('gives one assignment a generation, answers everybody once, keeps what it acknowledged', () => {
    let synced = 0
    fc.assert(
      fc.property(
        fc.array(act, { minLength: 200, maxLength: 500, size: 'max' }),
        fc.constantFrom(2, 3, 100),
        (acts, maxSize) => {
          const world = new GroupsWorld({ maxSize, initialRebalanceDelayMs: 500, offsetsRetentionCheckIntervalMs: 1e9 })
          for (const one of acts) {
            perform(world, one)
            if (one[0] === 'commit') world.checkReplay()
          }
          world.finish()
          synced += world.assignmentsGiven
        },
      ),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    )
    // Schedules in which nobody ever gets anything would show nothing.
    expect(synced).toBeGreaterThan(RUNS * 5)
  })
})
