// A hundred seeds, each twice, of a small world in which every fault there is happens to hosts that talk, write and wait:
// the same seed leaves the same trace to the last byte, and no two seeds the same.

import { expect, test } from 'vitest'
import type { Ports } from '../../src/base/index.ts'
import { createSimulation, type Simulation } from '../../src/sim/index.ts'
import { bytes } from '../support/sim-world.ts'

const NAMES: readonly string[] = ['a', 'b', 'c']

/** What a disk or a dead port refuses is no matter here: the next beat tries again. */
const whatever = (): void => {}

/** Listens, calls the others again and again, and keeps what it hears in a file and a table. */
async function live(name: string, ports: Ports): Promise<void> {
  const { clock, random, disk, network, tables, offload } = ports
  const file = await disk.open('/log', { create: true })
  const table = await tables.open('t')
  const keep = (chunk: Uint8Array): void => {
    file.append([chunk], (error) => {
      if (error === null) file.sync().catch(whatever)
      else file.truncate(0).catch(whatever)
    })
  }
  await network.listen({ host: name, port: 1 }, (connection) => ({
    data: (chunk) => {
      keep(chunk)
      connection.write([chunk.subarray(0, 10)])
    },
    drained: whatever,
    closed: whatever,
  }))
  const call = (): void => {
    const to = NAMES[random.below(NAMES.length)]!
    const connection = network.connect(
      { host: to, port: 1 },
      { data: keep, drained: whatever, closed: () => keep(bytes(`${clock.wall()}`)) },
    )
    connection.write([random.bytes(1 + random.below(4_000))])
    if (random.below(2) === 0) connection.close()
    else if (random.below(4) === 0) connection.destroy()
    disk.writeFileAtomic('/state', random.bytes(8)).catch(whatever)
    table.batch([{ kind: 'put', key: 'k', value: random.bytes(8) }], { sync: random.below(2) === 0 }).catch(whatever)
    offload.run({ kind: 'compress', codec: 'lz4', bytes: random.bytes(100) }).then(keep, whatever)
    beat.set(clock.monotonic() + 4 + random.below(60))
  }
  const beat = clock.alarm(call)
  call()
}

/** Each of the faults, by its number. */
function hurt(sim: Simulation, name: string, other: string, which: number): (() => void) | undefined {
  const faults: readonly (() => (() => void) | undefined)[] = [
    () => sim.isolate(name),
    () => sim.isolate(name, 'out'),
    () => sim.cut(name, other),
    () => sim.hide(name),
    () => sim.slow(name, { latencyMs: 5, jitterMs: 20, bandwidth: 1_000_000 }),
    () => sim.slowLink(name, other, { distribution: [[100, 40_000]] }),
    () => void sim.reset(name),
    () => void sim.reset(name, other),
    () => void sim.halfOpen(name),
    () => void sim.detain(name, 30),
    () => void sim.failDisk(name, 'sync'),
    () => void sim.failDisk(name, 'append'),
    () => sim.slowDisk(name, 7),
    () => sim.lyingSync(name),
    () => sim.fillDisk(name, 10_000),
    () => void sim.flipBit(name, ['/log', '/state']),
    () => sim.slowCpu(name, 30),
    () => void sim.skewClock(name, 1_000, 50_000),
    () => sim.pause(name),
    () => void sim.stall(name, 30),
    () => void sim.backlog(name, 1),
    () => void sim.killAtPortCall(name, 20),
    () => void sim.kill(name),
    () => void sim.powerLoss(name),
  ]
  return faults[which % faults.length]!()
}

async function life(seed: number): Promise<string> {
  using sim = createSimulation({ seed })
  for (const name of NAMES) live(name, sim.addNode(name, { client: name === 'c' })).catch(whatever)
  for (let i = 0; i < 24; i++) {
    const name = NAMES[sim.random.below(3)]!
    const end = hurt(sim, name, NAMES[sim.random.below(3)]!, i + seed)
    await sim.sleep(1 + sim.random.below(30))
    end?.()
    if (!sim.alive(name)) {
      if (sim.random.below(4) === 0) sim.replaceDisk(name)
      live(name, sim.restart(name)).catch(whatever)
    }
  }
  sim.heal()
  await sim.sleep(50)
  const disks = NAMES.map((name) => sim.disk(name).peek('/log')?.length ?? -1)
  return `${sim.events} events, ${disks.join(' ')}, ${sim.traceHash()}`
}

test('100 seeds, twice', async () => {
  const told = new Set<string>()
  for (let seed = 1; seed <= 100; seed++) {
    const once = await life(seed)
    expect(await life(seed), `seed ${seed}`).toBe(once)
    told.add(once)
  }
  expect(told.size).toBe(100)
})
