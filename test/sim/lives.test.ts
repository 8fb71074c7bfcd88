// Lives that are kept as text because something was found in them once (test/scenarios/lives, written by `odradek sim
// --shrink`): nothing is found in them any more.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { formatLife, parseLife, runLife } from '../../src/sim/index.ts'

const directory = join(import.meta.dirname, '../scenarios/lives')
const files = readdirSync(directory).filter((name) => name.endsWith('.txt'))

test.each(files)('%s', { timeout: 120_000 }, async (name) => {
  const life = parseLife(readFileSync(join(directory, name), 'utf8'))
  // A field that was added since has a value in the file: what is lived is what is written.
  expect(parseLife(formatLife(life))).toEqual(life)
  const report = await runLife(life)
  expect(report.violations).toEqual([])
  expect(report.swarm).toEqual(life.swarm)
  expect(report.acknowledged).toBeGreaterThan(0)
})
