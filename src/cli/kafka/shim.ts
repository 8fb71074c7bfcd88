// The programs named as Kafka's: which there are, and how one is run in this process. `odradek kafka-topics …` and
// bin/kafka/kafka-topics.sh come here.

import fs from 'node:fs'
import process from 'node:process'
import { debuglog } from 'node:util'
import { Bug, messageOf, ProtocolError } from '../../base/index.ts'
import { clientOptionsOf, warningOf } from './client-options.ts'
import { endOf, interruptionOf } from './endings.ts'
import { linesIn } from './lines.ts'
import { type Flag, GoneFlag, parseWords, UsageProblem, usageOf } from './parser.ts'
import { COMMON, type Surroundings, type Tool } from './tool.ts'

/** Whose flags and output these are. */
const KAFKA_VERSION = '4.3.1'

/** By name without `.sh`. */
const TOOLS: ReadonlyMap<string, () => Promise<Tool>> = new Map([
  ['kafka-topics', async () => (await import('./topics.ts')).topics],
  ['kafka-console-producer', async () => (await import('./console-producer.ts')).consoleProducer],
  ['kafka-console-consumer', async () => (await import('./console-consumer.ts')).consoleConsumer],
  ['kafka-get-offsets', async () => (await import('./get-offsets.ts')).getOffsets],
  ['kafka-consumer-groups', async () => (await import('./consumer-groups.ts')).consumerGroups],
  ['kafka-configs', async () => (await import('./configs.ts')).configs],
  ['kafka-delete-records', async () => (await import('./delete-records.ts')).deleteRecords],
  ['kafka-leader-election', async () => (await import('./leader-election.ts')).leaderElection],
  ['kafka-log-dirs', async () => (await import('./log-dirs.ts')).logDirs],
  ['kafka-metadata-quorum', async () => (await import('./metadata-quorum.ts')).metadataQuorum],
  ['kafka-reassign-partitions', async () => (await import('./reassign-partitions.ts')).reassignPartitions],
  ['kafka-groups', async () => (await import('./groups.ts')).groups],
  ['kafka-cluster', async () => (await import('./cluster.ts')).cluster],
  ['kafka-storage', async () => (await import('./storage.ts')).storage],
  ['kafka-server-start', async () => (await import('./server.ts')).serverStart],
  ['kafka-server-stop', async () => (await import('./server.ts')).serverStop],
  ['kafka-broker-api-versions', async () => (await import('./api-versions.ts')).apiVersions],
])

export function isKafkaTool(name: string): boolean {
  return TOOLS.has(toolName(name))
}

/** Never returns: a tool that was interrupted may have left a question to standard input open. */
export async function runKafkaTool(name: string, words: readonly string[]): Promise<never> {
  const tool = await TOOLS.get(toolName(name))!()
  const unread = outputOf()
  const interrupted =
    tool.ends === 'own-signals'
      ? new Promise<never>(() => undefined)
      : interruptionOf(
          process,
          () => performance.now(),
          (code) => process.exit(code),
        )
  const { surroundings, close } = surroundingsOf(interrupted, unread)
  const code = await endOf(tool, runTool(tool, words, surroundings), { interrupted, unread })
  await close()
  const written = new Promise<void>((resolve) => void process.stdout.write('', () => resolve()))
  // What a tool has printed that leaves things in order is committed, or told to be done: it must be written.
  await Promise.race([unread, written, ...(tool.ends === undefined ? [interrupted] : [])])
  process.exit(code)
}

/** Resolves when nobody reads standard output any more. */
function outputOf(): Promise<void> {
  // Who reads neither of the two cannot be told so.
  process.stderr.on('error', isClosedPipe)
  return new Promise((resolve) => {
    process.stdout.on('error', (error) => {
      isClosedPipe(error)
      resolve()
    })
  })
}

/** Throws any other error. */
function isClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

/** The exit code. */
export async function runTool(tool: Tool, words: readonly string[], surroundings: Surroundings): Promise<number> {
  const flags: readonly Flag[] = [...tool.flags, ...COMMON]
  const usage = (message: string): number => {
    surroundings.err(message)
    surroundings.err(usageOf(flags))
    return 1
  }
  try {
    const options = parseWords(flags, words)
    if (options.has('help') || (words.length === 0 && tool.isWordless === undefined)) return usage(tool.about)
    if (options.has('version')) {
      surroundings.out(`${KAFKA_VERSION}\n`)
      return 0
    }
    return await tool.run(options, surroundings)
  } catch (error) {
    if (error instanceof UsageProblem && !(error instanceof GoneFlag)) return usage(error.message)
    surroundings.err(isOurs(error) ? (error.stack ?? error.message) : messageOf(error))
    return 1
  }
}

function isOurs(error: unknown): error is Error {
  return error instanceof Bug || error instanceof ProtocolError || error instanceof TypeError
}

function toolName(name: string): string {
  return name.replace(/\.sh$/, '')
}

function surroundingsOf(
  interrupted: Promise<number>,
  unread: Promise<void>,
): { readonly surroundings: Surroundings; close(): Promise<void> } {
  const closing: (() => Promise<void> | void)[] = []
  // A tool that was ended from outside is told by its client that it is closed: nobody wants to read of that.
  let isOver = false
  const log = debuglog('odradek')
  let drained = (): void => undefined
  process.stdout.on('drain', () => drained())
  for (const end of [interrupted, unread]) void end.then(() => drained())
  const err = (line: string): void => {
    if (!isOver) process.stderr.write(`${line}\n`)
  }
  const connect: Surroundings['connect'] = async (bootstrap, properties, kind = 'admin') => {
    const options = clientOptionsOf(bootstrap, properties)
    const warning = warningOf(kind, properties)
    if (warning !== null) err(warning)
    const { createClient } = await import('../../client/index.ts')
    const { createPorts } = await import('../../io/index.ts')
    const ports = createPorts({ tablesDirectory: '', unref: false })
    closing.unshift(() => ports.close())
    const client = createClient(ports, options)
    closing.unshift(() => client.close())
    return client
  }
  const surroundings: Surroundings = {
    out: (text) => {
      // A pipe that is closed fails a write there and then; the event comes later.
      if (process.stdout.errored === null && !isOver) process.stdout.write(text)
      return process.stdout.errored === null
    },
    drained: () => {
      if (!process.stdout.writableNeedDrain || process.stdout.errored !== null) return Promise.resolve()
      return new Promise((resolve) => {
        drained = resolve
      })
    },
    err,
    read: (file) => fs.readFileSync(file, 'utf8'),
    lines: (maxBytes) => linesIn(process.stdin, maxBytes),
    isTerminal: process.stdin.isTTY === true && process.stdout.isTTY === true,
    interrupted,
    connect,
    debug: (text) => log('%s', text),
  }
  const close = async (): Promise<void> => {
    isOver = true
    for (const each of closing) await each()
  }
  return { surroundings, close }
}
