// kafka-delete-records: the file, and what came of it.

import { expect, test } from 'vitest'
import { deleteRecords, recordsIn } from '../../../../src/cli/kafka/delete-records.ts'
import type { RecordsToDelete } from '../../../../src/client/index.ts'
import { run } from '../../../support/fake-tool.ts'

const FILE =
  '{"partitions": [{"topic": "foo", "partition": 1, "offset": 3}, {"topic": "bar", "partition": 0, "offset": -1}]}'

test('each partition is told of, with where it begins now or why not', async () => {
  const admin = {
    deleteRecords: async (wanted: RecordsToDelete[]) =>
      wanted.map(({ topic, partition, beforeOffset }) => ({
        topic,
        partition,
        error: topic === 'foo' ? 'NONE' : 'OFFSET_OUT_OF_RANGE',
        lowWatermark: beforeOffset,
      })),
  }
  const done = await run(deleteRecords, '--bootstrap-server h:1 --offset-json-file f', {
    client: { admin },
    files: { f: FILE },
  })
  expect(done.code).toBe(0)
  const [first, second, ...others] = done.out.split('\n')
  expect([first, second]).toEqual(['Executing records delete operation', 'Records delete operation completed:'])
  expect(others.sort()).toEqual([
    '',
    'partition: bar-0\terror: org.apache.kafka.common.errors.OffsetOutOfRangeException: The requested offset is not within the range of offsets maintained by the server.',
    'partition: foo-1\tlow_watermark: 3',
  ])
})

test.each([
  ['no', 'The input string is not a valid JSON'],
  ['{"version": 2}', 'Not supported version field value 2'],
  ['{}', 'Missing partitions field'],
  ['{"partitions": [{"topic": "t"}]}', '{"topic":"t"}: a topic, a partition and an offset are expected'],
  [
    '{"partitions": [{"topic": "t", "partition": 0, "offset": 1}, {"topic": "t", "partition": 0, "offset": 2}]}',
    'Offset json file contains duplicate topic partitions: t-0',
  ],
])('%s is refused', (text, message) => {
  expect(() => recordsIn(text)).toThrow(message)
})
