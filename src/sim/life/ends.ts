// Where partitions end, for who reads them to judge: a number for each, or an error. Reads no records. An end that nobody
// told never passes for an empty partition, or the reader would read nothing, and call what is there lost.

import type { Offset } from '../../base/index.ts'
import { type Admin, ClientError, type TopicPartition } from '../../client/index.ts'

/** One for each partition asked, in that order. Rejects with ClientError where one of them is not told within the time. */
export async function endsOf(
  admin: Pick<Admin, 'listOffsets'>,
  partitions: readonly TopicPartition[],
  timeoutMs: number,
): Promise<Offset[]> {
  const asked = partitions.map(({ topic, partition }) => ({ topic, partition, at: 'latest' as const }))
  const ends = await admin.listOffsets(asked, { timeoutMs })
  return partitions.map(({ topic, partition }, i) => {
    const { error, offset } = ends[i] ?? { error: 'UNKNOWN_SERVER_ERROR', offset: -1 }
    if (error !== 'NONE') throw new ClientError(error, `the end of ${topic}-${partition} was not told`)
    return offset
  })
}
