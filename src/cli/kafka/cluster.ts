// kafka-cluster: the id of a cluster, the addresses of its brokers, and a broker that does not come back forgotten.

import { type BrokerEndpoint, ClientError } from '../../client/index.ts'
import { exceptionOfError } from './exceptions.ts'
import { type Flag, type Options, requireFlags, UsageProblem } from './parser.ts'
import { BOOTSTRAP, COMMAND_CONFIG, commandConfig, refuseControllers, type Tool } from './tool.ts'

const VERBS: readonly string[] = ['cluster-id', 'unregister', 'list-endpoints']
/** Where no broker says its rack. */
const RACK = 10

const FLAGS: readonly Flag[] = [
  { ...BOOTSTRAP, short: 'b' },
  { ...COMMAND_CONFIG, short: 'c' },
  { name: 'bootstrap-controller', short: 'C', argument: 'required', about: 'not here: brokers ask the controllers' },
  { name: 'config', argument: 'required', about: 'the same as --command-config, deprecated' },
  { name: 'id', short: 'i', argument: 'required', type: 'integer', about: 'unregister: the broker' },
  { name: 'include-fenced-brokers', about: 'list-endpoints: those that are down, too' },
]

export const cluster: Tool = {
  flags: FLAGS,
  about: 'The Kafka cluster tool: kafka-cluster cluster-id | unregister | list-endpoints',
  run: async (options, surroundings) => {
    const verb = check(options)
    const { out } = surroundings
    if (options.has('config')) {
      out(
        'Option --config has been deprecated and will be removed in a future version. Use --command-config instead.\n',
      )
    }
    const properties = commandConfig(options, surroundings, options.has('config') ? 'config' : undefined)
    const client = await surroundings.connect(options.value('bootstrap-server')!, properties)
    try {
      if (verb === 'cluster-id') out(`Cluster ID: ${(await client.admin.describeCluster()).clusterId}\n`)
      else if (verb === 'unregister') {
        await client.governance.unregisterBroker(options.integer('id')!)
        out(`Broker ${options.integer('id')} is no longer registered.\n`)
      } else {
        out(endpointsText(await client.governance.endpoints({ fenced: options.has('include-fenced-brokers') })))
      }
      return 0
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      surroundings.err(exceptionOfError(error))
      return 1
    }
  },
}

function check(options: Options): string {
  const [verb, ...more] = options.words
  if (verb === undefined) throw new UsageProblem('too few arguments')
  if (!VERBS.includes(verb)) {
    throw new UsageProblem(`invalid choice: '${verb}' (choose from '${VERBS.join("', '")}')`)
  }
  if (more.length > 0) throw new UsageProblem(`unrecognized arguments: '${more.join(' ')}'`)
  refuseControllers(options)
  if (!options.has('bootstrap-server')) {
    throw new UsageProblem('one of the arguments --bootstrap-server/-b --bootstrap-controller/-C is required')
  }
  if (options.has('config') && options.has('command-config')) {
    throw new Error('--config and --command-config cannot be specified together.')
  }
  const own = { 'list-endpoints': 'include-fenced-brokers', unregister: 'id' }
  const wrong = Object.entries(own).find(([owner, name]) => verb !== owner && options.has(name))
  if (wrong !== undefined) throw new UsageProblem(`unrecognized arguments: '--${wrong[1]}'`)
  if (verb === 'unregister') requireFlags(options, 'id')
  return verb
}

export function endpointsText(endpoints: readonly BrokerEndpoint[]): string {
  const rows = endpoints.map(({ id, host, port, rack, isFenced }) => [
    ...[String(id), host, String(port), rack ?? 'null'],
    ...[isFenced ? 'fenced' : 'unfenced', 'broker'],
  ])
  const racks = endpoints.flatMap(({ rack }) => (rack === null ? [] : [rack.length]))
  const hosts = endpoints.map(({ host }) => host.length)
  const widths = [10, Math.max(...hosts), 10, racks.length === 0 ? RACK : Math.max(...racks), 10, 15]
  return [['ID', 'HOST', 'PORT', 'RACK', 'STATE', 'ENDPOINT_TYPE'], ...rows]
    .map((row) => `${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' ')}\n`)
    .join('')
}
