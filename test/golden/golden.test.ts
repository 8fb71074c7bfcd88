// The vectors of this directory, one test a file; and that the checker can fail.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { checkGoldenLine } from '../support/golden.ts'
import { plainOffload } from '../support/plain-offload.ts'

const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.jsonl.gz'))

function linesOf(name: string): string[] {
  const text = gunzipSync(readFileSync(join(import.meta.dirname, name))).toString('utf8')
  return text.split('\n').filter((line) => line !== '')
}

describe('golden vectors', () => {
  test.each(files)('%s', async (name) => {
    const lines = linesOf(name)
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) expect(await checkGoldenLine(line, plainOffload), line.slice(0, 400)).toBeNull()
  })

  test('a changed byte, value or record is noticed', async () => {
    const [message] = linesOf('golden-messages.jsonl.gz')
    const [batch] = linesOf('golden-batches.jsonl.gz')
    expect(await checkGoldenLine(message!.replace('"acks":1', '"acks":2'), plainOffload)).toMatch(/reads as/)
    expect(await checkGoldenLine(message!.replace('"hex":"00', '"hex":"01'), plainOffload)).not.toBeNull()
    expect(await checkGoldenLine(batch!.replace('"value":"76"', '"value":"77"'), plainOffload)).toMatch(/records/)
    expect(await checkGoldenLine(batch!.replace('6b027600"', '6b027700"'), plainOffload)).toMatch(/CRC/)
  })
})
