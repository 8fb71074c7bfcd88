// kafka-leader-election: which partitions, and what came of it.

import { expect, test } from 'vitest'
import { leaderElection, partitionsIn } from '../../../../src/cli/kafka/leader-election.ts'
import type { TopicPartition } from '../../../../src/client/index.ts'
import { run, type ToolRun } from '../../../support/fake-tool.ts'

const asked: (TopicPartition[] | null)[] = []

function elect(words: string, files: Record<string, string> = {}): Promise<ToolRun> {
  const admin = {
    electLeaders: async (_: string, partitions: TopicPartition[] | null) => {
      asked.push(partitions)
      return (partitions ?? [{ topic: 'a', partition: 0 }]).map((at) => ({
        ...at,
        error: at.partition === 0 ? 'NONE' : at.partition === 1 ? 'ELECTION_NOT_NEEDED' : 'UNKNOWN_TOPIC_OR_PARTITION',
        message: null,
      }))
    },
  }
  return run(leaderElection, `--bootstrap-server h:1 ${words}`, { client: { admin }, files })
}

const file = (...partitions: number[]): string =>
  JSON.stringify({ partitions: partitions.map((partition) => ({ topic: 'a', partition })) })

test('those that were elected, those that needed it not, and those that failed are told apart', async () => {
  expect(await elect('--election-type PREFERRED --path-to-json-file f', { f: file(0, 1, 2) })).toMatchObject({
    code: 1,
    out: 'Successfully completed leader election (PREFERRED) for partitions a-0\nValid replica already elected for partitions a-1\nError completing leader election (PREFERRED) for partition: a-2: org.apache.kafka.common.errors.UnknownTopicOrPartitionException: This server does not host this topic-partition.\n',
    err: '1 replica(s) could not be elected\n',
  })
})

test('one partition, or all', async () => {
  expect(await elect('--election-type unclean --topic a --partition 1')).toMatchObject({
    code: 0,
    out: 'Valid replica already elected for partitions a-1\n',
  })
  expect(asked.at(-1)).toEqual([{ topic: 'a', partition: 1 }])
  expect((await elect('--election-type unclean --all-topic-partitions')).out).toContain('(UNCLEAN) for partitions a-0')
  expect(asked.at(-1)).toBeNull()
})

test.each([
  ['--topic a', 'Missing required option(s): election-type'],
  [
    '--election-type preferred',
    'One and only one of the following options is required: topic, all-topic-partitions, path-to-json-file',
  ],
  ['--election-type preferred --topic a', 'Missing required option(s): partition'],
  [
    '--election-type preferred --all-topic-partitions --partition 1',
    'Option partition is only allowed if topic is used',
  ],
  ['--election-type best --all-topic-partitions', "Cannot parse argument 'best' of option election-type"],
])('%s is refused', async (words, message) => {
  expect(await elect(words)).toMatchObject({ code: 1, err: `${message}\n` })
})

test('a file that names nothing, or something twice, is refused', () => {
  expect(() => partitionsIn('')).toThrow('Replica election data is empty')
  expect(() => partitionsIn('{}')).toThrow('Replica election data is missing "partitions" field')
  expect(() => partitionsIn(file(1, 1))).toThrow('Replica election data contains duplicate partitions: [a-1]')
})
