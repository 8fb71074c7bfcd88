// Three drivers over one shared log: activation, brokers' lives, forwarding, resignation, fencing, snapshots.

import { beforeEach, describe, expect, test } from 'vitest'
import type { MetadataImage } from '../../../cluster/metadata/index.ts'
import { imageToRecords, MetadataFold, topicByName } from '../../../cluster/metadata/index.ts'
import { UNASSIGNED_DIR } from '../../../src/base/index.ts'
import type { CreateTopicsRequest } from '../../../src/wire/index.ts'
import { apis, decodeMetadataRecord, errorCode, readBatchHeader, recordsOf } from '../../../src/wire/index.ts'
import { directoryId, World } from './fixtures.ts'

function createRequest(name: string, partitions = 3): CreateTopicsRequest {
  const topic = { name, numPartitions: partitions, replicationFactor: 3, assignments: [], configs: [] }
  return { topics: [topic], timeoutMs: 30_000, validateOnly: false }
}

let world: World

async function threeBrokers(): Promise<void> {
  world = new World()
  for (const id of [1, 2, 3]) world.add(id)
  world.log.elect(1)
  for (const id of [1, 2, 3]) world.startBroker(id)
  await world.clock.advance(1_000)
}

beforeEach(threeBrokers)

describe('starting', () => {
  test('the first controller writes feature levels and the cluster-wide min.insync.replicas in one transaction', () => {
    const { image } = world.nodes.get(2)!.driver
    expect([...image.features]).toEqual([
      ['metadata.version', 30],
      ['eligible.leader.replicas.version', 1],
    ])
    expect(image.configs.get('4:')).toEqual(new Map([['min.insync.replicas', '2']]))
  })

  test('every broker registers, is unfenced, and its epoch is the offset of its registration', () => {
    const seen: number[] = []
    for (const { driver, id } of world.nodes.values()) {
      expect(driver.brokerState).toBe('running')
      expect(driver.image.brokers.get(id)!.fenced).toBe(false)
      expect(driver.image.brokers.get(id)!.epoch).toBe(driver.brokerEpoch)
      seen.push(driver.brokerEpoch)
    }
    expect(new Set(seen).size).toBe(3)
    for (const epoch of seen) expect(recordAt(epoch).type).toBe('RegisterBrokerRecord')
  })

  test('a broker whose replicas are not ready stays fenced', async () => {
    await world.kill(3)
    await world.clock.advance(12_000)
    const node = world.add(3)
    node.ready = false
    world.startBroker(3)
    await world.clock.advance(3_000)
    expect(node.driver.brokerState).toBe('fenced')
    node.ready = true
    await world.clock.advance(500)
    expect(node.driver.brokerState).toBe('running')
    await node.driver.unfenced
  })

  test('is over when metadata and broker agree that it is unfenced', async () => {
    await world.kill(3)
    await world.clock.advance(12_000)
    const { driver } = world.add(3)
    let stateThen = ''
    void driver.unfenced.then(() => {
      stateThen = driver.brokerState
    })
    world.startBroker(3)
    for (let turn = 0; turn < 1_000 && stateThen === ''; turn++) await world.clock.advance(1)
    expect(stateThen).toBe('running')
  })

  test('a broker that nobody registers within the time gives up', async () => {
    const lonely = new World()
    const node = lonely.add(1)
    lonely.startBroker(1)
    await lonely.clock.advance(61_000)
    expect(node.fatal.map(String)).toEqual([
      'Error: This broker cannot join the cluster: no controller registered this broker within 60000 ms.',
    ])
  })
})

describe('requests', () => {
  test('are decided by the active controller wherever they are submitted, and answered when applied there', async () => {
    const { driver } = world.nodes.get(3)!
    const answer = driver.submit(apis.CreateTopics, 7, createRequest('t'), world.context())
    await world.clock.advance(10)
    const [topic] = (await answer).topics!
    expect(topic).toMatchObject({ name: 't', errorCode: 0, numPartitions: 3, replicationFactor: 3 })
    const created = topicByName(driver.image, 't')!
    expect(created.id).toBe(topic!.topicId)
    for (const partition of created.partitions.values()) expect(partition.isr.length).toBe(3)
  })

  test('of one turn are one batch, and the second sees the first although nothing is committed', async () => {
    world.log.committing = false
    const { driver } = world.nodes.get(1)!
    const batches = world.log.batches.length
    const outcomes: string[] = []
    const ask = async (name: string): Promise<void> => {
      const answer = await driver.submit(apis.CreateTopics, 7, createRequest(name), world.context())
      outcomes.push(`${name} ${answer.topics![0]!.errorCode}`)
    }
    const all = Promise.all([ask('a'), ask('a'), ask('b')])
    await world.clock.advance(5)
    expect(world.log.batches.length).toBe(batches + 1)
    expect(outcomes).toEqual([])
    world.log.committing = true
    world.log.commit()
    await all
    expect(outcomes).toEqual(['a 0', `a ${errorCode('TOPIC_ALREADY_EXISTS')}`, 'b 0'])
  })

  test('that wait when the leadership ends get NOT_CONTROLLER, find the next controller and succeed there', async () => {
    world.log.committing = false
    const here = world.nodes.get(1)!.driver.decide(apis.CreateTopics, 7, createRequest('x'), world.context())
    const forwarded = world.nodes.get(3)!.driver.submit(apis.CreateTopics, 7, createRequest('y'), world.context())
    await world.clock.advance(5)
    world.log.truncate()
    world.log.committing = true
    world.log.elect(2)
    expect((await here).topics![0]!.errorCode).toBe(errorCode('NOT_CONTROLLER'))
    await world.clock.advance(200)
    expect((await forwarded).topics![0]!.errorCode).toBe(0)
    expect(topicByName(world.nodes.get(1)!.driver.image, 'x')).toBeUndefined()
    expect(topicByName(world.nodes.get(1)!.driver.image, 'y')).toBeDefined()
  })

  test('that a stopped controller was asked go to its successor, without waiting for their deadline', async () => {
    world.mute.add(1)
    const { driver } = world.nodes.get(3)!
    let answered: number | undefined
    void driver.submit(apis.CreateTopics, 7, createRequest('z'), world.context()).then((answer) => {
      answered = answer.topics![0]!.errorCode
    })
    await world.clock.advance(100)
    expect(answered).toBeUndefined()
    world.log.elect(2)
    await world.clock.advance(200)
    expect(answered).toBe(0)
  })

  test('too large for one batch are refused whole, and the controller leads on (S55)', async () => {
    const { driver } = world.nodes.get(1)!
    const created = driver.submit(apis.CreateTopics, 7, createRequest('big', 1), world.context())
    await world.clock.advance(10)
    await created
    const value = Array.from({ length: 5_000 }, (_, i) => `${i % 10}:${i % 10}`).join(',')
    const configs = Array.from({ length: 25 }, (_, i) => ({
      name: `t${i}`,
      numPartitions: 1,
      replicationFactor: 3,
      assignments: [],
      configs: ['leader', 'follower'].map((who) => ({ name: `${who}.replication.throttled.replicas`, value })),
    }))
    const ask = (topics: typeof configs): Promise<readonly (number | undefined)[]> =>
      driver
        .decide(apis.CreateTopics, 7, { topics, timeoutMs: 30_000, validateOnly: false }, world.context())
        .then((answer) => answer.topics!.map((topic) => topic.errorCode))
    const many = Array.from({ length: 10 }, (_, n) => configs.map((each) => ({ ...each, name: `${each.name}-${n}` })))
    const large = ask(many.flat())
    // Those of one turn that fit alone and not together are several batches.
    const small = many.slice(0, 8).map(ask)
    await world.clock.advance(50)
    expect(new Set(await large)).toEqual(new Set([errorCode('POLICY_VIOLATION')]))
    for (const answer of small) expect(new Set(await answer)).toEqual(new Set([0]))
    expect(world.nodes.get(1)!.fatal).toEqual([])
    expect(world.log.leaderId).toBe(1)
    const sizes = world.log.batches.map((batch) => batch.bytes.length)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(8 * 1024 * 1024)
  })

  test('a log that takes no batch ends the leadership', async () => {
    world.log.refuse = true
    const answer = world.nodes.get(1)!.driver.decide(apis.CreateTopics, 7, createRequest('x'), world.context())
    await world.clock.advance(5)
    expect((await answer).topics![0]!.errorCode).toBe(errorCode('NOT_CONTROLLER'))
    expect(world.log.leaderId).toBe(-1)
  })

  test('without a controller are answered at their deadline', async () => {
    world.log.elect(-1)
    const { driver } = world.nodes.get(2)!
    const answer = driver.submit(apis.CreateTopics, 7, createRequest('t'), world.context(1_000))
    await world.clock.advance(1_100)
    expect((await answer).topics![0]).toMatchObject({ name: 't', errorCode: errorCode('NOT_CONTROLLER') })
  })

  test('a decision that is not committed in time says so', async () => {
    world.log.committing = false
    const { driver } = world.nodes.get(1)!
    const answer = driver.decide(apis.CreateTopics, 7, createRequest('t'), world.context(1_000))
    await world.clock.advance(1_100)
    expect((await answer).topics![0]!.errorCode).toBe(errorCode('REQUEST_TIMED_OUT'))
  })
})

describe('brokers', () => {
  async function createTopic(): Promise<void> {
    const { driver } = world.nodes.get(1)!
    const answer = driver.submit(apis.CreateTopics, 7, createRequest('t', 6), world.context())
    await world.clock.advance(10)
    expect((await answer).topics![0]!.errorCode).toBe(0)
  }

  test('a killed broker is fenced after its session and leads nothing; others take over', async () => {
    await createTopic()
    await world.kill(3)
    await world.clock.advance(7_000)
    const { driver } = world.nodes.get(1)!
    expect(driver.image.brokers.get(3)!.fenced).toBe(false)
    await world.clock.advance(6_000)
    expect(driver.image.brokers.get(3)!.fenced).toBe(true)
    for (const partition of topicByName(driver.image, 't')!.partitions.values()) {
      expect(partition.isr).not.toContain(3)
      expect(partition.leader).not.toBe(3)
      expect(partition.leader).toBeGreaterThan(0)
    }
  })

  test('a stalled controller fences nobody: what arrived meanwhile is heard first (S59)', async () => {
    world.clock.stall(30_000)
    await world.clock.advance(5_000)
    for (const broker of world.nodes.get(1)!.driver.image.brokers.values()) expect(broker.fenced).toBe(false)
  })

  test('a new controller gives every broker a whole session', async () => {
    await world.kill(1)
    world.log.elect(2)
    await world.clock.advance(8_000)
    expect(world.nodes.get(2)!.driver.image.brokers.get(1)!.fenced).toBe(false)
    await world.clock.advance(4_000)
    expect(world.nodes.get(2)!.driver.image.brokers.get(1)!.fenced).toBe(true)
    expect(world.nodes.get(2)!.driver.image.brokers.get(3)!.fenced).toBe(false)
  })

  test('controlled shutdown moves leaders first, waits until others know, then lets go', async () => {
    await createTopic()
    const { driver } = world.nodes.get(2)!
    const done = driver.controlledShutdown(30_000)
    await world.clock.advance(300)
    await done
    expect(driver.brokerState).toBe('stopped')
    const { image } = world.nodes.get(1)!.driver
    expect(image.brokers.get(2)).toMatchObject({ fenced: true, inControlledShutdown: true })
    for (const partition of topicByName(image, 't')!.partitions.values()) {
      expect(partition.isr).not.toContain(2)
      expect([1, 3]).toContain(partition.leader)
    }
  })

  test('controlled shutdown without a controller ends at its time-out', async () => {
    world.log.elect(-1)
    const { driver } = world.nodes.get(2)!
    const done = driver.controlledShutdown(5_000)
    await world.clock.advance(5_001)
    await done
    expect(driver.brokerState).toBe('stopped')
  })

  test('a second process with the same id is refused while the first lives, and taken when it is gone', async () => {
    const before = world.nodes.get(3)!.driver.brokerEpoch
    await world.kill(3)
    const again = world.add(3)
    world.startBroker(3, before)
    await world.clock.advance(5_000)
    expect(again.driver.brokerState).toBe('starting')
    await world.clock.advance(8_000)
    expect(again.driver.brokerState).toBe('running')
    expect(again.driver.brokerEpoch).toBeGreaterThan(before)
  })

  test('ISR proposals come back with the verdict of each partition', async () => {
    await createTopic()
    const image = world.nodes.get(1)!.driver.image
    const topic = topicByName(image, 't')!
    const [index, partition] = [...topic.partitions].find(([, p]) => p.leader === 3)!
    const at = { topic: 't', topicId: topic.id, partition: index }
    const { driver } = world.nodes.get(3)!
    const member = (id: number) => ({ id, brokerEpoch: image.brokers.get(id)!.epoch })
    const proposal = {
      at,
      leaderEpoch: partition.leaderEpoch,
      partitionEpoch: partition.partitionEpoch,
      newIsr: [member(3), member(1)],
      leaderRecoveryState: 0 as const,
    }
    const verdicts = driver.alterPartition([proposal, { ...proposal, at: { ...at, partition: 99 } }])
    await world.clock.advance(10)
    expect(await verdicts).toEqual([
      {
        kind: 'committed',
        leaderId: 3,
        leaderEpoch: partition.leaderEpoch,
        isr: [3, 1],
        partitionEpoch: partition.partitionEpoch + 1,
        leaderRecoveryState: 0,
      },
      { kind: 'refused', error: 'UNKNOWN_TOPIC_OR_PARTITION' },
    ])
    const again = driver.alterPartition([proposal])
    await world.clock.advance(10)
    expect(await again).toEqual([{ kind: 'refused', error: 'INVALID_UPDATE_VERSION' }])
    world.log.elect(-1)
    expect(await driver.alterPartition([proposal])).toEqual([{ kind: 'retry' }])
  })

  test('a broker with several directories is believed where its replicas lie, however often it must say so', async () => {
    await world.kill(3)
    await world.clock.advance(12_000)
    world.add(3)
    world.startBroker(3, -1, [directoryId('3x'), directoryId('3y')])
    await world.clock.advance(1_000)
    await createTopic()
    const image = (): MetadataImage => world.nodes.get(1)!.driver.image
    const named = (): (string | undefined)[] =>
      [...topicByName(image(), 't')!.partitions.values()].map((p) => p.directories[p.replicas.indexOf(3)])
    expect(new Set(named())).toEqual(new Set([UNASSIGNED_DIR]))
    const { id, partitions } = topicByName(image(), 't')!
    world.log.elect(-1)
    const assignments = [...partitions.keys()].map((index) => ({
      topicId: id,
      index,
      directory: directoryId(index % 2 === 0 ? '3x' : '3y'),
    }))
    world.nodes.get(3)!.driver.assignReplicas(assignments)
    await world.clock.advance(100)
    world.log.elect(2)
    await world.clock.advance(1_000)
    expect(new Set(named())).toEqual(new Set([directoryId('3x'), directoryId('3y')]))
    const { offset } = image()
    await world.clock.advance(2_000)
    expect(image().offset - offset).toBeLessThan(6)
  })

  test('producer ids are never given twice', async () => {
    const ids: (number | null)[] = []
    const take = async (id: number, n: number): Promise<void> => {
      for (let i = 0; i < n; i++)
        ids.push(await world.nodes.get(id)!.driver.allocateProducerId(world.clock.now + 5_000))
    }
    const done = Promise.all([take(1, 1_500), take(2, 700), take(2, 700)])
    for (let i = 0; i < 200; i++) await world.clock.advance(1)
    await done
    expect(ids).not.toContain(null)
    expect(new Set(ids).size).toBe(2_900)
  })
})

describe('images', () => {
  test('a node publishes the same images in the same order, each with the changes for itself', async () => {
    const seen: string[] = []
    world.nodes.get(2)!.driver.onImage((before, after, changes) => {
      expect(after.offset).toBeGreaterThan(before.offset)
      for (const change of changes) seen.push(`${change.kind} ${change.topic}`)
    })
    const request = createRequest('t', 1)
    const answer = world.nodes.get(1)!.driver.submit(apis.CreateTopics, 7, request, world.context())
    await world.clock.advance(10)
    await answer
    const { topics } = { topics: [{ name: 't', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }] }
    const removal = { topics, topicNames: [], timeoutMs: 1_000 }
    const removed = world.nodes.get(3)!.driver.submit(apis.DeleteTopics, 6, removal, world.context())
    await world.clock.advance(10)
    expect((await removed).responses![0]).toMatchObject({ name: 't', errorCode: 0 })
    expect(seen).toEqual(['replica t', 'remove t'])
  })

  test('DeleteTopics by the names of old versions arrives as it was sent', async () => {
    const created = world.nodes.get(3)!.driver.submit(apis.CreateTopics, 7, createRequest('old', 1), world.context())
    await world.clock.advance(10)
    await created
    const request = { topics: [], topicNames: ['old', 'none'], timeoutMs: 1_000 }
    const answer = world.nodes.get(3)!.driver.submit(apis.DeleteTopics, 4, request, world.context())
    await world.clock.advance(10)
    expect((await answer).responses!.map((r) => r.errorCode)).toEqual([0, errorCode('UNKNOWN_TOPIC_OR_PARTITION')])
  })

  test('NoOp records keep offsets moving', async () => {
    const before = world.nodes.get(2)!.driver.image.offset
    await world.clock.advance(5_000)
    const moved = world.nodes.get(2)!.driver.image.offset - before
    expect(moved).toBeGreaterThanOrEqual(8)
    expect(moved).toBeLessThanOrEqual(11)
  })

  test('every node writes a snapshot at its thresholds, and the snapshot is the image', async () => {
    const node = world.nodes.get(3)!
    node.raft.bytesSinceSnapshot = 21 << 20
    await world.clock.advance(1_000)
    expect(node.raft.snapshots.length).toBe(1)
    const { id, records } = node.raft.snapshots[0]!
    const fold = new MetadataFold()
    for (const record of records) fold.apply(decodeMetadataRecord(record))
    const whole = new MetadataFold()
    for (const record of imageToRecords(node.driver.image)) whole.apply(record)
    expect(fold.publish(id.endOffset, 1)).toEqual(whole.publish(id.endOffset, 1))
    expect(world.nodes.get(2)!.raft.snapshots.length).toBe(0)
    await world.clock.advance(3_600_000)
    expect(world.nodes.get(2)!.raft.snapshots.length).toBe(1)
  }, 20_000)

  test('controllers register once, by their incarnation', async () => {
    const listeners = [{ name: 'CONTROLLER', host: 'localhost', port: 9093, securityProtocol: 0 }]
    world.nodes.get(2)!.driver.startController({ incarnationId: 'controllerAAAAAAAAAAAA', listeners })
    await world.clock.advance(100)
    const { image } = world.nodes.get(1)!.driver
    expect(image.controllers.get(2)).toMatchObject({ id: 2, incarnationId: 'controllerAAAAAAAAAAAA', listeners })
    const { offset } = image
    world.log.elect(3)
    await world.clock.advance(400)
    expect(world.nodes.get(1)!.driver.image.offset - offset).toBeLessThan(3)
  })
})

function recordAt(offset: number): ReturnType<typeof decodeMetadataRecord> {
  const batch = world.log.batches.find((b) => b.baseOffset <= offset && offset < b.endOffset)!
  const record = recordsOf(batch.bytes, readBatchHeader(batch.bytes, 0)!).find((r) => r.offset === offset)!
  return decodeMetadataRecord(record.value!)
}
