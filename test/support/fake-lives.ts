// Lives that are over at once, for tests of what is made of them. Nothing is simulated: a report by the seed, or by what
// the test says. `DEADLY` seeds end their process, `HANGING` ones never end, `BREAKING` ones reject, `TURNING` ones go in a
// circle and leave their process id in the file that FAKE_LIFE_PID names.

import { writeFileSync } from 'node:fs'
import type { LifeOptions, LifeReport } from '../../src/sim/index.ts'

export const TURNING = 5
export const DEADLY = 13
export const HANGING = 14
export const BREAKING = 15
export const VIOLATING = 16

export function fakeReport(seed: number, parts: Partial<LifeReport> = {}): LifeReport {
  return {
    seed,
    kind: 'within',
    hash: `hash of ${seed}`,
    swarm: {
      brokers: 3,
      minInsyncReplicas: 2,
      flush: 'os',
      network: 'rack',
      verbs: { kill: 1 },
      pauseMs: 1_000,
      properties: {},
      workload: {
        topics: 1,
        partitions: 1,
        fading: 0,
        producers: 1,
        sendsPerSecond: 20,
        consumers: 1,
        pollsPerSecond: 20,
        admins: 0,
        recordBytesMax: 100,
        strangers: 0,
        wrapping: 0,
        reckless: 0,
        movers: 0,
        groups: 0,
        compacted: 0,
      },
    },
    plan: { faults: [], durationMs: 60_000 },
    violations: [],
    acknowledged: 300 + seed,
    failed: 1,
    unknown: 2,
    leaderChanges: 4,
    isrChanges: 5,
    episodes: 6,
    faults: { kill: 6 },
    budget: { allowed: 'one of three', spentInFull: seed % 2 },
    markers: { 'seen by all': 1, 'seen by none': 0 },
    allowedLosses: {},
    recoveryMs: 1_000,
    simulatedMs: 70_000,
    events: 1_000,
    ...parts,
  }
}

export async function fakeLife(options: LifeOptions): Promise<LifeReport> {
  const { seed } = options
  if (seed === TURNING) turn()
  if (seed === DEADLY) process.exit(7)
  if (seed === HANGING) await new Promise(() => undefined)
  if (seed === BREAKING) throw new Error('the fake world broke')
  const violation = { name: 'P9', at: 5, text: 'a planted one', subject: { partition: 't-0' } }
  return fakeReport(seed, seed === VIOLATING ? { violations: [violation] } : {})
}

function turn(): never {
  const { FAKE_LIFE_PID: file } = process.env
  if (file !== undefined) writeFileSync(file, String(process.pid))
  for (;;);
}
