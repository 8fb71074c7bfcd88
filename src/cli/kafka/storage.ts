// kafka-storage: directories of a node made ready and looked at. What it does is that of `odradek storage`.

import process from 'node:process'
import type { FormatArguments } from '../commands/storage.ts'
import { type Flag, type Options, requireFlags, UsageProblem } from './parser.ts'
import type { Tool } from './tool.ts'

const FLAGS: readonly Flag[] = [
  { name: 'config', short: 'c', argument: 'required', about: 'the properties file of the node' },
  { name: 'cluster-id', short: 't', argument: 'required', about: 'format: the id of the cluster' },
  { name: 'standalone', short: 's', about: 'format: this node alone is the quorum' },
  { name: 'initial-controllers', short: 'I', argument: 'required', about: 'format: id@host:port:directory-id,…' },
  { name: 'no-initial-controllers', short: 'N', about: 'format: the quorum is found later' },
  { name: 'ignore-formatted', short: 'g', about: 'format: leave formatted directories as they are' },
  { name: 'release-version', short: 'r', argument: 'required', about: 'format: metadata.version by release' },
  { name: 'feature', short: 'f', argument: 'required', about: 'format: name=level' },
]

export const storage: Tool = {
  flags: FLAGS,
  about: 'The Kafka storage tool: kafka-storage format | info | random-uuid',
  run: async (options) => {
    const { format, info, randomUuid } = await import('../storage.ts')
    const [verb] = options.words
    switch (verb) {
      case 'random-uuid':
        await randomUuid()
        break
      case 'info':
        requireFlags(options, 'config')
        await info({ config: options.value('config')!, json: false })
        break
      case 'format':
        requireFlags(options, 'config', 'cluster-id')
        await format(formatArguments(options))
        break
      default:
        throw new UsageProblem(
          verb === undefined
            ? 'too few arguments: format, info or random-uuid'
            : `invalid choice: '${verb}' (choose from format, info or random-uuid)`,
        )
    }
    return Number(process.exitCode ?? 0)
  },
}

export function formatArguments(options: Options): FormatArguments {
  if (options.has('standalone') && options.has('initial-controllers')) {
    throw new UsageProblem('argument --initial-controllers/-I: not allowed with argument --standalone/-s')
  }
  return {
    config: options.value('config')!,
    json: false,
    clusterId: options.value('cluster-id')!,
    standalone: options.has('standalone'),
    initialControllers: options.value('initial-controllers'),
    noInitialControllers: options.has('no-initial-controllers'),
    ignoreFormatted: options.has('ignore-formatted'),
    releaseVersion: options.value('release-version'),
    feature: options.values('feature'),
  }
}
