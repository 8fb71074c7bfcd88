// odradek up: three brokers on this machine.

import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import type { CommandModule } from 'yargs'
import type { Proxied } from '../../chaos/index.ts'
import type { RunningCluster } from '../../launcher/index.ts'
import { DEFAULT_DATA, dataOption, pairs } from '../options.ts'
import { note, print } from '../output.ts'

interface UpArguments {
  readonly data: string
  readonly brokers: number | undefined
  readonly port: number | undefined
  readonly host: string
  readonly ephemeral: boolean
  readonly override: readonly string[]
  readonly chaos: boolean
  readonly toxiproxy: string
}

/** A second Ctrl-C within this time is the same one, told by two processes. */
const SAME_SIGNAL_MS = 1000

export const upCommand: CommandModule<object, UpArguments> = {
  command: 'up',
  describe: 'start a cluster on this machine and run it until Ctrl-C',
  builder: (args) =>
    dataOption(args)
      .option('brokers', { type: 'number', describe: 'how many (default 3, or as many as the data directory has)' })
      .option('port', { type: 'number', describe: 'first client port; 0: any (default 9092, or as last time)' })
      .option('host', { type: 'string', default: '127.0.0.1', describe: 'address to bind and to tell clients' })
      .option('ephemeral', {
        type: 'boolean',
        default: false,
        describe: 'use a new directory and remove it at the end',
      })
      .option('override', {
        type: 'string',
        array: true,
        default: [],
        describe: "a broker's property, by Kafka's name: name=value",
      })
      .option('chaos', {
        type: 'boolean',
        default: false,
        describe: 'put Toxiproxy on every way between brokers and to clients, for odradek chaos',
      })
      .option('toxiproxy', {
        type: 'string',
        default: 'auto',
        describe: 'with --chaos: auto (toxiproxy-server of PATH is started), or host:port of one that runs',
      })
      .example('$0 up', 'three brokers on 9092 to 9094, data in .odradek')
      .example('$0 up --ephemeral --brokers 1 --port 0', 'one broker on any port, nothing kept')
      .example('$0 up --override log.retention.hours=1', 'with another default') as never,
  handler: run,
}

async function run(args: UpArguments): Promise<void> {
  const { layoutOf, nodeProgram, up } = await import('../../launcher/index.ts')
  const { LATEST_METADATA_VERSION } = await import('../../../cluster/metadata/index.ts')
  if (args.ephemeral && args.data !== DEFAULT_DATA)
    throw new Error('--ephemeral makes its own directory: leave --data out')
  const data = args.ephemeral ? fs.mkdtempSync(path.join(os.tmpdir(), 'odradek-')) : args.data
  const command = commandName()
  const place = data === DEFAULT_DATA ? '' : ` --data ${data}`
  const tell = (line: string): void => print(`${new Date().toLocaleTimeString('en-GB')} ${line}`)
  const started = performance.now()
  let cluster: RunningCluster
  let proxies: Proxied | null = null
  try {
    // A cluster that was made with proxies cannot live without them.
    if (args.chaos || fs.existsSync(layoutOf(data).chaosFile)) proxies = await openProxies(data, args.toxiproxy)
    const running = await up({
      data,
      brokers: args.brokers ?? null,
      port: args.port ?? null,
      host: args.host,
      overrides: pairs(args.override, 'override'),
      metadataVersion: LATEST_METADATA_VERSION,
      ephemeral: args.ephemeral,
      nodeCommand: nodeProgram(),
      startCommand: (id) => `${command} node start ${id}${place}`,
      tell,
      ...(proxies === null ? {} : { arrange: proxies.arrange }),
    })
    cluster = proxies === null ? running : withProxies(running, proxies)
  } catch (error) {
    await proxies?.close()
    if (args.ephemeral) fs.rmSync(data, { recursive: true, force: true })
    throw error
  }
  stopOnSignals(cluster)
  const count = cluster.cluster.nodes.length
  const what = `${count} ${count === 1 ? 'broker' : 'brokers'}`
  print(`${cluster.isNew ? 'A new cluster' : 'The cluster'} of ${what} is starting, data in ${data}`)
  const missing = await cluster.settled()
  if (missing.length === 0) {
    print(banner(cluster, command, performance.now() - started))
    if (proxies !== null)
      print(`Its network can be hurt: ${command} chaos --help${place === '' ? '' : ` (with${place})`}\n`)
    return
  }
  if (cluster.isAlive()) {
    // The supervisor has told why; the others stay, so that it can be started again.
    return note(`broker ${missing.join(', ')} is not ready: see above. ${command} node list${place} shows all`)
  }
  await cluster.stop()
  process.exit(1)
}

async function openProxies(data: string, toxiproxy: string): Promise<Proxied> {
  const { proxied } = await import('../../chaos/index.ts')
  return proxied(data, toxiproxy)
}

/** The proxies go when the brokers have gone. */
function withProxies(cluster: RunningCluster, proxies: Proxied): RunningCluster {
  return { ...cluster, stop: () => cluster.stop().finally(() => proxies.close()) }
}

function banner(cluster: RunningCluster, command: string, ms: number): string {
  const bootstrap = cluster.bootstrapServers
  const option = cluster.cluster.nodes.some((node) => node.clientPort === 9092) ? '' : ` -b ${bootstrap.split(',')[0]}`
  return `
Ready after ${(ms / 1000).toFixed(1)} s. Point any Kafka client at

  bootstrap.servers=${bootstrap}

Try:
  ${command} topics create hello --partitions 3${option}
  echo "hello, world" | ${command} produce hello${option}
  ${command} consume hello --exit${option}

Ctrl-C stops the cluster.
`
}

function stopOnSignals(cluster: RunningCluster): void {
  let firstAt: number | null = null
  const stop = (): void => {
    if (firstAt !== null) {
      if (performance.now() - firstAt < SAME_SIGNAL_MS) return
      cluster.abandon()
      return
    }
    firstAt = performance.now()
    print('Stopping (again to kill)…')
    cluster.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        note(String(error))
        process.exit(1)
      },
    )
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
}

/** How this command is typed from here. */
function commandName(): string {
  const script = process.env.ODRADEK_COMMAND ?? 'odradek'
  if (script.includes(`${path.sep}node_modules${path.sep}`)) return 'npx odradek'
  const relative = path.relative(process.cwd(), script)
  if (path.basename(script) !== 'odradek') return 'odradek'
  return relative.startsWith('..') ? script : relative
}
