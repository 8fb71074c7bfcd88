// The command line as a process: run to its end, or started and listened to.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export const ODRADEK: string = join(import.meta.dirname, '..', '..', 'bin', 'odradek')

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export async function odradek(args: readonly string[], input = '', environment: object = {}): Promise<Ended> {
  const child = spawn(ODRADEK, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...environment } })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

export interface Running {
  readonly child: ChildProcess
  output(): string
  /** Resolves when the output contains the text; rejects when the process ends before. */
  says(text: string): Promise<void>
  /** Resolves with the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

export function start(args: readonly string[]): Running {
  const child = spawn(ODRADEK, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let seen = ''
  const wakes = new Set<() => void>()
  const hear = (chunk: Buffer | null): void => {
    seen += chunk?.toString() ?? ''
    for (const wake of [...wakes]) wake()
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const ended = once(child, 'close').then(([code]) => {
    hear(null)
    return code as number | null
  })
  return {
    child,
    output: () => seen,
    says: (text) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (seen.includes(text)) resolve()
          else if (child.exitCode !== null || child.signalCode !== null)
            reject(new Error(`ended without "${text}":\n${seen}`))
          else return
          wakes.delete(check)
        }
        wakes.add(check)
        check()
      }),
    end: (signal) => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      return ended
    },
  }
}
