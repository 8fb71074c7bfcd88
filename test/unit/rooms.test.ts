// The rooms checker: every kind of violation is planted in a small house of its own and found at its line; what only
// looks like one is left alone.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkRooms, type House, print } from '../../scripts/rooms/check.ts'
import { blank, scan } from '../../scripts/rooms/scan.ts'

const HOUSE: House = {
  rooms: {
    'src/base': { kind: 'pure', may: [] },
    'src/wire': { kind: 'pure', may: ['src/base'], packages: ['@node-rs/crc32'] },
    'src/log': {
      kind: 'shell',
      may: ['src/base', 'src/wire'],
      mayTypes: ['src/config'],
      mayNames: { 'src/config': ['named'] },
    },
    'src/config': { kind: 'pure', may: ['src/base'], mayTypes: ['src/log'] },
    'src/io': { kind: 'world', may: ['src/base'], packages: ['level'] },
    'raft/core': { kind: 'pure', may: ['src/base'] },
  },
  exemptions: [{ file: 'src/base/ports.ts', names: ['Promise'], reason: 'declares' }],
}

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'odradek-rooms-'))
  plant({
    'src/base/index.ts': "export * from './ports.ts'\n",
    'src/base/ports.ts': 'export interface Port { read(): Promise<void> }\n',
    'src/wire/index.ts': 'export const version = 1\n',
    'src/log/index.ts': "export * from './log.ts'\n",
    'src/log/log.ts': 'export const log = 1\n',
    'src/config/index.ts': 'export const config = 1\n',
    'src/io/index.ts': 'export const io = 1\n',
    'raft/core/index.ts': 'export const core = 1\n',
  })
})
afterEach(() => {
  rmSync(root, { recursive: true })
})

function plant(files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
}

/** `file:line forbidden`, without the remedies. */
function found(): string[] {
  return checkRooms(root, HOUSE).map(({ file, line, forbidden }) => `${file}:${line} ${forbidden}`)
}

/** What is found when one file has this text. */
function foundIn(file: string, text: string): string[] {
  plant({ [file]: text })
  return found()
}

test('a house in order has no findings', () => {
  expect(found()).toEqual([])
})

describe('imports', () => {
  test('along the table and through the door pass', () => {
    plant({
      'src/log/log.ts': [
        "import type { Port } from '../base/index.ts'",
        "import { version } from '../wire/index.ts'",
        "import type { config } from '../config/index.ts'",
        "import { named } from '../config/index.ts'",
        "export { helper } from './helper.ts'",
        'export const x = version',
      ].join('\n'),
      'src/log/helper.ts': 'export const helper = 1\n',
      'src/io/tables.ts': "import { Level } from 'level'\nimport fs from 'node:fs'\nexport const x = [Level, fs]\n",
      'src/wire/crc.ts': "import { crc32c } from '@node-rs/crc32'\nimport { inflateSync } from 'node:zlib'\n",
    })
    expect(found()).toEqual([])
  })

  test.each([
    ['a room that is not allowed', "import { io } from '../io/index.ts'", 'src/log may not import src/io'],
    ['also for its types', "import type { io } from '../io/index.ts'", 'src/log may not import src/io'],
    ['also by re-export', "export { io } from '../io/index.ts'", 'src/log may not import src/io'],
    ['also for effect', "import '../io/index.ts'", 'src/log may not import src/io'],
    ['also dynamically', "const x = import('../io/index.ts')", 'src/log may not import src/io'],
    [
      'values where only types are allowed',
      "import { config } from '../config/index.ts'",
      'src/log imports values of src/config; only its types are allowed',
    ],
    [
      'one value among types',
      "import { type Config, config } from '../config/index.ts'",
      'src/log imports values of src/config; only its types are allowed',
    ],
    [
      'past a door',
      "import { frames } from '../wire/frames.ts'",
      'src/log reaches past the door of src/wire (src/wire/frames.ts)',
    ],
    ['a computed target', 'const x = import(name)', 'an import whose target is computed'],
    ['a banned module', "import { readFile } from 'node:fs/promises'", 'node:fs/promises in a shell room'],
    ['asynchronous zlib', "import { gzip, gzipSync } from 'node:zlib'", 'asynchronous zlib (gzip) in a shell room'],
    ['a foreign package', "import { Level } from 'level'", 'src/log may not import the package level'],
    ['scripts', "import { x } from '../../scripts/x.ts'", 'src/log imports scripts/x.ts, which belongs to no room'],
  ])('%s', (_what, line, forbidden) => {
    expect(foundIn('src/log/log.ts', `\n${line}\n`)).toEqual([`src/log/log.ts:2 ${forbidden}`])
  })

  test('several lines are reported at the first', () => {
    const text = "// a comment\nimport {\n  io,\n  // from '../wire/index.ts'\n} from '../io/index.ts'\n"
    expect(foundIn('src/log/log.ts', text)).toEqual(['src/log/log.ts:2 src/log may not import src/io'])
  })

  test('a file in no room', () => {
    expect(foundIn('src/loose.ts', '')).toEqual(['src/loose.ts:1 it belongs to no room of the table'])
    expect(foundIn('raft/unknown/x.ts', '')).toHaveLength(2)
  })
})

describe('cycles', () => {
  test('of files', () => {
    plant({
      'src/log/log.ts': "import { a } from './a.ts'\nexport const log = a\n",
      'src/log/a.ts': "import { b } from './b.ts'\nexport const a = b\n",
      'src/log/b.ts': "\nimport { a } from './a.ts'\nexport const b = a\n",
    })
    expect(found()).toEqual(['src/log/a.ts:1 a cycle of files: src/log/a.ts → src/log/b.ts → src/log/a.ts'])
  })

  test('of files by types alone are none', () => {
    plant({
      'src/log/a.ts': "import type { b } from './b.ts'\nexport const a = 1\n",
      'src/log/b.ts': "import { a } from './a.ts'\nexport const b = a\n",
    })
    expect(found()).toEqual([])
  })

  test('of rooms, also where each file is innocent', () => {
    const rooms = { ...HOUSE.rooms, 'src/wire': { kind: 'pure', may: ['src/base', 'raft/core'] } } as const
    plant({
      'raft/core/index.ts': "import type { version } from '../../src/wire/index.ts'\nexport const core = 1\n",
      'src/wire/a.ts': "import { core } from '../../raft/core/index.ts'\nexport const a = core\n",
    })
    const forbidden = checkRooms(root, { ...HOUSE, rooms }).map((each) => each.forbidden)
    expect(forbidden).toContain('a cycle of rooms: src/wire → raft/core → src/wire')
  })

  test('of rooms through allowed types are none', () => {
    plant({
      'src/config/index.ts': "import type { log } from '../log/index.ts'\nexport type T = typeof log\n",
      'src/log/log.ts': "import type { T } from '../config/index.ts'\nexport const log: T = 1\n",
    })
    expect(found()).toEqual([])
  })
})

describe('names', () => {
  test.each([
    ['Date.now()', 'Date.now'],
    ['Date . now', 'Date.now'],
    ['new Date()', 'new Date()'],
    ['globalThis.performance.now()', 'performance'],
    ['process.hrtime.bigint()', 'hrtime'],
    ['globalThis.setTimeout(f, 1)', 'a timer'],
    ['process.nextTick(f)', 'nextTick or queueMicrotask'],
    ['Math.random()', 'Math.random'],
    ['crypto.randomUUID()', "crypto's randomness"],
    ['process.exit(1)', 'process'],
    ['console.log(1)', 'console'],
    ['AbortSignal.timeout(5)', 'AbortSignal.timeout'],
    ['new WeakRef(x)', 'what the garbage collector decides'],
    ["'a'.localeCompare('b')", 'what the locale decides'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the planted text is a template
    ['`a ${Date.now()} b`', 'Date.now'],
  ])('%s is found in a shell room', (code, name) => {
    expect(foundIn('src/log/log.ts', `export const x = 1\nvoid ${code}\n`)).toEqual([
      `src/log/log.ts:2 ${name} in a shell room`,
    ])
  })

  test('zlib by its namespace', () => {
    const text = "import zlib from 'node:zlib'\nzlib.gzip(x, f)\nzlib.gzipSync(x)\n"
    expect(foundIn('src/log/log.ts', text)).toEqual(['src/log/log.ts:2 asynchronous zlib (gzip) in a shell room'])
  })

  test('asynchrony only in pure rooms', () => {
    const text = 'export async function f(): Promise<void> {\n  await g()\n}\n'
    expect(foundIn('src/log/log.ts', text)).toEqual([])
    expect(foundIn('raft/core/index.ts', text)).toEqual([
      'raft/core/index.ts:1 await or async in a pure room',
      'raft/core/index.ts:1 Promise in a pure room',
      'raft/core/index.ts:2 await or async in a pure room',
    ])
  })

  test('the world may', () => {
    expect(foundIn('src/io/index.ts', 'export const now = Date.now()\nsetTimeout(f, Math.random())\n')).toEqual([])
  })

  test('what only reads like them may too', () => {
    const text = [
      '// Date.now() and await in a comment',
      '/* setTimeout',
      '   new Date() */',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the planted text is a template
      "const a = 'Date.now()' + \"setTimeout\" + `new Date() ${'console.log'}`",
      'const b = /Math.random[\'"`]/.test(a) ? 4 / 2 / 1 : 0',
      'const c = new Date(1_000)',
      'const awaiting = new Map<string, PromiseLike>()',
      'const d = record.performance_, e = $setTimeout, processes = 1',
      'this.#await()',
    ].join('\n')
    expect(foundIn('raft/core/index.ts', text)).toEqual([])
  })

  test('default exports, in both spellings', () => {
    expect(foundIn('src/io/index.ts', 'const a = 1\nexport default a\n')).toEqual([
      'src/io/index.ts:2 a default export',
    ])
    expect(foundIn('src/io/index.ts', 'const a = 1\nexport { a as default }\n')).toHaveLength(1)
  })

  test('an exemption that covers nothing is a finding', () => {
    expect(foundIn('src/base/ports.ts', 'export interface Port {}\n')).toEqual([
      'src/base/ports.ts:1 an exemption for Promise that covers nothing',
    ])
  })
})

test('a finding names place, rule and remedy', () => {
  plant({ 'raft/core/index.ts': 'export const now = Date.now()\n' })
  expect(checkRooms(root, HOUSE).map(print)).toEqual([
    'raft/core/index.ts:1: Date.now in a pure room. Remedy: take time from the Clock port (pure rooms: from the `now` of the step).',
  ])
})

test('the scanner keeps lines and lengths', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the scanned text is a template
  const text = "a // x\n'b\\'' /* y\n */ `c ${d + `e`} f` / g /h/\nx = /[/']/g\n"
  const code = blank(text)
  expect(code).toHaveLength(text.length)
  expect(code.split('\n')).toHaveLength(text.split('\n').length)
  expect(code).toContain('d + `')
  expect(code).not.toMatch(/[xyef](?! =)/)
  expect(scan("import a, { type B, c as d } from './x.ts'").imports).toEqual([
    { specifier: './x.ts', line: 1, typeOnly: false, names: ['B', 'c', 'default'] },
  ])
})
