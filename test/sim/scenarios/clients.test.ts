// Scenarios between clients and whole nodes: readers of another epoch, forged replicas, a leader that was stopped and does
// not know that it leads no more.

import { expect, test } from 'vitest'
import type { Peer } from '../../../src/rpc/index.ts'
import { apis, batchesOf, errorName } from '../../../src/wire/index.ts'
import { ClusterStory } from '../../support/cluster-story.ts'
import { batchOf } from '../../support/logs.ts'

interface Asked {
  readonly story: ClusterStory
  readonly peer: Peer
  readonly offset: number
  readonly epoch?: number
  readonly lastEpoch?: number
  readonly replica?: { readonly id: number; readonly epoch: number }
  readonly session?: { readonly id: number; readonly epoch: number; readonly silent: boolean }
  readonly maxVersion?: number
}

/** A Fetch as any client could write it; the session's id and what it says of the partition, if anything. */
async function fetch(asked: Asked) {
  const { story, peer, session } = asked
  const replica = asked.replica ?? { id: -1, epoch: -1 }
  const partition = {
    partition: 0,
    currentLeaderEpoch: asked.epoch ?? -1,
    fetchOffset: asked.offset,
    lastFetchedEpoch: asked.lastEpoch ?? -1,
    logStartOffset: -1,
    partitionMaxBytes: 1 << 20,
  }
  const topics = session?.silent ? [] : [{ topic: 't', topicId: story.topicId, partitions: [partition] }]
  const answer = await story.sim.wait(
    peer.send(
      apis.Fetch,
      (version) => ({
        ...(version >= 15
          ? { replicaState: { replicaId: replica.id, replicaEpoch: replica.epoch } }
          : { replicaId: replica.id }),
        maxWaitMs: 100,
        minBytes: 1,
        maxBytes: 1 << 20,
        isolationLevel: 0,
        sessionId: session?.id ?? 0,
        sessionEpoch: session?.epoch ?? -1,
        topics,
        forgottenTopicsData: [],
        rackId: '',
      }),
      { timeoutMs: 30_000, ...(asked.maxVersion === undefined ? {} : { maxVersion: asked.maxVersion }) },
    ),
  )
  if (answer.kind === 'failed') throw new Error(`no answer: ${answer.reason}`)
  const said = answer.body.responses[0]?.partitions[0]
  return {
    error: errorName(answer.body.errorCode),
    session: answer.body.sessionId,
    partition: said === undefined ? null : errorName(said.errorCode),
    highWatermark: said?.highWatermark ?? -1,
    diverging: said?.divergingEpoch ?? null,
    offsets: [...batchesOf(said?.records ?? new Uint8Array(0))].map((batch) => batch.baseOffset),
  }
}

/** The leader is stopped until another one leads, and then goes on; who that was. */
async function deposed(story: ClusterStory): Promise<number> {
  const { leader } = story
  const goOn = story.cluster.pause(leader)
  await story.until(() => story.partition.leader !== leader && story.partition.leader >= 0, 'another one leads')
  goOn()
  return leader
}

test('S14 (KAFKA-9338): an incremental fetch is held to the leader epoch that its session was told', async () => {
  using story = await ClusterStory.begin({ seed: 21 })
  await story.send(5)
  const epoch = story.partition.leaderEpoch
  const peer = story.peer(story.leader)
  const opened = await fetch({ story, peer, offset: 0, epoch, session: { id: 0, epoch: 0, silent: false } })
  expect(opened).toMatchObject({ error: 'NONE', partition: 'NONE' })
  expect(opened.session).toBeGreaterThan(0)
  const old = await deposed(story)
  await story.until(() => story.replica(old)?.role === 'follower', 'the old leader follows')
  const next = await fetch({ story, peer, offset: 0, session: { id: opened.session, epoch: 1, silent: true } })
  expect(next).toMatchObject({ error: 'NONE', partition: 'FENCED_LEADER_EPOCH', offsets: [] })
})

test('S16 (KIP-320): a reader whose records an unclean election has cut is told where they part', async () => {
  const configs = { 'unclean.leader.election.enable': 'true', 'min.insync.replicas': '1' }
  using story = await ClusterStory.begin({ seed: 22, replicas: 2, configs })
  await story.send(10)
  await story.sim.sleep(1_000)
  const first = story.leader
  const [second] = story.followers as [number]
  const epoch = story.partition.leaderEpoch
  story.cluster.kill(second)
  await story.until(() => story.partition.isr.length === 1, 'the ISR is the leader alone')
  await story.send(10)
  const seenUpTo = 20
  story.cluster.kill(first)
  await story.cluster.restart(second)
  await story.until(() => story.partition.leader === second, 'the other one leads, uncleanly')
  story.acked.clear()
  await story.send(30)
  const peer = story.peer(second)
  const current = story.partition.leaderEpoch
  const told = await fetch({ story, peer, offset: seenUpTo, epoch: current, lastEpoch: epoch, maxVersion: 16 })
  expect(told).toMatchObject({ partition: 'NONE', diverging: { epoch, endOffset: 10 }, offsets: [] })
  // Asked directly, as clients do after a change of epoch.
  const ends = await story.sim.wait(
    peer.send(
      apis.OffsetForLeaderEpoch,
      {
        replicaId: -1,
        topics: [{ topic: 't', partitions: [{ partition: 0, currentLeaderEpoch: current, leaderEpoch: epoch }] }],
      },
      { timeoutMs: 30_000 },
    ),
  )
  expect(ends).toMatchObject({ body: { topics: [{ partitions: [{ leaderEpoch: epoch, endOffset: 10 }] }] } })
})

test('S36 (CVE-2018-1288): a client that says that it is a follower moves no high watermark', async () => {
  using story = await ClusterStory.begin({ seed: 23 })
  await story.send(5)
  await story.inSync()
  await story.sim.sleep(1_000)
  const { leader, followers } = story
  const goOn = followers.map((id) => story.cluster.pause(id))
  const one = story.send(1, 'leader')
  await one
  const { endOffset, highWatermark } = story.replica(leader)!
  expect(endOffset).toBe(highWatermark + 1)
  const peer = story.peer(leader)
  for (const id of followers) {
    const { epoch } = story.image.brokers.get(id)!
    for (const offset of [endOffset, endOffset + 1_000]) {
      for (const maxVersion of [12, 18]) {
        const forged = await fetch({ story, peer, offset, replica: { id, epoch }, maxVersion })
        expect(forged).toMatchObject({ partition: 'TOPIC_AUTHORIZATION_FAILED', offsets: [] })
      }
    }
  }
  expect(story.replica(leader)).toMatchObject({ role: 'leader', highWatermark })
  for (const each of goOn) each()
  await story.until(() => story.replica(leader)?.highWatermark === endOffset, 'the true followers move it')
})

test('S42: a leader that was stopped beyond its session acknowledges and shows nothing of its own', async () => {
  for (const seed of [24, 25, 26]) {
    using story = await ClusterStory.begin({ seed })
    await story.send(5)
    await story.sim.sleep(1_000)
    const old = story.leader
    const peer = story.peer(old)
    // Connected already; what is sent now arrives while it is stopped.
    expect((await fetch({ story, peer, offset: 5 })).partition).toBe('NONE')
    const goOn = story.cluster.pause(old)
    const produce = (acks: number) =>
      peer.send(
        apis.Produce,
        {
          transactionalId: null,
          acks,
          timeoutMs: 30_000,
          topicData: [
            { name: 't', topicId: story.topicId, partitionData: [{ index: 0, records: batchOf({ tag: 99 }) }] },
          ],
        },
        { timeoutMs: 60_000 },
      )
    const sent = [produce(-1), produce(1)]
    const read = fetchLater(story, peer)
    await story.until(() => story.partition.leader !== old && story.partition.leader >= 0, 'another one leads')
    await story.send(5)
    goOn()
    const [all, one] = await story.sim.wait(Promise.all(sent))
    const errorOf = (answer: typeof all): string =>
      answer?.kind === 'ok' ? errorName(answer.body.responses[0]!.partitionResponses[0]!.errorCode) : 'failed'
    expect([seed, errorOf(all)]).not.toEqual([seed, 'NONE'])
    // Lost by contract, if it was acknowledged; whoever reads sees neither.
    expect(['NONE', 'NOT_LEADER_OR_FOLLOWER', 'failed']).toContain(errorOf(one))
    const shown = await story.sim.wait(read)
    expect(shown.every((offset) => offset < 5)).toBe(true)
    await story.send(5)
    await story.expectAll()
    expect(story.acked.size).toBe(15)
    expect([...story.acked.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 15 }, (_, i) => i))
  }
})

/** A consumer's fetch that is sent now; the offsets of what it shows. */
async function fetchLater(story: ClusterStory, peer: Peer): Promise<number[]> {
  const answer = await peer.send(
    apis.Fetch,
    {
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 1 << 20,
      sessionId: 0,
      sessionEpoch: -1,
      topics: [
        {
          topic: 't',
          topicId: story.topicId,
          partitions: [{ partition: 0, fetchOffset: 5, partitionMaxBytes: 1 << 20 }],
        },
      ],
      forgottenTopicsData: [],
    },
    { timeoutMs: 60_000 },
  )
  if (answer.kind === 'failed') return []
  const records = answer.body.responses[0]?.partitions[0]?.records ?? new Uint8Array(0)
  return [...batchesOf(records)].map((batch) => batch.baseOffset)
}
