// Server processes of a run: started, waited for by a line they print, and ended; nothing outlives the run.

import { type ChildProcess, spawn } from 'node:child_process'

export interface ServerProcess {
  readonly name: string
  readonly child: ChildProcess
  /** Everything printed so far. */
  output(): string
  /** Resolves when the output contains `text`; rejects when the process ends first or `timeoutMs` passes. */
  printed(text: string, timeoutMs: number): Promise<void>
  /** Sends a signal and waits for the end; answers the exit code, null when a signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

export function startProcess(name: string, command: string, args: readonly string[], cwd?: string): ServerProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...(cwd === undefined ? {} : { cwd }) })
  let seen = ''
  const waiting = new Set<() => void>()
  const take = (chunk: Buffer): void => {
    seen += chunk.toString()
    for (const check of [...waiting]) check()
  }
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => {
      resolve(code)
      for (const check of [...waiting]) check()
    })
  })
  const tail = (): string => seen.trim().split('\n').slice(-12).join('\n')
  return {
    name,
    child,
    output: () => seen,
    printed: (text, timeoutMs) =>
      new Promise((resolve, reject) => {
        const finish = (error?: Error): void => {
          waiting.delete(check)
          clearTimeout(timer)
          if (error === undefined) resolve()
          else reject(error)
        }
        const timer = setTimeout(
          () => finish(new Error(`${name} did not print "${text}" in ${timeoutMs} ms:\n${tail()}`)),
          timeoutMs,
        )
        const check = (): void => {
          if (seen.includes(text)) finish()
          else if (child.exitCode !== null || child.signalCode !== null)
            finish(new Error(`${name} ended with ${child.exitCode ?? child.signalCode}:\n${tail()}`))
        }
        waiting.add(check)
        check()
      }),
    end: async (signal) => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      const hard = setTimeout(() => child.kill('SIGKILL'), 60_000)
      const code = await ended
      clearTimeout(hard)
      return code
    },
  }
}
