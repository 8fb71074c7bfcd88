// A copy of the tree in a temporary directory, to be mutated: the rooms by copy, node_modules by symbolic link. Plants
// text and takes it back; asks the compiler what became of the types. Never touches the tree that it copies.

import { spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Edit, Mutant } from './types.ts'

const ROOMS: readonly string[] = ['src', 'raft', 'replication', 'cluster']
/** The program that lives lives; explore starts it. */
const WORKER = join('src', 'sim', 'explore', 'worker.ts')

/** The text of a mutant is not there, or is there twice: the code has moved on and the mutant must follow it. */
export class TextNotFound extends Error {}

export class Tree {
  readonly path: string
  /** What the compiler says of the tree as it was copied. */
  readonly #known: ReadonlySet<string>

  private constructor(path: string, known: ReadonlySet<string>) {
    this.path = path
    this.#known = known
  }

  get worker(): string {
    return join(this.path, WORKER)
  }

  static async copy(root: string): Promise<Tree> {
    const path = await mkdtemp(join(tmpdir(), 'odradek-mutant-'))
    for (const room of ROOMS) await cp(join(root, room), join(path, room), { recursive: true })
    await cp(join(root, 'package.json'), join(path, 'package.json'))
    await symlink(join(root, 'node_modules'), join(path, 'node_modules'))
    await writeFile(join(path, 'tsconfig.json'), await compilerOptions(root))
    return new Tree(path, new Set(await compile(path)))
  }

  /** Another copy of this one. */
  async twin(): Promise<Tree> {
    const path = await mkdtemp(join(tmpdir(), 'odradek-mutant-'))
    await cp(this.path, path, { recursive: true, verbatimSymlinks: true })
    return new Tree(path, this.#known)
  }

  /** Plants a mutant; answers what takes it back. */
  async plant(mutant: Mutant): Promise<() => Promise<void>> {
    const before = new Map<string, string>()
    const texts = new Map<string, string>()
    for (const edit of editsOf(mutant)) {
      const text = texts.get(edit.file) ?? (await readFile(join(this.path, edit.file), 'utf8'))
      if (!before.has(edit.file)) before.set(edit.file, text)
      texts.set(edit.file, edited(mutant.name, edit, text))
    }
    for (const [file, text] of texts) await writeFile(join(this.path, file), text)
    return async () => {
      for (const [file, text] of before) await writeFile(join(this.path, file), text)
    }
  }

  /** What the compiler says now and did not say of the copied tree. */
  async typeErrors(): Promise<readonly string[]> {
    return (await compile(this.path)).filter((line) => !this.#known.has(line))
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true })
  }
}

export function editsOf(mutant: Mutant): readonly Edit[] {
  return [mutant, ...(mutant.also ?? [])]
}

/** Throws TextNotFound unless the text is there exactly once. */
export function edited(name: string, { file, find, replace }: Edit, text: string): string {
  const at = text.indexOf(find)
  const how = at < 0 ? 'is not' : text.indexOf(find, at + 1) >= 0 ? 'is more than once' : null
  if (how !== null) {
    const what = JSON.stringify(find.length > 100 ? `${find.slice(0, 100)}…` : find)
    throw new TextNotFound(`mutant ${name}: ${what} ${how} in ${file}; change scripts/mutants with the code`)
  }
  return text.slice(0, at) + replace + text.slice(at + find.length)
}

/** The tree's own, but that a name which the planted bug no longer uses is no error. */
async function compilerOptions(root: string): Promise<string> {
  const { compilerOptions } = JSON.parse(await readFile(join(root, 'tsconfig.json'), 'utf8')) as {
    compilerOptions: Record<string, unknown>
  }
  return JSON.stringify({
    compilerOptions: {
      ...compilerOptions,
      noUnusedLocals: false,
      noUnusedParameters: false,
      allowUnreachableCode: true,
    },
    include: ROOMS,
  })
}

/** The compiler's errors without their places, which a planted text shifts. */
function compile(path: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const tsc = spawn(join(path, 'node_modules', '.bin', 'tsc'), ['--noEmit', '--pretty', 'false', '-p', path], {
      cwd: path,
    })
    let said = ''
    tsc.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    tsc.on('error', reject)
    tsc.on('exit', (code) => {
      const errors = said.split('\n').filter((line) => /error TS\d+/.test(line))
      if (code !== 0 && errors.length === 0) reject(new Error(`tsc ended with ${code}: ${said}`))
      else resolve(errors.map((line) => line.replace(/\(\d+,\d+\)/, '')))
    })
  })
}
