// Ports that are cut while something of them is under way: here an iteration over a table, the one thing that comes in parts.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createPorts } from '../../../src/io/index.ts'
import { severable } from '../../../src/main/severed.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'odradek-severed-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true })
})

test.each([0, 1, 2])('an iteration that is cut after page %i neither goes on nor ends nor fails', async (after) => {
  const ports = createPorts({ tablesDirectory: directory })
  const cut = severable(ports, () => {})
  const table = await cut.tables.open('t')
  const keys = Array.from({ length: 1500 }, (_, i) => String(i).padStart(4, '0'))
  await table.batch(keys.map((key) => ({ kind: 'put', key, value: new Uint8Array(10) })))
  let pages = 0
  let over: string | null = null
  const walk = async (): Promise<void> => {
    for await (const page of table.pages()) {
      expect(page.length).toBeGreaterThan(0)
      pages++
      if (pages === after) await cut.sever()
    }
  }
  if (after === 0) await cut.sever()
  void walk().then(
    () => {
      over = 'ended'
    },
    (error: unknown) => {
      over = String(error)
    },
  )
  await expect.poll(() => pages, { timeout: 15_000 }).toBe(after)
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect([pages, over]).toEqual([after, null])
  await ports.close()
})
