// kafka-broker-api-versions: which requests each broker serves, and which of their versions this client would use.

import { messageOf } from '../../base/index.ts'
import type { ServedApi } from '../../client/index.ts'
import { allApis, apiByKey } from '../../wire/index.ts'
import { requireFlags } from './parser.ts'
import { BOOTSTRAP, COMMAND_CONFIG, commandConfig, type Tool } from './tool.ts'

export const apiVersions: Tool = {
  flags: [BOOTSTRAP, COMMAND_CONFIG],
  about: 'This tool helps to retrieve broker version information.',
  run: async (options, surroundings) => {
    requireFlags(options, 'bootstrap-server')
    const client = await surroundings.connect(options.value('bootstrap-server')!, commandConfig(options, surroundings))
    for (const { id, host, port, rack } of (await client.admin.describeCluster()).brokers) {
      const node = `${host}:${port} (id: ${id} rack: ${rack} isFenced: false)`
      const text = await client.governance.servedApis(id).then(textOf, (error: unknown) => `ERROR: ${messageOf(error)}`)
      surroundings.out(`${node} -> ${text}\n`)
    }
    return 0
  },
}

/** Requests that brokers of Kafka serve and this one does not are named too. */
export function textOf(served: readonly ServedApi[]): string {
  const lines = new Map(served.map((each) => [each.key, lineOf(each)]))
  for (const { key, name, listeners } of allApis()) {
    if (listeners.includes('broker') && !lines.has(key)) lines.set(key, `${name}(${key}): UNSUPPORTED`)
  }
  const sorted = [...lines].sort(([a], [b]) => a - b).map(([, line]) => line)
  return `(\n\t${sorted.join(',\n\t')}\n)`
}

function lineOf({ key, min, max }: ServedApi): string {
  const api = apiByKey(key)
  const range = min === max ? String(min) : `${min} to ${max}`
  if (api === undefined) return `UNKNOWN(${key}): ${range}`
  const usable =
    api.maxVersion < min
      ? '[unusable: node too new]'
      : max < api.minVersion
        ? '[unusable: node too old]'
        : `[usable: ${Math.min(api.maxVersion, max)}]`
  return `${api.name}(${key}): ${range} ${usable}`
}
