// `partition`: one replica of one partition, its clock and its log's positions; the other replicas are only what it hears
// of them. Commands are its events; effects are printed as they come.

import {
  createPartition,
  deadline,
  maximalIsr,
  type PartitionEffect,
  type PartitionEvent,
  preferredReadReplica,
  step,
} from '../../../replication/partition/index.ts'
import { type Command, type Interpreter, msOf, numbersOf, type Scenario } from '../runner.ts'

export const partitionInterpreter: Interpreter = (first) => new PartitionScenario(first)

class PartitionScenario implements Scenario {
  readonly #replicas: readonly number[]
  readonly #brokers = new Map<number, { epoch: number; fenced: boolean; shuttingDown: boolean }>()
  readonly #state
  #now = 0
  #staged = 0
  #ticket = 1
  readonly #upTo = new Map<number, number>()
  #partitionEpoch = 0

  constructor(first: Command) {
    this.#replicas = numbersOf(first.options.get('replicas') ?? '1')
    for (const id of this.#replicas) this.#brokers.set(id, { epoch: 100 + id, fenced: false, shuttingDown: false })
    const end = number(first, 'end', 0)
    this.#staged = end
    this.#state = createPartition({
      nodeId: number(first, 'node', this.#replicas[0] ?? 1),
      lagTimeMaxMs: number(first, 'lag-ms', 30_000),
      minInsyncReplicas: number(first, 'min-insync', 1),
      durable: first.options.get('flush') === 'fsync',
      endOffset: end,
      durableEndOffset: end,
      highWatermark: number(first, 'hw', 0),
      brokers: this.#copyOfBrokers(),
    })
  }

  run(command: Command): string[] {
    switch (command.name) {
      case 'become-leader':
      case 'become-follower':
        return this.#become(command)
      case 'append':
        return this.#append(command)
      case 'duplicate':
        return this.#await(number(command, 'upto', this.#staged), this.#now + 30_000)
      case 'appended':
        return this.#appended(number(command, 'end', this.#staged), number(command, 'durable', -1))
      case 'fetch':
        return this.#step({
          kind: 'fetched',
          replica: Number(command.args[0]),
          brokerEpoch: number(command, 'broker-epoch', 100 + Number(command.args[0])),
          offset: number(command, 'offset', 0),
          logStartOffset: number(command, 'start', 0),
        })
      case 'delete-records':
        return this.#deleteRecords(number(command, 'offset', -1), this.#now + number(command, 'timeout', 30_000))
      case 'broker':
        return this.#broker(command)
      case 'isr-committed':
        return this.#step({
          kind: 'isr-committed',
          proposal: number(command, 'proposal', this.#state.nextProposal - 1),
          leaderEpoch: number(command, 'epoch', this.#state.leaderEpoch),
          partitionEpoch: number(command, 'partition-epoch', this.#state.partitionEpoch + 1),
          isr: numbersOf(command.args[0] ?? ''),
        })
      case 'isr-refused':
      case 'isr-retry': {
        const proposal = number(command, 'proposal', this.#state.nextProposal - 1)
        if (command.name === 'isr-retry') return this.#step({ kind: 'isr-retry', proposal })
        return this.#step({ kind: 'isr-refused', proposal, error: command.args[0] ?? '' })
      }
      case 'config':
        return this.#step({
          kind: 'config',
          minInsyncReplicas: number(command, 'min-insync', this.#state.minInsyncReplicas),
          durable: this.#state.durable,
        })
      case 'followed':
        return this.#step({
          kind: 'followed',
          leaderEpoch: number(command, 'epoch', this.#state.leaderEpoch),
          highWatermark: number(command, 'hw', 0),
        })
      case 'prefer': {
        const rack = numbersOf(command.options.get('rack') ?? '')
        const id = preferredReadReplica(this.#state, number(command, 'offset', 0), (each) => rack.includes(each))
        return [id === null ? 'reads here' : `reads from ${id}`]
      }
      case 'truncated':
        this.#staged = number(command, 'end', 0)
        return this.#step({
          kind: 'truncated',
          logStartOffset: number(command, 'start', 0),
          endOffset: this.#staged,
          durableEndOffset: this.#staged,
        })
      case 'offline':
        return this.#step({ kind: 'become-offline', reason: 'disk' })
      case 'advance':
        return this.#advance(msOf(command.args[0] ?? ''))
      case 'status':
        return [this.#status()]
      default:
        throw new Error(`no such command: ${command.line}`)
    }
  }

  #become(command: Command): string[] {
    const { nodeId } = this.#state
    this.#partitionEpoch = number(command, 'partition-epoch', this.#partitionEpoch + 1)
    const assignment = {
      leader: number(command, 'leader', command.name === 'become-leader' ? nodeId : -1),
      leaderEpoch: number(command, 'epoch', this.#state.leaderEpoch),
      partitionEpoch: this.#partitionEpoch,
      replicas: numbersOf(command.options.get('replicas') ?? this.#replicas.join(' ')),
      isr: numbersOf(command.options.get('isr') ?? this.#replicas.join(' ')),
    }
    if (command.name === 'become-follower') return this.#step({ kind: 'become-follower', assignment })
    return this.#step({ kind: 'become-leader', assignment, logEndOffset: this.#staged })
  }

  /** `async`: the disk has not said yet that it has the bytes. */
  #append(command: Command): string[] {
    const count = number(command, 'count', 1)
    const acks = command.options.get('acks') === 'all' ? -1 : 1
    const [effect] = step(this.#state, { kind: 'append', acks, count }, this.#now)
    if (effect?.kind !== 'write') return [effect?.kind === 'refuse' ? `refused ${effect.error}` : 'nothing']
    const upTo = this.#staged + count
    const lines = [`write ${this.#staged}..${upTo - 1}`]
    this.#staged = upTo
    if (acks === -1) {
      lines.push(...this.#await(upTo, this.#now + number(command, 'timeout', 30_000)))
    }
    if (!command.args.includes('async')) lines.push(...this.#appended(upTo, -1))
    return lines
  }

  #await(upTo: number, due: number): string[] {
    const ticket = this.#ticket++
    this.#upTo.set(ticket, upTo)
    return [`waiting acks=all upto=${upTo}`, ...this.#step({ kind: 'staged', upTo, ticket, deadline: due })]
  }

  #deleteRecords(offset: number, due: number): string[] {
    return this.#step({ kind: 'delete-records', offset, ticket: this.#ticket++, deadline: due })
  }

  #appended(endOffset: number, durable: number): string[] {
    const durableEndOffset = durable < 0 && !this.#state.durable ? endOffset : Math.max(durable, 0)
    return this.#step({ kind: 'appended', endOffset, durableEndOffset })
  }

  #broker(command: Command): string[] {
    const id = Number(command.args[0])
    const known = this.#brokers.get(id) ?? { epoch: 100 + id, fenced: false, shuttingDown: false }
    this.#brokers.set(id, {
      epoch: number(command, 'epoch', known.epoch),
      fenced: command.args.includes('fenced'),
      shuttingDown: command.args.includes('leaving'),
    })
    return this.#step({ kind: 'metadata', brokers: this.#copyOfBrokers() })
  }

  #copyOfBrokers(): ReadonlyMap<number, { epoch: number; fenced: boolean; shuttingDown: boolean }> {
    return new Map(this.#brokers)
  }

  /** Ticks at every deadline on the way. */
  #advance(ms: number): string[] {
    const until = this.#now + ms
    const lines: string[] = []
    for (let due = deadline(this.#state); due <= until; due = deadline(this.#state)) {
      this.#now = Math.max(this.#now, due)
      const printed = this.#step({ kind: 'tick' })
      lines.push(...printed)
    }
    this.#now = until
    return lines
  }

  #step(event: PartitionEvent): string[] {
    return step(this.#state, event, this.#now).flatMap((effect) => this.#print(effect))
  }

  #print(effect: PartitionEffect): string[] {
    switch (effect.kind) {
      case 'write':
        return [`write epoch=${effect.epoch}`]
      case 'refuse':
        return [`refused ${effect.error}`]
      case 'acknowledge': {
        const upTo = this.#upTo.get(effect.ticket)
        return [`ack upto=${upTo}${effect.error === 'NONE' ? '' : ` ${effect.error}`}`]
      }
      case 'begin-at':
        return [`begins at ${effect.offset}`]
      case 'deleted':
        return [`deleted${effect.error === 'NONE' ? '' : ` ${effect.error}`} followers-start=${effect.followersStart}`]
      case 'lead':
        return [this.#status()]
      case 'follow':
        return [
          `${this.#state.nodeId} ${effect.leader < 0 ? 'has no leader' : `follows ${effect.leader}`} epoch=${effect.epoch}`,
        ]
      case 'high-watermark':
        return [`hw ${effect.offset}`]
      case 'propose-isr':
        return [`propose-isr (${effect.newIsr.map(memberText).join(' ')}): ${effect.reason}`]
      case 'isr':
        return [`isr (${effect.isr.join(' ')})`]
    }
  }

  #status(): string {
    const { nodeId, role, endOffset, highWatermark } = this.#state
    if (role.kind === 'offline') return `${nodeId} offline`
    const isr = role.kind === 'leader' ? ` isr=(${role.isr.isr.join(' ')})` : ''
    const maximal =
      role.kind === 'leader' && role.isr.kind !== 'committed' ? ` maximal=(${maximalIsr(this.#state).join(' ')})` : ''
    return `${nodeId} ${role.kind} epoch=${role.epoch}${isr}${maximal} end=${endOffset} hw=${highWatermark}`
  }
}

/** With the broker epoch that the evidence is of, where it is not that of the beginning. */
function memberText({ id, brokerEpoch }: { readonly id: number; readonly brokerEpoch: number }): string {
  return brokerEpoch === 100 + id ? `${id}` : `${id}@${brokerEpoch}`
}

function number(command: Command, option: string, otherwise: number): number {
  const text = command.options.get(option)
  return text === undefined ? otherwise : Number(text)
}
