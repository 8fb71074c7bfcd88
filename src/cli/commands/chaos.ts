// odradek chaos: hurt a running cluster by hand, or for minutes on end under a workload that is checked.

import type { Argv, CommandModule } from 'yargs'
import { DEFAULT_DATA, jsonOption } from '../options.ts'

export interface ChaosArguments {
  readonly target: 'up' | 'compose'
  readonly data: string
  readonly file: string | undefined
  readonly json: boolean
}

export interface VerbArguments extends ChaosArguments {
  readonly id: number
  readonly to: number
  readonly for: string | undefined
  readonly direction: 'both' | 'in' | 'out'
  readonly 'one-way': boolean
  readonly latency: string
  readonly jitter: string
  readonly bandwidth: number
  readonly factor: number
  readonly free: number
  readonly jump: string
  readonly drift: number
}

export interface ChaosRunArguments extends ChaosArguments {
  readonly minutes: number
  readonly plan: string
  readonly seed: number
  readonly history: string | undefined
  readonly toxiproxy: string
  readonly brokers: number | undefined
  readonly take: boolean
  readonly groups: number
  readonly override: readonly string[]
}

type Builder = (args: Argv<ChaosArguments>) => Argv

const common = (args: Argv): Argv<ChaosArguments> =>
  jsonOption(args)
    .option('target', {
      choices: ['up', 'compose'] as const,
      default: 'up' as const,
      describe: 'processes of "odradek up", or containers',
    })
    .option('data', {
      type: 'string',
      default: DEFAULT_DATA,
      describe: 'where the cluster of "odradek up" keeps its data',
    })
    .option('file', { type: 'string', describe: 'the compose file (default docker-compose.cluster.yml)' }) as never

const lasting = (args: Argv): Argv =>
  args.option('for', { type: 'string', describe: 'undo it after so long (10s, 500ms, 2m); else it lasts until heal' })

const node = (args: Argv): Argv => args.positional('id', { type: 'number', demandOption: true, describe: 'broker id' })

const verb = (
  command: string,
  describe: string,
  builder: Builder = (args) => args,
): CommandModule<object, VerbArguments> => ({
  command,
  describe,
  builder: (args) => builder(command.includes('<id>') ? (node(common(args)) as never) : common(args)) as never,
  handler: async (args) => {
    const { inflict } = await import('../chaos.ts')
    await inflict(command.split(' ')[0]!, args)
  },
})

const run: CommandModule<object, ChaosRunArguments> = {
  command: 'run',
  describe: 'start a cluster, hurt it under load, judge the history; exit 1 on any anomaly',
  builder: (args) =>
    common(args)
      .option('minutes', { type: 'number', default: 10, describe: 'how long faults go on' })
      .option('plan', {
        type: 'string',
        default: 'swarm',
        describe:
          'swarm: drawn from the seed; or a file with a plan: { "durationMs": …, "faults": [{ "at": …, "fault": … }] }',
      })
      .option('seed', { type: 'number', default: 1, describe: 'of the drawn plan' })
      .option('history', { type: 'string', describe: 'write the history here, for odradek check' })
      .option('toxiproxy', {
        type: 'string',
        default: 'auto',
        describe: 'auto: toxiproxy-server of PATH; host:port: one that runs; none: no faults of the network',
      })
      .option('data', {
        type: 'string',
        describe: 'keep the data here (default: a temporary directory)',
        default: undefined as never,
      })
      .option('brokers', { type: 'number', describe: 'how many processes (default 3)' })
      .option('groups', { type: 'number', default: 1, describe: 'groups of three consumers that read and commit' })
      .option('take', { type: 'boolean', default: false, describe: 'hurt a cluster that runs already, and leave it' })
      .option('override', { type: 'string', array: true, default: [], describe: "a broker's property: name=value" })
      .example('$0 chaos run --minutes 10 --seed 7', 'three processes, Toxiproxy between them')
      .example('$0 chaos run --target compose --minutes 5', 'three containers')
      .example('$0 chaos run --minutes 1 --toxiproxy none', 'signals only') as never,
  handler: async (args) => {
    const { runCommand } = await import('../chaos.ts')
    await runCommand(args)
  },
}

export const chaosCommand: CommandModule = {
  command: 'chaos',
  describe: 'kill, pause, isolate, slow down brokers; run it for minutes and check what was promised',
  builder: (args) =>
    args
      .command(run)
      .command({
        command: 'status',
        describe: 'what is wrong with each broker just now',
        builder: common as never,
        handler: async (given) => {
          const { status } = await import('../chaos.ts')
          await status(given as never)
        },
      })
      .command(verb('heal', 'undo everything but death'))
      .command(verb('kill <id>', 'SIGKILL'))
      .command(verb('kill-all', 'SIGKILL to every broker'))
      .command(verb('stop <id>', 'controlled shutdown'))
      .command(verb('restart <id>', 'start a broker that is down'))
      .command(verb('pause <id>', 'SIGSTOP; SIGCONT at the end', lasting as never))
      .command(
        verb('slow-cpu <id>', 'a share of the processor only', (args) =>
          lasting(
            args.option('factor', { type: 'number', default: 10, describe: 'everything takes so many times as long' }),
          ),
        ),
      )
      .command(
        verb('isolate <id>', 'from the other brokers and from clients', (args) =>
          lasting(
            args.option('direction', {
              choices: ['both', 'in', 'out'],
              default: 'both',
              describe: 'what it does not hear, or what nobody hears of it',
            }),
          ),
        ),
      )
      .command(
        verb('cut <id> <to>', 'what one broker sends to another, and back', (args) =>
          lasting(
            args
              .positional('to', { type: 'number', demandOption: true, describe: 'broker id' })
              .option('one-way', { type: 'boolean', default: false, describe: 'the way back stays' }),
          ),
        ),
      )
      .command(verb('hide <id>', 'from clients only', lasting as never))
      .command(
        verb('slow <id>', 'its network', (args) =>
          lasting(
            args
              .option('latency', { type: 'string', default: '500ms', describe: 'of a round trip' })
              .option('jitter', { type: 'string', default: '100ms', describe: 'more or less' })
              .option('bandwidth', { type: 'number', default: 0, describe: 'bytes a second; 0: unbounded' }),
          ),
        ),
      )
      .command(verb('reset <id>', 'every connection of it, some in the midst of an answer'))
      .command(verb('half-open <id>', 'its connections stay open and nothing answers', lasting as never))
      .command(
        verb('fill-disk <id>', 'its own small file system', (args) =>
          lasting(args.option('free', { type: 'number', default: 0, describe: 'bytes left free' })),
        ),
      )
      .command(
        verb('skew-clock <id>', 'a jump, or a drift', (args) =>
          args
            .option('jump', { type: 'string', default: '0s', describe: 'so far ahead, or with a minus, back' })
            .option('drift', { type: 'number', default: 0, describe: 'parts per million' }),
        ),
      )
      .example('$0 up --chaos', 'a cluster whose network can be cut (needs Toxiproxy)')
      .example('$0 chaos isolate 2 --for 10s', '')
      .example('$0 chaos run --minutes 10 --seed 7', 'ten minutes under load, judged')
      .demandCommand(1, 'Say what to do: run, status, heal, or a verb such as kill.'),
  handler: () => undefined,
}
