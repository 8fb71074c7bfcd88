// kafka-server-start and kafka-server-stop: a node by its properties file, as `odradek broker` runs it; and all of those that
// were started so on this machine told to stop, as Kafka's script does with its own.

import { spawn, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { pairsOf } from './java.ts'
import { type Flag, UsageProblem } from './parser.ts'
import type { Tool } from './tool.ts'

const START = 'kafka-server-start'

const START_FLAGS: readonly Flag[] = [
  { name: 'daemon', about: 'run in the background, output to kafkaServer.out in $LOG_DIR, or else in logs' },
  { name: 'override', argument: 'required', about: 'name=value, which wins over the file' },
]

export const serverStart: Tool = {
  flags: START_FLAGS,
  about: 'USAGE: kafka-server-start [-daemon] server.properties [--override property=value]*',
  ends: 'own-signals',
  run: async (options, { read }) => {
    const [file, ...more] = options.words
    if (file === undefined || more.length > 0)
      throw new UsageProblem(`Found non argument parameters: ${more.join(',')}`)
    if (options.has('daemon')) return daemon()
    const { loadNodeConfig } = await import('../../launcher/index.ts')
    const { runBroker } = await import('../run-broker.ts')
    const config = loadNodeConfig(read(file), pairsOf(options.values('override')), os.hostname())
    return runBroker(config, { logFormat: 'text', logLevel: 'info' })
  },
}

/** This command again, without the flag, in a session of its own. */
function daemon(): number {
  const directory = process.env.LOG_DIR ?? 'logs'
  fs.mkdirSync(directory, { recursive: true })
  const out = fs.openSync(path.join(directory, 'kafkaServer.out'), 'a')
  const words = process.argv.slice(1).filter((word) => word !== '-daemon' && word !== '--daemon')
  const child = spawn(process.execPath, words, { detached: true, stdio: ['ignore', out, out] })
  child.unref()
  return 0
}

export const serverStop: Tool = {
  flags: [],
  about: 'USAGE: kafka-server-stop',
  isWordless: true,
  run: async (_, { out }) => {
    const listed = spawnSync('ps', ['-axo', 'pid=,ppid=,args='], { encoding: 'utf8' })
    if (listed.error !== undefined)
      throw new Error(`ps cannot be run, so nobody can say which servers there are: ${listed.error.message}`)
    const servers = serversIn(listed.stdout)
    if (servers.length === 0) {
      out('No kafka server to stop\n')
      return 1
    }
    for (const pid of servers) process.kill(pid, 'SIGTERM')
    return 0
  },
}

/**
 * Process ids of nodes that were started by `kafka-server-start`, in the output of `ps -axo pid=,ppid=,args=`. Where one of
 * them has started the other it only hands signals on: to tell both would tell the node twice.
 */
export function serversIn(listed: string): number[] {
  const found = listed.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)
    const words = match?.[3]?.split(/\s+/) ?? []
    const at = words.findIndex((word) => /(^|\/)(cli\/main\.(ts|js)|odradek)$/.test(word))
    return at >= 0 && words[at + 1] === START ? [{ pid: Number(match![1]), parent: Number(match![2]) }] : []
  })
  return found.filter(({ pid }) => !found.some(({ parent }) => parent === pid)).map(({ pid }) => pid)
}
