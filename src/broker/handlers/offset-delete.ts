// OffsetDelete (47, version 0): offsets of partitions that the group does not read any more (KIP-496). Partitions that do not
// exist are refused here, one by one; the coordinator is asked all the same, since its error is that of the whole.

import { errorCode, type Message, type OffsetDeleteRequest, type OffsetDeleteResponse } from '../../wire/index.ts'
import { askGroup } from '../groups.ts'
import { type Handler, respond } from '../types.ts'
import { topicByName } from '../view.ts'

type Answered = Message<typeof OffsetDeleteResponse>['topics'][number]

export const offsetDelete: Handler<typeof OffsetDeleteRequest, typeof OffsetDeleteResponse> = async (request, call) => {
  const { image } = call.services.cluster
  const { groupId } = request
  const asked = request.topics.map(({ name, partitions }) => {
    const topic = topicByName(image, name)
    const exists = ({ partitionIndex }: { readonly partitionIndex: number }): boolean =>
      topic?.partitions.has(partitionIndex) === true
    return { name, known: partitions.filter(exists), unknown: partitions.filter((one) => !exists(one)) }
  })
  const topics = asked.filter(({ known }) => known.length > 0).map(({ name, known }) => ({ name, partitions: known }))
  const answer = await askGroup(call, 'OffsetDelete', groupId, { groupId, topics })
  if (answer.errorCode !== 0) return respond(answer)
  const code = errorCode('UNKNOWN_TOPIC_OR_PARTITION')
  const refused = asked
    .filter(({ unknown }) => unknown.length > 0)
    .map(({ name, unknown }) => ({
      name,
      partitions: unknown.map(({ partitionIndex }) => ({ partitionIndex, errorCode: code })),
    }))
  return respond({ errorCode: 0, topics: merged([...refused, ...answer.topics]) })
}

/** Each topic once: clients look it up by its name. What is refused comes first, as in Kafka. */
function merged(topics: readonly Answered[]): Answered[] {
  const byName = new Map<string, Answered>()
  for (const { name, partitions } of topics) {
    const before = byName.get(name)?.partitions ?? []
    byName.set(name, { name, partitions: [...before, ...partitions] })
  }
  return [...byName.values()]
}
