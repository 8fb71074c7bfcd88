// The broker processes of one `odradek up`: starts them, hears them, tells of each end in one line, stops them. Restarts
// nothing by itself: a broker that died is the operator's to look at.

import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import type { Duplex } from 'node:stream'
import type { NodeId } from '../base/index.ts'
import type { LocalCluster, LocalNode } from '../main/index.ts'
import type { Layout } from './layout.ts'
import type { NodeMessage, NodeState, NodeStatus } from './messages.ts'
import { frame, unframe } from './messages.ts'

/** A broker that is asked to stop hands over its leaderships first; after this long it is killed. */
export const STOP_LIMIT_MS = 40_000

export interface SupervisorOptions {
  readonly layout: Layout
  readonly cluster: LocalCluster
  /** Command and arguments that run one node, before the path of its properties file. */
  readonly nodeCommand: readonly [command: string, ...args: string[]]
  /** One line for the operator. */
  readonly tell: (line: string) => void
  /** The command that starts a broker again. */
  readonly startCommand: (id: NodeId) => string
}

interface Member {
  readonly node: LocalNode
  state: NodeState
  child: ChildProcess | null
  startedAt: number
  ended: string | null
  /** What the node itself said of why it cannot go on. */
  lastWords: string | null
  /** Whether the end is wanted. */
  asked: boolean
  readonly waiting: Set<() => void>
}

export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #members: ReadonlyMap<NodeId, Member>

  constructor(options: SupervisorOptions) {
    this.#options = options
    const member = (node: LocalNode): Member => ({
      node,
      state: 'down',
      child: null,
      startedAt: 0,
      ended: null,
      lastWords: null,
      asked: false,
      waiting: new Set(),
    })
    this.#members = new Map(options.cluster.nodes.map((node) => [node.id, member(node)]))
  }

  get ids(): readonly NodeId[] {
    return [...this.#members.keys()]
  }

  status(): NodeStatus[] {
    return [...this.#members.values()].map((member) => ({
      id: member.node.id,
      state: member.state,
      pid: member.child?.pid ?? null,
      clientAddress: `${this.#options.cluster.host}:${member.node.clientPort}`,
      logFile: this.#options.layout.logFile(member.node.id),
      uptimeMs: member.child === null ? null : Math.round(performance.now() - member.startedAt),
      ended: member.child === null ? member.ended : null,
    }))
  }

  /** Resolves with its pid when the process exists; one that is still stopping is waited for first. */
  async start(id: NodeId): Promise<number> {
    const member = this.#member(id)
    if (member.state === 'stopping') await this.#until(member, () => member.state === 'down')
    // A kill from outside may not have been noticed yet.
    if (member.child !== null && !isAlive(member.child)) await this.#until(member, () => member.child === null)
    if (member.child !== null) throw new Error(`broker ${id} is running already (process ${member.child.pid})`)
    return this.#spawn(member)
  }

  /** Resolves when it is ready to serve; rejects with its own sentence when it ends before. */
  async ready(id: NodeId): Promise<void> {
    const member = this.#member(id)
    await this.#until(member, () => member.state !== 'starting')
    if (member.state !== 'ready') throw new Error(member.lastWords ?? `broker ${id} ended: ${member.ended}`)
  }

  /** Asks it to stop and waits; one that does not within the limit is killed. */
  stop(id: NodeId): Promise<string> {
    return this.#stop(this.#running(id), (child) => void child.kill('SIGTERM'))
  }

  async #stop(member: Member, ask: (child: ChildProcess) => void): Promise<string> {
    const { id } = member.node
    member.asked = true
    member.state = 'stopping'
    ask(member.child!)
    const timer = setTimeout(() => {
      this.#options.tell(`broker ${id} did not stop within ${STOP_LIMIT_MS / 1000} s and is killed`)
      member.child?.kill('SIGKILL')
    }, STOP_LIMIT_MS)
    await this.#until(member, () => member.child === null)
    clearTimeout(timer)
    return member.ended!
  }

  /** SIGKILL, as a crash would be. */
  async kill(id: NodeId): Promise<void> {
    const member = this.#running(id)
    member.asked = true
    member.child!.kill('SIGKILL')
    await this.#until(member, () => member.child === null)
  }

  /** Stops all that run, at once. */
  async stopAll(): Promise<void> {
    const running = [...this.#members.values()].filter((member) => member.child !== null)
    const message = frame({ kind: 'stop-all' })
    await Promise.all(running.map((member) => this.#stop(member, (child) => (child.stdio[3] as Duplex).write(message))))
  }

  /** SIGKILL to all that run, without waiting. */
  killAll(): void {
    for (const member of this.#members.values()) member.child?.kill('SIGKILL')
  }

  #spawn(member: Member): Promise<number> {
    const { layout, nodeCommand } = this.#options
    const [command, ...args] = nodeCommand
    const { id } = member.node
    const log = fs.openSync(layout.logFile(id), 'a')
    // What a crash of the runtime itself prints must not be lost, so stdout and stderr go to the log too.
    const child = spawn(command, [...args, layout.propertiesFile(id)], {
      stdio: ['ignore', log, log, 'pipe'],
      env: nodeEnvironment(),
    })
    fs.closeSync(log)
    Object.assign(member, { child, state: 'starting', startedAt: performance.now(), lastWords: null, asked: false })
    this.#listen(member, child.stdio[3] as Duplex)
    return new Promise((resolve, reject) => {
      child.once('spawn', () => resolve(child.pid!))
      child.once('error', (error) => {
        this.#ended(member, child, `it could not be started: ${error.message}`)
        reject(new Error(`broker ${id} could not be started: ${error.message}`))
      })
      child.once('exit', (code, signal) => this.#ended(member, child, signal ?? `exit code ${code}`))
    })
  }

  #listen(member: Member, pipe: Duplex): void {
    pipe.on('error', () => pipe.destroy())
    pipe.on(
      'data',
      unframe<NodeMessage>((message) => {
        if (message.kind === 'ready') {
          if (member.state === 'starting') member.state = 'ready'
          this.#notice(member)
        } else if (message.kind === 'stopping') {
          member.state = 'stopping'
          this.#notice(member)
        } else if (message.kind === 'failed') member.lastWords = message.sentence
        else this.#options.tell(`broker ${member.node.id} ${message.text}`)
      }),
    )
  }

  #ended(member: Member, child: ChildProcess, how: string): void {
    if (member.child !== child) return
    const wanted = member.asked
    const before = member.state
    Object.assign(member, { child: null, state: 'down', ended: how })
    const { id } = member.node
    const again = `Start it again: ${this.#options.startCommand(id)}`
    const { layout } = this.#options
    if (wanted) this.#options.tell(`broker ${id} stopped (${how})`)
    else if (member.lastWords !== null)
      this.#options.tell(`broker ${id} ended: ${member.lastWords.replace(/\.?$/, '.')} ${again}`)
    else {
      const what = { starting: 'did not start', ready: 'died', stopping: 'stopped', down: 'died' }[before]
      const where = before === 'stopping' ? '' : `; its log: ${layout.logFile(id)}`
      this.#options.tell(`broker ${id} ${what} (${how}${where}). ${again}`)
    }
    this.#notice(member)
  }

  #notice(member: Member): void {
    for (const wake of [...member.waiting]) wake()
  }

  #until(member: Member, holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve()
    return new Promise((resolve) => {
      const check = (): void => {
        if (!holds()) return
        member.waiting.delete(check)
        resolve()
      }
      member.waiting.add(check)
    })
  }

  #member(id: NodeId): Member {
    const member = this.#members.get(id)
    if (member === undefined) throw new Error(`there is no broker ${id}: this cluster has ${this.ids.join(', ')}`)
    return member
  }

  #running(id: NodeId): Member {
    const member = this.#member(id)
    if (member.child === null)
      throw new Error(`broker ${id} is not running. Start it: ${this.#options.startCommand(id)}`)
    return member
  }
}

/** A broker has nothing to gain from msgpack's native part, and 3 MB to lose. */
function nodeEnvironment(): NodeJS.ProcessEnv {
  return { MSGPACKR_NATIVE_ACCELERATION_DISABLED: 'true', ...process.env }
}

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null && isProcess(child.pid!)
}

// A killed child stays a zombie until its end is collected, and signal 0 reaches it all the same; Linux tells the state.
function isProcess(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !/^\d+ \(.*\) Z/s.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch (error) {
    // No such process; or a system without /proc, where the signal has told.
    return (error as NodeJS.ErrnoException).code === 'ENOENT'
  }
}
