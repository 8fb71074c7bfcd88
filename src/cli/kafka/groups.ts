// kafka-groups: groups of every type, listed. Kafka's filters: by type, by protocol, or all that one kind of consumer is in.

import type { GroupListing } from '../../client/index.ts'
import { exceptionOfError } from './exceptions.ts'
import { type Flag, type Options, refuseTogether, requireFlags, UsageProblem } from './parser.ts'
import { BOOTSTRAP, COMMAND_CONFIG, commandConfig, type Tool } from './tool.ts'

const TYPES: readonly string[] = ['classic', 'consumer', 'share', 'streams']
const KINDS: readonly string[] = ['consumer', 'share', 'streams']
const COLUMN = 20

const FLAGS: readonly Flag[] = [
  BOOTSTRAP,
  COMMAND_CONFIG,
  { name: 'list', about: 'list groups' },
  { name: 'group-type', argument: 'required', about: 'only groups of this type: classic, consumer, share or streams' },
  { name: 'protocol', argument: 'required', about: 'only groups of this protocol' },
  { name: 'consumer', about: 'only groups of consumers, of whichever type' },
  { name: 'share', about: 'only share groups' },
  { name: 'streams', about: 'only streams groups' },
]

export const groups: Tool = {
  flags: FLAGS,
  about: 'This tool helps to list groups of all types.',
  run: async (options, surroundings) => {
    if (!options.has('list')) throw new UsageProblem('Command must include exactly one action: --list.')
    requireFlags(options, 'bootstrap-server')
    for (const [i, kind] of KINDS.entries())
      refuseTogether(options, kind, ['group-type', 'protocol', ...KINDS.slice(i)])
    const type = options.value('group-type')?.toLowerCase()
    if (type !== undefined && !TYPES.includes(type)) throw new Error('--group-type must be a valid group type.')
    const client = await surroundings.connect(options.value('bootstrap-server')!, commandConfig(options, surroundings))
    try {
      const listed = await client.groups.list()
      surroundings.out(textOf(listed.filter((group) => isWanted(group, options))))
      return 0
    } catch (error) {
      surroundings.out(`Error while executing groups command : ${exceptionOfError(error)}\n`)
      return 1
    }
  },
}

function isWanted({ type, protocolType }: GroupListing, options: Options): boolean {
  const is = type.toLowerCase()
  if (options.has('consumer')) {
    return is === 'consumer' || (is === 'classic' && ['consumer', ''].includes(protocolType))
  }
  const kind = options.has('share') ? 'share' : options.has('streams') ? 'streams' : options.value('group-type')
  const protocol = options.value('protocol')
  return (kind === undefined || is === kind.toLowerCase()) && (protocol === undefined || protocolType === protocol)
}

function textOf(listed: readonly GroupListing[]): string {
  const name = (type: string): string => type.charAt(0).toUpperCase() + type.slice(1).toLowerCase()
  const rows = listed.map(({ group, type, protocolType }) => [group, name(type), protocolType])
  const width = Math.max(COLUMN, ...rows.flat().map(({ length }) => length))
  const head = ['GROUP', 'TYPE', 'PROTOCOL'].map((cell) => cell.padEnd(width)).join(' ')
  const lines = rows.map((row) => row.map((cell) => `${cell.padEnd(width)} `).join(''))
  return [head, ...lines, ''].join('\n')
}
