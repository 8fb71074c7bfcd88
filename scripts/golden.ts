// `npm run golden -- FILE…`: checks golden vectors (JSON Lines, gzipped or not) against our codecs and says how many
// passed. Exit code 1 when one failed, 2 when there was nothing to check.

import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { PoolOffload } from '../src/io/index.ts'
import { checkGoldenLine } from '../test/support/golden.ts'

const SHOWN = 20

const files = process.argv.slice(2)
const offload = new PoolOffload()
let passed = 0
let failed = 0
for (const file of files) {
  for (const [i, line] of linesOf(file).entries()) {
    if (line.trim() === '') continue
    const problem = await checkGoldenLine(line, offload)
    if (problem === null) {
      passed++
    } else if (++failed <= SHOWN) {
      console.log(`${file}:${i + 1}: ${problem.slice(0, 1000)}`)
    }
  }
}
if (failed > SHOWN) console.log(`(${failed - SHOWN} more)`)
if (files.length === 0) console.log('usage: npm run golden -- FILE…')
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : passed === 0 ? 2 : 0

function linesOf(file: string): string[] {
  try {
    const bytes = readFileSync(file)
    const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b
    return (gzipped ? gunzipSync(bytes) : bytes).toString('utf8').split('\n')
  } catch (error) {
    console.log(`${file}: ${error instanceof Error ? error.message : String(error)}`)
    failed++
    return []
  }
}
