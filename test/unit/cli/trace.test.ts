// What `odradek trace` chooses from a trace, and how a line of it reads.

import { expect, test } from 'vitest'
import { filterOf, lineOf, type TraceArguments } from '../../../src/cli/commands/trace.ts'
import type { TraceEntry } from '../../../src/sim/index.ts'

const nothing = { node: undefined, partition: undefined, from: undefined, to: undefined, kind: undefined }
const entry = (parts: Partial<TraceEntry>): TraceEntry => ({
  at: 5,
  kind: 'send',
  node: 'node2',
  what: 'Fetch v17 request',
  partitions: ['t-0'],
  detail: 'to node1',
  correlation: 9,
  bytes: 120,
  ...parts,
})
const passes = (args: Partial<TraceArguments>, parts: Partial<TraceEntry> = {}): boolean =>
  filterOf({ ...nothing, ...args })(entry(parts))

test('without options everything passes', () => {
  expect(passes({})).toBe(true)
})

test.each([
  [{ node: '2' }, { node: 'node1' }],
  [{ node: 'node2' }, { node: 'client1' }],
  [{ partition: 't-0' }, { partitions: ['t-1'] }],
  [{ from: 5 }, { at: 4.999 }],
  [{ to: 5 }, { at: 5.001 }],
  [{ kind: 'receive,send' }, { kind: 'disk' as const }],
])('%j lets through what fits, and not %j', (args, parts) => {
  expect(passes(args)).toBe(true)
  expect(passes(args, parts)).toBe(false)
})

test('a kind that does not exist is refused', () => {
  expect(() => filterOf({ ...nothing, kind: 'send,sent' })).toThrow('--kind sent')
})

test('lines read as a table', () => {
  expect(lineOf(entry({}))).toBe(
    '       5.000  send     node2     Fetch v17 request             t-0  to node1  #9  120 bytes',
  )
  const note = { kind: 'note' as const, node: null, what: 'healing', partitions: [], detail: '', correlation: null }
  expect(lineOf(entry({ ...note, bytes: null }))).toBe('       5.000  note     -         healing')
})
