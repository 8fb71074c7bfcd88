import { describe, expect, it } from 'vitest'
import { caseOf } from '../../../scripts/bench/cases.ts'
import { BenchRun, type Plan } from '../../../scripts/bench/run.ts'
import type { Result, System, SystemName } from '../../../scripts/bench/types.ts'
import type { VisitOptions } from '../../../scripts/bench/visit.ts'

const system = (name: SystemName): System => ({ name, version: '', start: () => Promise.reject(new Error('not here')) })

function plan(more: Partial<Plan> = {}): Plan {
  return {
    rounds: 2,
    systems: [system('odradek'), system('kafka'), system('limit')],
    cases: [caseOf('produce-1k'), caseOf('consume-1k')],
    size: { warmGb: 1, records1k: 1, records100b: 1, seconds: 1, clientLimitS: 1 },
    under: '/nowhere',
    apache: { kind: 'absent', reason: 'not needed' },
    pauseMs: 0,
    minutes: null,
    ...more,
  }
}

function measured({ round, system: { name } }: VisitOptions, figure: number): Result {
  return {
    ...{ round, system: name, case: 'produce-1k', figures: { mb_s: figure }, error: null, seconds: 1, bytes: null },
    ...{ clientCpu: null, brokersCpu: null, brokersRssMb: null },
  }
}

const silent = { doing: (): void => {}, done: (): void => {} }

describe('a run of the benchmark', () => {
  it('lets systems take turns in every round, never two at once', async () => {
    const seen: string[] = []
    let inside = 0
    const run = new BenchRun(plan(), silent, async (options) => {
      expect(++inside).toBe(1)
      await Promise.resolve()
      seen.push(`${options.round} ${options.system.name} ${options.cases.map(({ name }) => name).join('+')}`)
      inside--
    })
    await run.results()
    expect(seen).toEqual([
      '1 odradek produce-1k+consume-1k',
      '1 kafka produce-1k+consume-1k',
      '1 limit produce-1k',
      '2 odradek produce-1k+consume-1k',
      '2 kafka produce-1k+consume-1k',
      '2 limit produce-1k',
    ])
  })

  it('goes on after a system that could not be visited, and says so', async () => {
    const told: Result[] = []
    const run = new BenchRun(
      plan({ rounds: 1 }),
      { ...silent, done: (result) => told.push(result) },
      async (options) => {
        if (options.system.name === 'kafka') throw new Error('it did not start')
        options.result(measured(options, 5))
      },
    )
    const results = await run.results()
    expect(results.map((each) => [each.system, each.error])).toEqual([
      ['odradek', null],
      ['kafka', 'it did not start'],
      ['limit', null],
    ])
    expect(told).toEqual(results)
    expect(run.wasShort).toBe(false)
  })

  it('begins nothing new once it is aborted, and takes nothing from what it broke off', async () => {
    const seen: SystemName[] = []
    let stopped = 0
    const run: BenchRun = new BenchRun(plan(), silent, async (options, ending) => {
      seen.push(options.system.name)
      options.result(measured(options, 1))
      ending.current = async () => void stopped++
      await run.abort()
      expect(options.isOver()).toBe(true)
      options.result(measured(options, 2))
      throw new Error('the broker was ended')
    })
    expect((await run.results()).map((each) => each.figures?.mb_s)).toEqual([1])
    expect(seen).toEqual(['odradek'])
    expect(stopped).toBe(1)
  })

  it('has no time for anything when there is none, and says that it was short', async () => {
    const run = new BenchRun(plan({ minutes: -1 }), silent, () => Promise.reject(new Error('visited')))
    expect(await run.results()).toEqual([])
    expect(run.wasShort).toBe(true)
  })
})
