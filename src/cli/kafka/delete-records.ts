// kafka-delete-records: what lies below an offset of each partition that a file names, in the file's order (Kafka's tool has
// none).

import type { RecordsToDelete } from '../../client/index.ts'
import { exceptionOf } from './exceptions.ts'
import { requireFlags } from './parser.ts'
import { BOOTSTRAP, COMMAND_CONFIG, commandConfig, type Tool } from './tool.ts'

export const deleteRecords: Tool = {
  flags: [
    BOOTSTRAP,
    COMMAND_CONFIG,
    {
      name: 'offset-json-file',
      argument: 'required',
      about: '{"version": 1, "partitions": [{"topic": "foo", "partition": 1, "offset": 1}]}; offset -1: all',
    },
  ],
  about: 'This tool helps to delete records of the given partitions down to the specified offset.',
  run: async (options, surroundings) => {
    requireFlags(options, 'bootstrap-server', 'offset-json-file')
    const { out, read } = surroundings
    const wanted = recordsIn(read(options.value('offset-json-file')!))
    const client = await surroundings.connect(options.value('bootstrap-server')!, commandConfig(options, surroundings))
    out('Executing records delete operation\n')
    const deleted = await client.admin.deleteRecords(wanted)
    out('Records delete operation completed:\n')
    for (const { topic, partition, error, lowWatermark } of deleted) {
      const outcome =
        error === 'NONE' ? `low_watermark: ${lowWatermark}` : `error: ${exceptionOf({ error, message: null })}`
      out(`partition: ${topic}-${partition}\t${outcome}\n`)
    }
    return 0
  },
}

/** Throws a sentence. */
export function recordsIn(text: string): RecordsToDelete[] {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch {
    throw new Error('The input string is not a valid JSON')
  }
  const { version = 1, partitions } = (given ?? {}) as { readonly version?: unknown; readonly partitions?: unknown }
  if (version !== 1) throw new Error(`Not supported version field value ${version}`)
  if (!Array.isArray(partitions)) throw new Error('Missing partitions field')
  const records = partitions.map((each): RecordsToDelete => {
    const { topic, partition, offset } = (each ?? {}) as { topic?: unknown; partition?: unknown; offset?: unknown }
    if (typeof topic !== 'string' || !Number.isSafeInteger(partition) || !Number.isSafeInteger(offset)) {
      throw new Error(`${JSON.stringify(each)}: a topic, a partition and an offset are expected`)
    }
    return { topic, partition: Number(partition), beforeOffset: Number(offset) }
  })
  const names = records.map(({ topic, partition }) => `${topic}-${partition}`)
  const twice = [...new Set(names.filter((name, i) => names.indexOf(name) !== i))]
  if (twice.length > 0) throw new Error(`Offset json file contains duplicate topic partitions: ${twice.join(',')}`)
  return records
}
