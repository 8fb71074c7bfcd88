// `odradek storage` and `dump-log`: what they write, and what they refuse without having written.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { odradek } from './processes.ts'

const CLUSTER = 'MkU3OEVBNTcwNTJENDM2Qg'
const DIRECTORY = 'Aq6Vq1UPTIq_ZJrqkHWGHw'
const work: string = mkdtempSync(join(tmpdir(), 'odradek-storage-'))

function properties(name: string, more = '', voters = 'controller.quorum.bootstrap.servers=localhost:9093'): string {
  const file = join(work, `${name}.properties`)
  const logDirs = `${join(work, name, 'a')},${join(work, name, 'b')}`
  const lines = ['process.roles=broker,controller', 'node.id=1', 'listeners=PLAINTEXT://:9092,CONTROLLER://:9093']
  writeFileSync(
    file,
    [...lines, 'controller.listener.names=CONTROLLER', voters, `log.dirs=${logDirs}`, more].join('\n'),
  )
  return file
}

afterAll(() => rmSync(work, { recursive: true }))

test('random-uuid prints an id that can be used', async () => {
  const { stdout, code } = await odradek(['storage', 'random-uuid'])
  expect(code).toBe(0)
  expect(stdout.trim()).toMatch(/^[\w-]{21}[AQgw]$/)
})

describe('format', () => {
  const file: string = properties('one')

  beforeAll(async () => {
    const initial = `1@localhost:9093:${DIRECTORY},2@[::1]:9095:Bq6Vq1UPTIq_ZJrqkHWGHw`
    const done = await odradek(['storage', 'format', '-t', CLUSTER, '-c', file, '--initial-controllers', initial])
    expect(done).toMatchObject({ code: 0, stderr: '' })
    expect(done.stdout).toContain('dynamic metadata voter directory')
  })

  test('writes the files of Kafka', async () => {
    const meta = readFileSync(join(work, 'one', 'a', 'meta.properties'), 'utf8')
    for (const line of ['node.id=1', 'version=1', `cluster.id=${CLUSTER}`, `directory.id=${DIRECTORY}`])
      expect(meta).toContain(line)
    expect(readdirSync(join(work, 'one', 'a')).sort()).toEqual([
      '__cluster_metadata-0',
      'bootstrap.checkpoint',
      'meta.properties',
    ])
    expect(readdirSync(join(work, 'one', 'b')).sort()).toEqual(['bootstrap.checkpoint', 'meta.properties'])
    const snapshot = join(work, 'one', 'a', '__cluster_metadata-0', '00000000000000000000-0000000000.checkpoint')
    const { stdout, code } = await odradek(['dump-log', snapshot])
    expect(code).toBe(0)
    expect(stdout).toContain('"kRaftVersion":1')
    expect(stdout).toContain('"host":"::1","port":9095')
    const bootstrap = await odradek(['dump-log', join(work, 'one', 'b', 'bootstrap.checkpoint')])
    expect(bootstrap.stdout).toContain('{"name":"metadata.version","featureLevel":30}')
    expect(bootstrap.stdout).not.toContain('group.version')
  })

  test('info finds them', async () => {
    const { stdout, code } = await odradek(['storage', 'info', '-c', file, '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      problems: [],
      directories: [{ clusterId: CLUSTER }, { clusterId: CLUSTER }],
    })
  })

  test.each([
    ['again', [CLUSTER, '--standalone'], /is already formatted/],
    [
      'for another cluster',
      ['AkU3OEVBNTcwNTJENDM2Qg', '--standalone', '--ignore-formatted'],
      /Expected AkU3.* but read MkU3/,
    ],
    ['without a quorum', [CLUSTER], /you must specify one of the following/],
    ['with a reserved id', [CLUSTER, '-I', '1@localhost:9093:AAAAAAAAAAAAAAAAAAAAEg'], /is reserved/],
    ['with a bad release', [CLUSTER, '-s', '--release-version', '9.9'], /metadata.version 9.9 is not served/],
  ])('refuses %s, and changes nothing', async (_, [id, ...flags], message) => {
    const before = readFileSync(join(work, 'one', 'a', 'meta.properties'), 'utf8')
    const { code, stderr, stdout } = await odradek(['storage', 'format', '-t', id!, '-c', file, ...flags])
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(readFileSync(join(work, 'one', 'a', 'meta.properties'), 'utf8')).toBe(before)
  })

  test('leaves formatted directories alone with --ignore-formatted', async () => {
    const { code, stdout } = await odradek(['storage', 'format', '-t', CLUSTER, '-c', file, '-s', '-g'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'All of the log directories are already formatted.\n' })
  })

  test('static voters need no flag, and take none', async () => {
    const fixed = properties('fixed', '', 'controller.quorum.voters=1@localhost:9093')
    expect((await odradek(['storage', 'format', '-t', CLUSTER, '-c', fixed, '-s'])).stderr).toContain('please remove')
    expect((await odradek(['storage', 'format', '-t', CLUSTER, '-c', fixed])).code).toBe(0)
    expect(readdirSync(join(work, 'fixed', 'a')).sort()).toEqual(['bootstrap.checkpoint', 'meta.properties'])
  })

  test('a directory with data and no owner is not claimed', async () => {
    const stray = properties('stray')
    mkdirSync(join(work, 'stray', 'a', 'topic-0'), { recursive: true })
    const { code, stderr } = await odradek(['storage', 'format', '-t', CLUSTER, '-c', stray, '-s'])
    expect(code).toBe(1)
    expect(stderr).toContain('topic-0 but no meta.properties')
    expect(readdirSync(join(work, 'stray'))).toEqual(['a'])
  })
})

describe('messages', () => {
  test.each([
    [['topcs'], 2, 'Did you mean topics?'],
    [['topics', 'create'], 2, 'Not enough'],
    [['node', 'list', '--data', join(work, 'none')], 1, 'No odradek up runs the cluster'],
    [['broker', '--config', join(work, 'none.properties')], 1, 'none.properties does not exist'],
    [['topics', 'list', '--bootstrap', '127.0.0.1:1', '--timeout', '1'], 1, '127.0.0.1:1'],
  ])('%j ends with %i', async (args, code, sentence) => {
    const done = await odradek(args)
    expect(done.stderr).toContain(sentence)
    expect(done.code).toBe(code)
  })

  test('a properties file with several mistakes tells them all', async () => {
    const bad = properties('bad', 'num.partitions=0\nlog.retention.ms=soon')
    const { code, stderr } = await odradek(['broker', '--config', bad])
    expect(code).toBe(1)
    expect(stderr).toContain('num.partitions')
    expect(stderr).toContain('log.retention.ms')
  })
})
