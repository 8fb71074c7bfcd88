// kafka-log-dirs: the log directories of brokers and what lies in them, as one line of JSON in the order in which Java walks
// its hash maps.

import type { Client, LogDirectoryDescription } from '../../client/index.ts'
import { exceptionClass, exceptionOfError } from './exceptions.ts'
import { hashCode, hashOrder, partitionHash } from './java.ts'
import { requireFlags } from './parser.ts'
import { BOOTSTRAP, COMMAND_CONFIG, commandConfig, type Tool } from './tool.ts'

interface DescribedBroker {
  readonly broker: number
  readonly directories: readonly LogDirectoryDescription[]
}

export const logDirs: Tool = {
  flags: [
    BOOTSTRAP,
    COMMAND_CONFIG,
    { name: 'describe', about: 'describe the log directories' },
    { name: 'topic-list', argument: 'required', about: 'only these topics: topic1,topic2' },
    { name: 'broker-list', argument: 'required', about: 'only these brokers: 0,1,2' },
  ],
  about: 'This tool helps to query log directory usage on the specified brokers.',
  run: async (options, surroundings) => {
    requireFlags(options, 'bootstrap-server', 'describe')
    const { out, err } = surroundings
    const topics = listed(options.value('topic-list'))
    const asked = [...new Set(listed(options.value('broker-list')).map(brokerId))]
    const client = await surroundings.connect(options.value('bootstrap-server')!, commandConfig(options, surroundings))
    const there = (await client.admin.describeCluster()).brokers.map(({ id }) => id)
    const missing = asked.filter((id) => !there.includes(id))
    if (missing.length > 0) {
      err(
        `ERROR: The given brokers do not exist from --broker-list: ${idsText(missing)}. Current existent brokers: ${idsText(there)}`,
      )
      return 1
    }
    const brokers = asked.length > 0 ? asked : there
    out('Querying brokers for log directories information\n')
    const described = await Promise.all(brokers.map((broker) => describe(client, broker)))
    out(`Received log directory information from brokers ${idsText(brokers)}\n`)
    out(`${jsonOf(described, topics)}\n`)
    return 0
  },
}

async function describe({ admin }: Client, broker: number): Promise<DescribedBroker> {
  try {
    return { broker, directories: await admin.describeLogDirs(broker) }
  } catch (error) {
    throw new Error(exceptionOfError(error))
  }
}

/** No topics: all. */
export function jsonOf(described: readonly DescribedBroker[], topics: readonly string[]): string {
  return JSON.stringify(
    inHashOrder({
      version: 1,
      brokers: hashOrder(described, ({ broker }) => broker, described.length).map(({ broker, directories }) =>
        inHashOrder({ broker, logDirs: directoriesOf(directories, topics) }),
      ),
    }),
  )
}

function directoriesOf(directories: readonly LogDirectoryDescription[], topics: readonly string[]): object[] {
  return hashOrder(directories, ({ path }) => hashCode(path)).map(({ path, error, replicas }) => {
    const wanted = replicas.filter(({ topic }) => topics.length === 0 || topics.includes(topic))
    const partitions = hashOrder(wanted, partitionHash).map(({ topic, partition, size, offsetLag, isFuture }) =>
      inHashOrder({ partition: `${topic}-${partition}`, size, offsetLag, isFuture }),
    )
    return inHashOrder({ logDir: path, error: error === 'NONE' ? null : exceptionClass(error), partitions })
  })
}

function inHashOrder(values: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(hashOrder(Object.entries(values), ([key]) => hashCode(key)))
}

function listed(text: string | undefined): string[] {
  return (text ?? '').split(',').filter((each) => each !== '')
}

function brokerId(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new Error(`For input string: "${text}"`)
  return Number(text)
}

function idsText(ids: readonly number[]): string {
  return hashOrder(ids, (id) => id).join(',')
}
