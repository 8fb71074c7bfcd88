// The three data directories that Apache Kafka 4.3.1 wrote and stopped cleanly: every record that it acknowledged is
// found by offset and by time, and what is derived (indexes, epochs) is rebuilt to the bytes that Kafka left.

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PoolOffload, SystemDisk } from '../../src/io/index.ts'
import type { LogDirectory } from '../../src/log/index.ts'
import { openLogDirectory } from '../../src/log/index.ts'
import { decompressBatch, readBatchHeader, recordsOf } from '../../src/wire/index.ts'
import { logConfig, START, testPorts } from '../support/logs.ts'

const ARCHIVE = join(import.meta.dirname, 'kafka-4.3.1-three-nodes.tar.gz')
let root: string
let original: string

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'kafka-directories-'))
  original = unpack('original')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

function unpack(name: string): string {
  const path = join(root, name)
  execFileSync('mkdir', ['-p', path])
  execFileSync('tar', ['xzf', ARCHIVE, '-C', path])
  return path
}

function open(path: string): Promise<LogDirectory> {
  const ports = { ...testPorts(), disk: new SystemDisk(), offload: new PoolOffload() }
  // Before the records' time, so that no producer is expired.
  ports.clock.now = START
  return openLogDirectory(ports, path, { configOf: () => logConfig({ segmentBytes: 2 ** 30 }) })
}

interface Acked {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly key: string | null
  readonly value: string | null
  readonly timestamp: number
}

function acknowledged(path: string): Acked[] {
  const lines = readFileSync(join(path, 'acked-records.jsonl'), 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line) as Acked)
}

async function verifyRecords(directory: LogDirectory, records: readonly Acked[]): Promise<void> {
  const offload = new PoolOffload()
  const text = (bytes: Uint8Array | null): string | null => (bytes === null ? null : new TextDecoder().decode(bytes))
  for (const wanted of records) {
    const log = directory.logs.find((one) => one.topic === wanted.topic && one.partition === wanted.partition)!
    const read = await log.read(wanted.offset, { maxBytes: 1, upTo: log.endOffset, minOneBatch: true })
    const chunk = read.chunks[0]!
    const plain = await decompressBatch(chunk, readBatchHeader(chunk, 0)!, offload, 1 << 24)
    const record = recordsOf(plain, readBatchHeader(plain, 0)!).find((one) => one.offset === wanted.offset)!
    expect({ ...wanted, key: text(record.key), value: text(record.value), timestamp: record.timestamp }).toEqual(wanted)
  }
  for (const log of directory.logs) {
    const own = records.filter((one) => one.topic === log.topic && one.partition === log.partition)
    const middle = own[Math.floor(own.length / 2)]!
    const first = own.filter((one) => one.timestamp >= middle.timestamp).sort((a, b) => a.offset - b.offset)[0]!
    const found = await log.offsetForTimestamp(middle.timestamp, log.endOffset)
    expect(found).toMatchObject({ offset: first.offset, timestamp: first.timestamp })
  }
}

function filesOf(path: string, suffix: RegExp): string[] {
  const logs = readdirSync(path).filter((name) => /-\d+$/.test(name) && !name.startsWith('__'))
  return logs.flatMap((log) => readdirSync(join(path, log)).map((name) => join(log, name))).filter((f) => suffix.test(f))
}

test.each([1, 2, 3])('directory %i: every acknowledged record, after its clean stop', async (node) => {
  const path = join(unpack(`clean-${node}`), `data${node}`)
  const directory = await open(path)
  expect(directory.meta.nodeId).toBe(node)
  expect(directory.cleanShutdown).toBe(true)
  expect(directory.logs.length).toBe(12)
  await verifyRecords(directory, acknowledged(original))
  await directory.close({ clean: true, brokerEpoch: 9 })
  // Opening and closing changes no log and no index.
  for (const file of filesOf(join(original, `data${node}`), /\.(log|index|timeindex)$/)) {
    expect([file, readFileSync(join(path, file)).equals(readFileSync(join(original, `data${node}`, file)))]).toEqual([
      file,
      true,
    ])
  }
})

test('everything derived thrown away and the marker too: rebuilt to Kafka’s bytes', async () => {
  const base = unpack('bare')
  const path = join(base, 'data1')
  for (const file of filesOf(path, /\.(index|timeindex|snapshot)$|leader-epoch-checkpoint$/)) rmSync(join(path, file))
  for (const file of ['.kafka_cleanshutdown', 'recovery-point-offset-checkpoint']) rmSync(join(path, file))
  const directory = await open(path)
  expect(directory.logs.map((log) => log.damaged)).toEqual(new Array(12).fill(null))
  await verifyRecords(directory, acknowledged(original))
  await directory.close({ clean: true, brokerEpoch: 9 })
  const wanted = filesOf(join(original, 'data1'), /\.(index|timeindex)$|plain-\d.leader-epoch-checkpoint$/)
  expect(wanted.length).toBeGreaterThan(28)
  for (const file of wanted) {
    const rebuilt = readFileSync(join(path, file))
    expect([file, rebuilt.equals(readFileSync(join(original, 'data1', file)))]).toEqual([file, true])
  }
  // Producers' state at the end is what Kafka's own snapshot of a clean stop says.
  for (const file of ['plain-0/00000000000000002149.snapshot', 'plain-1/00000000000000001151.snapshot']) {
    expect(readFileSync(join(path, file)).toString('hex')).toBe(
      readFileSync(join(original, 'data1', file)).toString('hex'),
    )
  }
})
