// The processes of one visit: servers that run until it ends, clients that run to their own end within a limit. Each is
// ended by its own id, and none outlives the visit.

import { type ChildProcess, spawn } from 'node:child_process'

/** A server that is told to end has this long to do so by itself. */
const PATIENCE_MS = 45_000
const KEPT = 64 * 1024

interface Owned {
  readonly name: string
  readonly child: ChildProcess
  readonly ended: Promise<void>
}

export interface ClientOptions {
  readonly limitS: number
  /** Every line of standard output as it comes. */
  readonly line?: (line: string) => void
  readonly env?: NodeJS.ProcessEnv
}

export class Processes {
  readonly #owned = new Set<Owned>()
  #closed = false

  /** Takes over a child: from now on it ends here at the latest. */
  own(name: string, child: ChildProcess): void {
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve())
      // One that could not be started has no exit.
      child.once('error', () => resolve())
    })
    const owned = { name, child, ended }
    this.#owned.add(owned)
    void ended.then(() => this.#owned.delete(owned))
    if (this.#closed) child.kill('SIGKILL')
  }

  /** Runs a program to its end; answers its standard output. Rejects with its last words when it fails or takes too long. */
  async client(name: string, command: string, args: readonly string[], options: ClientOptions): Promise<string> {
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.env === undefined ? {} : { env: options.env }),
    })
    this.own(name, child)
    let out = ''
    let err = ''
    let partial = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
      if (options.line === undefined) return
      const lines = (partial + text).split('\n')
      partial = lines.pop()!
      for (const line of lines) options.line(line)
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err = (err + text).slice(-KEPT)
    })
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      child.kill('SIGKILL')
    }, options.limitS * 1000)
    try {
      const code = await new Promise<number | null>((resolve, reject) => {
        child.once('error', (error) => reject(new Error(`${name} cannot be started: ${error.message}`)))
        child.once('close', resolve)
      })
      if (isLate) throw new Error(`${name} did not end in ${options.limitS} s${lastWords(out, err)}`)
      if (code !== 0) throw new Error(`${name} ended with ${code ?? child.signalCode}${lastWords(out, err)}`)
      return out
    } finally {
      clearTimeout(timer)
    }
  }

  /** Ends what still runs: politely first if `signal` is SIGTERM. Whatever is owned later is killed at once. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.#closed = true
    await Promise.all(
      [...this.#owned].map(async ({ child, ended }) => {
        child.kill(signal)
        const hard = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
        await ended
        clearTimeout(hard)
      }),
    )
  }
}

function lastWords(out: string, err: string): string {
  const words = `${err.trim()}\n${out.trim()}`.trim().split('\n').slice(-6).join('\n')
  return words === '' ? '' : `:\n${words}`
}
