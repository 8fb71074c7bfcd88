// kafka-get-offsets, kafka-broker-api-versions, kafka-storage and kafka-server-stop: what they read and print.

import { expect, test } from 'vitest'
import { textOf } from '../../../../src/cli/kafka/api-versions.ts'
import { getOffsets } from '../../../../src/cli/kafka/get-offsets.ts'
import { parseWords } from '../../../../src/cli/kafka/parser.ts'
import { serversIn } from '../../../../src/cli/kafka/server.ts'
import { formatArguments, storage } from '../../../../src/cli/kafka/storage.ts'
import type { OffsetSpec, TopicPartition } from '../../../../src/client/index.ts'
import { run } from '../../../support/fake-tool.ts'

const asked: OffsetSpec[] = []

const admin = {
  listTopics: async () => ['a', 'b', '__consumer_offsets'].map((name) => ({ name })),
  describeTopics: async (names: string[]) =>
    names.map((name) => ({
      name,
      partitions: Array.from({ length: name === 'a' ? 12 : 1 }, (_, partition) => ({ partition })),
    })),
  listOffsets: async (wanted: (TopicPartition & { at: OffsetSpec })[]) => {
    asked.splice(0, asked.length, ...wanted.map(({ at }) => at))
    return wanted.map(({ topic, partition }) => ({
      topic,
      partition,
      error: topic === 'b' ? 'LEADER_NOT_AVAILABLE' : 'NONE',
      offset: partition === 3 ? -1 : partition * 10,
    }))
  },
}

const offsets = (words: string) => run(getOffsets, `--bootstrap-server h:1 ${words}`, { client: { admin } })

test('offsets are one a line, in the order of the text; those that are not known are left out', async () => {
  const done = await offsets('--topic a|b')
  expect(done.out.trimEnd().split('\n')).toEqual(
    ['0', '1', '10', '11', '2', '4', '5', '6', '7', '8', '9'].map((id) => `a:${id}:${Number(id) * 10}`),
  )
  expect(done).toMatchObject({
    code: 0,
    err: 'Skip getting offsets for topic-partition b-0 due to error: LEADER_NOT_AVAILABLE\n',
  })
})

test.each([
  ['--topic a --partitions 1,2', ['a:1:10', 'a:2:20']],
  ['--topic-partitions a:1,a:4-6,nothing:0', ['a:1:10', 'a:4:40', 'a:5:50']],
  ['--topic-partitions a:10-,__.*:-2', ['__consumer_offsets:0:0', 'a:10:100', 'a:11:110']],
  ['--exclude-internal-topics --partitions 0 --topic [^b].*', ['a:0:0']],
])('%s', async (words, lines) => {
  expect((await offsets(words)).out.trimEnd().split('\n')).toEqual(lines)
})

test.each([
  ['-1', 'latest'],
  ['-2', 'earliest'],
  ['max-timestamp', 'max-timestamp'],
  ['-5', 'latest-tiered'],
  ['1700000000000', 1_700_000_000_000],
])('--time %s asks for %s', async (time, at) => {
  await offsets(`--topic a --partitions 0 --time ${time}`)
  expect(asked).toEqual([at])
})

test.each([
  ['--topic none', 'Could not match any topic-partitions with the specified filters'],
  ['--topic a --partitions x', '--partitions expects a comma separated list of numeric partition ids, but received: x'],
  ['--topic a --topic-partitions a', '--topic-partitions cannot be used with --topic or --partitions'],
  ['--topic-partitions a:b', 'Invalid rule specification: a:b'],
])('%s is an error in Kafka’s words', async (words, message) => {
  expect(await offsets(words)).toMatchObject({ code: 1, err: `Error occurred: ${message}\n`, out: '' })
})

test('versions of requests are told with the one that would be used', () => {
  const text = textOf([
    { key: 3, min: 0, max: 13 },
    { key: 0, min: 99, max: 100 },
    { key: 1, min: 4, max: 5 },
    { key: 45, min: 0, max: 0 },
    { key: 9999, min: 0, max: 1 },
  ])
  const lines = text.split('\n')
  expect(lines.slice(0, 2)).toEqual(['(', '\tProduce(0): 99 to 100 [unusable: node too new],'])
  expect(lines).toContain('\tFetch(1): 4 to 5 [usable: 5],')
  expect(lines).toContain('\tListOffsets(2): UNSUPPORTED,')
  expect(lines).toContain('\tAlterPartitionReassignments(45): 0 [usable: 0],')
  expect(lines.slice(-2)).toEqual(['\tUNKNOWN(9999): 0 to 1', ')'])
  expect(text).not.toContain('Vote(')
})

test('storage takes its flags by name and by letter', () => {
  const options = parseWords(storage.flags, 'format -t id -c file -s --feature a=1 -f b=2 -g'.split(' '))
  expect(options.words).toEqual(['format'])
  expect(formatArguments(options)).toMatchObject({
    clusterId: 'id',
    config: 'file',
    standalone: true,
    feature: ['a=1', 'b=2'],
    ignoreFormatted: true,
    initialControllers: undefined,
  })
})

test.each([
  ['', 'The Kafka storage tool: kafka-storage format | info | random-uuid'],
  ['--standalone', 'too few arguments: format, info or random-uuid'],
  ['erase', "invalid choice: 'erase' (choose from format, info or random-uuid)"],
  ['format --config x', 'Missing required argument "[cluster-id]"'],
  ['format -t i -c x -s -I 1@h:1:d', 'argument --initial-controllers/-I: not allowed with argument --standalone/-s'],
])('storage %s is refused', async (words, message) => {
  const { code, err } = await run(storage, words)
  expect({ code, first: err.split('\n')[0] }).toEqual({ code: 1, first: message })
})

test('only nodes that were started by the program of that name are told to stop', () => {
  const listed = [
    '  12     1 /usr/bin/node /opt/odradek/src/cli/main.ts kafka-server-start server.properties',
    '  13     1 node /usr/local/bin/odradek kafka-server-start -daemon server.properties',
    '  14     1 node /opt/odradek/src/cli/main.ts kafka-topics --list',
    '  15     1 vim kafka-server-start',
    ' 116     1 node /opt/odradek/src/cli/main.ts broker --config kafka-server-start',
    '',
  ].join('\n')
  expect(serversIn(listed)).toEqual([12, 13])
})

test('a node and the program that has started it are told to stop once', () => {
  const listed = [
    ' 20     1 node /usr/local/bin/odradek kafka-server-start server.properties',
    ' 21    20 /opt/odradek/node_modules/node/bin/node /opt/odradek/src/cli/main.ts kafka-server-start server.properties',
  ].join('\n')
  expect(serversIn(listed)).toEqual([21])
})
