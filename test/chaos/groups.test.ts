// What a member of the workload's group writes down: joins with what it was told, polls, each commit as it ended. What a
// cluster does wrong to it is named by the judge: a committed offset that goes back, records that are not given out.

import { describe, expect, test } from 'vitest'
import { GroupNotes, type GroupTools, Member } from '../../src/chaos/groups.ts'
import { measureGroup } from '../../src/chaos/report.ts'
import { checkHistory, HistoryRecorder, type HistoryReport } from '../../src/check/index.ts'
import {
  type Client,
  ClientError,
  type ConsumedRecord,
  type GroupConsumer,
  type GroupConsumerOptions,
} from '../../src/client/index.ts'

const RECORDS = 8
const KEY = 'chaos-1-0'

/** One partition, and a group that believes every member; what it does wrong is told to it. */
class Cluster {
  readonly recorder: HistoryRecorder = new HistoryRecorder({ now: () => 0 })
  readonly notes: GroupNotes = new GroupNotes('g')
  committed: number | null = null
  generation = 0
  /** Of the next commits: what becomes of them. */
  readonly fates: (ClientError | 'lost')[] = []
  /** Of the next polls. */
  readonly failures: Error[] = []
  /** Records below it are not given out. */
  hidden = 0

  constructor() {
    for (let offset = 0; offset < RECORDS; offset++) {
      const step = { f: 'send', key: KEY, value: `v${offset}` } as const
      this.recorder.ok(this.recorder.invoke('producer', { f: 'send', steps: [step] }), { steps: [{ ...step, offset }] })
    }
  }

  member(name: string): Member {
    const tools: GroupTools = {
      context: { recorder: this.recorder, now: () => 0 },
      ...{ topics: ['chaos-1'], open: () => this.#client(), sleep: () => Promise.resolve(), stopping: () => false },
    }
    return new Member(name, this.#client(), this.notes, tools)
  }

  judged(): HistoryReport {
    this.recorder.close()
    return checkHistory(this.recorder.lines)
  }

  #client(): Client {
    const part = { groupConsumer: (options: GroupConsumerOptions) => this.#consumer(options), close: () => undefined }
    return part as unknown as Client
  }

  #consumer(options: GroupConsumerOptions): GroupConsumer {
    const cluster = this
    let generation = -1
    let position = 0
    return {
      poll: async (_, most = 2) => {
        const failure = cluster.failures.shift()
        if (failure !== undefined) throw failure
        if (generation !== cluster.generation || generation < 1) {
          options.onRevoked?.()
          generation = ++cluster.generation
          position = cluster.committed ?? 0
          const at = { topic: 'chaos-1', partition: 0 }
          const partitions = [cluster.committed === null ? at : { ...at, committed: cluster.committed }]
          options.onAssigned?.({ generation, partitions })
        }
        position = Math.max(position, cluster.hidden)
        const until = Math.min(position + most, RECORDS)
        const records = Array.from({ length: until - position }, (_, i) => record(position + i))
        position = until
        return records
      },
      commit: async () => {
        const fate = cluster.fates.shift()
        if (fate instanceof ClientError) throw fate
        if (fate !== 'lost') cluster.committed = position
      },
      ...{
        assignment: [],
        memberId: 'm',
        position: () => position,
        close: () => Promise.resolve(),
        giveBack: () => undefined,
      },
      get generation() {
        return generation === cluster.generation ? generation : -1
      },
    }
  }
}

function record(offset: number): ConsumedRecord {
  const value = Buffer.from(`v${offset}`)
  const rest = { timestamp: 0, timestampType: 'create', leaderEpoch: 0, key: null, headers: [] } as const
  return { topic: 'chaos-1', partition: 0, offset, value, ...rest } as unknown as ConsumedRecord
}

/** `what happened` of each completion of a member. */
function deeds(cluster: Cluster, name: string): string[] {
  return cluster.recorder.lines.flatMap((line) => {
    if (line.process !== name || line.type === 'invoke') return []
    if (line.f === 'join') return [`join ${line.type} ${line.generation} ${JSON.stringify(line.committed)}`]
    if (line.f === 'commit') return [`commit ${line.type} ${line.generation} ${JSON.stringify(line.offsets)}`]
    return [`${line.f} ${line.type}`]
  })
}

const ENDS = [{ topic: 'chaos-1', partition: 0, offset: RECORDS }]

/** Reads to the end and commits, as the last member of a run. */
async function finish(cluster: Cluster, name: string): Promise<void> {
  const member = cluster.member(name)
  for (let i = 0; i < RECORDS && !member.isThrough(ENDS); i++) {
    await member.poll()
    await member.commit()
  }
  expect(member.isThrough(ENDS)).toBe(true)
  await member.leave()
}

describe('a member', () => {
  test('writes down what it was given, polled and committed; the next one goes on there', async () => {
    const cluster = new Cluster()
    const member = cluster.member('a')
    await member.poll()
    await member.commit()
    await member.poll()
    member.die()
    await finish(cluster, 'b')
    expect(deeds(cluster, 'a')).toEqual([
      'join ok 1 {}',
      'poll ok',
      `commit ok 1 {"${KEY}":2}`,
      'poll ok',
      'crash info',
    ])
    expect(deeds(cluster, 'b')[0]).toMatch(/^join ok 2 /)
    expect(cluster.notes).toMatchObject({ lives: 2, refused: 0, unknown: 0 })
    expect([...cluster.notes.generations]).toEqual([1, 2])
    expect(cluster.judged()).toMatchObject({ valid: true, allowed: {} })
  })

  test('tells a refused commit from one of which nobody knows, and reads again what is not committed', async () => {
    const cluster = new Cluster()
    cluster.fates.push(new ClientError('REBALANCE_IN_PROGRESS', 'no'), new ClientError('NETWORK_EXCEPTION', 'no', true))
    const member = cluster.member('a')
    await member.poll()
    await member.commit()
    await member.commit()
    await member.leave()
    await finish(cluster, 'b')
    expect(deeds(cluster, 'a')).toEqual([
      'join ok 1 {}',
      'poll ok',
      `commit fail 1 {"${KEY}":2}`,
      `commit info 1 {"${KEY}":2}`,
    ])
    expect(cluster.notes).toMatchObject({ refused: 1, unknown: 1, read: RECORDS + 2, again: 2 })
    expect(cluster.judged().valid).toBe(true)
  })
})

describe('a poll or commit that fails', () => {
  test('is counted where the error passes, and fails the run where it does not', async () => {
    const cluster = new Cluster()
    const member = cluster.member('a')
    await member.poll()
    cluster.failures.push(
      new ClientError('NETWORK_EXCEPTION', 'gone'),
      new ClientError('NETWORK_EXCEPTION', 'gone'),
      new ClientError('GROUP_AUTHORIZATION_FAILED', 'group g'),
      new TypeError('x is undefined'),
    )
    for (let i = 0; i < 4; i++) expect(await member.poll()).toBe(false)
    cluster.fates.push(new ClientError('OFFSET_METADATA_TOO_LARGE', 'no'))
    await member.commit()
    expect([...cluster.notes.failedPolls]).toEqual([['NETWORK_EXCEPTION', 2]])
    expect([...cluster.notes.unexpected]).toEqual([
      ['poll: GROUP_AUTHORIZATION_FAILED: group g', 1],
      ['poll: x is undefined', 1],
      ['commit: OFFSET_METADATA_TOO_LARGE: no', 1],
    ])
    expect(deeds(cluster, 'a')).toEqual([
      'join ok 1 {}',
      'poll ok',
      ...Array.from({ length: 4 }, () => 'poll fail'),
      `commit info 1 {"${KEY}":2}`,
    ])
    expect(measureGroup(cluster.notes, [KEY], 1_000).failedPolls).toEqual({ NETWORK_EXCEPTION: 2 })
  })
})

describe('is named', () => {
  test('a committed offset that goes back', async () => {
    const cluster = new Cluster()
    const member = cluster.member('a')
    await member.poll()
    await member.commit()
    cluster.fates.push('lost')
    await member.poll()
    await member.commit()
    await member.leave()
    await finish(cluster, 'b')
    expect(cluster.judged().counts).toEqual({ 'lost-commit': 1 })
  })

  test('a record that is skipped after a rebalance', async () => {
    const cluster = new Cluster()
    const member = cluster.member('a')
    await member.poll()
    await member.commit()
    await member.leave()
    cluster.hidden = 5
    await finish(cluster, 'b')
    const { counts, anomalies } = cluster.judged()
    expect(counts).toMatchObject({ 'poll-skip': 1, 'group-skip': 1 })
    expect(anomalies.find(({ name }) => name === 'group-skip')!.text).toContain(
      'had polled "v2" at offset 2 and 2 more',
    )
  })
})
