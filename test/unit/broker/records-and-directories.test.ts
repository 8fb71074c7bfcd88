// Handlers about what is stored, through `inject`: DeleteRecords, and what describes directories and producers.

import { describe, expect, test } from 'vitest'
import { type Api, apis, errorCode, type Input, type Message, type MessageSchema } from '../../../src/wire/index.ts'
import { imageOf, type RequestSide, requestSide, TOPIC_ID } from '../../support/request-side.ts'

async function ask<Req extends MessageSchema, Res extends MessageSchema>(
  side: RequestSide,
  api: Api<Req, Res>,
  version: number,
  request: Input<Req>,
): Promise<Message<Res>> {
  const answer = await side.broker.inject(api, version, request)
  if (answer.kind !== 'respond') throw new Error(`${api.name}: ${answer.kind}`)
  return answer.body
}

describe('DeleteRecords', () => {
  const image = imageOf({
    one: { id: TOPIC_ID, partitions: [{}, {}] },
    __consumer_offsets: { id: 'dG9waWMtb25lLWlkLTEyNA', partitions: [{}] },
  })

  test('every version answers each partition by itself, within the time that the request allows', async () => {
    for (let version = 0; version <= 2; version++) {
      const side = requestSide({ image })
      const answer = await ask(side, apis.DeleteRecords, version, {
        topics: [
          {
            name: 'one',
            partitions: [
              { partitionIndex: 0, offset: 5 },
              { partitionIndex: 1, offset: -1 },
              { partitionIndex: 7, offset: 5 },
            ],
          },
          { name: 'nowhere', partitions: [{ partitionIndex: 0, offset: 5 }] },
          { name: '__consumer_offsets', partitions: [{ partitionIndex: 0, offset: 5 }] },
        ],
        timeoutMs: 20_000,
      })
      const failed = (partitionIndex: number, error: 'UNKNOWN_TOPIC_OR_PARTITION' | 'INVALID_TOPIC_EXCEPTION') => ({
        partitionIndex,
        lowWatermark: -1,
        errorCode: errorCode(error),
      })
      expect(answer.topics).toEqual([
        {
          name: 'one',
          partitions: [
            { partitionIndex: 0, lowWatermark: 5, errorCode: 0 },
            { partitionIndex: 1, lowWatermark: -1, errorCode: 0 },
            failed(7, 'UNKNOWN_TOPIC_OR_PARTITION'),
          ],
        },
        { name: 'nowhere', partitions: [failed(0, 'UNKNOWN_TOPIC_OR_PARTITION')] },
        { name: '__consumer_offsets', partitions: [failed(0, 'INVALID_TOPIC_EXCEPTION')] },
      ])
      expect(side.replication.deletions).toEqual([
        { partition: 0, offset: 5, deadline: 21_000 },
        { partition: 1, offset: -1, deadline: 21_000 },
      ])
    }
  })
})
