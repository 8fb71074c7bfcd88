// A member of a group against a scripted coordinator: what it makes of answers about committed offsets, of having nowhere to
// begin, and of heartbeats that fail.

import { afterEach, describe, expect, test } from 'vitest'
import { ClientError, createClient, type GroupConsumer, type GroupConsumerOptions } from '../../../src/client/index.ts'
import { createSimulation, type Simulation } from '../../../src/sim/index.ts'
import { apis, type ErrorName, errorCode, type Input } from '../../../src/wire/index.ts'
import { ScriptedLog } from '../../support/scripted-log.ts'

const MEMBER = 'member-1'

let sim: Simulation | null = null
afterEach(() => {
  sim?.[Symbol.dispose]()
  sim = null
})

type Told = Input<typeof apis.OffsetFetch.response>

interface World {
  readonly log: ScriptedLog
  readonly consumer: GroupConsumer
  poll(): ReturnType<GroupConsumer['poll']>
  refusal(): Promise<ClientError>
  /** How often an API was asked. */
  asked(api: string): number
}

/** One topic of two partitions, one member, which leads. */
async function world(
  offsets: (attempt: number) => Told,
  options: Partial<GroupConsumerOptions> = {},
  beats = true,
): Promise<World> {
  const created = createSimulation({ seed: 5 })
  sim = created
  const [a, b] = [created.addNode('a'), created.addNode('b')]
  const log = new ScriptedLog('b', 9092).topic('t', 2)
  let fetches = 0
  let generation = 0
  let assignment: Uint8Array = new Uint8Array()
  log
    .serve(apis.FindCoordinator, (body) => ({
      coordinators: body.coordinatorKeys.map((key) => ({ key, nodeId: 1, host: 'b', port: 9092 })),
    }))
    .serve(apis.JoinGroup, ({ protocols }) => ({
      generationId: ++generation,
      protocolType: 'consumer',
      protocolName: 'range',
      leader: MEMBER,
      memberId: MEMBER,
      members: [{ memberId: MEMBER, metadata: protocols[0]!.metadata }],
    }))
    .serve(apis.SyncGroup, ({ assignments }) => {
      assignment = assignments[0]!.assignment
      return { protocolType: 'consumer', protocolName: 'range', assignment }
    })
    .serve(apis.OffsetFetch, () => offsets(fetches++))
    .serve(apis.LeaveGroup, () => ({}))
  if (beats) log.serve(apis.Heartbeat, () => ({}))
  await created.wait(log.listen(b.network, { host: 'b', port: 9092 }))
  const client = createClient(a, { bootstrap: 'b:9092', requestTimeoutMs: 1_000 })
  const producer = client.producer()
  for (const partition of [0, 1]) {
    for (let i = 0; i < 4; i++) await created.wait(producer.send({ topic: 't', partition, value: `${partition}.${i}` }))
  }
  const consumer = client.groupConsumer({ group: 'g', topics: ['t'], reset: 'earliest', ...options })
  const poll = (): ReturnType<GroupConsumer['poll']> => created.wait(consumer.poll(3_000))
  const refusal = async (): Promise<ClientError> => {
    const error: unknown = await poll().then(
      () => null,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(ClientError)
    return error as ClientError
  }
  return { log, consumer, poll, refusal, asked: (api) => log.received.filter((each) => each.api === api).length }
}

/** Of partitions 0 and 1. */
function told(...answers: readonly (number | ErrorName)[]): Told {
  const partitions = answers.map((answer, partitionIndex) =>
    typeof answer === 'number'
      ? { partitionIndex, committedOffset: answer }
      : { partitionIndex, committedOffset: -1, errorCode: errorCode(answer) },
  )
  return { groups: [{ groupId: 'g', topics: [{ name: 't', partitions }] }] }
}

describe('committed offsets', () => {
  test('are asked for again while one of them is unstable', async () => {
    const w = await world((attempt) => (attempt < 2 ? told(1, 'UNSTABLE_OFFSET_COMMIT') : told(1, 3)))
    const records = await w.poll()
    expect(w.asked('OffsetFetch')).toBe(3)
    const first = [0, 1].map((partition) => records.find((record) => record.partition === partition)?.offset)
    expect(first).toEqual([1, 3])
  })

  test('that a partition is refused is told with its name, also beside an unstable one', async () => {
    const w = await world(() => told('UNSTABLE_OFFSET_COMMIT', 'TOPIC_AUTHORIZATION_FAILED'))
    const { error, message } = await w.refusal()
    expect([error, message]).toEqual([
      'TOPIC_AUTHORIZATION_FAILED',
      'TOPIC_AUTHORIZATION_FAILED: offsets of group g, partition t-1',
    ])
  })
})

test('who is told that it is no member joins again', async () => {
  const none = { topics: [], groupId: 'g' }
  const w = await world((attempt) =>
    attempt === 0 ? { groups: [{ ...none, errorCode: errorCode('UNKNOWN_MEMBER_ID') }] } : told(1, 3),
  )
  expect((await w.refusal()).error).toBe('UNKNOWN_MEMBER_ID')
  await w.poll()
  expect([w.consumer.generation, w.asked('JoinGroup')]).toEqual([2, 2])
})

describe('a consumer that may not choose where to begin', () => {
  test('is told at each poll which partitions nothing is committed of, and what to do', async () => {
    const w = await world(() => told(2, -1), { reset: 'none' })
    for (let i = 0; i < 2; i++) {
      const { error, message } = await w.refusal()
      expect(error).toBe('OFFSET_OUT_OF_RANGE')
      expect(message).toContain('group g has committed no offset of t-1, and reset is none: commit an offset')
    }
    expect(w.consumer.assignment).toEqual([])
  })

  test('goes on in its generation when somebody has committed', async () => {
    const w = await world((attempt) => (attempt === 0 ? told(2, -1) : told(2, 3)), { reset: 'none' })
    await w.refusal()
    expect((await w.poll()).map(({ partition }) => partition)).toContain(1)
    expect(w.consumer.generation).toBe(1)
    expect(w.asked('JoinGroup')).toBe(1)
    expect(w.consumer.assignment).toHaveLength(2)
  })
})

describe('a heartbeat that cannot be sent', () => {
  test('is told at the next poll, once, and the next one is sent', async () => {
    const w = await world(() => told(0, 0), { heartbeatIntervalMs: 500 }, false)
    await w.poll()
    await sim!.sleep(1_000)
    expect((await w.refusal()).error).toBe('UNSUPPORTED_VERSION')
    expect(w.consumer.generation).toBe(1)
    await w.poll()
    await sim!.sleep(1_000)
    expect((await w.refusal()).error).toBe('UNSUPPORTED_VERSION')
    expect(w.asked('JoinGroup')).toBe(1)
  })
})

describe('records that are given back', () => {
  test('are not committed, and what came before them is', async () => {
    const w = await world(() => told(0, 0))
    const committed: [number, number][] = []
    w.log.serve(apis.OffsetCommit, ({ topics }) => {
      const rows = topics.flatMap(({ partitions }) => partitions)
      committed.push(...rows.map((row): [number, number] => [row.partitionIndex, row.committedOffset]))
      return {
        topics: [{ name: 't', partitions: rows.map(({ partitionIndex }) => ({ partitionIndex })) }],
      }
    })
    const records = []
    while (records.length < 8) records.push(...(await w.poll()))
    w.consumer.giveBack(records.filter(({ partition, offset }) => partition === 1 && offset >= 2))
    await sim!.wait(w.consumer.commit())
    expect(committed.toSorted()).toEqual([
      [0, 4],
      [1, 2],
    ])
  })
})
