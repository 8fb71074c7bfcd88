import { expect, test } from 'vitest'
import { type Admin, ClientError, type ListedOffset } from '../../../src/client/index.ts'
import { endsOf } from '../../../src/sim/life/ends.ts'

const T0 = { topic: 't', partition: 0 }
const T1 = { topic: 't', partition: 1 }
const none = { timestamp: -1, leaderEpoch: -1 }

function answers(...listed: ListedOffset[]): Pick<Admin, 'listOffsets'> {
  return { listOffsets: () => Promise.resolve(listed) }
}

test('the ends that were told, an empty partition’s too', async () => {
  const admin = answers({ ...T0, ...none, error: 'NONE', offset: 3 }, { ...T1, ...none, error: 'NONE', offset: 0 })
  expect(await endsOf(admin, [T0, T1], 1_000)).toEqual([3, 0])
})

test('an end that nobody told is an error, not an empty partition', async () => {
  const admin = answers(
    { ...T0, ...none, error: 'NONE', offset: 3 },
    { ...T1, ...none, error: 'NETWORK_EXCEPTION', offset: -1 },
  )
  const refused = endsOf(admin, [T0, T1], 1_000)
  await expect(refused).rejects.toThrow(new ClientError('NETWORK_EXCEPTION', 'the end of t-1 was not told'))
  await expect(endsOf(answers(), [T0], 1_000)).rejects.toThrow('UNKNOWN_SERVER_ERROR: the end of t-0 was not told')
})
