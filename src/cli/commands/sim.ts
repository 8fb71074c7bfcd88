// odradek sim: whole clusters in the simulator, one a seed, under faults; one that is replayed, or many.

import os from 'node:os'
import type { CommandModule } from 'yargs'
import { jsonOption } from '../options.ts'

export interface SimArguments {
  readonly seed: number | undefined
  readonly seeds: number | undefined
  readonly from: number
  readonly jobs: number
  readonly duration: number | undefined
  readonly 'fault-free': boolean
  readonly 'fail-fast': boolean
  readonly 'speed-floor': number | undefined
  readonly tell: boolean
  readonly json: boolean
}

export const simCommand: CommandModule<object, SimArguments> = {
  command: 'sim',
  describe: 'live through faults in the simulator, and check what was promised',
  builder: (args) =>
    jsonOption(args)
      .option('seed', { type: 'number', describe: 'live one seed, and tell how it was' })
      .option('seeds', { type: 'number', describe: 'explore so many seeds', conflicts: 'seed' })
      .option('from', { type: 'number', default: 1, describe: 'the first of --seeds' })
      .option('jobs', {
        type: 'number',
        default: os.availableParallelism(),
        defaultDescription: 'cores',
        describe: 'worker processes of --seeds',
      })
      .option('duration', { type: 'number', describe: 'seconds of faults in a life (simulated; default 60)' })
      .option('fault-free', { type: 'boolean', default: false, describe: 'live without faults' })
      .option('fail-fast', { type: 'boolean', default: false, describe: 'stop --seeds at the first failure' })
      .option('speed-floor', {
        type: 'number',
        describe: 'fail --seeds below so many simulated seconds per second and core',
      })
      .option('tell', { type: 'boolean', default: false, describe: 'say what happens in the life of --seed' })
      .example('$0 sim --seed 7', 'one life; the same seed is the same life, on any machine')
      .example('$0 sim --seed 7 --tell', 'with everything that happens')
      .example('$0 sim --seeds 10000 --jobs 2', 'ten thousand, two at a time') as never,
  handler: async (args) => {
    const { simulate } = await import('../simulate.ts')
    await simulate(args)
  },
}
