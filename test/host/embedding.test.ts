// A cluster inside a program, used as the README shows it, with a client that knows nothing of us.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import kafkajs from 'kafkajs'
import { expect, test } from 'vitest'
import { freePorts, startCluster, startNode } from '../../src/main/index.ts'

const { Kafka, logLevel } = kafkajs

function client(bootstrapServers: string): InstanceType<typeof Kafka> {
  return new Kafka({
    brokers: bootstrapServers.split(','),
    logLevel: logLevel.NOTHING,
    retry: { retries: 40, maxRetryTime: 1000, initialRetryTime: 100 },
  })
}

test('a killed leader loses nothing, and comes back', { timeout: 90_000 }, async () => {
  await using cluster = await startCluster({
    brokers: 3,
    properties: { 'broker.session.timeout.ms': '3000', 'broker.heartbeat.interval.ms': '300' },
  })
  const kafka = client(cluster.bootstrapServers)
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({
    topics: [{ topic: 'orders', numPartitions: 1, replicationFactor: 3 }],
    waitForLeaders: true,
  })
  const producer = kafka.producer()
  await producer.connect()
  const offsets: number[] = []
  const send = async (value: string): Promise<void> => {
    const [answer] = await producer.send({ topic: 'orders', acks: -1, messages: [{ value }] })
    offsets.push(Number(answer!.baseOffset))
  }
  for (let i = 0; i < 20; i++) await send(`before ${i}`)
  const leader = cluster.leaderOf('orders', 0)!
  expect(cluster.nodeIds).toContain(leader)
  expect(cluster.activeController()).not.toBeNull()
  await cluster.kill(leader)
  expect(() => cluster.observe(leader)).toThrow(`node ${leader} is not running`)
  for (let i = 0; i < 20; i++) await send(`after ${i}`)
  expect(cluster.leaderOf('orders', 0)).not.toBe(leader)
  await cluster.restart(leader)
  // A producer that is not idempotent may write twice what was in flight; nothing is written in fewer places than acknowledged.
  expect(new Set(offsets).size).toBe(40)
  expect(Math.max(...offsets)).toBeGreaterThanOrEqual(39)
  const deadline = Date.now() + 20_000
  const ends = (): number[] =>
    cluster.nodeIds.map((id) => cluster.observe(id).replicas.find((r) => r.topic === 'orders')?.endOffset ?? -1)
  while (new Set(ends()).size > 1 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50))
  expect(new Set(ends())).toEqual(new Set([Math.max(...offsets) + 1]))
  await producer.disconnect()
  await admin.disconnect()
})

test('data in a directory of its own survives the program', { timeout: 60_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'odradek-host-'))
  try {
    let clusterId = ''
    for (const round of [0, 1]) {
      await using cluster = await startCluster({ brokers: 1, directory })
      if (round === 1) expect(cluster.clusterId).toBe(clusterId)
      clusterId = cluster.clusterId
      const producer = client(cluster.bootstrapServers).producer()
      await producer.connect()
      const [answer] = await producer.send({ topic: 'kept', messages: [{ value: `round ${round}` }] })
      expect(answer!.baseOffset).toBe(String(round))
      await producer.disconnect()
    }
    await expect(startCluster({ brokers: 3, directory })).rejects.toThrow(
      'holds a cluster of 1 brokers on 127.0.0.1, not 3',
    )
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

test('one node by its properties', { timeout: 60_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'odradek-host-'))
  try {
    const [controllerPort] = await freePorts('127.0.0.1', 1)
    const properties = {
      'process.roles': 'broker,controller',
      'node.id': '7',
      listeners: `PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:${controllerPort}`,
      'controller.listener.names': 'CONTROLLER',
      'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
      'log.dirs': join(directory, 'data'),
    }
    await expect(startNode({ properties })).rejects.toThrow('is not formatted')
    const format = {
      clusterId: 'MkU3OEVBNTcwNTJENDM2Qg',
      initialControllers: `7@127.0.0.1:${controllerPort}:MkU3OEVBNTcwNTJENDM2QQ`,
    }
    await using node = await startNode({ properties, format })
    const bound = node.listeners.find((listener) => listener.name === 'PLAINTEXT')!
    expect(bound.port).toBeGreaterThan(0)
    expect(node.observe().brokerState).toBe('running')
    const admin = client(`127.0.0.1:${bound.port}`).admin()
    await admin.connect()
    expect((await admin.describeCluster()).brokers).toEqual([{ nodeId: 7, host: '127.0.0.1', port: bound.port }])
    await admin.disconnect()
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})

test('a node that lost its disk comes back as one that has no vote', { timeout: 60_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'odradek-embedding-'))
  try {
    await using cluster = await startCluster({
      directory,
      properties: { 'broker.session.timeout.ms': '3000', 'broker.heartbeat.interval.ms': '300' },
    })
    const active = cluster.activeController()!
    const [victim, other] = cluster.nodeIds.filter((id) => id !== active)
    const meta = join(directory, `broker-${victim}`, 'data', 'meta.properties')
    const before = readFileSync(meta, 'utf8')
    await cluster.kill(victim!)
    rmSync(join(directory, `broker-${victim}`), { recursive: true })
    await cluster.restart(victim!)
    const idIn = (text: string): string | undefined => /^directory\.id=(.*)$/m.exec(text)?.[1]
    expect(idIn(before)).toBeDefined()
    expect(idIn(readFileSync(meta, 'utf8'))).not.toBe(idIn(before))
    // Two of the three voters are gone, whoever runs on the new disk.
    await cluster.kill(other!)
    const { quorum } = cluster.observe(active)
    await new Promise((resolve) => setTimeout(resolve, 5_000))
    expect(cluster.activeController()).toBeNull()
    expect(cluster.observe(victim!).quorum.highWatermark).toBeGreaterThanOrEqual(quorum.highWatermark)
    await cluster.restart(other!)
    expect(cluster.activeController()).not.toBeNull()
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
