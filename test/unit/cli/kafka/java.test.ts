// What of Java shows in the output of Kafka's tools. The orders are those of Java 17.

import { expect, test, vi } from 'vitest'
import { doubleText, hashCode, hashOrder, pairsOf, partitionHash, topicFilter } from '../../../../src/cli/kafka/java.ts'
import { type LongLine, linesIn } from '../../../../src/cli/kafka/lines.ts'

const order = (keys: string, capacity?: number): string => hashOrder(keys.split(' '), hashCode, capacity).join(' ')

test('a hash map is walked as Java walks it, also after it has grown', () => {
  expect(order('retention.ms min.insync.replicas cleanup.policy')).toBe(
    'cleanup.policy min.insync.replicas retention.ms',
  )
  expect(
    order(
      'compression.type leader.replication.throttled.replicas min.insync.replicas segment.bytes retention.ms cleanup.policy max.message.bytes flush.ms segment.ms index.interval.bytes retention.bytes preallocate delete.retention.ms file.delete.delay.ms',
    ),
  ).toBe(
    'compression.type file.delete.delay.ms leader.replication.throttled.replicas max.message.bytes min.insync.replicas preallocate index.interval.bytes retention.bytes delete.retention.ms cleanup.policy flush.ms segment.bytes retention.ms segment.ms',
  )
})

test('a map made for so many begins with room for them', () => {
  expect(order('orders payments test', 3)).toBe('test orders payments')
  expect(order('__consumer_offsets jsontest quickstart-events test testing', 5)).toBe(
    'quickstart-events test jsontest __consumer_offsets testing',
  )
})

test('partitions of topics are walked as Java walks them', () => {
  const partitions = [
    ...Array.from({ length: 14 }, (_, partition) => ({ topic: 'many', partition })),
    { topic: 'two', partition: 0 },
    { topic: 'two', partition: 1 },
  ]
  // As kafka-consumer-groups --reset-offsets printed them.
  const printed =
    'many-13 many-9 many-10 many-11 many-12 many-5 many-6 many-7 many-8 many-1 two-0 many-2 two-1 many-3 many-4 many-0'
  expect(
    hashOrder(partitions, partitionHash)
      .map((each) => `${each.topic}-${each.partition}`)
      .join(' '),
  ).toBe(printed)
})

test('a filter takes names with commas, and expressions over the whole name', () => {
  const names = ['a', 'ab', 'b.c', '__consumer_offsets']
  const kept = (text: string, excludes = false): string[] => names.filter((name) => topicFilter(text)(name, excludes))
  expect(kept('a, b.c')).toEqual(['a', 'b.c'])
  expect(kept('"a.*"')).toEqual(['a', 'ab'])
  expect(kept('.*')).toEqual(names)
  expect(kept('.*', true)).toEqual(['a', 'ab', 'b.c'])
  expect(() => topicFilter('a(')).toThrow('a( is an invalid regex.')
})

test('properties on the command line may lack their value, which may contain anything', () => {
  expect([...pairsOf(['a=1', 'b', 'c=x=y', 'd='])]).toEqual([
    ['a', '1'],
    ['b', ''],
    ['c', 'x=y'],
    ['d', ''],
  ])
})

async function cut(...chunks: (string | Uint8Array)[]): Promise<(string | LongLine)[]> {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield Buffer.from(chunk)
  }
  const lines: (string | LongLine)[] = []
  for await (const line of linesIn(bytes())) lines.push(line)
  return lines
}

test('lines end as in Java, wherever the bytes are cut', async () => {
  expect(await cut('a\nb\r\nc\rd')).toEqual(['a', 'b', 'c', 'd'])
  expect(await cut('a\r', '\nb\r', 'c\r')).toEqual(['a', 'b', 'c'])
  expect(await cut('\n\n')).toEqual(['', ''])
  expect(await cut('')).toEqual([])
  expect(await cut('x\u2028y\n')).toEqual(['x\u2028y'])
  const euro = Buffer.from('€\n')
  expect(await cut(euro.subarray(0, 1), euro.subarray(1))).toEqual(['€'])
})

test('numbers of quotas are written as Java writes them', () => {
  expect([1024, 10.5, 0, 1e7, 123456789, 0.0005, 9999999].map(doubleText)).toEqual([
    '1024.0',
    '10.5',
    '0.0',
    '1.0E7',
    '1.23456789E8',
    '5.0E-4',
    '9999999.0',
  ])
})

test('of a line over the limit only the length is left, and the next ones come', async () => {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (const chunk of ['ok\nlon', 'ger th', 'an\nfour\n', '12345']) yield Buffer.from(chunk)
  }
  const lines: (string | LongLine)[] = []
  for await (const line of linesIn(bytes(), 4)) lines.push(line)
  expect(lines).toEqual(['ok', { bytes: 11 }, 'four', { bytes: 5 }])
})

test('a long line in small pieces is copied a few times, not once for each piece', async () => {
  const pieces = 4_096
  const piece = Buffer.alloc(64, 'x')
  const copy = vi.spyOn(Buffer.prototype, 'copy')
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < pieces; i++) yield piece
  }
  let line: string | LongLine = ''
  for await (line of linesIn(bytes()));
  const copied = copy.mock.calls.reduce((sum, [, , , to], i) => {
    return sum + (typeof to === 'number' ? to : (copy.mock.contexts[i] as Buffer).length)
  }, 0)
  copy.mockRestore()
  expect(line).toHaveLength(pieces * piece.length)
  // Each byte once, and again each time that the place for it was doubled.
  expect(copied).toBeGreaterThan(0)
  expect(copied).toBeLessThanOrEqual(3 * pieces * piece.length)
})
