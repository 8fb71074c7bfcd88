// Scenarios between members of groups and coordinators on whole nodes, each request as any client could write it: who was
// stopped and does not know that its time is over, a coordinator whose partition is deleted under it.

import { expect, test } from 'vitest'
import type { Peer } from '../../../src/rpc/index.ts'
import { apis, errorName } from '../../../src/wire/index.ts'
import { ClusterStory } from '../../support/cluster-story.ts'

const GROUP = 'g'
const OFFSETS = '__consumer_offsets'
const SESSION_MS = 10_000
const PROPERTIES = { 'offsets.topic.num.partitions': '1', 'group.initial.rebalance.delay.ms': '0' }
const PATIENT = { timeoutMs: 60_000 }

interface Who {
  readonly memberId: string
  readonly generation: number
}
/** An administrator's tool. */
const NOBODY: Who = { memberId: '', generation: -1 }

/** The leader of the one partition of offsets, by the newest metadata; −1: none. */
function leaderOf(story: ClusterStory): number {
  const id = story.image.topicIds.get(OFFSETS)
  return id === undefined ? -1 : (story.image.topics.get(id)?.partitions.get(0)?.leader ?? -1)
}

/** Asked again until there is one that has loaded, as clients do. */
async function coordinator(story: ClusterStory, not = -1): Promise<number> {
  const asker = story.peer(story.cluster.ids.find((id) => id !== not)!)
  for (let tries = 0; tries < 300; tries++) {
    const found = await story.sim.wait(asker.send(apis.FindCoordinator, { coordinatorKeys: [GROUP] }, PATIENT))
    const id = found.kind === 'ok' ? (found.body.coordinators[0]?.nodeId ?? -1) : -1
    if (id >= 0 && id !== not) {
      const said = await story.sim.wait(fetched(story.peer(id)))
      if (typeof said === 'number') return id
    }
    await story.sim.sleep(200)
  }
  throw new Error('nobody coordinates')
}

/** The error. */
async function commit(peer: Peer, { memberId, generation }: Who, offset: number): Promise<string> {
  const partitions = [{ partitionIndex: 0, committedOffset: offset, committedMetadata: '' }]
  const body = {
    groupId: GROUP,
    generationIdOrMemberEpoch: generation,
    memberId,
    topics: [{ name: 't', partitions }],
  }
  const answer = await peer.send(apis.OffsetCommit, body, { ...PATIENT, maxVersion: 9 })
  return answer.kind === 'ok' ? errorName(answer.body.topics[0]!.partitions[0]!.errorCode) : answer.reason
}

/** The offset of t-0, −1 where there is none; or the error. */
async function fetched(peer: Peer): Promise<number | string> {
  const groups = [{ groupId: GROUP, topics: [{ name: 't', partitionIndexes: [0] }] }]
  const answer = await peer.send(apis.OffsetFetch, { groups }, { ...PATIENT, maxVersion: 9 })
  if (answer.kind !== 'ok') return answer.reason
  const { errorCode, topics } = answer.body.groups[0]!
  return errorCode === 0 ? topics[0]!.partitions[0]!.committedOffset : errorName(errorCode)
}

/** A member of a generation of its own making; it leads, since nobody else is there. */
async function joined(story: ClusterStory, peer: Peer): Promise<Who> {
  const body = {
    groupId: GROUP,
    sessionTimeoutMs: SESSION_MS,
    rebalanceTimeoutMs: SESSION_MS,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: new Uint8Array(0) }],
  }
  const answer = await story.sim.wait(
    peer.send(apis.JoinGroup, { ...body, memberId: '' }, { ...PATIENT, maxVersion: 3 }),
  )
  if (answer.kind !== 'ok') throw new Error(answer.reason)
  expect(errorName(answer.body.errorCode)).toBe('NONE')
  const { memberId, generationId } = answer.body
  const assignments = [{ memberId, assignment: Uint8Array.of(1) }]
  const sync = { groupId: GROUP, memberId, generationId, assignments }
  const synced = await story.sim.wait(peer.send(apis.SyncGroup, sync, { ...PATIENT, maxVersion: 4 }))
  expect(synced.kind === 'ok' && errorName(synced.body.errorCode)).toBe('NONE')
  return { memberId, generation: generationId }
}

test('S112: a member that sleeps beyond its session commits nothing of what another has passed', async () => {
  using story = await ClusterStory.begin({ seed: 41, properties: PROPERTIES })
  const at = await coordinator(story)
  const sleeper = story.peer(at)
  const first = await joined(story, sleeper)
  expect(await story.sim.wait(commit(sleeper, first, 50))).toBe('NONE')
  await story.sim.sleep(SESSION_MS + 1_000)
  const other = story.peer(at)
  const second = await joined(story, other)
  expect(second.generation).toBeGreaterThan(first.generation)
  expect(await story.sim.wait(commit(other, second, 100))).toBe('NONE')
  expect(await story.sim.wait(commit(sleeper, first, 60))).toBe('UNKNOWN_MEMBER_ID')
  expect(await story.sim.wait(commit(other, { ...second, generation: first.generation }, 60))).toBe(
    'ILLEGAL_GENERATION',
  )
  expect(await story.sim.wait(fetched(other))).toBe(100)
})

test('G5: a coordinator that was stopped beyond its session acknowledges no commit, and knows the newest when it is back', async () => {
  for (const seed of [42, 43, 44]) {
    using story = await ClusterStory.begin({ seed, properties: PROPERTIES })
    const old = await coordinator(story)
    const peer = story.peer(old)
    expect(await story.sim.wait(commit(peer, NOBODY, 5))).toBe('NONE')
    const goOn = story.cluster.pause(old)
    // Connected already: what is sent now arrives while it is stopped.
    const late = commit(peer, NOBODY, 6)
    await story.until(() => leaderOf(story) !== old && leaderOf(story) >= 0, 'another one leads')
    const next = await coordinator(story, old)
    expect(await story.sim.wait(fetched(story.peer(next)))).toBe(5)
    expect(await story.sim.wait(commit(story.peer(next), NOBODY, 7))).toBe('NONE')
    goOn()
    expect([seed, await story.sim.wait(late)]).not.toEqual([seed, 'NONE'])
    await story.until(
      () => story.cluster.observed(old)?.groups.every(({ phase }) => phase === 'standby') === true,
      'the old one has heard of it',
    )
    expect(await story.sim.wait(fetched(story.peer(old)))).toBe('NOT_COORDINATOR')
    expect(await story.sim.wait(fetched(story.peer(next)))).toBe(7)
  }
})

test('S108 (KAFKA-9235): the partition of an active coordinator is deleted, and the group begins anew', async () => {
  using story = await ClusterStory.begin({ seed: 45, properties: PROPERTIES })
  const peer = story.peer(await coordinator(story))
  const member = await joined(story, peer)
  expect(await story.sim.wait(commit(peer, member, 5))).toBe('NONE')
  const deleted = await story.sim.wait(story.user.client.admin.deleteTopics([OFFSETS]))
  expect(deleted[0]?.error).toBe('NONE')
  await story.until(() => story.cluster.ids.every((id) => story.cluster.view(id).groups.length === 0), 'it is gone')
  expect(await story.sim.wait(commit(peer, member, 6))).toBe('NOT_COORDINATOR')
  const again = story.peer(await coordinator(story))
  expect(await story.sim.wait(fetched(again))).toBe(-1)
  expect(await story.sim.wait(commit(again, member, 7))).toBe('GROUP_ID_NOT_FOUND')
  expect(await story.sim.wait(commit(again, NOBODY, 8))).toBe('NONE')
  expect(await story.sim.wait(fetched(again))).toBe(8)
  expect([...story.cluster.fatal]).toEqual([])
})
