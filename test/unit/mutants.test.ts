import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { mutants } from '../../scripts/mutants/index.ts'
import { edited, editsOf, TextNotFound } from '../../scripts/mutants/tree.ts'

const root: string = join(import.meta.dirname, '..', '..')

describe('mutants', () => {
  it.each(mutants.map((mutant) => [mutant.name, mutant] as const))(
    '%s still has its text in the code',
    (name, mutant) => {
      const texts = new Map<string, string>()
      for (const edit of editsOf(mutant)) {
        const text = texts.get(edit.file) ?? readFileSync(join(root, edit.file), 'utf8')
        const after = edited(name, edit, text)
        expect(after).not.toBe(text)
        texts.set(edit.file, after)
      }
    },
  )

  it('are at least forty, each by another name', () => {
    expect(mutants.length).toBeGreaterThanOrEqual(40)
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length)
  })

  it('are refused where their text is missing or ambiguous', () => {
    const edit = { file: 'a.ts', find: 'x', replace: 'y' }
    expect(() => edited('m', edit, 'abc')).toThrow(TextNotFound)
    expect(() => edited('m', edit, 'x x')).toThrow(/more than once in a\.ts/)
    expect(edited('m', edit, 'a x b')).toBe('a y b')
  })
})
