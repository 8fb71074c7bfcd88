// Options that several commands have, and the client that they open by them.

import process from 'node:process'
import type { Argv } from 'yargs'
import type { Client } from '../client/index.ts'

export const DEFAULT_DATA = '.odradek'
const DEFAULT_BOOTSTRAP = '127.0.0.1:9092'
/** In the place of a file's name. */
export const STANDARD_INPUT = '-'

export interface ClientArguments {
  readonly bootstrap: string
  readonly timeout: number
}

export function clientOptions<T>(args: Argv<T>): Argv<T & ClientArguments> {
  return args
    .option('bootstrap', {
      alias: ['b', 'bootstrap-server'],
      type: 'string',
      default: process.env.ODRADEK_BOOTSTRAP ?? DEFAULT_BOOTSTRAP,
      defaultDescription: `${DEFAULT_BOOTSTRAP}, or $ODRADEK_BOOTSTRAP`,
      describe: 'brokers to ask first: host:port,host:port',
    })
    .option('timeout', { type: 'number', default: 30, describe: 'seconds to wait for an answer' }) as Argv<
    T & ClientArguments
  >
}

export function jsonOption<T>(args: Argv<T>): Argv<T & { readonly json: boolean }> {
  return args.option('json', { type: 'boolean', default: false, describe: 'print JSON' })
}

export function dataOption<T>(args: Argv<T>): Argv<T & { readonly data: string }> {
  return args.option('data', {
    type: 'string',
    default: DEFAULT_DATA,
    describe: 'where the cluster of "odradek up" keeps its data',
  })
}

/** Runs with a client that is closed afterwards, with its ports. */
export async function withClient(args: ClientArguments, run: (client: Client) => Promise<void>): Promise<void> {
  const { createClient } = await import('../client/index.ts')
  const { createPorts } = await import('../io/index.ts')
  const ports = createPorts({ tablesDirectory: '', unref: false })
  try {
    // One request takes half of it, so that a connection that is dead leaves time for another.
    const times = { requestTimeoutMs: args.timeout * 500, apiTimeoutMs: args.timeout * 1000 }
    const client = createClient(ports, { bootstrap: args.bootstrap, ...times })
    try {
      await run(client)
    } finally {
      client.close()
    }
  } finally {
    await ports.close()
  }
}

/** `k=v` texts as a map; throws a sentence for what is not one. */
export function pairs(texts: readonly string[], option: string): Map<string, string> {
  return new Map(
    texts.map((text) => {
      const at = text.indexOf('=')
      if (at <= 0) throw new Error(`--${option} ${text}: the form is name=value`)
      return [text.slice(0, at), text.slice(at + 1)]
    }),
  )
}
