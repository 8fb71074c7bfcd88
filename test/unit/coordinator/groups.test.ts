// The group coordinator as it runs: shards of src/groups on replication drivers and real logs, in the simulated world. An
// offset is committed when its answer says so, its next coordinator knows it, and the log says it as Kafka would.

import { afterEach, describe, expect, it } from 'vitest'
import type { CompressionCodec, Offload, Uuid } from '../../../src/base/index.ts'
import { ZERO_UUID } from '../../../src/base/index.ts'
import { type Coordinator, createGroupCoordinator, GROUP_TOPIC } from '../../../src/coordinator/index.ts'
import type { GroupAnswer, GroupApi, GroupBodies, GroupEvent } from '../../../src/groups/index.ts'
import { openStates } from '../../../src/state/index.ts'
import { batchesOf, decodeCoordinatorRecord, errorName, groupRecords, recordsOf } from '../../../src/wire/index.ts'
import { plainOffload } from '../../support/plain-offload.ts'
import { ReplicationCluster } from '../../support/replication-cluster.ts'

let cluster: ReplicationCluster
let coordinators: Map<number, Coordinator<GroupEvent, GroupAnswer>>
let topic: Uuid

afterEach(() => {
  const { fatal } = cluster
  cluster.close()
  expect(fatal).toEqual([])
})

async function started(
  minInsync = 2,
  offload: Offload = plainOffload,
  codec: CompressionCodec | null = null,
): Promise<void> {
  coordinators = new Map()
  const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet }
  cluster = new ReplicationCluster({
    minInsync,
    watcher: (broker) => {
      const coordinator = createGroupCoordinator({
        ports: { clock: broker.ports.clock, offload },
        compression: codec,
        states: openStates(broker.ports.tables),
        logger: quiet,
        appendLingerMs: -1,
        onFatal: (error) => cluster.fatal.push(error),
        config: {
          minSessionTimeoutMs: 6_000,
          maxSessionTimeoutMs: 1_800_000,
          maxSize: 100,
          initialRebalanceDelayMs: 0,
          offsetMetadataMaxBytes: 4_096,
          offsetsRetentionMs: 604_800_000,
          offsetsRetentionCheckIntervalMs: 600_000,
          commitTimeoutMs: 5_000,
        },
      })
      coordinators.set(broker.id, coordinator)
      return coordinator
    },
  })
  await cluster.start()
  topic = cluster.createTopic(GROUP_TOPIC, [1, 2, 3])
  await cluster.sim.sleep(500)
}

function ask<Api extends GroupApi>(
  id: number,
  api: Api,
  version: number,
  body: GroupBodies[Api],
): Promise<GroupAnswer> {
  return coordinators.get(id)!.ask(
    0,
    (token) =>
      ({
        kind: 'request',
        request: { api, token, version, clientId: 'c', clientHost: '/127.0.0.1', uuid: ZERO_UUID, body },
      }) as GroupEvent,
  )
}

function commit(id: number, offset: number, metadata = '', groupId = 'g'): Promise<string> {
  const partitions = [
    { partitionIndex: 3, committedOffset: offset, committedLeaderEpoch: -1, committedMetadata: metadata },
  ]
  const body = {
    groupId,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    groupInstanceId: null,
    retentionTimeMs: -1,
    topics: [{ name: 't', topicId: ZERO_UUID, partitions }],
  }
  return ask(id, 'OffsetCommit', 9, body).then((answer) =>
    answer.api === 'OffsetCommit' ? errorName(answer.response.topics[0]!.partitions[0]!.errorCode) : answer.api,
  )
}

function fetch(id: number): Promise<string> {
  const body = { groupId: 'g', topics: null, requireStable: false }
  return ask(id, 'OffsetFetch', 9, body).then((answer) => {
    if (answer.api !== 'OffsetFetch') return answer.api
    const { errorCode, topics } = answer.response
    if (errorCode !== 0) return errorName(errorCode)
    return topics
      .map(({ name, partitions }) => `${name}-${partitions.map((p) => `${p.partitionIndex}: ${p.committedOffset}`)}`)
      .join()
  })
}

describe('the group coordinator', () => {
  it('answers a commit when it is replicated, and the next coordinator knows it', async () => {
    await started()
    expect(await cluster.sim.wait(commit(1, 7))).toBe('NONE')
    expect(await cluster.sim.wait(commit(1, 8))).toBe('NONE')
    expect(await cluster.sim.wait(fetch(1))).toBe('t-3: 8')
    expect(await cluster.sim.wait(fetch(2))).toBe('NOT_COORDINATOR')
    cluster.kill(1)
    cluster.setFenced(1, true)
    cluster.change(topic, 0, { leader: 3, isr: [2, 3] })
    await cluster.sim.sleep(1000)
    expect(await cluster.sim.wait(fetch(3))).toBe('t-3: 8')
    expect(await cluster.sim.wait(fetch(2))).toBe('NOT_COORDINATOR')
  })

  it('refuses what cannot be replicated as Kafka does, and has not changed', async () => {
    await started()
    expect(await cluster.sim.wait(commit(1, 7))).toBe('NONE')
    cluster.change(topic, 0, { isr: [1] })
    // In the same turn: nobody has come back into the ISR yet.
    const refused = commit(1, 8)
    expect(await cluster.sim.wait(refused)).toBe('COORDINATOR_NOT_AVAILABLE')
    expect(await cluster.sim.wait(fetch(1))).toBe('t-3: 7')
  })

  it('refuses what no record can hold, as Kafka does, and has not changed', async () => {
    await started()
    expect(await cluster.sim.wait(commit(1, 7))).toBe('NONE')
    // As long as a name in a request may be; the id of the member is longer.
    const long = 'x'.repeat(32_767)
    expect(await cluster.sim.wait(commit(1, 8, '', `${long}x`))).toBe('UNKNOWN_SERVER_ERROR')
    const joining = {
      groupId: 'g',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      groupInstanceId: long,
      memberId: '',
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: new Uint8Array(0) }],
      reason: null,
    }
    const joined = await cluster.sim.wait(ask(1, 'JoinGroup', 9, joining))
    expect(joined.response).toMatchObject({ errorCode: 0, generationId: 1 })
    const memberId = joined.api === 'JoinGroup' ? joined.response.memberId : ''
    const assignments = [{ memberId, assignment: Uint8Array.of(7) }]
    const said = { protocolType: 'consumer', protocolName: 'range', groupInstanceId: long }
    const sync = { groupId: 'g', generationId: 1, memberId, assignments, ...said }
    const synced = await cluster.sim.wait(ask(1, 'SyncGroup', 5, sync))
    expect(errorName(synced.api === 'SyncGroup' ? synced.response.errorCode : 0)).toBe('UNKNOWN_SERVER_ERROR')
    const listed = await cluster.sim.wait(ask(1, 'ListGroups', 5, { statesFilter: [], typesFilter: [] }))
    expect(listed.response).toMatchObject({ groups: [{ groupId: 'g' }] })
    expect(await cluster.sim.wait(fetch(1))).toBe('t-3: 7')
  })

  it('lets a commit that nobody replicates time out, and tells of it when it is committed after all', async () => {
    await started()
    for (const id of [2, 3]) cluster.cut.add(`${id}>1`)
    await cluster.sim.sleep(600)
    const late = commit(1, 9)
    await cluster.sim.sleep(4000)
    expect(await cluster.sim.wait(fetch(1))).toBe('')
    expect(await cluster.sim.wait(late)).toBe('COORDINATOR_NOT_AVAILABLE')
    cluster.cut.clear()
    await cluster.sim.sleep(40_000)
    expect(await cluster.sim.wait(fetch(1))).toBe('t-3: 9')
  })

  it('writes what Kafka reads', async () => {
    await started()
    expect(await cluster.sim.wait(commit(1, 7, 'why'))).toBe('NONE')
    const log = cluster.broker(2).directories[0]!.logs[0]!
    const { chunks } = await cluster.sim.wait(
      Promise.resolve(log.read(0, { maxBytes: 1_000_000, upTo: log.endOffset, minOneBatch: true })),
    )
    const records = chunks.flatMap((chunk) => [...batchesOf(chunk)].flatMap((batch) => recordsOf(chunk, batch)))
    const read = records.map(({ key, value }) => decodeCoordinatorRecord(groupRecords, key!, value))
    expect(read).toMatchObject([
      {
        type: 'OffsetCommit',
        key: { group: 'g', topic: 't', partition: 3 },
        value: { version: 4, body: { offset: 7, metadata: 'why', leaderEpoch: -1 } },
      },
    ])
  })

  it('compresses its batches where that is asked for, and keeps their order however long each takes', async () => {
    let turns = 60
    const slower: Offload = {
      run: async (job) => {
        const bytes = await plainOffload.run(job)
        if (job.kind === 'decompress') return bytes
        turns -= 20
        for (let i = turns; i > 0; i--) await Promise.resolve()
        return bytes
      },
    }
    await started(2, slower, 'zstd')
    const commits: Promise<string>[] = []
    for (const offset of [7, 8, 9]) {
      commits.push(commit(1, offset))
      await Promise.resolve()
    }
    expect(await cluster.sim.wait(Promise.all(commits))).toEqual(['NONE', 'NONE', 'NONE'])
    const log = cluster.broker(2).directories[0]!.logs[0]!
    const { chunks } = await cluster.sim.wait(
      Promise.resolve(log.read(0, { maxBytes: 1_000_000, upTo: log.endOffset, minOneBatch: true })),
    )
    const batches = chunks.flatMap((chunk) => [...batchesOf(chunk)])
    expect(batches.map(({ codec }) => codec)).toEqual(['zstd', 'zstd', 'zstd'])
    cluster.change(topic, 0, { leader: 3 })
    await cluster.sim.sleep(1000)
    expect(await cluster.sim.wait(fetch(3))).toBe('t-3: 9')
  })

  it('knows a member that another coordinator has let in, and lets its session ring', async () => {
    await started()
    const joining = {
      groupId: 'g',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      groupInstanceId: null,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: new Uint8Array(0) }],
      reason: null,
    }
    const named = await cluster.sim.wait(ask(1, 'JoinGroup', 9, { ...joining, memberId: '' }))
    const memberId = named.api === 'JoinGroup' ? named.response.memberId : ''
    const joined = await cluster.sim.wait(ask(1, 'JoinGroup', 9, { ...joining, memberId }))
    expect(joined.response).toMatchObject({ errorCode: 0, leader: memberId, generationId: 1 })
    const member = { groupId: 'g', generationId: 1, memberId, groupInstanceId: null }
    const assignments = [{ memberId, assignment: Uint8Array.of(7) }]
    const sync = { ...member, protocolType: 'consumer', protocolName: 'range', assignments }
    const synced = await cluster.sim.wait(ask(1, 'SyncGroup', 5, sync))
    expect(synced.response).toMatchObject({ errorCode: 0, assignment: Uint8Array.of(7) })
    cluster.change(topic, 0, { leader: 2 })
    await cluster.sim.sleep(1000)
    const heartbeat = async (id: number): Promise<string> => {
      const answer = await cluster.sim.wait(ask(id, 'Heartbeat', 4, member))
      return answer.api === 'Heartbeat' ? errorName(answer.response.errorCode) : answer.api
    }
    expect([await heartbeat(1), await heartbeat(2)]).toEqual(['NOT_COORDINATOR', 'NONE'])
    await cluster.sim.sleep(9_000)
    expect(await heartbeat(2)).toBe('NONE')
    await cluster.sim.sleep(11_000)
    expect(await heartbeat(2)).toBe('UNKNOWN_MEMBER_ID')
  })
})
