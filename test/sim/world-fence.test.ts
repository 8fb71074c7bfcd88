// The fence around a simulation: whatever of the real world is reached for from one of our rooms is caught and named.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkRooms } from '../../scripts/rooms/check.ts'
import { ROOMS } from '../../scripts/rooms/table.ts'
import { guiltyFrame } from '../../src/sim/guard.ts'
import { createSimulation } from '../../src/sim/index.ts'

describe('the fence', () => {
  let room = ''
  beforeEach(async () => {
    // A room of ours for the time of the test, beside the real ones.
    const raft = new URL('../../raft/', import.meta.url).pathname
    await mkdir(raft, { recursive: true })
    room = await mkdtemp(join(raft, 'planted-'))
  })
  afterEach(async () => {
    await rm(room, { recursive: true })
  })

  test.each([
    ['Date.now', 'Date.now()', ''],
    ['new Date()', 'new Date().getTime()', ''],
    ['Math.random', 'Math.random()', ''],
    ['performance.now', 'performance.now()', ''],
    ['setTimeout', 'setTimeout(() => {}, 1)', ''],
    ['setImmediate', 'setImmediate(() => {})', ''],
    ['queueMicrotask', 'queueMicrotask(() => {})', ''],
    ['process.hrtime.bigint', 'process.hrtime.bigint()', ''],
    ['process.nextTick', 'process.nextTick(() => {})', ''],
    ['crypto.randomUUID', 'crypto.randomUUID()', ''],
    ['crypto.randomBytes', 'randomBytes(4)', "import { randomBytes } from 'node:crypto'"],
    ['fs.readFileSync', "readFileSync('/dev/null')", "import { readFileSync } from 'node:fs'"],
    ['net.connect', 'connect(1)', "import { connect } from 'node:net'"],
    ['timers.promises.setTimeout', 'setTimeout(1)', "import { setTimeout } from 'node:timers/promises'"],
    ['zlib.gzip', "gzip('', () => {})", "import { gzip } from 'node:zlib'"],
  ])('catches a planted %s and names its place', async (name, call, imports) => {
    const file = join(room, 'leak.ts')
    await writeFile(file, `${imports}\nexport function decide(): void {\n  void ${call}\n}\n`)
    const planted: { decide(): void } = await import(file)
    using sim = createSimulation({ seed: 1 })
    const a = sim.addNode('a')
    a.clock.alarm(() => planted.decide()).set(a.clock.monotonic() + 5)
    await expect(sim.run({ untilMs: 10 })).rejects.toThrow(
      new RegExp(`^${name.replace(/[.()]/g, '\\$&')} called at raft/planted-\\w+/leak\\.ts:3`),
    )
  })

  test('lets tests, libraries and the world through, and is gone afterwards', async () => {
    const now = Date.now
    {
      using sim = createSimulation({ seed: 1 })
      sim.addNode('a')
      expect(Date.now()).toBeGreaterThan(0)
      expect(new Date(0).getTime()).toBe(0)
      expect(new Date()).toBeInstanceOf(Date)
    }
    expect(Date.now).toBe(now)
  })
})

describe('in any room', () => {
  const PLANTS: readonly (readonly [string, string])[] = [
    ['Date.now', 'export const now = (): number => Date.now()\n'],
    ['Math.random', 'export const chance = (): number => Math.random()\n'],
    ['a timer', 'export const later = (): void => void setTimeout(() => {}, 1)\n'],
  ]
  /** The bodies of the ports on the real world have real time and chance; the fence is theirs. */
  const REAL = Object.keys(ROOMS).filter((room) => ROOMS[room]!.kind === 'world' && ROOMS[room]!.virtual === undefined)

  test.each(PLANTS)('a planted %s is found by the checker of rooms, or else by the fence', (name, text) => {
    const root = mkdtempSync(join(tmpdir(), 'odradek-planted-'))
    try {
      for (const room of Object.keys(ROOMS)) {
        mkdirSync(join(root, room), { recursive: true })
        writeFileSync(join(root, room, 'planted.ts'), text)
      }
      const found = checkRooms(root, { rooms: ROOMS, exemptions: [] })
      for (const room of Object.keys(ROOMS)) {
        const named = found.some((each) => each.file === `${room}/planted.ts` && each.forbidden.startsWith(name))
        expect(named, room).toBe(!REAL.includes(room))
      }
    } finally {
      rmSync(root, { recursive: true })
    }
    const home = new URL('../../', import.meta.url).pathname
    for (const room of Object.keys(ROOMS)) {
      const at = `${room}/planted.ts:1:30`
      const stack = [
        'Error',
        `    at fenced (${home}src/sim/guard.ts:1:1)`,
        `    at now (file://${home}${at})`,
        `    at Kernel.#turn (file://${home}src/sim/kernel.ts:9:9)`,
      ].join('\n')
      expect(guiltyFrame(stack), room).toBe(at)
    }
  })

  test.each(['src/sim', 'src/io', 'src/main', 'cluster'])('a call planted in %s stops the run', async (where) => {
    const room = await mkdtemp(join(new URL('../../', import.meta.url).pathname, where, 'planted-'))
    try {
      await writeFile(join(room, 'leak.ts'), 'export function decide(): void {\n  void Math.random()\n}\n')
      const planted: { decide(): void } = await import(join(room, 'leak.ts'))
      using sim = createSimulation({ seed: 1 })
      const { clock } = sim.addNode('a')
      clock.alarm(planted.decide).set(clock.monotonic() + 5)
      await expect(sim.run({ untilMs: 10 })).rejects.toThrow(
        new RegExp(`^Math\\.random called at ${where}/planted-\\w+/leak\\.ts:2`),
      )
    } finally {
      await rm(room, { recursive: true })
    }
  })

  test('the ports of the real world, and what tests do, may go on beside a simulation', () => {
    const home = new URL('../../', import.meta.url).pathname
    const beside = `Error\n    at fenced (${home}src/sim/guard.ts:1:1)\n    at now (${home}src/io/clock.ts:2:2)\n    at node:net:1:1`
    expect(guiltyFrame(beside)).toBeNull()
    const callback = `Error\n    at until (${home}test/sim/some.test.ts:2:2)\n    at Kernel.run (${home}src/sim/kernel.ts:1:1)`
    expect(guiltyFrame(callback)).toBeNull()
  })
})

test('real sockets that are opened while a simulation runs fail it, by their names', async () => {
  using sim = createSimulation({ seed: 1 })
  const { clock } = sim.addNode('a')
  const alarm = clock.alarm(() => alarm.set(clock.monotonic() + 1))
  alarm.set(clock.monotonic() + 1)
  const servers: Server[] = []
  let rounds = 0
  sim.afterEvent(() => {
    if (++rounds !== 10) return
    servers.push(createServer().listen(0, '127.0.0.1'))
  })
  try {
    await expect(sim.run({ untilMs: 100_000 })).rejects.toThrow(
      /real resources are active inside a simulation: .*TCPServerWrap/,
    )
  } finally {
    for (const server of servers) await new Promise((closed) => server.close(closed))
  }
})
