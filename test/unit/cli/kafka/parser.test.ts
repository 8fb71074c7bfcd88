// Command lines as Kafka's tools read them.

import { expect, test } from 'vitest'
import {
  type Flag,
  parseWords,
  refuseTogether,
  requireFlags,
  UsageProblem,
  usageOf,
} from '../../../../src/cli/kafka/parser.ts'

const FLAGS: readonly Flag[] = [
  { name: 'topic', argument: 'required', about: 'a topic' },
  { name: 'topics-with-overrides', about: 'some' },
  { name: 'partitions', argument: 'required', type: 'integer', about: 'how many' },
  { name: 'compression-codec', argument: 'optional', about: 'which' },
  { name: 'list', about: 'list them' },
  { name: 'bootstrap-server', argument: 'required', about: 'where' },
]

const parse = (text: string) => parseWords(FLAGS, text.split(' '))

test('a flag has its argument behind it or behind an equals sign', () => {
  for (const text of ['--topic a=b --list', '--topic=a=b --list', '-topic a=b -list']) {
    const options = parse(text)
    expect([options.value('topic'), options.has('list'), options.has('partitions')]).toEqual(['a=b', true, false])
  }
})

test('the beginning of one name is enough, that of several is not', () => {
  expect(parse('--boot x:1').value('bootstrap-server')).toBe('x:1')
  expect(parse('--topic t').value('topic')).toBe('t')
  expect(() => parse('--top t')).toThrow('top is not a recognized option')
})

test('a required argument is the next word whatever it looks like', () => {
  expect(parse('--topic --list').value('topic')).toBe('--list')
  expect(() => parse('--list --topic')).toThrow('Option topic requires an argument')
})

test('an optional argument is the next word unless that is a flag', () => {
  expect(parse('--compression-codec lz4').value('compression-codec')).toBe('lz4')
  expect(parse('--compression-codec --list').value('compression-codec')).toBe('')
  expect(parse('--compression-codec').value('compression-codec')).toBe('')
})

test('numbers are numbers, and words that are no flags are passed over', () => {
  expect(parse('stray --partitions 12 other').integer('partitions')).toBe(12)
  expect(() => parse('--partitions twelve')).toThrow("Cannot parse argument 'twelve' of option partitions")
})

test('what is wanted once may be given once', () => {
  const options = parse('--topic a --topic b')
  expect(options.values('topic')).toEqual(['a', 'b'])
  expect(() => options.value('topic')).toThrow('Found multiple arguments for option topic, but you asked for only one')
})

test('nothing behind two dashes alone is a flag', () => {
  expect(parse('--topic a -- --list').has('list')).toBe(false)
})

test.each(['--zookeeper localhost:2181', '--broker-list=localhost:9092'])('%s gets what to type instead', (text) => {
  expect(() => parse(text)).toThrow(
    new RegExp(`^${text.split(/[ =]/)[0]} is gone from Kafka's tools: type --bootstrap-server HOST:PORT.* instead$`),
  )
})

test('missing flags and flags that exclude each other are named as Kafka names them', () => {
  const options = parse('--topic a --list')
  expect(() => requireFlags(options, 'topic', 'bootstrap-server')).toThrow(
    new UsageProblem('Missing required argument "[bootstrap-server]"'),
  )
  expect(() => refuseTogether(options, 'topic', ['partitions', 'list'])).toThrow(
    'Option "[topic]" can\'t be used with option "[list]"',
  )
  expect(() => refuseTogether(options, 'partitions', ['list'])).not.toThrow()
})

test('the usage has a line for each flag, in order of their names', () => {
  const lines = usageOf(FLAGS).split('\n')
  expect(lines).toHaveLength(FLAGS.length)
  expect(lines[0]).toMatch(/^--bootstrap-server VALUE +where$/)
  expect(lines[1]).toMatch(/^--compression-codec \[VALUE\] +which$/)
  expect(lines[3]).toMatch(/^--partitions NUMBER +how many$/)
})
