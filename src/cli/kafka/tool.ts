// What each of the programs named as Kafka's is made of: its flags, and what it does with them in surroundings that are
// handed to it, so that tests may be them. What a tool prints is Kafka's to the byte; how it does so is its own file's.

import type { Client } from '../../client/index.ts'
import type { ClientKind } from './client-keys.ts'
import { propertiesOf } from './java.ts'
import type { LongLine } from './lines.ts'
import type { Flag, Options } from './parser.ts'

export interface Surroundings {
  /** To standard output, as it is. False: nobody reads it any more. */
  out(text: string | Uint8Array): boolean
  /** When standard output takes more again, or nobody reads it, or `interrupted`. One may wait at a time. */
  drained(): Promise<void>
  /** A line to standard error. */
  err(line: string): void
  /** Rejects where the file cannot be read. */
  read(file: string): string
  /** Lines of standard input; of longer ones than that only their length. */
  lines(maxBytes: number): AsyncIterable<string | LongLine>
  /** A person sits before it. */
  readonly isTerminal: boolean
  /** Told by a ^C, a SIGTERM or a SIGHUP: its exit code. Of use to tools that end by themselves. */
  readonly interrupted: Promise<number>
  /** A client that is closed when the tool has ended. Warns of properties that no client of this kind has. */
  connect(bootstrap: string, properties: ReadonlyMap<string, string>, kind?: ClientKind): Promise<Client>
  /** For those who set NODE_DEBUG=odradek. */
  debug(text: string): void
}

export interface Tool {
  readonly flags: readonly Flag[]
  /** One sentence, over the usage. */
  readonly about: string
  /** It does something when nothing is typed; the others print their usage. */
  readonly isWordless?: true
  /**
   * `itself`: on a signal, or when nobody reads its output, it leaves things in order (a group, what is on its way) and
   * answers its code. `own-signals`: it has handlers of its own. The others end at once.
   */
  readonly ends?: 'itself' | 'own-signals'
  /** Answers the exit code. Throws UsageProblem, or what becomes a sentence by itself. */
  run(options: Options, surroundings: Surroundings): Promise<number>
}

export const BOOTSTRAP: Flag = {
  name: 'bootstrap-server',
  argument: 'required',
  about: 'the brokers to ask first: HOST:PORT,HOST:PORT',
}

export const COMMAND_CONFIG: Flag = {
  name: 'command-config',
  argument: 'required',
  about: 'a properties file for the client',
}

/** Every tool has them. */
export const COMMON: readonly Flag[] = [
  { name: 'help', about: 'print this' },
  { name: 'version', about: 'print the version of Kafka whose tools these are like' },
]

/** Of `--command-config` and its like; empty where the flag is absent. */
export function commandConfig(
  options: { value(name: string): string | undefined },
  { read }: Surroundings,
  flag: string = COMMAND_CONFIG.name,
): Map<string, string> {
  const file = options.value(flag)
  return file === undefined ? new Map() : propertiesOf(read(file))
}

/** Brokers are asked here, also where Kafka's tools can ask controllers. Throws a sentence. */
export function refuseControllers(options: Options): void {
  if (!options.has('bootstrap-controller')) return
  throw new Error('--bootstrap-controller: brokers are asked here; type --bootstrap-server HOST:PORT instead')
}
