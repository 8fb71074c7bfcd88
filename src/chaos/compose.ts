// The target `compose`: the containers of a compose file whose services end with the id of their node (odradek-1). Docker's
// own verbs hurt them: kill, stop, start, pause, a network that is taken away, a share of the processor. One address serves
// all others there, so a single way between two nodes cannot be cut.

import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { ConfigError, messageOf } from '../base/index.ts'
import { QUICK_PROPERTIES } from './quick.ts'
import type { Condition, ConditionName, Target, Undo } from './types.ts'
import type { Fault, NodeId } from './words.ts'
import { SIMULATED_ONLY } from './words.ts'

const execute = promisify(execFile)

const HEALTHY_WITHIN_MS = 180_000
const STOP_WITHIN_S = 45
const SERVING_WITHIN_MS = 20_000
/** Kafka's own line, which the image prints when a node is ready. */
const STARTED = 'Kafka Server started'
const CLIENT_PORT = 9092
/** Of the scheduler, microseconds: the longest there is, so that a throttled node stands still for a while at a time. */
const CPU_PERIOD = 1_000_000
const NOTHING: Undo = async () => undefined

export interface ComposeOptions {
  /** The compose file. Default `docker-compose.cluster.yml` of the working directory. */
  readonly file?: string
  /** `start`: from nothing, and nothing is left of it at the end. `take`: what runs already stays. */
  readonly mode: 'start' | 'take'
  /** Kafka's property names, for every node, where it is started here. */
  readonly properties?: Readonly<Record<string, string>>
  readonly tell?: (line: string) => void
}

interface Container {
  readonly id: NodeId
  readonly service: string
  readonly container: string
}

interface Inspected {
  readonly State: {
    readonly Status: string
    readonly Pid: number
    readonly StartedAt: string
    readonly Health?: { readonly Status: string }
  }
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, unknown>> }
}

/** Throws ConfigError where no engine answers, or its containers cannot be had. */
export async function openCompose(options: ComposeOptions): Promise<Target> {
  const file = path.resolve(options.file ?? 'docker-compose.cluster.yml')
  if (!fs.existsSync(file)) throw new ConfigError(`${file} does not exist: name the compose file with --file`)
  await run(['docker', 'info']).catch((error: unknown) => {
    throw new ConfigError(
      `No Docker engine answers (${messageOf(error).split('\n')[0]}): start one, or use --target up`,
    )
  })
  const own = options.mode === 'start' ? fs.mkdtempSync(path.join(os.tmpdir(), 'odradek-compose-')) : null
  const command = [...(await composeCommand()), '--project-directory', path.dirname(file), '-f', file]
  const services = lines(await run([...command, 'config', '--services'])).filter((name) => idOf(name) !== null)
  if (services.length === 0)
    throw new ConfigError(`${file} has no service whose name ends with a node's id (odradek-1)`)
  if (own !== null) {
    const quick = path.join(own, 'quick.yml')
    fs.writeFileSync(quick, overrideOf(services, { ...Object.fromEntries(QUICK_PROPERTIES), ...options.properties }))
    command.push('-f', quick)
  }
  const end = async (): Promise<void> => {
    if (own === null) return
    await run([...command, 'down', '-v', '-t', '10'])
    fs.rmSync(own, { recursive: true, force: true })
  }
  try {
    if (own !== null) await run([...command, 'up', '-d', '--build'])
    const containers: Container[] = []
    for (const service of services.sort()) {
      const [container] = lines(await run([...command, 'ps', '-a', '-q', service]))
      if (container === undefined) throw new ConfigError(`${service} has no container: docker compose up starts it`)
      containers.push({ id: idOf(service)!, service, container })
    }
    await healthy(containers, options.tell ?? (() => undefined))
    const addresses = await Promise.all(
      containers.map(({ service }) => run([...command, 'port', service, String(CLIENT_PORT)])),
    )
    const networks = new Set<string>()
    for (const { container } of containers) {
      for (const name of Object.keys((await inspect(container)).NetworkSettings.Networks)) networks.add(name)
    }
    return new ComposeTarget(containers, addresses.map((each) => each.trim()).join(','), [...networks], end)
  } catch (error) {
    await end()
    throw error
  }
}

class ComposeTarget implements Target {
  readonly kind = 'compose'
  readonly nodes: readonly NodeId[]
  readonly bootstrapServers: string
  readonly #containers: readonly Container[]
  readonly #networks: readonly string[]
  readonly #end: () => Promise<void>
  #closed: Promise<void> | null = null

  constructor(
    containers: readonly Container[],
    bootstrapServers: string,
    networks: readonly string[],
    end: () => Promise<void>,
  ) {
    this.nodes = containers.map(({ id }) => id)
    this.bootstrapServers = bootstrapServers
    this.#containers = containers
    this.#networks = networks
    this.#end = end
  }

  refusal(fault: Fault): string | null {
    switch (fault.verb) {
      case 'kill':
      case 'kill-all':
      case 'stop':
      case 'pause':
      case 'slow-cpu':
      case 'heal':
        return null
      case 'restart':
        return fault.properties === undefined
          ? null
          : 'a container keeps the environment it was made with: change the compose file, or use --target up'
      case 'isolate':
        return fault.direction === 'both'
          ? null
          : 'a network is taken from a container as a whole: one direction is cut on "odradek up --chaos", by Toxiproxy'
      case 'cut':
      case 'hide':
      case 'slow':
      case 'reset':
      case 'half-open':
        return 'containers have one address for all who reach them: "odradek up --chaos" puts Toxiproxy on every single way'
      case 'fill-disk':
      case 'slow-disk':
      case 'fail-disk':
      case 'replace-disk':
        return 'a volume is the engine\'s: let "odradek sim" do it, or mount a small file system as the volume and fill that'
      case 'skew-clock':
        return 'containers share the clock of the machine: build an image with libfaketime, or let "odradek sim" do it'
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
        await run(['docker', 'kill', this.#container(fault.node)])
        return NOTHING
      case 'kill-all': {
        const states = await Promise.all(
          this.#containers.map(async ({ container }) => ({ container, ...(await inspect(container)).State })),
        )
        const alive = states.filter(({ Status }) => Status === 'running' || Status === 'paused')
        await run(['docker', 'kill', ...alive.map(({ container }) => container)])
        return NOTHING
      }
      case 'stop':
        await run(['docker', 'stop', '-t', String(STOP_WITHIN_S), this.#container(fault.node)])
        return NOTHING
      case 'restart':
        await run(['docker', 'start', this.#container(fault.node)])
        await serving(this.#container(fault.node))
        return NOTHING
      case 'pause':
        return this.#paired(fault.node, ['pause'], ['unpause'])
      case 'slow-cpu': {
        const quota = Math.max(1000, Math.round(CPU_PERIOD / fault.factor))
        const period = ['--cpu-period', String(CPU_PERIOD)]
        return this.#paired(
          fault.node,
          ['update', ...period, '--cpu-quota', String(quota)],
          ['update', '--cpu-quota', '-1'],
        )
      }
      case 'isolate':
        return this.#isolate(fault.node)
      case 'heal':
        await this.heal()
        return NOTHING
      default:
        throw new ConfigError(`${fault.verb} cannot be done on containers`)
    }
  }

  async heal(): Promise<void> {
    for (const { container, id } of this.#containers) {
      const { State, NetworkSettings } = await inspect(container)
      if (State.Status === 'paused') await run(['docker', 'unpause', container])
      for (const network of this.#networks) {
        if (!(network in NetworkSettings.Networks)) await this.#connect(id, network)
      }
    }
  }

  async conditions(): Promise<readonly Condition[]> {
    return Promise.all(
      this.#containers.map(async ({ id, container }): Promise<Condition> => {
        const { State, NetworkSettings } = await inspect(container)
        const missing = this.#networks.filter((network) => !(network in NetworkSettings.Networks))
        return {
          id,
          condition: conditionOf(State.Status),
          pid: State.Pid > 0 ? State.Pid : null,
          afflictions: missing.map((network) => `cut off from network ${network}`),
        }
      }),
    )
  }

  close(): Promise<void> {
    this.#closed ??= this.heal().finally(() => this.#end())
    return this.#closed
  }

  #container(id: NodeId): string {
    const found = this.#containers.find((each) => each.id === id)
    if (found === undefined) throw new ConfigError(`there is no node ${id}: this cluster has ${this.nodes.join(', ')}`)
    return found.container
  }

  async #paired(id: NodeId, begin: readonly string[], end: readonly string[]): Promise<Undo> {
    const container = this.#container(id)
    await run(['docker', ...begin, container])
    return async () => {
      // Killed meanwhile: nothing is left to be undone.
      if ((await inspect(container)).State.Status !== 'exited')
        await run(['docker', ...end, container]).catch(passNotPaused)
    }
  }

  async #isolate(id: NodeId): Promise<Undo> {
    const container = this.#container(id)
    for (const network of this.#networks) await run(['docker', 'network', 'disconnect', network, container])
    return async () => {
      const { NetworkSettings } = await inspect(container)
      for (const network of this.#networks) {
        if (!(network in NetworkSettings.Networks)) await this.#connect(id, network)
      }
    }
  }

  /** By the name under which the others know it. */
  async #connect(id: NodeId, network: string): Promise<void> {
    const { service, container } = this.#containers.find((each) => each.id === id)!
    await run(['docker', 'network', 'connect', '--alias', service, network, container])
  }
}

function passNotPaused(error: unknown): void {
  if (!/is not paused/.test(messageOf(error))) throw error
}

function conditionOf(status: string): ConditionName {
  if (status === 'running') return 'running'
  if (status === 'paused') return 'paused'
  return status === 'removing' ? 'stopping' : status === 'restarting' ? 'starting' : 'down'
}

function idOf(service: string): NodeId | null {
  const match = /(\d+)$/.exec(service)
  return match === null ? null : Number(match[1])
}

/** A second compose file: variables of each service, in YAML that is JSON. */
function overrideOf(services: readonly string[], properties: Readonly<Record<string, string>>): string {
  const environment = Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [`KAFKA_${name.replaceAll('.', '_').toUpperCase()}`, value]),
  )
  return JSON.stringify({ services: Object.fromEntries(services.map((service) => [service, { environment }])) })
}

async function healthy(containers: readonly Container[], tell: (line: string) => void): Promise<void> {
  const until = performance.now() + HEALTHY_WITHIN_MS
  for (;;) {
    const states = await Promise.all(containers.map(async ({ container }) => (await inspect(container)).State))
    if (states.every(({ Status, Health }) => Status === 'running' && (Health?.Status ?? 'healthy') === 'healthy')) break
    if (performance.now() > until) {
      const told = containers.map(
        ({ service }, i) => `${service} is ${states[i]!.Status} (${states[i]!.Health?.Status})`,
      )
      throw new ConfigError(`the containers did not become healthy: ${told.join(', ')}. See docker logs`)
    }
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  tell(`${containers.length} containers are healthy`)
}

async function inspect(container: string): Promise<Inspected> {
  return (JSON.parse(await run(['docker', 'inspect', container])) as Inspected[])[0]!
}

/** Resolves when the node says that it takes part: the container's health is looked at every ten seconds only. */
async function serving(container: string): Promise<void> {
  for (const until = performance.now() + SERVING_WITHIN_MS; ; ) {
    const { Status, StartedAt } = (await inspect(container)).State
    const log = await run(['docker', 'logs', '--since', StartedAt, container])
    if (log.includes(STARTED)) return
    // Paused meanwhile, it is only later.
    if (Status === 'exited' || Status === 'dead')
      throw new ConfigError(`it ended again (${Status}): docker logs ${container} says why`)
    // Others may be down as well, and without them it cannot: it goes on by itself.
    if (performance.now() > until) return
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
}

/** Compose v2 where the engine has it, else v1. */
async function composeCommand(): Promise<readonly string[]> {
  try {
    await run(['docker', 'compose', 'version'])
    return ['docker', 'compose']
  } catch {
    return ['docker-compose']
  }
}

async function run([program, ...args]: readonly string[]): Promise<string> {
  const { stdout } = await execute(program!, args, { encoding: 'utf8', maxBuffer: 1 << 26 })
  return stdout
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}
