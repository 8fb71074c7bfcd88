// odradek sim: whole clusters in the simulator, one a seed, under faults; one that is replayed, or many.

import os from 'node:os'
import process from 'node:process'
import type { CommandModule } from 'yargs'
import { jsonOption } from '../options.ts'

export interface SimArguments {
  readonly seed: number | undefined
  readonly seeds: number | undefined
  readonly from: number
  readonly jobs: number
  readonly duration: number | undefined
  readonly kind: 'within' | 'calm' | 'beyond' | undefined
  readonly 'fault-free': boolean
  readonly plan: string | undefined
  readonly verbs: string | undefined
  readonly flush: 'os' | 'fsync' | undefined
  readonly 'fail-fast': boolean
  readonly 'speed-floor': number | undefined
  readonly shrink: boolean
  readonly tries: number
  readonly out: string
  readonly trace: string | undefined
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
      .option('kind', {
        choices: ['within', 'calm', 'beyond'] as const,
        describe: 'faults within the promise, none, or the power of all at once whatever is promised',
      })
      .option('fault-free', { type: 'boolean', default: false, describe: 'live without faults (--kind calm)' })
      .option('plan', { type: 'string', describe: 'a file with the swarm and the faults, instead of drawn ones' })
      .option('verbs', { type: 'string', describe: 'only these faults: kill,pause,isolate or kill=5,pause=1' })
      .option('flush', { choices: ['os', 'fsync'] as const, describe: 'instead of the drawn one' })
      .option('fail-fast', { type: 'boolean', default: false, describe: 'stop --seeds at the first failure' })
      .option('speed-floor', {
        type: 'number',
        describe: 'fail --seeds below so many simulated seconds per second and core',
      })
      .option('shrink', {
        type: 'boolean',
        default: false,
        describe: 'cut the plan of the (first) failing seed to the faults that matter, and keep it as a file',
      })
      .option('tries', { type: 'number', default: 200, describe: 'lives that --shrink may cost' })
      .option('out', { type: 'string', default: 'test/scenarios/lives', describe: 'where --shrink puts its file' })
      .option('trace', { type: 'string', describe: 'write everything that happens in --seed to a file' })
      .option('tell', { type: 'boolean', default: false, describe: 'say what happens in the life of --seed' })
      .example('$0 sim --seed 7', 'one life; the same seed is the same life, on any machine')
      .example('$0 sim --seed 7 --tell', 'with everything that happens')
      .example('$0 sim --seeds 10000 --jobs 2', 'ten thousand, two at a time')
      .example('$0 sim --seeds 500 --verbs power-loss-all --flush fsync', 'one fault only, again and again')
      .example('$0 sim --seed 7 --shrink', 'the fewest faults with which it still fails')
      .example('$0 sim --plan test/scenarios/lives/recovery-after-failed-sync.txt', 'live a kept life again')
      .example('$0 sim --seed 7 --trace 7.trace; $0 trace 7.trace --kind note', 'look into it') as never,
  handler: async (args) => {
    const { simulate } = await import('../simulate.ts')
    process.exitCode = await simulate(args)
  },
}
