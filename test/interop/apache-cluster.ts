// Apache Kafka's own server, as many combined nodes as asked for, on loopback: the other side of comparisons, and the
// judge of data directories that we wrote.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '../../src/main/index.ts'
import { apacheJava, apacheTool } from './apache.ts'

export interface ApacheNode {
  readonly id: number
  readonly clientPort: number
  readonly controllerPort: number
  readonly dataDirectory: string
  /** With a dynamic quorum: the directory id that the voter set names. */
  readonly directoryId?: string
}

export interface ApacheCluster {
  readonly bootstrap: string
  /** For those who ask the controllers themselves. */
  readonly controllers: string
  /** SIGKILL to every node: nobody looks at what they leave, and the last of three that are told to stop in order may wait
   *  minutes for a quorum that is gone. */
  stop(): Promise<void>
}

function properties(
  host: string,
  node: ApacheNode,
  nodes: readonly ApacheNode[],
  quorum: string,
  more: readonly string[],
): string {
  const replicas = Math.min(3, nodes.length)
  const minIsr = Math.max(1, replicas - 1)
  return [
    'process.roles=broker,controller',
    `node.id=${node.id}`,
    quorum,
    `listeners=PLAINTEXT://${host}:${node.clientPort},CONTROLLER://${host}:${node.controllerPort}`,
    `advertised.listeners=PLAINTEXT://${host}:${node.clientPort}`,
    'controller.listener.names=CONTROLLER',
    'inter.broker.listener.name=PLAINTEXT',
    'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
    `log.dirs=${node.dataDirectory}`,
    `default.replication.factor=${replicas}`,
    `min.insync.replicas=${minIsr}`,
    `offsets.topic.replication.factor=${replicas}`,
    `transaction.state.log.replication.factor=${replicas}`,
    `transaction.state.log.min.isr=${minIsr}`,
    `share.coordinator.state.topic.replication.factor=${replicas}`,
    `share.coordinator.state.topic.min.isr=${minIsr}`,
    'group.initial.rebalance.delay.ms=0',
    ...more,
    '',
  ].join('\n')
}

export interface ApacheOptions {
  readonly work: string
  readonly nodes: readonly ApacheNode[]
  /** Present: the directories are formatted with this cluster id first. Absent: they hold data already. */
  readonly format?: string
  /** `static`: controller.quorum.voters, kraft.version 0 for a fresh format. `dynamic`: the voters are in the log. */
  readonly quorum: 'static' | 'dynamic'
  readonly more?: readonly string[]
  /** Where nodes listen and what they advertise. Default localhost. */
  readonly host?: string
  /** Flags of the servers' virtual machines. Default: those of a program that lives for seconds. */
  readonly serverFlags?: readonly string[]
  /** Told of each server's process as soon as it lives, in order of the nodes. */
  readonly started?: (child: ChildProcess) => void
}

export async function startApache(options: ApacheOptions): Promise<ApacheCluster> {
  const { nodes, work, host = 'localhost' } = options
  mkdirSync(work, { recursive: true })
  const at = (n: ApacheNode): string => `${host}:${n.controllerPort}`
  const quorum =
    options.quorum === 'static'
      ? `controller.quorum.voters=${nodes.map((n) => `${n.id}@${at(n)}`).join(',')}`
      : `controller.quorum.bootstrap.servers=${nodes.map(at).join(',')}`
  const running: ChildProcess[] = []
  for (const node of nodes) {
    const file = join(work, `n${node.id}.properties`)
    writeFileSync(file, properties(host, node, nodes, quorum, options.more ?? []))
    if (options.format !== undefined) {
      const initial =
        options.quorum === 'dynamic'
          ? ['--initial-controllers', nodes.map((n) => `${n.id}@${at(n)}:${n.directoryId}`).join(',')]
          : []
      const [command, args] = apacheTool('kafka-storage', 'format', '-t', options.format, '-c', file, ...initial)
      const done = spawnSync(command, args, { encoding: 'utf8' })
      if (done.status !== 0) throw new Error(`kafka-storage format: ${done.stdout}${done.stderr}`)
    }
    const [command, args] =
      options.serverFlags === undefined
        ? apacheTool('kafka-server', file)
        : apacheJava(options.serverFlags, 'kafka-server', file)
    const out = openSync(join(work, `n${node.id}.out`), 'w')
    // Without a configuration of its own log4j prints errors only, and the line that says it is up is information.
    const server = ['-Dorg.apache.logging.log4j.level=INFO', ...args]
    const child = spawn(command, server, { stdio: ['ignore', out, out] })
    running.push(child)
    options.started?.(child)
  }
  const ends = running.map((child) => new Promise<number | null>((resolve) => child.once('exit', resolve)))
  const output = (node: ApacheNode): string => readFileSync(join(work, `n${node.id}.out`), 'utf8')
  const deadline = Date.now() + 300_000
  const started = (): boolean => nodes.every((node) => output(node).includes('Kafka Server started'))
  while (!started()) {
    const dead = running.findIndex((child) => child.exitCode !== null)
    if (dead >= 0 || Date.now() > deadline) {
      for (const child of running) child.kill('SIGKILL')
      const node = nodes[Math.max(dead, 0)]!
      throw new Error(`Apache Kafka node ${node.id} did not start: ${output(node).split('\n').slice(-12).join('\n')}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return {
    bootstrap: nodes.map((node) => `${host}:${node.clientPort}`).join(','),
    controllers: nodes.map(at).join(','),
    stop: async () => {
      for (const child of running) child.kill('SIGKILL')
      await Promise.all(ends)
    },
  }
}

/** Three fresh nodes on free ports of loopback, a dynamic quorum. */
export async function startThreeApache(
  work: string,
  options: Pick<ApacheOptions, 'serverFlags' | 'started'> = {},
): Promise<ApacheCluster> {
  const ports = await freePorts('127.0.0.1', 6)
  const nodes = [1, 2, 3].map((id) => ({
    id,
    clientPort: ports[id - 1]!,
    controllerPort: ports[id + 2]!,
    dataDirectory: join(work, `data${id}`),
    directoryId: `AAAAAAAAQAGAAAAAAAAA${id}A`,
  }))
  return startApache({ work, quorum: 'dynamic', format: 'AAAAAAAAQACAAAAAAAAAAA', nodes, ...options })
}
