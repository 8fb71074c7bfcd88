// The Toxiproxy server: one that runs already, at an address, or one found on PATH and started for this cluster. Where
// there is neither, a sentence that says how to get it.

import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { Toxiproxy } from 'toxiproxy-node-client'
import { ConfigError } from '../base/index.ts'
import { freePorts } from '../main/index.ts'

export interface ToxiproxyServer {
  /** `host:port` of its HTTP interface. */
  readonly address: string
  /** Ends it where it was started here. Idempotent. */
  close(): Promise<void>
}

export const HOW_TO_GET_IT: string =
  'Toxiproxy stands between brokers and clients, and no server of it is here. Get one: "brew install toxiproxy", ' +
  'or "go install github.com/Shopify/toxiproxy/v2/cmd/server@latest" (the program is then called "server": rename it to ' +
  'toxiproxy-server and put it on PATH), or "docker run --network host ghcr.io/shopify/toxiproxy"; ' +
  'or name a running one with --toxiproxy host:port. Signals (kill, pause, stop, restart) need none: --toxiproxy none.'

const PROGRAM = 'toxiproxy-server'
const READY_WITHIN_MS = 10_000
const ASK_EVERY_MS = 50
const STOP_WITHIN_MS = 3_000

/** Throws ConfigError where no server answers at the address, or, with null, none can be started. */
export async function openToxiproxy(address: string | null): Promise<ToxiproxyServer> {
  if (address !== null) {
    if (!(await answers(address))) throw new ConfigError(`No Toxiproxy answers at ${address}. ${HOW_TO_GET_IT}`)
    return { address, close: async () => undefined }
  }
  const program = findProgram(process.env.PATH ?? '')
  if (program === null) throw new ConfigError(HOW_TO_GET_IT)
  return startServer(program)
}

/** The first directory of a PATH that holds the program; null: none does. */
export function findProgram(searched: string): string | null {
  for (const directory of searched.split(path.delimiter)) {
    const file = path.join(directory, PROGRAM)
    try {
      fs.accessSync(file, fs.constants.X_OK)
      if (fs.statSync(file).isFile()) return file
    } catch {
      // Not in this one.
    }
  }
  return null
}

/** The server lives until the shell's input ends, and that ends with us, whatever ends us. */
const UNTIL_INPUT_ENDS = 'trap "" INT TERM HUP; "$0" "$@" & read -r _; kill $!; wait $!'

async function startServer(program: string): Promise<ToxiproxyServer> {
  const [port] = await freePorts('127.0.0.1', 1)
  const address = `127.0.0.1:${port}`
  const child = spawn('sh', ['-c', UNTIL_INPUT_ENDS, program, '-host', '127.0.0.1', '-port', String(port)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...process.env, LOG_LEVEL: 'error' },
    // A Ctrl-C in the terminal is for whoever started it: the proxies must outlive the brokers' last words.
    detached: true,
  })
  let failure: string | null = null
  child.once('error', (error) => {
    failure = error.message
  })
  // It may end before it is asked to: then nobody reads.
  child.stdin.on('error', () => child.stdin.destroy())
  const close = (): Promise<void> => end(child)
  for (const until = performance.now() + READY_WITHIN_MS; !(await answers(address)); ) {
    if (failure !== null || performance.now() > until) {
      await close()
      throw new ConfigError(`${program} could not be started: ${failure ?? 'it does not answer'}. ${HOW_TO_GET_IT}`)
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS))
  }
  child.unref()
  // The pipe that holds it is a socket for node, and would hold this process as well.
  if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref()
  return { address, close }
}

async function answers(address: string): Promise<boolean> {
  try {
    return (await new Toxiproxy(`http://${address}`).getVersion()) !== ''
  } catch {
    return false
  }
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return Promise.resolve()
  child.ref()
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    child.stdin?.end()
  })
}
