// odradek trace: what happened in a simulated life, from the file that `odradek sim --trace` wrote.

import type { CommandModule } from 'yargs'
import type { TraceEntry, TraceKind } from '../../sim/index.ts'
import { jsonOption } from '../options.ts'
import { note, print } from '../output.ts'

export interface TraceArguments {
  readonly file: string
  readonly node: string | undefined
  readonly partition: string | undefined
  readonly from: number | undefined
  readonly to: number | undefined
  readonly kind: string | undefined
  readonly limit: number
  readonly json: boolean
}

/** Said here and not taken from the simulator, which is loaded when the command runs. */
const KINDS: readonly TraceKind[] = ['call', 'disk', 'timer', 'send', 'receive', 'end', 'note']

export const traceCommand: CommandModule<object, TraceArguments> = {
  command: 'trace <file>',
  describe: 'read the trace of a simulated life',
  builder: (args) =>
    jsonOption(args)
      .positional('file', { type: 'string', demandOption: true, describe: 'what "odradek sim --trace" wrote' })
      .option('node', { type: 'string', describe: 'of one host only: 2, node2, client1' })
      .option('partition', { type: 'string', describe: 'about one partition only: t-0' })
      .option('from', { type: 'number', describe: 'not before, virtual milliseconds' })
      .option('to', { type: 'number', describe: 'not after, virtual milliseconds' })
      .option('kind', { type: 'string', describe: `of these kinds only: ${KINDS.join(', ')}` })
      .option('limit', { type: 'number', default: 1_000, describe: 'lines at most; 0: all' })
      .example('$0 sim --seed 7 --trace life.trace', 'write one')
      .example('$0 trace life.trace --kind note', 'what is worth telling: faults, elections, truncations')
      .example('$0 trace life.trace --node 2 --partition t-0 --from 41000 --to 42000', '')
      .example('$0 trace life.trace --kind send,receive --json', 'messages, one JSON object a line') as never,
  handler: async (args) => {
    const wanted = filterOf(args)
    const { readFile } = await import('node:fs/promises')
    const { readTrace } = await import('../../sim/index.ts')
    let shown = 0
    let left = 0
    const header = readTrace(await readFile(args.file), (entry) => {
      if (!wanted(entry)) return
      if (args.limit > 0 && shown >= args.limit) {
        left++
        return
      }
      shown++
      print(args.json ? JSON.stringify(entry) : lineOf(entry))
    })
    note(
      `seed ${header.seed}, hash ${header.hash}: ${shown} lines${left > 0 ? `, ${left} more (--limit 0 shows all)` : ''}`,
    )
  },
}

export function filterOf(args: Omit<TraceArguments, 'file' | 'json' | 'limit'>): (entry: TraceEntry) => boolean {
  const kinds = args.kind?.split(',').map((each) => each.trim())
  const unknown = kinds?.find((each) => !KINDS.includes(each as TraceKind))
  if (unknown !== undefined) throw new Error(`--kind ${unknown}: there are ${KINDS.join(', ')}`)
  const node = args.node !== undefined && /^\d+$/.test(args.node) ? `node${args.node}` : args.node
  return (entry) =>
    (args.from === undefined || entry.at >= args.from) &&
    (args.to === undefined || entry.at <= args.to) &&
    (node === undefined || entry.node === node) &&
    (args.partition === undefined || entry.partitions.includes(args.partition)) &&
    (kinds === undefined || kinds.includes(entry.kind))
}

/** One line of the table; its columns are wide enough for what is common, so that a trace can be read as it comes. */
export function lineOf({ at, kind, node, what, partitions, detail, correlation, bytes }: TraceEntry): string {
  // A path names its partition already.
  const about = kind === 'disk' ? '' : partitions.join(' ')
  return [
    `${at.toFixed(3).padStart(12)}`,
    kind.padEnd(7),
    (node ?? '-').padEnd(8),
    what.padEnd(kind === 'note' ? 0 : 28),
    [about, detail, correlation === null ? '' : `#${correlation}`, bytes === null ? '' : `${bytes} bytes`]
      .filter((part) => part !== '')
      .join('  '),
  ]
    .join('  ')
    .trimEnd()
}
