// The faults of simulated disks: full, slow, failing, lying, rotting.

import { describe, expect, test } from 'vitest'
import type { DiskFile } from '../../src/base/index.ts'
import { createSimulation, type Simulation } from '../../src/sim/index.ts'
import { append, bytes, SEEDS, text } from '../support/sim-world.ts'

describe('a disk that fails', () => {
  test('is full, and takes appends after a cut when there is room again', async () => {
    using sim = createSimulation({ seed: 11 })
    const file = await sim.wait(sim.addNode('a').disk.open('/log', { create: true }))
    await sim.wait(append(file, '12345'))
    sim.disk('a').faults.freeBytes = 3
    await expect(sim.wait(append(file, '678901'))).rejects.toMatchObject({ name: 'StorageError', code: 'ENOSPC' })
    sim.disk('a').faults.freeBytes = 100
    await expect(sim.wait(append(file, 'x'))).rejects.toMatchObject({ code: 'ENOSPC' })
    await sim.wait(file.truncate(5))
    await sim.wait(append(file, '6'))
    expect(new TextDecoder().decode(sim.disk('a').peek('/log')!)).toBe('123456')
  })

  test('refuses to sync', async () => {
    using sim = createSimulation({ seed: 12 })
    const file = await sim.wait(sim.addNode('a').disk.open('/log', { create: true }))
    sim.disk('a').faults.syncFailsOneIn = 1
    await expect(sim.wait(file.sync())).rejects.toMatchObject({ name: 'StorageError', code: 'EIO', path: '/log' })
  })
})

/** A file of three durable bytes, in a directory that is durable too. */
async function durable(sim: Simulation): Promise<DiskFile> {
  const { disk } = sim.addNode('a')
  const file = await sim.wait(disk.open('/log', { create: true }))
  await sim.wait(disk.syncDirectory('/'))
  await sim.wait(append(file, 'abc'))
  await sim.wait(file.sync())
  return file
}

function afterPowerLoss(sim: Simulation): string | null {
  sim.powerLoss('a')
  return text(sim.disk('a').peek('/log'))
}

describe('a failed fsync', () => {
  test('is said once; the next one succeeds, and what it pretends to have kept is gone with the power', async () => {
    for (const seed of SEEDS.slice(0, 10)) {
      using sim = createSimulation({ seed })
      const file = await durable(sim)
      await sim.wait(append(file, 'def'))
      sim.failDisk('a', 'sync')
      await expect(sim.wait(file.sync())).rejects.toMatchObject({ code: 'EIO', path: '/log' })
      await sim.wait(file.sync())
      expect(sim.disk('a').durableSize('/log')).toBe(3)
      expect(text(sim.disk('a').peek('/log'))).toBe('abcdef')
      await sim.wait(append(file, 'ghi'))
      await sim.wait(file.sync())
      expect(afterPowerLoss(sim), `seed ${seed}`).toBe('abc\0\0\0ghi')
    }
  })

  test('may have written some of the pages', async () => {
    const found = new Set<string>()
    for (const seed of SEEDS) {
      using sim = createSimulation({ seed })
      const file = await durable(sim)
      await sim.wait(append(file, 'd'.repeat(4_093) + 'e'.repeat(4_096)))
      sim.failDisk('a', 'sync')
      await expect(sim.wait(file.sync())).rejects.toMatchObject({ code: 'EIO' })
      const left = afterPowerLoss(sim)!
      found.add(`${left[3]} ${left[4_096]}`)
    }
    expect([...found].sort()).toEqual(['\0 \0', '\0 e', 'd \0'])
  })
})

test('a failed append ends appends until a cut', async () => {
  using sim = createSimulation({ seed: 40 })
  const file = await durable(sim)
  sim.failDisk('a', 'append')
  await expect(sim.wait(append(file, 'def'))).rejects.toMatchObject({ code: 'EIO' })
  await expect(sim.wait(append(file, 'x'))).rejects.toMatchObject({ code: 'EIO' })
  await sim.wait(file.truncate(3))
  await sim.wait(append(file, 'y'))
  expect(text(sim.disk('a').peek('/log'))).toBe('abcy')
})

describe('an fsync that lies', () => {
  test('keeps nothing, neither bytes nor names nor batches of tables', async () => {
    const found = new Set<string>()
    for (const seed of SEEDS) {
      using sim = createSimulation({ seed })
      const file = await durable(sim)
      const { disk, tables } = sim.ports('a')
      const table = await sim.wait(tables.open('t'))
      sim.lyingSync('a')
      await sim.wait(append(file, 'def'))
      await sim.wait(file.sync())
      await sim.wait(disk.writeFileAtomic('/named', bytes('n')))
      await sim.wait(table.batch([{ kind: 'put', key: 'k', value: bytes('v') }], { sync: true }))
      const left = afterPowerLoss(sim)
      const again = await sim.wait(sim.restart('a').tables.open('t'))
      const value = text((await sim.wait(again.get('k'))) ?? null)
      found
        .add(`log ${left}`)
        .add(`named ${sim.disk('a').peek('/named') !== null}`)
        .add(`k ${value}`)
    }
    for (const each of ['log abc', 'log abcdef', 'named false', 'named true', 'k null', 'k v'])
      expect(found).toContain(each)
  })

  test('keeps what it has promised once it is honest again', async () => {
    for (const seed of SEEDS.slice(0, 20)) {
      using sim = createSimulation({ seed })
      const file = await durable(sim)
      const one = sim.lyingSync('a')
      const other = sim.lyingSync('a')
      await sim.wait(append(file, 'def'))
      await sim.wait(file.sync())
      await sim.wait(append(file, 'ghi'))
      one()
      expect(sim.disk('a').durableSize('/log')).toBe(3)
      other()
      expect(afterPowerLoss(sim)?.startsWith('abcdef'), `seed ${seed}`).toBe(true)
    }
  })
})

test('two fsyncs at once: the slower one takes nothing back', async () => {
  for (const seed of SEEDS) {
    using sim = createSimulation({ seed })
    const file = await durable(sim)
    await sim.wait(append(file, 'def'))
    const first = file.sync()
    await sim.wait(append(file, 'ghi'))
    await sim.wait(Promise.all([first, file.sync()]))
    expect(afterPowerLoss(sim), `seed ${seed}`).toBe('abcdefghi')
  }
})

test('a power loss may keep a later page and lose an earlier one, and tear the end', async () => {
  const found = new Set<string>()
  for (const seed of SEEDS) {
    using sim = createSimulation({ seed })
    const file = await durable(sim)
    await sim.wait(append(file, 'd'.repeat(4_093) + 'e'.repeat(4_096)))
    const left = afterPowerLoss(sim)!
    const torn = left.length > 4_096 && left.length < 8_192
    found.add(`${left[3] === 'd' ? 'first' : 'none'} ${left[4_096] === 'e' ? 'second' : 'none'}${torn ? ' torn' : ''}`)
  }
  for (const each of ['first second', 'first none', 'none second', 'none none']) expect(found).toContain(each)
  expect([...found].some((each) => each.endsWith('none second torn'))).toBe(true)
})

test('a slow disk takes so many times as long, and two such faults more', async () => {
  async function syncTakes(factors: readonly number[]): Promise<number> {
    using sim = createSimulation({ seed: 41 })
    const file = await durable(sim)
    const undo = factors.map((factor) => sim.slowDisk('a', factor))
    const began = sim.now
    await sim.wait(file.sync())
    const took = sim.now - began
    for (const each of undo) each()
    expect(sim.disk('a').faults.slowFactor).toBe(1)
    return took
  }
  const usual = await syncTakes([])
  expect((await syncTakes([10])) / usual).toBeGreaterThan(9)
  expect((await syncTakes([10, 10])) / usual).toBeGreaterThan(90)
})

test('a full disk gets back what is cut, removed or replaced', async () => {
  using sim = createSimulation({ seed: 42 })
  const file = await durable(sim)
  const { disk } = sim.ports('a')
  const empty = sim.fillDisk('a', 4)
  await sim.wait(append(file, 'defg'))
  await expect(sim.wait(disk.writeFileAtomic('/b', bytes('1')))).rejects.toMatchObject({ code: 'ENOSPC' })
  await sim.wait(file.truncate(3))
  // Twice, since the first gives its place back.
  await sim.wait(disk.writeFileAtomic('/b', bytes('12')))
  await sim.wait(disk.writeFileAtomic('/b', bytes('34')))
  await sim.wait(disk.remove('/b'))
  await sim.wait(append(file, 'hijk'))
  await expect(sim.wait(append(file, 'l'))).rejects.toMatchObject({ code: 'ENOSPC' })
  empty()
  await sim.wait(file.truncate(7))
  await sim.wait(append(file, 'm'.repeat(1_000)))
})

test('a bit that flips is another in cache and platter, and where it flips follows from the seed', async () => {
  const places = new Set<string>()
  for (const seed of [1, 1, 2, 3]) {
    using sim = createSimulation({ seed })
    const file = await durable(sim)
    await sim.wait(append(file, 'x'.repeat(997)))
    await sim.wait(file.sync())
    const before = sim.disk('a').peek('/log')!
    const flipped = sim.flipBit('a', ['/log', '/none'])!
    places.add(`${seed} ${flipped.bit}`)
    sim.powerLoss('a')
    const after = sim.disk('a').peek('/log')!
    const byte = flipped.bit >> 3
    expect(after[byte]! ^ before[byte]!).toBe(1 << (flipped.bit & 7))
    after[byte] = before[byte]!
    expect(after).toEqual(before)
    expect(sim.flipBit('a', ['/none'])).toBeNull()
  }
  expect(places.size).toBe(3)
})

test('a scrub gives back what is still there, in a copy too, and nothing that was written since', async () => {
  using sim = createSimulation({ seed: 4 })
  const file = await durable(sim)
  const disk = sim.disk('a')
  await sim.wait(append(file, 'abcdefgh'.repeat(50)))
  const before = disk.peek('/log')!
  const [first, second] = [disk.flipBit('/log', 8 * 100), disk.flipBit('/log', 8 * 120)]
  expect(disk.written('/log')).toEqual(before)
  first()
  expect(disk.peek('/log')).not.toEqual(before)
  await sim.wait(file.truncate(110))
  await sim.wait(append(file, 'x'.repeat(290)))
  const anew = disk.peek('/log')!
  second()
  expect(disk.peek('/log')).toEqual(anew)
  disk.flipBit('/log', 8 * 10)
  disk.flipBit('/log', 8 * 10)
  expect(disk.peek('/log')).toEqual(anew)
})
