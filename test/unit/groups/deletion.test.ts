// A group whose tombstones need several batches, of which the log takes the last and not the first.

import { expect, test } from 'vitest'
import { TestShard, topicsOf } from '../../support/group-shard.ts'

/** Long names: some hundreds of tombstones are more than a batch of the coordinator holds. */
const TOPICS = Array.from({ length: 400 }, (_, i) => `${'x'.repeat(240)}${i}`)

function answerOf(effects: ReturnType<TestShard['ask']>): object {
  for (const effect of effects) if (effect.kind === 'answer') return effect.response
  throw new Error('no answer')
}

/** How many offsets the group says that it has. */
function offsets(shard: TestShard): number {
  const { topics } = answerOf(shard.ask('OffsetFetch', { topics: null })) as { readonly topics: readonly unknown[] }
  return topics.length
}

test('offsets that the log keeps keep their group, here and at the next coordinator, and it can be deleted again', () => {
  const shard = new TestShard()
  shard.load(0)
  shard.ask('OffsetCommit', { topics: topicsOf(TOPICS.map((topic) => ({ topic, partition: 0, offset: 7 }))) })
  shard.commit(shard.log.length)
  expect(offsets(shard)).toBe(400)

  const before = shard.log.length
  shard.ask('DeleteGroups', { groupId: 'g' })
  const parts = shard.log.slice(before)
  expect(parts.length).toBeGreaterThan(1)
  const kept = parts[0]!.records.length
  expect(answerOf(shard.fail(parts[0]!.append, 'NOT_ENOUGH_REPLICAS', false))).toMatchObject({ errorCode: 15 })
  shard.commit(parts.at(-1)!.append)

  expect(offsets(shard)).toBe(kept)
  const next = shard.successor()
  next.load(1)
  expect(offsets(next)).toBe(kept)

  const again = shard.ask('DeleteGroups', { groupId: 'g' })
  expect(again.some(({ kind }) => kind === 'answer')).toBe(false)
  expect(answerOf(shard.commit(shard.log.at(-1)!.append))).toMatchObject({ errorCode: 0 })
  expect(offsets(shard)).toBe(0)
  expect(answerOf(shard.ask('ListGroups', {}))).toMatchObject({ groups: [] })
})
