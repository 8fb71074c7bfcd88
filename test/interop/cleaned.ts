// Logs that our cleaner has compacted, on a real disk, read by Apache's kafka-dump-log: every batch valid, both indexes as
// they should be, and the last value of every key at its offset, in every codec; checkpoint and snapshots too.
//
//   npm run interop:cleaned      ends with "N passed, M failed"; says so where there is no Java to ask

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createPorts } from '../../src/io/index.ts'
import type { PartitionLog } from '../../src/log/index.ts'
import { formatDirectory, LogCleaner, openLogDirectory } from '../../src/log/index.ts'
import { buildBatch, compressBatch, readBatchHeader } from '../../src/wire/index.ts'
import { compactConfig } from '../support/compaction.ts'
import { testPorts } from '../support/logs.ts'
import { apacheTool } from './apache.ts'

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
const ID = 'zpGfm-zqSkui9IFmjX8wHA'
const KEYS = 200
const JAVA: string = 'java'
const BATCHES = 400
const PER_BATCH = 25
const text = new TextEncoder()

let passed = 0
let failed = 0
async function attempt(what: string, body: () => Promise<string>): Promise<void> {
  try {
    const note = await body()
    passed++
    process.stdout.write(`ok      ${what}: ${note}\n`)
  } catch (error) {
    failed++
    process.stdout.write(`FAILED  ${what}: ${error instanceof Error ? error.message : String(error)}\n`)
  }
}

function dump(files: readonly string[], flags: readonly string[]): string {
  const [command, args] = apacheTool('kafka-dump-log', '--files', files.join(','), ...flags)
  const done = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 29, timeout: 180_000 })
  const complaint = `${done.stdout}\n${done.stderr}`
    .split('\n')
    .find((line) => /exception|mismatch|error|invalid bytes|isvalid: false|Found .* (offset|timestamp)/i.test(line))
  if (done.status !== 0 || complaint !== undefined) throw new Error(complaint ?? `ended with ${done.status}`)
  return done.stdout
}

/** What kafka-dump-log shows of the records: offset, key and value, '' for none. */
function recordsIn(printed: string): Map<number, string> {
  const records = new Map<number, string>()
  for (const line of printed.split('\n')) {
    const offset = /^\| offset: (\d+) /.exec(line)?.[1]
    if (offset === undefined) continue
    const value = / payload: (\S*)$/.exec(line)?.[1] ?? ''
    records.set(Number(offset), `${/ key: (\S+)/.exec(line)![1]}=${value}`)
  }
  return records
}

const work: string = mkdtempSync(join(tmpdir(), 'odradek-cleaned-'))
const ports = { ...createPorts({ tablesDirectory: join(work, 'tables') }), logger: testPorts().logger }

/** Appends keyed records by an idempotent producer, every tenth a tombstone; what must be left of them. */
async function fill(log: PartitionLog, codec: (typeof CODECS)[number]): Promise<Map<number, string>> {
  const last = new Map<string, readonly [number, string]>()
  const now = Date.now()
  for (let i = 0; i < BATCHES; i++) {
    const records = Array.from({ length: PER_BATCH }, (_, j) => {
      const n = i * PER_BATCH + j
      const key = `key-${(n * 7919) % KEYS}`
      const value = n % 10 === 9 ? null : `value-${n}-${'x'.repeat(n % 50)}`
      last.set(key, [n, `${key}=${value ?? ''}`])
      return { key: text.encode(key), value: value === null ? null : text.encode(value), timestamp: now + n }
    })
    const plain = buildBatch({ records, producerId: 9, producerEpoch: 1, baseSequence: i * PER_BATCH })
    const bytes =
      codec === 'none' ? plain : await compressBatch(plain, readBatchHeader(plain, 0)!, codec, ports.offload)
    const answer = log.appendAsLeader(bytes, 1 + Math.floor(i / 100), () => {}, { origin: 'internal' })
    if (answer.kind !== 'staged') throw new Error(JSON.stringify(answer))
  }
  await log.flush()
  log.updateHighWatermark(log.endOffset)
  return new Map(last.values())
}

async function cleaned(log: PartitionLog): Promise<number> {
  for (let waited = 0; waited < 30_000; waited += 20) {
    if (log.uncleanable !== null) throw new Error(log.uncleanable)
    if (log.cleanedTo !== null && log.cleanedTo > (BATCHES * PER_BATCH) / 2) return log.cleanedTo
    await sleep(20)
  }
  throw new Error('the log was not cleaned within 30 s')
}

try {
  if (spawnSync(JAVA, ['-version']).error !== undefined) {
    process.stdout.write('SKIPPED: there is no Java here, nothing of Apache Kafka was asked\n')
    process.exit(0)
  }
  const directory = join(work, 'data')
  await formatDirectory(ports.disk, directory, { version: 1, clusterId: 'c', nodeId: 1, directoryId: ID })
  const cleaner = new LogCleaner(ports, {
    threads: 2,
    ioBufferSize: 524_288,
    dedupeBufferSize: 1 << 22,
    loadFactor: 0.9,
    ioMaxBytesPerSecond: Number.MAX_VALUE,
    backoffMs: 50,
  })
  const config = compactConfig({ segmentBytes: 20_000, indexIntervalBytes: 512, deleteRetentionMs: 3_600_000 })
  const opened = await openLogDirectory(ports, directory, { configOf: () => config, cleaner })
  const left = new Map<string, Map<number, string>>()
  for (const [i, codec] of CODECS.entries()) {
    await attempt(`a log of ${codec} is compacted`, async () => {
      const log = await opened.create(codec, `${i}${ID.slice(1)}`, 0, config)
      const wanted = await fill(log, codec)
      const before = log.size
      const to = await cleaned(log)
      for (const offset of wanted.keys()) if (offset >= to) wanted.delete(offset)
      left.set(codec, wanted)
      return `${before} bytes became ${log.size}, up to offset ${to}`
    })
  }
  await opened.close({ clean: true, brokerEpoch: 1 })
  const checkpoint = readFileSync(join(directory, 'cleaner-offset-checkpoint'), 'utf8')
  const ends = new Map(
    [...checkpoint.matchAll(/^(\w+) 0 (\d+)$/gm)].map(([, topic, offset]) => [topic!, Number(offset)]),
  )
  for (const codec of CODECS) {
    const at = (ending: string): string[] =>
      readdirSync(join(directory, `${codec}-0`))
        .filter((name) => name.endsWith(ending))
        .sort()
        .map((name) => join(directory, `${codec}-0`, name))
    await attempt(`kafka-dump-log reads what is left of ${codec}`, async () => {
      const seen = recordsIn(dump(at('.log'), ['--deep-iteration', '--print-data-log']))
      const end = ends.get(codec) ?? 0
      const below = new Map([...seen].filter(([offset]) => offset < end))
      const wanted = new Map([...left.get(codec)!].filter(([offset]) => offset < end))
      for (const [offset, record] of wanted) {
        if (below.get(offset) !== record) throw new Error(`offset ${offset} is ${below.get(offset)}, not ${record}`)
      }
      // What a later record of its key is for lies above the end of the cleaning.
      const keys = new Set([...below.values()].map((record) => record.split('=')[0]))
      if (keys.size !== below.size) throw new Error(`${below.size} records below ${end} have ${keys.size} keys`)
      return `${below.size} records below offset ${end}, ${seen.size - below.size} above`
    })
    await attempt(`kafka-dump-log agrees with indexes and snapshots of ${codec}`, async () => {
      dump(at('.index'), ['--index-sanity-check'])
      dump([...at('.index'), ...at('.timeindex')], ['--verify-index-only'])
      dump(at('.snapshot'), [])
      return `${at('.index').length} segments`
    })
  }
} finally {
  await ports.close()
  rmSync(work, { recursive: true, force: true })
}
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
