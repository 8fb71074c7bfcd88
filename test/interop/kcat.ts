// kcat, librdkafka's command-line client: produces to and reads from a partition, in every codec, with keys, headers and nulls.
//
//   npm run interop:kcat [-- --bootstrap HOST:PORT,…]      ends with "N passed, M failed"

import { execFileSync, spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { CODECS } from './clients.ts'
import { withCluster } from './cluster.ts'

const { values: options } = parseArgs({ options: { bootstrap: { type: 'string' } } })
let passed = 0
let failed = 0

function kcat(input: string, ...args: string[]): string {
  const done = spawnSync('kcat', args, { encoding: 'utf8', input, timeout: 60_000, maxBuffer: 1 << 28 })
  if (done.status !== 0)
    throw new Error(`kcat ${args.join(' ')} ended with ${done.status ?? done.signal}: ${done.stderr.trim()}`)
  return done.stdout
}

await withCluster(options.bootstrap, async (cluster) => {
  execFileSync('kcat', ['-V'])
  for (const codec of CODECS) {
    const topic = `kcat-${codec}-${process.pid}`
    try {
      cluster.createTopic(topic, 2)
      const records = Array.from({ length: 500 }, (_, i) => ({
        key: i % 4 === 0 ? '' : `key${i}`,
        value: i % 9 === 3 ? '' : `value ${'x'.repeat(i % 200)}${i}`,
      }))
      kcat(
        records.map((r) => `${r.key}:${r.value}\n`).join(''),
        '-b',
        cluster.bootstrap,
        '-P',
        '-t',
        topic,
        '-p',
        '1',
        '-K',
        ':',
        '-Z',
        '-z',
        codec,
        '-H',
        'origin=kcat',
        '-X',
        'enable.idempotence=true',
      )
      // kcat prints NULL lengths as −1: %K is the key's length, %S the value's.
      const out = kcat(
        '',
        '-b',
        cluster.bootstrap,
        '-C',
        '-t',
        topic,
        '-p',
        '1',
        '-o',
        'beginning',
        '-e',
        '-q',
        '-f',
        '%p %o %K %k %S %s %h\\n',
      )
      const wanted = records.map(
        (r, i) =>
          `1 ${i} ${r.key === '' ? -1 : r.key.length} ${r.key} ${r.value === '' ? -1 : r.value.length} ${r.value} origin=kcat`,
      )
      const lines = out
        .trimEnd()
        .split('\n')
        .map((line) => line.replaceAll('NULL', ''))
      const wrong = wanted.findIndex((line, i) => lines[i]?.trimEnd() !== line.trimEnd())
      if (lines.length !== wanted.length || wrong >= 0)
        throw new Error(
          `${lines.length} of ${wanted.length} lines; line ${wrong} is "${lines[wrong]}", "${wanted[wrong]}" was written`,
        )
      const listed = kcat('', '-b', cluster.bootstrap, '-L', '-J', '-t', topic)
      const metadata = JSON.parse(listed) as { topics: { partitions: { leader: number; isrs: unknown[] }[] }[] }
      if (metadata.topics[0]!.partitions.some((p) => p.leader < 1 || p.isrs.length !== 3))
        throw new Error(`metadata: ${listed}`)
      passed++
      process.stdout.write(`ok      kcat ${codec}\n`)
    } catch (error) {
      failed++
      process.stdout.write(`FAILED  kcat ${codec}: ${error instanceof Error ? error.message : String(error)}\n`)
    }
  }
})
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
