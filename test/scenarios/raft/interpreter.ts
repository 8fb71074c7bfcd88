// `raft voters=(1 2 3) [observers=(4)] [kraft=0] [seed=1]`: a small cluster of pure cores. Packets travel at once, and
// disks are fast, unless a command says otherwise. Commands print what roles became, what was cut, and what committed.
//
//   timeout N            the node's election or fetch timer runs out now
//   advance 500ms        time passes; every timer fires when due
//   propose N a b c      the leader appends one batch of these records
//   isolate N | cut N M | heal [N]     packets are lost both ways (cut: between the two)
//   hold | release       packets wait until released | travel again
//   crash N [survives=K] | restart N | wipe N     power failure | start | an empty disk under the same node id
//   slow N | fsync N [K] | fast N      appends are durable only by fsync
//   snapshot N [keep]    a snapshot of all that is committed; the log before it goes unless kept
//   resign N | shutdown N
//   ask N vote|prevote from=M epoch=E last=(epoch offset) [dir=D]     one raw vote request, and the answer
//   feed N leader=M epoch=E at=(epoch:value …) [voters=(…)] [hw=H]    one raw answer to its outstanding fetch
//   diverge N leader=M epoch=E at=(epoch offset)                      likewise
//   status | logs        one line a node

import type { RaftEffect } from '../../../raft/core/index.ts'
import type { Entry, Node, Packet } from '../../support/raft-cluster.ts'
import { endOf, RaftCluster, toBytes, votersOf } from '../../support/raft-cluster.ts'
import type { Command, Interpreter, Scenario } from '../runner.ts'
import { msOf, numbersOf } from '../runner.ts'

export const raftInterpreter: Interpreter = (first) => new RaftScenario(first)

class RaftScenario implements Scenario {
  readonly opening: readonly string[] = []
  readonly #cluster: RaftCluster
  readonly #cuts: Set<string> = new Set()
  #held = false
  #printed: string[] = []

  constructor(first: Command) {
    const list = (name: string): number[] => numbersOf(first.options.get(name) ?? '')
    const cluster = new RaftCluster({
      voters: list('voters'),
      observers: list('observers'),
      seed: Number(first.options.get('seed') ?? 1),
      kraftVersion: Number(first.options.get('kraft') ?? 1),
    })
    this.#cluster = cluster
    cluster.onEffect = (node, effect) => {
      const text = print(node, effect)
      if (text !== null) this.#printed.push(text)
    }
    cluster.passes = (from, to) => !this.#cuts.has(way(from, to))
  }

  run(command: Command): string[] {
    this.#printed = []
    try {
      this.#do(command)
      if (!this.#held) this.#settle()
    } catch (error) {
      this.#printed.push(`error: ${error instanceof Error ? error.message : String(error)}`)
    }
    return this.#printed.length > 0 ? this.#printed : ['ok']
  }

  #node(command: Command): Node {
    return this.#cluster.node(Number(command.args[0]))
  }

  #do(command: Command): void {
    const cluster = this.#cluster
    switch (command.name) {
      case 'timeout':
        this.#timeout(this.#node(command))
        return
      case 'advance':
        this.#advance(msOf(command.args[0]!))
        return
      case 'propose':
        if (!cluster.propose(this.#node(command), command.args.slice(1))) this.#printed.push('refused')
        return
      case 'isolate':
        for (const other of cluster.nodes.keys()) this.#cut(Number(command.args[0]), other)
        return
      case 'cut':
        this.#cut(Number(command.args[0]), Number(command.args[1]))
        return
      case 'heal':
        for (const pair of [...this.#cuts]) {
          if (command.args[0] === undefined || pair.split(' ').includes(command.args[0])) this.#cuts.delete(pair)
        }
        return
      case 'hold':
        this.#held = true
        return
      case 'release':
        this.#held = false
        return
      case 'crash':
        cluster.crash(this.#node(command), Number(command.options.get('survives') ?? 0))
        return
      case 'restart':
        cluster.restart(this.#node(command))
        return
      case 'wipe':
        cluster.wipe(this.#node(command))
        return
      case 'slow':
        this.#node(command).slow = true
        return
      case 'fast':
        this.#node(command).slow = false
        cluster.fsync(this.#node(command))
        return
      case 'fsync':
        cluster.fsync(this.#node(command), Number(command.args[1] ?? 1))
        return
      case 'snapshot': {
        const id = cluster.snapshot(this.#node(command), command.args[1] !== 'keep')
        this.#printed.push(`${command.args[0]} snapshot ${id.endOffset}-${id.epoch}`)
        return
      }
      case 'resign':
        cluster.event(this.#node(command), { kind: 'resign', epoch: this.#node(command).state.role.epoch })
        return
      case 'shutdown':
        cluster.event(this.#node(command), { kind: 'shutdown' })
        return
      case 'ask':
        this.#ask(command)
        return
      case 'feed':
        this.#feed(command)
        return
      case 'diverge':
        this.#diverge(command)
        return
      case 'status':
        for (const node of cluster.nodes.values()) this.#printed.push(statusOf(node))
        return
      case 'logs':
        for (const node of cluster.nodes.values()) this.#printed.push(logOf(node))
        return
      default:
        throw new Error(`no command is called "${command.name}"`)
    }
  }

  /** Brings the node's own timer forward to now. */
  #timeout(node: Node): void {
    const { role } = node.state
    const now = this.#cluster.now
    if (role.kind === 'follower') role.fetchTimeoutAt = now
    else if (role.kind === 'leader') role.checkQuorumAt = now
    else node.state.role = { ...role, electionAt: now }
    this.#cluster.event(node, { kind: 'tick' })
  }

  #advance(ms: number): void {
    const cluster = this.#cluster
    const until = cluster.now + ms
    let turns = 0
    for (let at = cluster.nextTick(); at <= until; at = cluster.nextTick()) {
      if (turns++ > 100 * ms) throw new Error('time stands still')
      cluster.now = Math.max(cluster.now, at)
      cluster.tick()
      if (!this.#held) this.#settle()
    }
    cluster.now = until
  }

  #settle(): void {
    for (let i = 0; this.#cluster.packets.length > 0; i++) {
      if (i > 10_000) throw new Error('the packets do not come to rest')
      this.#cluster.deliver()
    }
  }

  #cut(a: number, b: number): void {
    if (a === b) return
    this.#cuts.add(way(a, b))
    this.#cuts.add(way(b, a))
    const lost = (packet: Packet): boolean => {
      const from = packet.kind === 'request' ? packet.from.id : packet.from
      const to = packet.kind === 'request' ? packet.to : packet.to.id
      return (from === a && to === b) || (from === b && to === a)
    }
    const broken = this.#cluster.packets.filter(lost)
    this.#cluster.packets = this.#cluster.packets.filter((packet) => !lost(packet))
    for (const packet of broken) this.#cluster.lose(packet)
  }

  #ask(command: Command): void {
    const { options } = command
    const from = Number(options.get('from'))
    const [lastEpoch = 0, lastOffset = 0] = numbersOf(options.get('last') ?? '0 0')
    this.#cluster.event(this.#node(command), {
      kind: 'vote-request',
      token: -1,
      from: { id: from, directoryId: options.get('dir') ?? `dir-${from}` },
      voter: null,
      epoch: Number(options.get('epoch')),
      preVote: command.args[1] === 'prevote',
      lastEpoch,
      lastOffset,
    })
  }

  #outstandingFetch(node: Node): number {
    for (const request of node.state.requests.values()) if (request.message.kind === 'fetch') return request.id
    throw new Error(`${node.id} has no fetch outstanding`)
  }

  #feed(command: Command): void {
    const node = this.#node(command)
    const { options } = command
    const voters = options.get('voters')
    const baseOffset = node.state.log.endOffset
    const entries = (options.get('at') ?? '').split(' ').map((text, i): Entry => {
      const [epoch = '', value = ''] = text.split(':')
      return { epoch: Number(epoch), value, batch: -baseOffset - i - 1, quorum: null }
    })
    const batches = entries.map((entry, i) => ({
      baseOffset: baseOffset + i,
      endOffset: baseOffset + i + 1,
      epoch: entry.epoch,
      quorum:
        voters !== undefined && i === entries.length - 1
          ? { offset: baseOffset + i, kraftVersion: null, voters: this.#cluster.voterSet(numbersOf(voters)) }
          : null,
    }))
    for (const [i, batch] of batches.entries()) entries[i] = { ...entries[i]!, quorum: batch.quorum }
    const payload = toBytes(entries)
    this.#cluster.event(node, {
      kind: 'response',
      requestId: this.#outstandingFetch(node),
      error: 'NONE',
      ...leaderIn(command),
      body: { kind: 'records', payload, batches, highWatermark: Number(options.get('hw') ?? -1) },
    })
  }

  #diverge(command: Command): void {
    const node = this.#node(command)
    const [epoch = 0, endOffset = 0] = numbersOf(command.options.get('at') ?? '')
    this.#cluster.event(node, {
      kind: 'response',
      requestId: this.#outstandingFetch(node),
      error: 'NONE',
      ...leaderIn(command),
      body: { kind: 'diverging', epoch, endOffset },
    })
  }
}

function leaderIn(command: Command): {
  leaderId: number
  leaderEndpoint: { host: string; port: number }
  epoch: number
} {
  const leaderId = Number(command.options.get('leader'))
  return { leaderId, leaderEndpoint: { host: `n${leaderId}`, port: 1 }, epoch: Number(command.options.get('epoch')) }
}

function way(from: number, to: number): string {
  return `${from} ${to}`
}

/** What a reader of a story wants to know; packets and fetches are not among it. */
function print(node: Node, effect: RaftEffect): string | null {
  switch (effect.kind) {
    case 'became':
      return `${node.id} ${effect.role} epoch=${effect.epoch}${effect.leaderId >= 0 ? ` leader=${effect.leaderId}` : ''} (${effect.why})`
    case 'truncate':
      return `${node.id} cuts its log to ${effect.endOffset}`
    case 'committed':
      return `${node.id} committed ${effect.from}..${effect.to - 1}`
    case 'install-snapshot':
      return `${node.id} loads snapshot ${effect.id.endOffset}-${effect.id.epoch}`
    case 'reply':
      if (effect.token !== -1) return null
      return `${node.id} answers ${effect.answer.error}${effect.answer.body.kind === 'vote' ? (effect.answer.body.granted ? ' granted' : ' not granted') : ''} epoch=${effect.answer.epoch} leader=${effect.answer.leaderId}`
    default:
      return null
  }
}

function statusOf(node: Node): string {
  if (!node.alive) return `${node.id} down`
  const { role, log, highWatermark } = node.state
  const shown = role.kind === 'leader' && !role.highWatermarkKnown ? 'unknown' : String(highWatermark)
  const durable = log.durableEndOffset === log.endOffset ? '' : ` durable=${log.durableEndOffset}`
  return `${node.id} ${role.kind} epoch=${role.epoch} log=${log.startOffset}..${log.endOffset}${durable} hw=${shown} voters=(${votersOf(node).join(' ')})`
}

function logOf(node: Node): string {
  const { disk } = node
  const text = disk.entries.map((entry, i) => `${disk.startOffset + i}=${entry.epoch}:${entry.value}`).join(' ')
  return `${node.id} ${disk.startOffset > 0 ? `(snapshot ${disk.startOffset}) ` : ''}${text === '' ? 'empty' : text} end=${endOf(disk)}`
}
