// Who reads a compacted topic from end to end, against a log that is told what to be: cleaned logs pass, each wrong one is
// named.

import { describe, expect, test } from 'vitest'
import { SeededRandom } from '../../../src/base/index.ts'
import { type Client, ClientError, type ConsumedRecord } from '../../../src/client/index.ts'
import { CompactedClient } from '../../../src/sim/life/compacted.ts'
import type { ClientWorld } from '../../../src/sim/life/workload.ts'

interface Row {
  readonly offset: number
  readonly key: string
  readonly value: string | null
}

/** A log that takes what is written and shows what `reads` makes of it. */
class Log {
  readonly rows: Row[] = []
  readonly found: string[] = []
  /** Of the next writes: what is answered instead. */
  readonly errors: ClientError[] = []
  reads: (rows: readonly Row[]) => readonly Row[] = (rows) => rows
  leader: string | null = '1/1'
  #writes = 0

  /** Writes until there are so many, and then reads everything. */
  async life(writes: number): Promise<string[]> {
    const client = new CompactedClient(
      this.#world(() => this.#writes < writes),
      this.#world(() => false),
      () => this.leader,
    )
    await client.done
    await client.settle(this.#world(() => false))
    return this.found
  }

  #world(running: () => boolean): ClientWorld {
    const part = {
      random: new SeededRandom(7),
      timers: { delay: () => Promise.resolve() },
      wall: () => 0,
      running,
      connect: () => this.#client(),
      violated: (name: string, text: string) => this.found.push(`${name} ${text}`),
    }
    return part as unknown as ClientWorld
  }

  #client(): Client {
    let position = 0
    const part = {
      producer: () => ({ send: (row: Row) => this.#send(row) }),
      admin: {
        listOffsets: (asked: readonly object[]) =>
          Promise.resolve(asked.map((at) => ({ ...at, error: 'NONE', offset: this.rows.length }))),
      },
      consumer: () => ({
        assign: () => {
          position = 0
        },
        position: () => position,
        poll: () => {
          position = this.rows.length
          return Promise.resolve(this.reads(this.rows).map(recordOf))
        },
      }),
      close: () => undefined,
    }
    return part as unknown as Client
  }

  #send({ key, value }: Row): Promise<{ readonly offset: number }> {
    this.#writes++
    const error = this.errors.shift()
    if (error !== undefined) return Promise.reject(error)
    this.rows.push({ offset: this.rows.length, key, value })
    return Promise.resolve({ offset: this.rows.length - 1 })
  }
}

function recordOf({ offset, key, value }: Row): ConsumedRecord {
  const bytes = { key: Buffer.from(key), value: value === null ? null : Buffer.from(value) }
  return { offset, ...bytes } as unknown as ConsumedRecord
}

/** The last of each key. */
function lastOf(rows: readonly Row[]): Row[] {
  return rows.filter(({ key, offset }) => !rows.some((later) => later.key === key && later.offset > offset))
}

const WRITES = 200

/** The last row of some key that is (not) a tombstone. */
function oneOf(rows: readonly Row[], isTombstone: boolean): Row {
  return lastOf(rows).find(({ value }) => (value === null) === isTombstone)!
}

async function told(reads: Log['reads'], leader: string | null = '1/1'): Promise<string[]> {
  const log = new Log()
  log.leader = leader
  log.reads = reads
  return await log.life(WRITES)
}

describe('a cleaned log', () => {
  test('may have every record or the last of each key, and no tombstones', async () => {
    expect(await told((rows) => rows)).toEqual([])
    expect(await told(lastOf)).toEqual([])
    expect(await told((rows) => lastOf(rows).filter(({ value }) => value !== null))).toEqual([])
  })

  test('must have the last value of each key', async () => {
    const found = await told((rows) => rows.filter(({ key }) => key !== oneOf(rows, false).key))
    expect(found).toEqual([
      expect.stringMatching(
        /^D5 k\d=.* was acknowledged at \d+ of compacted-0, .* finds nothing as the last of its key$/,
      ),
    ])
    expect(await told((rows) => rows.filter((row) => row !== oneOf(rows, false)))).toEqual([
      expect.stringMatching(/ finds \d+ as the last of its key$/),
    ])
  })

  test('must show the tombstone to who has seen what it deletes, if he reads from one leader', async () => {
    const without = (rows: readonly Row[]): Row[] => rows.filter((row) => row !== oneOf(rows, true))
    expect(await told(without)).toEqual([expect.stringMatching(/^D5 the tombstone of k\d was acknowledged at /)])
    expect(await told(without, null)).toEqual([])
  })

  test('must have its offsets in order, and under each what was written there', async () => {
    const turned = await told((rows) => [...rows.slice(0, 2).reverse(), ...rows.slice(2)])
    expect(turned).toEqual(['D5 offset 0 of compacted-0 comes after 1'])
    const other = await told((rows) => rows.map((row) => (row.offset === 5 ? { ...row, value: 'else/' } : row)))
    expect(other).toContainEqual(
      expect.stringMatching(/^D5 offset 5 of compacted-0 is k\d=else, and .* was acknowledged/),
    )
  })

  test('may lack what nobody was told of', async () => {
    const log = new Log()
    const lost = new ClientError('REQUEST_TIMED_OUT', 'nobody knows', true)
    log.errors.push(...Array.from({ length: WRITES }, () => lost))
    log.reads = () => []
    expect(await log.life(WRITES)).toEqual([])
  })
})
