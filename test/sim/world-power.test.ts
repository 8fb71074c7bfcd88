// What a kill and a power loss leave behind: the page cache, or what of it had reached the platter.

import { describe, expect, test } from 'vitest'
import { createSimulation } from '../../src/sim/index.ts'
import { append, bytes, connected, ear, SEEDS } from '../support/sim-world.ts'

describe('a kill', () => {
  test('leaves the page cache, and the dead ports do nothing more', async () => {
    using sim = createSimulation({ seed: 3 })
    const a = sim.addNode('a')
    const file = await sim.wait(a.disk.open('/log', { create: true }))
    await sim.wait(append(file, 'seen'))
    const heard: string[] = []
    a.clock.alarm(() => heard.push('alarm')).set(a.clock.monotonic() + 5)
    file.sync().then(() => heard.push('synced'))
    sim.kill('a')
    file.append([bytes('late')], () => heard.push('appended'))
    a.disk.remove('/log').then(() => heard.push('removed'))
    await sim.sleep(100)
    expect(heard).toEqual([])
    const again = sim.restart('a')
    expect(await sim.wait(again.disk.readFile('/log'))).toEqual(bytes('seen'))
  })

  test('may strike at any port call', async () => {
    const reached = new Set<string>()
    for (let n = 1; n <= 12; n++) {
      using sim = createSimulation({ seed: n })
      const a = sim.addNode('a')
      sim.killAtPortCall('a', n)
      let steps = 0
      const work = async (): Promise<void> => {
        const file = await a.disk.open('/log', { create: true })
        steps++
        for (const word of ['a', 'b', 'c']) {
          await append(file, word)
          steps++
          await file.sync()
          steps++
        }
        await a.disk.rename('/log', '/done')
        steps++
      }
      void work()
      await sim.run({ untilMs: 1_000 })
      const disk = sim.disk('a')
      reached.add(
        `${steps} ${disk.paths().join()} ${new TextDecoder().decode(disk.peek(disk.paths()[0] ?? '') ?? undefined)}`,
      )
    }
    expect(reached.size).toBeGreaterThan(6)
    expect([...reached].filter((each) => each.includes('/done'))).toEqual(['8 /done abc'])
  })

  test('resets connections, and a port without a process refuses', async () => {
    using sim = createSimulation({ seed: 4 })
    const { heard, caller } = await connected(sim)
    sim.kill('b')
    await sim.sleep(10)
    expect(heard).toEqual(['closed ECONNRESET: read b:1'])
    caller.write([bytes('into nothing')])
    sim.ports('a').network.connect({ host: 'b', port: 1 }, ear(heard))
    await sim.sleep(10)
    expect(heard[1]).toBe('closed ECONNREFUSED: connect b:1')
  })
})

describe('a power loss', () => {
  /** Three synced records, three that are not; what is found, by seed. */
  async function found(seed: number): Promise<string | null> {
    using sim = createSimulation({ seed })
    const a = sim.addNode('a')
    await sim.wait(a.disk.makeDirectory('/d'))
    await sim.wait(a.disk.syncDirectory('/'))
    const file = await sim.wait(a.disk.open('/d/log', { create: true }))
    await sim.wait(append(file, 'abc'))
    await sim.wait(file.sync())
    await sim.wait(a.disk.syncDirectory('/d'))
    await sim.wait(append(file, 'defghi'))
    sim.powerLoss('a')
    const again = sim.restart('a')
    const content = await sim.wait(again.disk.readFile('/d/log'))
    return content === null ? null : new TextDecoder().decode(content)
  }

  test('keeps what was synced, and loses, tears or keeps the rest', async () => {
    const outcomes = new Set<string>()
    for (const seed of SEEDS) {
      const content = await found(seed)
      expect(content?.startsWith('abc'), `seed ${seed}: ${content}`).toBe(true)
      outcomes.add(content ?? '')
    }
    expect(outcomes).toContain('abc')
    expect(outcomes).toContain('abcdefghi')
    expect(outcomes).toContain('abc\0\0\0\0\0\0')
    expect([...outcomes].some((each) => each.length > 3 && each.length < 9)).toBe(true)
  })

  test('loses names whose directory was not synced, and never half a rename', async () => {
    const outcomes = new Set<string>()
    for (const seed of SEEDS) {
      using sim = createSimulation({ seed })
      const a = sim.addNode('a')
      await sim.wait(a.disk.writeFileAtomic('/old', bytes('x')))
      await sim.wait(a.disk.rename('/old', '/new'))
      const file = await sim.wait(a.disk.open('/created', { create: true }))
      await sim.wait(append(file, 'y'))
      await sim.wait(file.sync())
      sim.powerLoss('a')
      outcomes.add(sim.disk('a').paths().join())
    }
    expect([...outcomes].sort()).toEqual(['/created,/new', '/new', '/old'])
  })

  test('writeFileAtomic is the old or the new, whole, and the new once it has resolved', async () => {
    for (const seed of SEEDS) {
      using sim = createSimulation({ seed })
      const a = sim.addNode('a')
      await sim.wait(a.disk.writeFileAtomic('/f', bytes('old')))
      let written = false
      a.disk.writeFileAtomic('/f', bytes('newer')).then(() => {
        written = true
      })
      await sim.sleep(sim.random.below(30) / 10)
      sim.powerLoss('a')
      const content = new TextDecoder().decode(sim.disk('a').peek('/f')!)
      expect(['old', 'newer'], `seed ${seed}`).toContain(content)
      if (written) expect(content).toBe('newer')
    }
  })

  test('takes unsynced batches of tables from the end, whole', async () => {
    const outcomes = new Set<string>()
    for (const seed of SEEDS) {
      using sim = createSimulation({ seed })
      const table = await sim.wait(sim.addNode('a').tables.open('t'))
      const put = (value: string, sync: boolean): Promise<void> =>
        sim.wait(
          table.batch(
            [
              { kind: 'put', key: 'x', value: bytes(value) },
              { kind: 'put', key: 'y', value: bytes(value) },
            ],
            { sync },
          ),
        )
      await put('1', true)
      await put('2', false)
      await put('3', false)
      sim.powerLoss('a')
      const after = await sim.wait(sim.restart('a').tables.open('t'))
      const read = async (key: string): Promise<string> => new TextDecoder().decode(await sim.wait(after.get(key)))
      outcomes.add((await read('x')) + (await read('y')))
    }
    expect([...outcomes].sort()).toEqual(['11', '22', '33'])
  })

  test('leaves a dead process that learns nothing of a table, not even that it is empty', async () => {
    using sim = createSimulation({ seed: 1 })
    const table = await sim.wait(sim.addNode('a').tables.open('t'))
    sim.powerLoss('a')
    let ended = false
    void (async () => {
      for await (const page of table.pages()) expect(page).toBe('never given')
      ended = true
    })()
    await sim.sleep(1000)
    expect(ended).toBe(false)
  })

  test('tells nobody: connections stand until something is sent to the machine that came back', async () => {
    using sim = createSimulation({ seed: 5 })
    const { heard, caller } = await connected(sim)
    sim.powerLoss('b')
    await sim.sleep(60_000)
    caller.write([bytes('anybody?')])
    await sim.sleep(60_000)
    expect(heard).toEqual([])
    sim.restart('b')
    await sim.sleep(10)
    expect(heard).toEqual(['closed ECONNRESET: read b:1'])
  })
})
