// odradek node: the brokers of a running `odradek up`.

import type { CommandModule } from 'yargs'
import type { ControlRequest, ControlResponse, NodeStatus } from '../../launcher/index.ts'
import { dataOption, jsonOption } from '../options.ts'
import { duration, print, printJson, table } from '../output.ts'

interface NodeArguments {
  readonly data: string
  readonly id: number
  readonly json: boolean
  readonly wait: boolean
}

type Act = (args: NodeArguments) => Promise<void>

const leaf = (command: string, describe: string, act: Act): CommandModule<object, NodeArguments> => ({
  command,
  describe,
  builder: (args) => {
    const own = jsonOption(dataOption(args))
    if (!command.includes('<id>')) return own as never
    const withId = own.positional('id', { type: 'number', demandOption: true, describe: 'broker id' })
    return (
      command.startsWith('start')
        ? withId.option('wait', { type: 'boolean', default: false, describe: 'return when it is ready' })
        : withId
    ) as never
  },
  handler: act,
})

export const nodeCommand: CommandModule = {
  command: 'node',
  describe: 'the brokers of a running "odradek up"',
  builder: (args) =>
    args
      .command(leaf('list', 'show them', list))
      .command(leaf('pid <id>', "print a broker's process id", pid))
      .command(leaf('stop <id>', 'stop one cleanly', (each) => act({ kind: 'stop', id: each.id }, each)))
      .command(
        leaf('kill <id>', 'kill one, as a crash would (SIGKILL)', (each) => act({ kind: 'kill', id: each.id }, each)),
      )
      .command(
        leaf('start <id>', 'start one that is down', (each) =>
          act({ kind: 'start', id: each.id, wait: each.wait }, each),
        ),
      )
      .example('$0 node list', '')
      .example('kill -9 $($0 node pid 2); $0 node start 2', 'crash broker 2, then start it again')
      .demandCommand(1, 'Say what to do with the brokers: list, pid, stop, kill or start.'),
  handler: () => undefined,
}

async function list(args: NodeArguments): Promise<void> {
  const nodes = await statuses(args)
  if (args.json) return printJson(nodes)
  const rows = nodes.map((node) => [
    node.id,
    node.ended === null ? node.state : `${node.state} (${node.ended})`,
    node.pid === null ? null : String(node.pid),
    node.clientAddress,
    node.uptimeMs === null ? null : duration(node.uptimeMs),
    node.logFile,
  ])
  print(table(['ID', 'STATE', 'PID', 'CLIENTS', 'UP', 'LOG'], rows))
}

async function pid(args: NodeArguments): Promise<void> {
  const nodes = await statuses(args)
  const node = nodes.find((each) => each.id === args.id)
  if (node === undefined) {
    throw new Error(`there is no broker ${args.id}: this cluster has ${nodes.map((each) => each.id).join(', ')}`)
  }
  if (node.pid === null) throw new Error(`broker ${args.id} is not running. Start it: odradek node start ${args.id}`)
  if (args.json) printJson({ id: node.id, pid: node.pid })
  else print(String(node.pid))
}

async function statuses(args: NodeArguments): Promise<readonly NodeStatus[]> {
  const response = await request({ kind: 'list' }, args)
  if (response.kind !== 'nodes') throw new Error('odradek up gave an answer that was not asked for')
  return response.nodes
}

async function act(what: ControlRequest & { readonly id: number }, args: NodeArguments): Promise<void> {
  const response = await request(what, args)
  if (response.kind !== 'done') throw new Error('odradek up gave an answer that was not asked for')
  if (args.json) printJson({ id: what.id, action: what.kind, pid: response.pid })
  else print(response.text)
}

async function request(what: ControlRequest, args: NodeArguments): Promise<ControlResponse> {
  const { ask, layoutOf } = await import('../../launcher/index.ts')
  const response = await ask(layoutOf(args.data), what)
  if (response.kind === 'refused') throw new Error(response.sentence)
  return response
}
