// The target `up`: broker processes of a running `odradek up`, this process's or another's. It reaches them by the control
// socket and by signals, their network by Toxiproxy where the cluster was started with it, their disks by files. It
// restarts nothing by itself.

import fs from 'node:fs'
import process from 'node:process'
import { ConfigError } from '../base/index.ts'
import type { ControlRequest, ControlResponse, Layout, NodeStatus } from '../launcher/index.ts'
import { ask } from '../launcher/index.ts'
import { diskRefusal, fillDisk, freeDisk, isFilled } from './disks.ts'
import type { Links } from './links.ts'
import type { Condition, Target, Undo } from './types.ts'
import type { Fault, NodeId } from './words.ts'
import { SIMULATED_ONLY } from './words.ts'

/** One stop and one go of a slowed process: a request of several steps takes several of them. */
const DUTY_MS = 400
const NOTHING: Undo = async () => undefined

export interface ProcessTargetOptions {
  readonly layout: Layout
  readonly nodes: readonly NodeId[]
  readonly bootstrapServers: string
  /** Null where the cluster runs without proxies. */
  readonly links: Links | null
  /** Lets go of what was started for this target. */
  readonly onClose?: () => Promise<void>
}

export function createProcessTarget(options: ProcessTargetOptions): Target {
  return new ProcessTarget(options)
}

class ProcessTarget implements Target {
  readonly kind = 'up'
  readonly nodes: readonly NodeId[]
  readonly bootstrapServers: string
  readonly #layout: Layout
  readonly #links: Links | null
  readonly #onClose: () => Promise<void>
  #closed: Promise<void> | null = null

  constructor(options: ProcessTargetOptions) {
    this.nodes = options.nodes
    this.bootstrapServers = options.bootstrapServers
    this.#layout = options.layout
    this.#links = options.links
    this.#onClose = options.onClose ?? NOTHING
  }

  refusal(fault: Fault): string | null {
    switch (fault.verb) {
      case 'kill':
      case 'kill-all':
      case 'stop':
      case 'restart':
      case 'pause':
      case 'slow-cpu':
      case 'heal':
        return null
      case 'isolate':
      case 'cut':
      case 'hide':
      case 'slow':
      case 'reset':
      case 'half-open':
        return this.#links === null ? NO_PROXIES : null
      case 'fill-disk':
        return diskRefusal(this.#layout.logDirectory(fault.node))
      case 'slow-disk':
      case 'fail-disk':
        return `the disk under a real process cannot be made to ${fault.verb === 'slow-disk' ? 'be slow' : 'fail'} from here: put the log directory on a device of dm-delay or dm-flakey and drive that, or let "odradek sim" do it`
      case 'skew-clock':
        return 'the clock of a running process cannot be moved from outside: start the cluster under libfaketime (LD_PRELOAD, with FAKETIME_TIMESTAMP_FILE to move it later), or let "odradek sim" do it'
      case 'replace-disk':
        return 'a voter whose disk is replaced votes no more, and chaos would leave the quorum one smaller for ever: stop the cluster, remove broker-N/data and start it again, or let "odradek sim" do it'
      case 'kill-at':
      case 'power-loss':
      case 'power-loss-all':
      case 'detain':
      case 'lying-sync':
      case 'flip-bit':
        return SIMULATED_ONLY[fault.verb]!
    }
  }

  async begin(fault: Fault): Promise<Undo> {
    const refused = this.refusal(fault)
    if (refused !== null) throw new ConfigError(`${fault.verb}: ${refused}`)
    switch (fault.verb) {
      case 'kill':
      case 'stop':
        await this.#ask({ kind: fault.verb, id: fault.node })
        return NOTHING
      case 'kill-all': {
        const running = (await this.#statuses()).filter(({ pid }) => pid !== null)
        await Promise.all(running.map(({ id }) => this.#ask({ kind: 'kill', id })))
        return NOTHING
      }
      case 'restart':
        this.#configure(fault.node, fault.properties ?? {})
        await this.#ask({ kind: 'start', id: fault.node, wait: true })
        return NOTHING
      case 'pause':
        return pause(await this.#pid(fault.node))
      case 'slow-cpu':
        return slowDown(await this.#pid(fault.node), fault.factor)
      case 'heal':
        await this.heal()
        return NOTHING
      case 'isolate':
      case 'cut':
      case 'hide':
      case 'slow':
      case 'reset':
      case 'half-open':
        return this.#links!.begin(fault)
      case 'fill-disk':
        return fillDisk(this.#layout.logDirectory(fault.node), fault.freeBytes)
      default:
        throw new ConfigError(`${fault.verb} cannot be done on processes`)
    }
  }

  async heal(): Promise<void> {
    await this.#links?.heal()
    for (const id of this.nodes) freeDisk(this.#layout.logDirectory(id))
    for (const { pid } of await this.#statuses()) if (pid !== null) signal(pid, 'SIGCONT')
  }

  async conditions(): Promise<readonly Condition[]> {
    return Promise.all(
      (await this.#statuses()).map(async ({ id, pid, state }): Promise<Condition> => {
        const filled = isFilled(this.#layout.logDirectory(id)) ? ['disk filled'] : []
        const network = this.#links === null ? [] : await this.#links.afflictions(id)
        const alive = state === 'ready' ? 'running' : state
        const condition = pid !== null && isPaused(pid) ? 'paused' : alive
        return { id, condition, pid, afflictions: [...network, ...filled] }
      }),
    )
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    try {
      await this.heal()
    } finally {
      await this.#onClose()
    }
  }

  async #pid(id: NodeId): Promise<number> {
    const found = (await this.#statuses()).find((node) => node.id === id)
    if (found === undefined)
      throw new ConfigError(`there is no broker ${id}: this cluster has ${this.nodes.join(', ')}`)
    if (found.pid === null) throw new ConfigError(`broker ${id} is down: "odradek chaos restart ${id}" starts it`)
    return found.pid
  }

  async #statuses(): Promise<readonly NodeStatus[]> {
    const response = await this.#ask({ kind: 'list' })
    if (response.kind !== 'nodes') throw new ConfigError('odradek up gave an answer that was not asked for')
    return response.nodes
  }

  async #ask(request: ControlRequest): Promise<ControlResponse> {
    const response = await ask(this.#layout, request)
    if (response.kind === 'refused') throw new ConfigError(response.sentence)
    return response
  }

  /** Later lines of a properties file win. Written again by the next `odradek up`. */
  #configure(id: NodeId, properties: Readonly<Record<string, string>>): void {
    const lines = Object.entries(properties).map(([name, value]) => `${name}=${value.replaceAll('\\', '\\\\')}\n`)
    if (lines.length > 0) fs.appendFileSync(this.#layout.propertiesFile(id), lines.join(''))
  }
}

const NO_PROXIES =
  'the cluster runs without proxies, so its network cannot be touched: start it with "odradek up --chaos" (which needs Toxiproxy) in a new directory'

function pause(pid: number): Undo {
  if (!signal(pid, 'SIGSTOP')) throw new ConfigError(`process ${pid} is gone`)
  return async () => void signal(pid, 'SIGCONT')
}

/** Runs one part in `factor` of the time. */
function slowDown(pid: number, factor: number): Undo {
  let running = true
  let timer: ReturnType<typeof setTimeout> | null = null
  const turn = (): void => {
    running = !running
    if (!signal(pid, running ? 'SIGCONT' : 'SIGSTOP')) return
    const share = running ? 1 / factor : 1 - 1 / factor
    timer = setTimeout(turn, Math.max(1, DUTY_MS * share))
  }
  turn()
  return async () => {
    if (timer !== null) clearTimeout(timer)
    signal(pid, 'SIGCONT')
  }
}

/** False where there is no such process any more. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

/** Linux tells; elsewhere nobody is said to be paused. */
function isPaused(pid: number): boolean {
  try {
    return /^\d+ \(.*\) T/s.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
