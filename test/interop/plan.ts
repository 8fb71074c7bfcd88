// The plan of records that every client writes, and the lines in which clients report. Keys, values and header values
// travel as base64; null stays null.

import { createHash } from 'node:crypto'

export interface Planned {
  readonly topic: string
  readonly partition: number
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly (readonly [string, string | null])[]
  readonly timestamp: number
}

export interface Acknowledged {
  readonly i: number
  readonly partition: number
  readonly offset: number
}

export interface Seen {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly length: number
  readonly sha256: string | null
  readonly headers: readonly (readonly [string, string | null])[]
}

export function plain(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text, 'base64')
}

export function coded(bytes: Uint8Array | null | undefined): string | null {
  return bytes === null || bytes === undefined ? null : Buffer.from(bytes).toString('base64')
}

/** How a client program reports one acknowledged record. */
export function acknowledge(i: number, partition: number, offset: number): void {
  process.stdout.write(`${JSON.stringify({ i, partition, offset } satisfies Acknowledged)}\n`)
}

/** Keys and none, null values, headers (none, several, repeated names, empty and null values), odd sizes, two of 1 MB less overhead. */
export function planOf(topic: string, partitions: number, options: { readonly nullHeaderValues: boolean }): Planned[] {
  const records: Planned[] = []
  const base = 1_700_000_000_000
  const add = (key: Buffer | null, value: Buffer | null, headers: [string, Buffer | null][]): void => {
    const i = records.length
    records.push({
      topic,
      partition: i % partitions,
      key: coded(key),
      value: coded(value),
      headers: headers.map(([name, v]) => [name, coded(v)] as const),
      timestamp: base + i * 7,
    })
  }
  for (let i = 0; i < 60; i++) {
    const key = i % 3 === 0 ? null : Buffer.from(`key-${i}-日本`)
    const headers: [string, Buffer | null][] = []
    if (i % 2 === 0) headers.push(['h', Buffer.from(`v${i}`)])
    if (i % 5 === 0) headers.push(['empty', Buffer.alloc(0)], ['bytes', Buffer.from([0, 255, i])])
    if (i % 7 === 0 && options.nullHeaderValues) headers.push(['none', null])
    add(key, i % 11 === 5 ? null : Buffer.alloc((i * i) % 4096, `value ${i} `), headers)
  }
  add(Buffer.alloc(0), Buffer.alloc(0), [])
  const large = Buffer.alloc(1_000_000)
  for (let i = 0, x = 1; i < large.length; i++) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0
    large[i] = x >>> 16
  }
  add(Buffer.from('large'), large, [['kind', Buffer.from('noise')]])
  add(null, Buffer.alloc(1_000_000, 'compressible '), [])
  return records
}

/** What a reader must report for a record of the plan, without its offset. */
export function expected(record: Planned): Omit<Seen, 'offset'> {
  const value = plain(record.value)
  return {
    partition: record.partition,
    timestamp: record.timestamp,
    key: record.key,
    length: value === null ? -1 : value.length,
    sha256: value === null ? null : createHash('sha256').update(value).digest('hex'),
    headers: record.headers,
  }
}
