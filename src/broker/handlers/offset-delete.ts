// OffsetDelete (47, version 0): offsets of partitions that the group does not read any more (KIP-496). Topics that do not
// exist are refused here.

import { errorCode, type OffsetDeleteRequest, type OffsetDeleteResponse } from '../../wire/index.ts'
import { askGroup } from '../groups.ts'
import { type Handler, respond } from '../types.ts'
import { topicByName } from '../view.ts'

export const offsetDelete: Handler<typeof OffsetDeleteRequest, typeof OffsetDeleteResponse> = async (request, call) => {
  const { image } = call.services.cluster
  const { groupId } = request
  const exists = ({ name }: { readonly name: string }): boolean => topicByName(image, name) !== undefined
  const known = request.topics.filter(exists)
  const unknown = request.topics
    .filter((topic) => !exists(topic))
    .map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode: errorCode('UNKNOWN_TOPIC_OR_PARTITION'),
      })),
    }))
  if (known.length === 0 && unknown.length > 0) return respond({ errorCode: 0, topics: unknown })
  const answer = await askGroup(call, 'OffsetDelete', groupId, { groupId, topics: known })
  if (answer.errorCode !== 0) return respond(answer)
  return respond({ errorCode: 0, topics: [...answer.topics, ...unknown] })
}
