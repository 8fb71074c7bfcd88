// One shard under random schedules of clients, log and moves: G1, G4, G5 and G6, every request answered exactly once, and what
// the log says is what the coordinator knows.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { GroupApi, GroupEffect } from '../../src/groups/index.ts'
import { TestShard } from '../support/group-shard.ts'
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

  it('survives what nobody should send, and answers that too', () => {
    const text = fc.constantFrom('', 'g', 'h', '__proto__', 'constructor', 'x'.repeat(300), '\u0000', '日本語')
    const memberId = fc.oneof({ weight: 3, arbitrary: fc.constant('known') }, { weight: 1, arbitrary: text })
    const int32 = fc.oneof(fc.constantFrom(-(2 ** 31), -1, 0, 1, 2, 6_000, 2 ** 31 - 1), fc.integer())
    const bytes = fc.uint8Array({ maxLength: 12 })
    const groupId = fc.constantFrom('g', '__proto__', '')
    const instance = fc.option(fc.constantFrom('i', '', '__proto__'))
    const members = fc.array(fc.record({ memberId, groupInstanceId: instance, reason: fc.option(text) }), {
      maxLength: 3,
    })
    const partition = fc.record({
      partitionIndex: int32,
      committedOffset: fc.maxSafeInteger(),
      committedLeaderEpoch: int32,
      committedMetadata: fc.option(text),
    })
    const topics = fc.array(
      fc.record({
        name: text,
        topicId: fc.constantFrom('AAAAAAAAAAAAAAAAAAAAAA', 'AAAAAAAAAAAAAAAAAAAABw'),
        partitionIndexes: fc.array(int32, { maxLength: 2 }),
        partitions: fc.array(partition, { maxLength: 2 }),
      }),
      { maxLength: 2 },
    )
    const protocols = fc.array(fc.record({ name: fc.constantFrom('range', '', '__proto__'), metadata: bytes }), {
      maxLength: 3,
    })
    const body = fc.record({
      groupId,
      memberId,
      groupInstanceId: instance,
      members,
      topics,
      protocols,
      assignments: fc.array(fc.record({ memberId, assignment: bytes }), { maxLength: 3 }),
      protocolType: fc.option(fc.constantFrom('consumer', 'consumer', '', 'sr')).map((type) => type ?? 'consumer'),
      protocolName: fc.constant(null),
      sessionTimeoutMs: fc.oneof(fc.constant(6_000), int32),
      rebalanceTimeoutMs: int32,
      generationId: fc.constantFrom(-1, 0, 1, 2, 2 ** 31 - 1),
      generationIdOrMemberEpoch: fc.constantFrom(-1, 0, 1, 2),
      retentionTimeMs: fc.constantFrom(-1, 0, -5, Number.MAX_SAFE_INTEGER),
      reason: fc.option(text),
      requireStable: fc.boolean(),
      statesFilter: fc.array(text, { maxLength: 2 }),
      typesFilter: fc.array(text, { maxLength: 2 }),
    })
    const api = fc.constantFrom<GroupApi>(
      ...(['JoinGroup', 'JoinGroup', 'JoinGroup', 'SyncGroup', 'SyncGroup', 'Heartbeat', 'LeaveGroup'] as const),
      ...(['OffsetCommit', 'OffsetFetch', 'OffsetDelete', 'DescribeGroups', 'DeleteGroups', 'ListGroups'] as const),
    )
    const step = fc.record({ api, body, version: fc.integer({ min: 0, max: 9 }), after: fc.nat(9), pick: fc.nat(99) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const shard = new TestShard({ initialRebalanceDelayMs: 100, maxSize: 3 })
        const ids = ['']
        let answered = 0
        const take = (effects: readonly GroupEffect[]): void => {
          for (const effect of effects) {
            if (effect.kind !== 'answer') continue
            answered++
            if (effect.api === 'JoinGroup' && effect.response.memberId !== '') ids.push(effect.response.memberId)
          }
        }
        take(shard.load(0))
        for (const { api, body, version, after, pick } of steps) {
          const known = (id: string): string => (id === 'known' ? ids[pick % ids.length]! : id)
          const meant = {
            ...body,
            memberId: known(body.memberId),
            members: body.members.map((one) => ({ ...one, memberId: known(one.memberId) })),
          }
          take(shard.ask(api, meant as never, { version }))
          if (after < 6) take(shard.commit(shard.log.length))
          if (after === 6) take(shard.fail(shard.log.length, 'UNKNOWN_SERVER_ERROR', false))
          if (after >= 7) {
            shard.now += 200 * pick
            take(shard.happen({ kind: 'tick' }))
          }
        }
        take(shard.happen({ kind: 'unload', epoch: 1 }))
        expect(answered, 'everybody').toBe(steps.length)
      }),
      { numRuns: RUNS * 3, seed: SEED, endOnFailure: true },
    )
  })
})
