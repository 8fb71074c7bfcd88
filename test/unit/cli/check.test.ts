// The command `odradek check`: what it prints, and what it exits with.

import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { encodeHistoryLine } from '../../../src/check/index.ts'
import { History } from '../check/history-fixtures.ts'

const COMMAND = path.join(import.meta.dirname, '../../../bin/odradek')
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'odradek-check-'))
afterAll(() => fs.rmSync(directory, { recursive: true }))

function textOf(history: History): string {
  return history.lines.map((line) => `${encodeHistoryLine(line)}\n`).join('')
}

function lost(): string {
  const history = new History()
  history.send('producer', 'orders-0', 'a', 0)
  history.send('producer', 'orders-0', 'b', 1)
  history.poll('consumer', { 'orders-0': [[1, 'b']] })
  return textOf(history)
}

function good(): string {
  const history = new History()
  history.send('producer', 'orders-0', 'a', 0)
  history.poll('consumer', { 'orders-0': [[0, 'a']] })
  return textOf(history)
}

function run(
  args: readonly string[],
  input: string | Buffer = '',
): { status: number | null; out: string; err: string } {
  const result = spawnSync(process.execPath, [COMMAND, 'check', ...args], { input, encoding: 'utf8' })
  return { status: result.status, out: result.stdout, err: result.stderr }
}

function file(name: string, content: string | Buffer): string {
  const it = path.join(directory, name)
  fs.writeFileSync(it, content)
  return it
}

describe('odradek check', () => {
  it('exits with 1 on an anomaly and shows the operations that contradict each other', () => {
    const { status, out } = run([file('lost.jsonl', lost())])
    expect(status).toBe(1)
    expect(out).toBe(`lost-write: 1
  "a" is lost: it was written to orders-0 at offset 0, offset 1 was read, and nobody ever polled it
    line 2  op 0  producer  0.000–0.001 s  ok  sent "a" to orders-0, offset 0
    line 6  op 2  consumer  0.004–0.005 s  ok  polled "b" from orders-0, offset 1

3 operations of 2 processes on 1 keys in 0.0 s: 3 ok, 0 failed, 0 unknown
2 values sent, 2 acknowledged; 1 records polled, 1 different
ANOMALIES: lost-write 1
`)
  })

  it('reads gzip and standard input, and prints JSON', () => {
    const { status, out } = run(['-', '--json'], gzipSync(lost()))
    expect(status).toBe(1)
    expect(JSON.parse(out)).toMatchObject({ valid: false, counts: { 'lost-write': 1 } })
    expect(run(['-'], good())).toMatchObject({ status: 0, err: '' })
  })

  it('lets records be deleted', () => {
    expect(run([file('deleted.jsonl', lost()), '--deleted-below', 'orders-0=1']).status).toBe(0)
  })

  it('exits with 2 where there is no history, and says why', () => {
    expect(run([path.join(directory, 'nowhere')])).toMatchObject({ status: 2, out: '' })
    expect(run(['-'], '')).toMatchObject({ status: 2, err: expect.stringContaining('it is empty') })
    expect(run(['-'], `${good()}{"process"`)).toMatchObject({
      status: 2,
      err: expect.stringContaining('line 5: is not'),
    })
    expect(run(['-'], gzipSync(good()).subarray(0, 60))).toMatchObject({ status: 2 })
    expect(run(['-'], Buffer.from([0x7b, 0xff, 0xff]))).toMatchObject({ err: expect.stringContaining('not UTF-8') })
    expect(run([])).toMatchObject({ status: 2 })
  })
})
