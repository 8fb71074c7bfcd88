// The law book of `Tables`.

import { describe, expect, test } from 'vitest'
import type { Table, TableEntry } from '../../src/base/index.ts'
import { bytes, law, text, type WorldFactory } from './worlds.ts'

async function* entriesOf(pages: AsyncIterable<readonly TableEntry[]>): AsyncGenerator<TableEntry> {
  for await (const page of pages) {
    expect(page.length).toBeGreaterThan(0)
    yield* page
  }
}

async function keys(table: Table, range?: { from?: string; to?: string }): Promise<string[]> {
  const out: string[] = []
  for await (const [key] of entriesOf(table.pages(range))) out.push(key)
  return out
}

export function tablesLaws(open: WorldFactory): void {
  describe('Tables', () => {
    test(
      'values are bytes, absent ones undefined',
      law(open, async ({ ports }) => {
        const table = await ports.tables.open('t')
        expect(await table.get('a')).toBeUndefined()
        const value = Uint8Array.of(0, 255, 128)
        await table.batch([{ kind: 'put', key: 'a', value }])
        expect([...(await table.get('a'))!]).toEqual([0, 255, 128])
        await table.batch([
          { kind: 'put', key: 'empty', value: new Uint8Array(0) },
          { kind: 'delete', key: 'a' },
          { kind: 'delete', key: 'never was' },
        ])
        expect(await table.get('a')).toBeUndefined()
        expect((await table.get('empty'))!.length).toBe(0)
        await ports.tables.close()
      }),
    )

    test(
      'a batch applies in order',
      law(open, async ({ ports }) => {
        const table = await ports.tables.open('t')
        await table.batch([
          { kind: 'put', key: 'k', value: bytes('1') },
          { kind: 'delete', key: 'k' },
          { kind: 'put', key: 'k', value: bytes('2') },
        ])
        expect(text(await table.get('k'))).toBe('2')
      }),
    )

    test(
      'keys ascend by their UTF-8 bytes, within a half-open range',
      law(open, async ({ ports }) => {
        const table = await ports.tables.open('t')
        // U+FFFD sorts before U+1F600 in UTF-8 and after it in UTF-16.
        const names = ['b', 'a', 'ab', '\u{1f600}', '\ufffd', 'é', 'Z']
        await table.batch(names.map((key) => ({ kind: 'put', key, value: bytes(key) })))
        expect(await keys(table)).toEqual(['Z', 'a', 'ab', 'b', 'é', '\ufffd', '\u{1f600}'])
        expect(await keys(table, { from: 'a', to: 'b' })).toEqual(['a', 'ab'])
        expect(await keys(table, { from: 'ab' })).toEqual(['ab', 'b', 'é', '\ufffd', '\u{1f600}'])
        expect(await keys(table, { to: 'a' })).toEqual(['Z'])
      }),
    )

    test(
      'entries are a snapshot of the call',
      law(open, async ({ ports }) => {
        const table = await ports.tables.open('t')
        await table.batch([
          { kind: 'put', key: 'a', value: bytes('1') },
          { kind: 'put', key: 'b', value: bytes('1') },
        ])
        const pages = table.pages()
        await table.batch([
          { kind: 'put', key: 'b', value: bytes('2') },
          { kind: 'put', key: 'c', value: bytes('2') },
        ])
        const seen: string[] = []
        for await (const [key, value] of entriesOf(pages)) seen.push(`${key}${text(value)}`)
        expect(seen).toEqual(['a1', 'b1'])
      }),
    )

    test(
      'an iteration may be left early',
      law(open, async ({ ports }) => {
        const table = await ports.tables.open('t')
        await table.batch(['a', 'b', 'c'].map((key) => ({ kind: 'put', key, value: bytes(key) })))
        for await (const [key] of entriesOf(table.pages())) if (key === 'b') break
        await ports.tables.close()
      }),
    )

    test(
      'a long iteration is complete, in order, and of one instant',
      law(open, async ({ ports }) => {
        const table = await ports.tables.open('t')
        const names = Array.from({ length: 2345 }, (_, i) => String(i).padStart(5, '0'))
        await table.batch(names.map((key) => ({ kind: 'put', key, value: bytes(key) })))
        const seen: string[] = []
        for await (const [key, value] of entriesOf(table.pages())) {
          if (seen.length === 1)
            await table.batch([
              { kind: 'delete', key: names.at(-1)! },
              { kind: 'put', key: '00000', value: bytes('late') },
              { kind: 'put', key: '02000x', value: bytes('late') },
            ])
          expect(text(value)).toBe(key)
          seen.push(key)
        }
        expect(seen).toEqual(names)
      }),
    )

    test(
      'tables are apart; one name is one table',
      law(open, async ({ ports }) => {
        const [a, ab, again] = await Promise.all([
          ports.tables.open('a'),
          ports.tables.open('ab'),
          ports.tables.open('a'),
        ])
        await a.batch([{ kind: 'put', key: 'k', value: bytes('a') }])
        await ab.batch([{ kind: 'put', key: 'k', value: bytes('ab') }])
        expect(text(await again.get('k'))).toBe('a')
        await a.clear()
        expect(await keys(a)).toEqual([])
        expect(text(await ab.get('k'))).toBe('ab')
      }),
    )

    test(
      'what was written is there for the next process',
      law(open, async (w) => {
        const table = await w.ports.tables.open('t')
        await table.batch([{ kind: 'put', key: 'k', value: bytes('v') }], { sync: true })
        const next = await w.restart()
        expect(text(await (await next.tables.open('t')).get('k'))).toBe('v')
      }),
    )
  })
}
