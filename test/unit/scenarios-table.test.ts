// docs/scenarios.md against the files: every number once, every file that it names exists and carries the number.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')

interface Row {
  readonly number: number
  readonly where: string
  readonly files: readonly string[]
}

function rowsOf(table: string): Row[] {
  return table.split('\n').flatMap((line) => {
    const match = /^\| S(\d+) \| [^|]+ \| [^|]+ \| (.+) \|$/.exec(line)
    if (match === null) return []
    const files = [...match[2]!.matchAll(/`(test\/[^`]+)`/g)].map((found) => found[1]!)
    return [{ number: Number(match[1]), where: match[2]!, files }]
  })
}

const rows = rowsOf(readFileSync(join(ROOT, 'docs/scenarios.md'), 'utf8'))

test('tells of every scenario once, in order', () => {
  const upTo = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i)
  // Those between are of transactions, which there are none of.
  expect(rows.map((row) => row.number)).toEqual([...upTo(1, 82), ...upTo(104, 112)])
})

test.each(rows)('S$number is where it says, or says why it is nowhere', ({ number, where, files }) => {
  if (files.length === 0) expect(where).toMatch(/^does not apply: ./)
  for (const file of files) {
    expect([file, existsSync(join(ROOT, file))]).toEqual([file, true])
    const text = readFileSync(join(ROOT, file), 'utf8')
    // In a title or in the first line of a story, not just anywhere.
    const titles = file.endsWith('.txt')
      ? text.split('\n').filter((line) => line.startsWith('#'))
      : [...text.matchAll(/(?:test|it|describe)(?:\.each\([^)]*\))?\(\s*(['"`])(.*?)\1/g)].map((title) => title[2]!)
    const named = titles.some((title) => new RegExp(`\\bS${number}\\b`).test(title))
    expect([file, `S${number}`, named || text.includes(`// S${number}:`)]).toEqual([file, `S${number}`, true])
  }
})
