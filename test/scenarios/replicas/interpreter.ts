// `replicas`: all replicas of one partition with their logs, a network that delivers when told, and a controller. What
// the replicas do is printed; the invariants are checked after every command.

import { type Message, World } from '../../support/partition-world.ts'
import { type Command, type Interpreter, msOf, numbersOf, type Scenario } from '../runner.ts'

export const replicasInterpreter: Interpreter = (first) => new ReplicasScenario(first)

class ReplicasScenario implements Scenario {
  readonly #world: World

  constructor(first: Command) {
    this.#world = new World({
      replicas: numbersOf(first.args[0] ?? '1 2 3'),
      minInsync: Number(first.options.get('min-insync') ?? 1),
      lagMs: Number(first.options.get('lag-ms') ?? 30_000),
    })
  }

  run(command: Command): string[] {
    const printed = this.#perform(command)
    this.#world.check()
    return [...this.#world.take(), ...printed]
  }

  #perform(command: Command): string[] {
    const world = this.#world
    const id = Number(command.args[0])
    switch (command.name) {
      case 'elect':
        if (!world.elect(id, command.args.includes('unclean'))) throw new Error(`${id} cannot be elected`)
        return []
      case 'produce':
        world.produce(id, Number(command.options.get('count') ?? 1), command.options.get('acks') === '1' ? 1 : -1)
        return []
      case 'fetch':
        world.fetch(id)
        return []
      case 'copy':
        this.#copy(id)
        return []
      case 'deliver':
      case 'drop': {
        const at = world.messages.findIndex((message) => matches(message, command))
        if (at < 0) throw new Error(`nothing to ${command.line}`)
        if (command.name === 'deliver') world.deliver(at)
        else world.drop(at)
        return []
      }
      case 'settle':
        world.settle((message) => !matches(message, command) || command.args.length + command.options.size === 0)
        return []
      case 'kill':
        world.kill(id, Number(command.options.get('keep') ?? Number.POSITIVE_INFINITY))
        return []
      case 'restart':
        world.restart(id)
        return []
      case 'checkpoint':
        world.checkpoint(id)
        return []
      case 'fence':
        world.fence(id)
        return []
      case 'unfence':
        world.unfence(id)
        return []
      case 'advance':
        world.advance(msOf(command.args[0] ?? ''))
        return []
      case 'retain':
        world.retain(id, Number(command.options.get('from') ?? 0))
        return []
      case 'logs':
        return world.replicas.map(
          (replica) =>
            `${replica.id} hw=${replica.state.highWatermark} log=${replica.log.start}: ${replica.log.text || '-'}`,
        )
      case 'controller':
        return [`leader=${world.leader} epoch=${world.leaderEpoch} isr=(${world.isr.join(' ')})`]
      default:
        throw new Error(`no such command: ${command.line}`)
    }
  }

  /** One whole fetch of a follower. */
  #copy(id: number): void {
    this.#world.fetch(id)
    const of = (message: Message): boolean =>
      (message.kind === 'fetch' && message.from === id) || (message.kind === 'fetched' && message.to === id)
    this.#world.settle(of)
  }
}

/** `metadata`, `fetch`, `fetched`, `alter`, `altered`; `to=N`, `from=N`. */
function matches(message: Message, command: Command): boolean {
  const kind = command.args[0]
  if (kind !== undefined && message.kind !== kind) return false
  const to = command.options.get('to')
  if (to !== undefined && (!('to' in message) || message.to !== Number(to))) return false
  const from = command.options.get('from')
  return from === undefined || ('from' in message && message.from === Number(from))
}
