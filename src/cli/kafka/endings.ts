// How a program named as Kafka's is ended from outside: by a signal, or by a standard output that nobody reads any more. A
// tool that has something to leave in order hears of both and ends by itself; every other ends at once.

import type { Tool } from './tool.ts'

/** What a shell calls a program that such a signal has ended. */
const CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

/** From a terminal one ^C comes twice: from there, and from the program that started this one and passes it on. */
const SAME_SIGNAL_MS = 250

export interface Signals {
  on(signal: keyof typeof CODES, listener: () => void): unknown
}

/** Resolves with the exit code of the first signal. Whoever sends another means it: `die` ends the process there and then. */
export function interruptionOf(signals: Signals, now: () => number, die: (code: number) => void): Promise<number> {
  let first: number | null = null
  return new Promise((resolve) => {
    for (const [signal, code] of Object.entries(CODES)) {
      signals.on(signal as keyof typeof CODES, () => {
        if (first === null) {
          first = now()
          resolve(code)
        } else if (now() - first >= SAME_SIGNAL_MS) {
          die(code)
        }
      })
    }
  })
}

/** The exit code of a tool that runs, or of what has ended it. */
export function endOf(
  tool: Pick<Tool, 'ends'>,
  running: Promise<number>,
  { interrupted, unread }: { readonly interrupted: Promise<number>; readonly unread: Promise<void> },
): Promise<number> {
  // A reader that has seen enough (`| head`) is no failure.
  return tool.ends === 'itself' ? running : Promise.race([running, interrupted, unread.then(() => 0)])
}
