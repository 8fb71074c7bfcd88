// The client programs of other languages, as data: how each is made ready (installing what is missing by its package
// manager), how it is run, and what it can do. Versions are pinned here.

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { kafkaHome } from './apache.ts'

export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type Codec = (typeof CODECS)[number]

export interface ClientProgram {
  readonly name: string
  /** Throws when the tool chain it needs cannot be had; the message says which. */
  prepare(): void
  command(...args: string[]): readonly [string, readonly string[]]
  readonly writes: readonly Codec[]
  readonly reads: boolean
  readonly administers: boolean
  /** False where the client cannot send a header whose value is null. */
  readonly nullHeaderValues: boolean
}

const here: string = dirname(fileURLToPath(import.meta.url))
const cache: string = join(here, '..', '..', '.cache', 'interop')
const venv: string = join(cache, 'python')
/** Of the virtual environment that `preparePython` makes. */
export const python: string = join(venv, 'bin', 'python')
const goBinary: string = join(cache, 'franz-go')
const classes: string = join(cache, 'java')

export function run(command: string, args: readonly string[], cwd?: string): string {
  return execFileSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 28,
    ...(cwd === undefined ? {} : { cwd }),
  })
}

/** A virtual environment that has `module`; `requirement` is what pip installs where it is not there. */
export function preparePython(module: string, requirement: string): void {
  if (!existsSync(python)) run('python3', ['-m', 'venv', venv])
  try {
    run(python, ['-c', `import ${module}`])
  } catch {
    run(join(venv, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', requirement])
  }
}

function node(file: string): ClientProgram['command'] {
  return (...args) => [process.execPath, ['--disable-warning=ExperimentalWarning', join(here, 'node', file), ...args]]
}

export const clients: readonly ClientProgram[] = [
  {
    name: 'confluent-kafka',
    prepare: () => preparePython('confluent_kafka', 'confluent-kafka'),
    command: (...args) => [python, [join(here, 'python', 'client.py'), ...args]],
    writes: CODECS,
    reads: true,
    administers: false,
    nullHeaderValues: true,
  },
  {
    name: 'java',
    prepare: () => {
      mkdirSync(classes, { recursive: true })
      run('javac', ['-cp', join(kafkaHome(), 'libs', '*'), '-d', classes, join(here, 'java', 'Client.java')])
    },
    command: (...args) => [
      'java',
      ['-Xmx256m', '-cp', `${classes}:${join(kafkaHome(), 'libs', '*')}`, 'Client', ...args],
    ],
    writes: CODECS,
    reads: true,
    administers: false,
    nullHeaderValues: true,
  },
  {
    name: 'franz-go',
    prepare: () => {
      mkdirSync(cache, { recursive: true })
      run('go', ['build', '-o', goBinary, '.'], join(here, 'go'))
    },
    command: (...args) => [goBinary, args],
    writes: CODECS,
    reads: true,
    administers: false,
    nullHeaderValues: true,
  },
  {
    name: 'kafkajs',
    prepare: () => undefined,
    command: node('kafkajs.ts'),
    writes: CODECS,
    reads: false,
    administers: true,
    nullHeaderValues: false,
  },
  {
    name: 'platformatic',
    prepare: () => undefined,
    command: node('platformatic.ts'),
    writes: CODECS,
    reads: false,
    administers: true,
    nullHeaderValues: false,
  },
]

/** Runs a client program to its end; what it reports, a line of JSON each. Throws with its last words when it fails. */
export function lines<T>(client: ClientProgram, ...args: string[]): T[] {
  const [command, rest] = client.command(...args)
  const done = spawnSync(command, rest, { encoding: 'utf8', maxBuffer: 1 << 28, timeout: 120_000 })
  if (done.status !== 0)
    throw new Error(
      `${client.name} ${args[0]} ended with ${done.status ?? done.signal}: ${done.stderr.trim().split('\n').slice(-5).join(' | ')}`,
    )
  return done.stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as T)
}
