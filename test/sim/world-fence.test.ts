// The fence around a simulation: whatever of the real world is reached for from one of our rooms is caught and named.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
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
