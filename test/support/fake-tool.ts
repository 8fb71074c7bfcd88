// Surroundings for the programs named as Kafka's: standard input, files and a client as a test says, and what was printed.

import { Readable } from 'node:stream'
import { linesIn } from '../../src/cli/kafka/lines.ts'
import { runTool } from '../../src/cli/kafka/shim.ts'
import type { Surroundings, Tool } from '../../src/cli/kafka/tool.ts'
import type { Client } from '../../src/client/index.ts'

export interface ToolWorld {
  /** Only the calls that the tool should make; any other is a TypeError, which the test sees. */
  readonly client?: { readonly [part in keyof Client]?: unknown }
  readonly lines?: readonly string[]
  readonly files?: Readonly<Record<string, string>>
  readonly isTerminal?: boolean
  readonly interrupted?: Promise<number>
  /** How many pieces of output somebody reads before he goes; absent: all. */
  readonly readsChunks?: number
}

export interface ToolRun {
  readonly code: number
  readonly out: string
  readonly err: string
  /** What the client was opened with. */
  readonly connected: readonly { readonly bootstrap: string; readonly properties: Readonly<Record<string, string>> }[]
}

/** Words as a shell would split them at spaces. */
export async function run(tool: Tool, words: string | readonly string[], world: ToolWorld = {}): Promise<ToolRun> {
  const out: Buffer[] = []
  const err: string[] = []
  const connected: { bootstrap: string; properties: Record<string, string> }[] = []
  const surroundings: Surroundings = {
    out: (text) => {
      const isRead = out.length < (world.readsChunks ?? Number.POSITIVE_INFINITY)
      if (isRead) out.push(Buffer.from(text))
      return isRead
    },
    drained: async () => undefined,
    err: (line) => void err.push(`${line}\n`),
    read: (file) => {
      const text = world.files?.[file]
      if (text === undefined) throw new Error(`${file} does not exist`)
      return text
    },
    lines: (maxBytes) => linesIn(Readable.from((world.lines ?? []).map((line) => Buffer.from(`${line}\n`))), maxBytes),
    isTerminal: world.isTerminal ?? false,
    interrupted: world.interrupted ?? new Promise(() => undefined),
    connect: async (bootstrap, properties) => {
      connected.push({ bootstrap, properties: Object.fromEntries(properties) })
      return (world.client ?? {}) as Client
    },
    debug: () => undefined,
  }
  const split = typeof words === 'string' ? words.split(' ').filter((word) => word !== '') : words
  const code = await runTool(tool, split, surroundings)
  return { code, out: Buffer.concat(out).toString(), err: err.join(''), connected }
}
