// What hunts found, kept in a file of JSON lines so that a long hunt may be cut into pieces. A mutant whose text has
// changed since is hunted again; that the code around it has changed is for whoever resumes to judge.

import { appendFile, readFile } from 'node:fs/promises'
import type { Hunt } from './hunt.ts'
import { editsOf } from './tree.ts'
import type { Mutant } from './types.ts'

type Kept = Omit<Hunt, 'mutant'> & { readonly name: string; readonly text: string }

export class Results {
  readonly #file: string | undefined
  readonly #kept: Map<string, Kept>

  private constructor(file: string | undefined, kept: Map<string, Kept>) {
    this.#file = file
    this.#kept = kept
  }

  /** Without a file nothing is kept. */
  static async read(file: string | undefined): Promise<Results> {
    const kept = new Map<string, Kept>()
    const text = file === undefined ? '' : await readFile(file, 'utf8').catch(emptyWhereMissing)
    for (const line of text.split('\n').filter((each) => each !== '')) {
      const found = JSON.parse(line) as Kept
      kept.set(found.name, found)
    }
    return new Results(file, kept)
  }

  /** The hunt that killed this very mutant; null where none did. */
  killed(mutant: Mutant): Hunt | null {
    const found = this.#kept.get(mutant.name)
    if (found === undefined || found.text !== textOf(mutant) || found.outcome.kind !== 'killed') return null
    const { outcome, seeds, crashes, crash, seconds } = found
    return { mutant, outcome, seeds, crashes, crash, seconds }
  }

  async add({ mutant, ...found }: Hunt): Promise<void> {
    if (this.#file === undefined) return
    const kept: Kept = { name: mutant.name, text: textOf(mutant), ...found }
    await appendFile(this.#file, `${JSON.stringify(kept)}\n`)
  }
}

function textOf(mutant: Mutant): string {
  return JSON.stringify(editsOf(mutant).map(({ file, find, replace }) => [file, find, replace]))
}

function emptyWhereMissing(error: unknown): string {
  if ((error as { code?: unknown }).code !== 'ENOENT') throw error
  return ''
}
