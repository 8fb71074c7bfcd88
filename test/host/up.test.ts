// `odradek up` with real processes: from nothing to a served record, a killed broker, a clean stop, a second start on the
// same data; and each thing that may be wrong, told in one sentence with nothing damaged.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import type { Running } from './processes.ts'
import { odradek, start } from './processes.ts'

const work: string = mkdtempSync(join(tmpdir(), 'odradek-up-'))
const running: Running[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.end('SIGTERM')))
})
afterAll(() => rmSync(work, { recursive: true, force: true }))

function up(...args: string[]): Running {
  const cluster = start(['up', ...args])
  running.push(cluster)
  return cluster
}

interface ClusterFile {
  readonly nodes: readonly { readonly clientPort: number }[]
}

function bootstrapOf(data: string): string {
  const { nodes } = JSON.parse(readFileSync(join(data, 'cluster.json'), 'utf8')) as ClusterFile
  return nodes.map((node) => `127.0.0.1:${node.clientPort}`).join(',')
}

test('a cluster of three: a record, a killed broker, a stop, a second start', { timeout: 120_000 }, async () => {
  const data = join(work, 'three')
  const first = up('--data', data, '--port', '0')
  await first.says('Ready after')
  const bootstrap = bootstrapOf(data)
  expect(first.output()).toContain(`bootstrap.servers=${bootstrap}`)
  expect(await odradek(['topics', 'create', 'letters', '--partitions', '2', '-b', bootstrap])).toMatchObject({
    code: 0,
  })
  expect(await odradek(['produce', 'letters', '-b', bootstrap], 'a\nb\nc\n')).toMatchObject({ code: 0 })

  const described = await odradek(['topics', 'describe', 'letters', '--json', '-b', bootstrap])
  const [topic] = JSON.parse(described.stdout) as [{ partitions: { leader: number; replicas: number[] }[] }]
  expect(topic.partitions[0]!.replicas).toHaveLength(3)
  const victim = topic.partitions[0]!.leader
  const pid = await odradek(['node', 'pid', String(victim), '--data', data])
  process.kill(Number(pid.stdout), 'SIGKILL')
  await first.says(`broker ${victim} died (SIGKILL`)
  expect(first.output()).toContain(`node start ${victim} --data ${data}`)
  expect((await odradek(['node', 'pid', String(victim), '--data', data])).code).toBe(1)
  expect(await odradek(['produce', 'letters', '-b', bootstrap], 'd\n')).toMatchObject({ code: 0 })
  expect(await odradek(['node', 'start', String(victim), '--wait', '--data', data])).toMatchObject({ code: 0 })

  expect((await odradek(['up', '--data', data])).stderr).toContain('Another odradek up (process')
  expect(await first.end('SIGINT')).toBe(0)

  const second = up('--data', data)
  await second.says('Ready after')
  const read = await odradek(['consume', 'letters', '--exit', '-b', bootstrap])
  expect(read.stdout.trim().split('\n').sort()).toEqual(['a', 'b', 'c', 'd'])
  const quorum = JSON.parse((await odradek(['quorum', '--json', '-b', bootstrap])).stdout) as { voters: unknown[] }
  expect(quorum.voters).toHaveLength(3)
})

test('an ephemeral broker leaves nothing', { timeout: 60_000 }, async () => {
  const cluster = up('--ephemeral', '--brokers', '1', '--port', '0')
  await cluster.says('Ready after')
  const data = /data in (\S+)/.exec(cluster.output())![1]!
  const bootstrap = bootstrapOf(data)
  expect(await odradek(['produce', 'made-by-need', '-b', bootstrap, '--value', 'x'])).toMatchObject({ code: 0 })
  // Who names a partition is told that it does not move; of a topic nothing need.
  const cancelled = await odradek(['reassign', 'cancel', 'made-by-need:0', '-b', bootstrap])
  expect(cancelled).toMatchObject({ code: 1, stderr: expect.stringContaining('NO_REASSIGNMENT_IN_PROGRESS') })
  expect(await odradek(['reassign', 'cancel', 'made-by-need', '-b', bootstrap])).toMatchObject({ code: 0 })
  expect(await cluster.end('SIGTERM')).toBe(0)
  expect(() => readFileSync(join(data, 'cluster.json'))).toThrow()
})

describe('what may be wrong', () => {
  test('a taken port', async () => {
    const holder = createServer()
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
    const { port } = holder.address() as { port: number }
    const { code, stderr } = await odradek([
      'up',
      '--data',
      join(work, 'taken'),
      '--port',
      String(port),
      '--brokers',
      '1',
    ])
    holder.close()
    expect(code).toBe(1)
    expect(stderr).toMatch(new RegExp(`^odradek: Port ${port} on 127.0.0.1 is taken.*--port\\.\n$`))
    expect(() => readFileSync(join(work, 'taken', 'cluster.json'))).toThrow()
  })

  test('directories of another cluster, a corrupt meta.properties, no cluster.json', async () => {
    const data = join(work, 'mixed')
    const foreign = (text: string): void => writeFileSync(join(data, 'broker-1', 'data', 'meta.properties'), text)
    mkdirSync(join(data, 'broker-1', 'data'), { recursive: true })
    foreign('version=1\ncluster.id=elsewhere\nnode.id=1\ndirectory.id=Aq6Vq1UPTIq_ZJrqkHWGHw\n')
    const stray = await odradek(['up', '--data', data])
    expect(stray).toMatchObject({ code: 1, stdout: '' })
    expect(stray.stderr).toMatch(/broker-1 exists, but .*cluster\.json does not/)

    const node = { id: 1, clientPort: 24301, interBrokerPort: 24311, controllerPort: 24321 }
    const ids = { logDirectory: join(data, 'broker-1', 'data'), directoryId: 'Aq6Vq1UPTIq_ZJrqkHWGHw' }
    const cluster = { clusterId: 'MkU3OEVBNTcwNTJENDM2Qg', host: '127.0.0.1', nodes: [{ ...node, ...ids }] }
    writeFileSync(join(data, 'cluster.json'), JSON.stringify(cluster))
    expect((await odradek(['up', '--data', data])).stderr).toMatch(
      /Expected MkU3.*, but read elsewhere.*nothing was changed/,
    )
    expect((await odradek(['up', '--data', data, '--brokers', '3'])).stderr).toContain(
      'holds a cluster of 1 broker, not 3',
    )

    foreign('version=1\ncluster.id=MkU3')
    expect((await odradek(['up', '--data', data])).stderr).toMatch(
      /meta\.properties cannot be used: it has no node\.id/,
    )
    expect(readFileSync(join(data, 'broker-1', 'data', 'meta.properties'), 'utf8')).toBe('version=1\ncluster.id=MkU3')

    writeFileSync(join(data, 'cluster.json'), '{')
    expect((await odradek(['up', '--data', data])).stderr).toContain('cluster.json cannot be understood')
  })

  test('a place that cannot be written to', async () => {
    writeFileSync(join(work, 'file'), '')
    const { code, stderr } = await odradek(['up', '--data', join(work, 'file', 'data')])
    expect(code).toBe(1)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})
