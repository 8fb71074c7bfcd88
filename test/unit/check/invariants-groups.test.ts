// What is held against coordinators of groups: owners, generations, offsets as a register, sizes, retention; and what Kafka's
// coordinators may do, which must pass.

import { describe, expect, test } from 'vitest'
import { type CommitAsked, type FetchAsked, GroupInvariants, type GroupLimits } from '../../../src/check/index.ts'
import { Collected } from './findings.ts'

const GROUP = 'readers'
const KEY = 't-0'

class World {
  readonly found: Collected = new Collected()
  readonly checks: GroupInvariants
  now = 0

  constructor(limits: Partial<GroupLimits> = {}) {
    this.checks = new GroupInvariants({ maxSize: 3, expires: false, ...limits }, () => this.now, this.found)
  }

  commit(offset: number, generation = 1, node = 1): CommitAsked {
    return this.commitOf('', offset, generation, node)
  }

  commitOf(member: string, offset: number, generation = 1, node = 1): CommitAsked {
    const offsets = new Map([[KEY, offset]])
    return this.checks.commitAsked(node, this.checks.asked(GROUP, node, node), { generation, member }, offsets)
  }

  beat(generation: number, node = 1): void {
    this.checks.beat(node, this.checks.asked(GROUP, node, node), node, generation)
  }

  answer(asked: CommitAsked, error = 'NONE'): void {
    this.checks.commitAnswered(1, asked, new Map([[KEY, error]]))
  }

  fetch(offset: number, node = 1, epoch = node): void {
    const asked = this.checks.fetchAsked(this.checks.asked(GROUP, node, epoch))
    this.checks.fetchAnswered(node, asked, epoch, new Map([[KEY, offset]]))
  }

  asks(): FetchAsked {
    return this.checks.fetchAsked(this.checks.asked(GROUP, 1, 1))
  }

  shows(asked: FetchAsked, offset: number): void {
    this.checks.fetchAnswered(1, asked, 1, new Map([[KEY, offset]]))
  }

  /** A member was given what it reads in a generation. */
  settle(generation: number): void {
    this.name(generation, { a: [KEY] })
    this.sync(generation, 'a', [KEY])
  }

  join(generation: number, members = 0, node = 1): void {
    this.checks.joined(node, this.checks.asked(GROUP, node, node), node, generation, members)
  }

  sync(generation: number, member: string, partitions: readonly string[], node = 1): void {
    this.checks.synced(node, this.checks.asked(GROUP, node, node), node, { generation, member, partitions })
  }

  name(generation: number, assignments: Record<string, readonly string[]>): void {
    this.checks.named(GROUP, generation, new Map(Object.entries(assignments)))
  }
}

describe('offsets are a register', () => {
  test('what was acknowledged is shown, by any coordinator', () => {
    const world = new World()
    world.fetch(-1)
    world.answer(world.commit(5))
    world.fetch(5)
    world.fetch(5, 2)
    expect(world.found.names).toEqual([])
  })

  test('what was acknowledged may neither be gone nor undone', () => {
    const world = new World()
    world.answer(world.commit(5))
    world.answer(world.commit(8))
    world.fetch(5, 2)
    world.fetch(-1, 2)
    world.fetch(9)
    expect(world.found.names).toEqual(['G5', 'G5', 'G5'])
  })

  test('what nobody has answered may be so or not, until it was shown', () => {
    const world = new World()
    world.answer(world.commit(5))
    const late = world.commit(8)
    world.fetch(5)
    world.fetch(8)
    expect(world.found.names).toEqual([])
    world.fetch(5)
    expect(world.found.names).toEqual(['G5'])
    world.answer(late, 'NOT_COORDINATOR')
    world.fetch(8)
    expect(world.found.names).toEqual(['G5'])
  })

  test('what nobody has answered has happened when its generation is over, or never does', () => {
    const world = new World()
    world.answer(world.commit(5))
    world.commit(8)
    world.answer(world.commit(6))
    world.fetch(8)
    world.settle(2)
    world.fetch(8, 2)
    expect(world.found.names).toEqual([])
    world.answer(world.commit(9, 2))
    world.fetch(8)
    expect(world.found.names).toEqual(['G5'])
  })

  test('what had not happened when its generation was over does not happen after it', () => {
    const world = new World()
    world.answer(world.commit(5))
    world.commit(8)
    world.settle(2)
    world.commit(7)
    world.fetch(5)
    expect(world.found.names).toEqual([])
    world.fetch(8)
    world.fetch(7)
    expect(world.found.names).toEqual(['G5', 'G5'])
  })

  test('an answer that was overtaken tells what was so when it was asked for', () => {
    const world = new World()
    world.answer(world.commit(5))
    world.commit(8)
    world.settle(2)
    const early = world.asks()
    world.answer(world.commit(9, 2))
    world.fetch(9)
    world.shows(early, 8)
    world.fetch(9)
    expect(world.found.names).toEqual([])
    world.fetch(8)
    expect(world.found.names).toEqual(['G5'])
  })

  test('what nobody has answered of no generation may be so for ever', () => {
    const world = new World()
    world.commit(8, -1)
    world.settle(2)
    world.answer(world.commit(9, 2))
    world.fetch(8)
    expect(world.found.names).toEqual([])
  })

  test('nothing is kept of what cannot be so any more', () => {
    const world = new World()
    for (let generation = 1; generation <= 50; generation++) {
      world.settle(generation)
      for (let i = 0; i < 10; i++) {
        world.commit(generation * 100 + 2 * i, generation)
        world.answer(
          world.commit(generation * 100 + 2 * i + 1, generation),
          i % 2 === 0 ? 'NONE' : 'ILLEGAL_GENERATION',
        )
      }
    }
    world.settle(51)
    world.answer(world.commit(1, 51))
    expect(world.asks().writes.get(KEY)).toHaveLength(1)
    expect(world.found.names).toEqual([])
  })

  test('of two at one time either may be the last', () => {
    const world = new World()
    const [first, second] = [world.commit(8), world.commit(5)]
    world.answer(second)
    world.answer(first)
    world.fetch(8)
    expect(world.found.names).toEqual([])
  })

  test('who is no coordinator any more may not know it', () => {
    const world = new World()
    world.answer(world.commit(5))
    world.fetch(-1, 2, -1)
    expect(world.found.names).toEqual([])
  })

  test('what was refused is never shown', () => {
    const world = new World()
    world.answer(world.commit(5))
    world.answer(world.commit(3), 'ILLEGAL_GENERATION')
    world.fetch(3)
    expect(world.found.names).toEqual(['G4'])
  })

  test('what is in use does not expire, what is abandoned does', () => {
    const world = new World({ expires: true })
    world.answer(world.commit(5))
    for (world.now = 0; world.now < 70_000; world.now += 10_000) world.join(1)
    world.fetch(-1)
    expect(world.found.names).toEqual(['G7'])
    world.now += 40_000
    world.join(1)
    world.fetch(-1)
    expect(world.found.names).toEqual(['G7'])
  })
})

describe('generations', () => {
  test('one partition has one owner, the one that was named', () => {
    const world = new World()
    world.name(1, { a: ['t-0'], b: ['t-1'] })
    world.sync(1, 'a', ['t-0'])
    world.sync(1, 'b', ['t-1'])
    world.sync(1, 'a', ['t-0'])
    expect(world.found.names).toEqual([])
    world.name(1, { b: ['t-0'] })
    world.sync(1, 'b', ['t-0'])
    world.sync(1, 'b', ['t-2'])
    expect(world.found.names).toEqual(['G1', 'G1'])
  })

  test('they do not go back, but where nobody was told of one', () => {
    const world = new World()
    world.name(4, { a: ['t-0'] })
    world.sync(4, 'a', ['t-0'])
    world.join(5)
    world.join(5, 0, 2)
    expect(world.found.names).toEqual([])
    world.join(4)
    world.join(3, 0, 2)
    expect(world.found.names).toEqual(['G3', 'G3'])
  })

  test('nobody of an earlier one is served', () => {
    const world = new World()
    const early = world.commit(5, 3)
    world.name(4, { a: ['t-0'] })
    world.sync(4, 'a', ['t-0'])
    world.answer(early)
    expect(world.found.names).toEqual([])
    world.answer(world.commit(5, 3))
    world.checks.beat(1, world.checks.asked(GROUP, 1, 1), 1, 3)
    world.sync(3, 'b', [])
    expect(world.found.names).toEqual(['G4', 'G4', 'G4'])
  })

  test('a static member that comes back is the same owner, and who it was is nobody', () => {
    const world = new World()
    const admit = (member: string): void =>
      world.checks.admitted(world.checks.asked(GROUP, 1, 1), 1, 1, member, 'instance')
    const commits = (member: string): CommitAsked => world.commitOf(member, 5)
    admit('a')
    world.name(1, { a: ['t-0'] })
    world.sync(1, 'a', ['t-0'])
    const before = commits('a')
    admit('b')
    world.sync(1, 'b', ['t-0'])
    world.answer(before)
    world.answer(commits('b'))
    world.answer(commits('a'), 'FENCED_INSTANCE_ID')
    expect(world.found.names).toEqual([])
    world.answer(commits('a'))
    world.sync(1, 'c', ['t-0'])
    expect(world.found.names).toEqual(['G4', 'G1', 'G1'])
  })

  test('one that is replaced in a rebalance is itself until that is over', () => {
    const world = new World()
    const admit = (member: string, generation: number): void =>
      world.checks.admitted(world.checks.asked(GROUP, 1, 1), 1, generation, member, 'instance')
    admit('a', 1)
    world.settle(1)
    admit('b', 2)
    world.answer(world.commitOf('a', 5))
    expect(world.found.names).toEqual([])
  })

  test('nobody commits for a group that has members', () => {
    const world = new World()
    world.answer(world.commit(5, -1))
    world.settle(1)
    world.beat(1)
    const meanwhile = world.commit(6, -1)
    world.beat(1)
    world.answer(meanwhile)
    // It may have been empty since, and has begun another generation.
    world.settle(3)
    world.beat(3)
    expect(world.found.names).toEqual([])
    world.answer(world.commit(7, -1), 'UNKNOWN_MEMBER_ID')
    world.beat(3)
    expect(world.found.names).toEqual([])
    world.answer(world.commit(7, -1))
    world.beat(3)
    world.beat(3)
    expect(world.found.names).toEqual(['G4'])
  })

  test('a group is no larger than it may be', () => {
    const world = new World()
    world.join(1, 3)
    world.join(2, 4)
    expect(world.found.names).toEqual(['G6'])
  })
})
