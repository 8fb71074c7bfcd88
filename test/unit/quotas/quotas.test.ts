// Who is limited by what, and how long they wait. The figures are those of Kafka's own tests where it has some
// (ClientQuotaManagerTest, KIP-599's examples).

import { describe, expect, test } from 'vitest'
import {
  type Client,
  ClientQuotas,
  MutationQuotas,
  type QuotaKind,
  type QuotaRecord,
} from '../../../src/quotas/index.ts'

const WINDOWS = { count: 11, ms: 1000 }
const NOBODY: Client = { user: 'ANONYMOUS', clientId: 'unknown' }

type Parts = Readonly<Record<string, string | null>>

function limits(key: QuotaKind, ...rows: readonly (readonly [Parts, number])[]): ReadonlyMap<string, QuotaRecord> {
  return new Map(
    rows.map(([parts, value], i) => [
      String(i),
      { entity: Object.entries(parts).map(([entityType, entityName]) => ({ entityType, entityName })), key, value },
    ]),
  )
}

function quotas(key: QuotaKind, ...rows: readonly (readonly [Parts, number])[]): ClientQuotas {
  return new ClientQuotas(WINDOWS).follow(limits(key, ...rows))
}

describe('a rate', () => {
  test('a spike is waited for until the rate is back at its bound, and forgotten with its window', () => {
    const limited = quotas('producer_byte_rate', [{ 'client-id': null }, 500])
    const charge = (bytes: number, now: number): number => limited.charge('producer_byte_rate', NOBODY, bytes, now)
    let now = 0
    for (let second = 0; second < 10; second++, now += 1000) expect(charge(400, now)).toBe(0)
    // 400 × 10 + 2300 = 6300 over 10.5 s are 600 a second: (600 − 500) / 500 × 10.5 s.
    now += 500
    expect(charge(2300, now)).toBe(2100)
    now += 2100
    for (let second = 0; second < 10; second++) {
      charge(400, now)
      now += 1000
    }
    expect(charge(0, now)).toBe(0)
  })

  test('what was saved may be used at once: a burst is spread over all windows but the current one', () => {
    const limited = quotas('consumer_byte_rate', [{ 'client-id': null }, 500])
    expect(limited.charge('consumer_byte_rate', NOBODY, 5000, 0)).toBe(0)
    expect(limited.charge('consumer_byte_rate', NOBODY, 500, 0)).toBe(1000)
    expect(limited.most('consumer_byte_rate', NOBODY)).toBe(5000)
  })

  test('what is given back was never used', () => {
    const limited = quotas('consumer_byte_rate', [{ 'client-id': null }, 500])
    expect(limited.charge('consumer_byte_rate', NOBODY, 9000, 0)).toBe(8000)
    limited.refund('consumer_byte_rate', NOBODY, 9000, 0)
    expect(limited.charge('consumer_byte_rate', NOBODY, 5000, 0)).toBe(0)
  })

  test('who is not limited waits for nothing, in nothing else', () => {
    const limited = quotas('producer_byte_rate', [{ 'client-id': 'other' }, 1])
    expect(limited.charge('producer_byte_rate', NOBODY, 1e9, 0)).toBe(0)
    expect(limited.charge('consumer_byte_rate', { user: 'u', clientId: 'other' }, 1e9, 0)).toBe(0)
    expect(limited.most('producer_byte_rate', NOBODY)).toBe(Number.MAX_SAFE_INTEGER)
    expect(limited.has('consumer_byte_rate')).toBe(false)
  })

  test('a changed limit holds at once, for what was used before too', () => {
    const limited = quotas('producer_byte_rate', [{ 'client-id': null }, 500])
    limited.charge('producer_byte_rate', NOBODY, 5000, 0)
    limited.follow(limits('producer_byte_rate', [{ 'client-id': null }, 250]))
    expect(limited.charge('producer_byte_rate', NOBODY, 0, 0)).toBe(10_000)
    limited.follow(new Map())
    expect(limited.charge('producer_byte_rate', NOBODY, 5000, 0)).toBe(0)
  })
})

describe('a wait', () => {
  // throttle_time_ms is an int32; what cannot be said in it could not be answered at all.
  test('is never longer than an answer can say', () => {
    const bytes = quotas('producer_byte_rate', [{ 'client-id': null }, 1])
    expect(bytes.charge('producer_byte_rate', NOBODY, 1e8, 0)).toBe(2 ** 31 - 1)
    const percent = quotas('request_percentage', [{ 'client-id': null }, Number.MIN_VALUE])
    expect(percent.charge('request_percentage', NOBODY, 1, 0)).toBe(2 ** 31 - 1)
    const partitions = new MutationQuotas(WINDOWS).follow(
      limits('controller_mutation_rate', [{ 'client-id': null }, 1e-6]),
    )
    expect(partitions.open(NOBODY, true, 0).take(100)).toBe(true)
    const later = partitions.open(NOBODY, true, 0)
    expect([later.take(1), later.throttleMs]).toEqual([false, 2 ** 31 - 1])
  })
})

describe('what is kept', () => {
  const name = (i: number): Client => ({ user: 'u', clientId: `c${i}` })

  test('of a client that made partitions goes when its debt would have been paid, and no earlier', () => {
    const limited = new MutationQuotas(WINDOWS).follow(limits('controller_mutation_rate', [{ 'client-id': null }, 1]))
    // 31 in debt with the first: paid, and all saved again, after 42 s.
    for (let i = 0; i < 5_000; i++) limited.open(name(i), true, 0).take(42)
    expect(limited.accounts).toBe(5_000)
    for (let i = 5_000; i < 10_000; i++) limited.open(name(i), true, 30_000).take(1)
    expect(limited.open(name(0), true, 30_000).take(1)).toBe(false)
    expect(limited.accounts).toBe(10_000)
    for (let i = 10_000; i < 22_000; i++) limited.open(name(i), true, 60_000).take(1)
    expect(limited.accounts).toBe(12_000)
  })
})

describe('precedence', () => {
  /** From the strongest to the weakest, each with a bound of its own. */
  const rows: readonly (readonly [Parts, number])[] = [
    [{ user: 'u', 'client-id': 'c' }, 1],
    [{ user: 'u', 'client-id': null }, 2],
    [{ user: 'u' }, 3],
    [{ user: null, 'client-id': 'c' }, 4],
    [{ user: null, 'client-id': null }, 5],
    [{ user: null }, 6],
    [{ 'client-id': 'c' }, 7],
    [{ 'client-id': null }, 8],
  ]
  // The most that may be had at once tells the bound: ten whole windows of it.
  const bound = (some: typeof rows, client: Client): number =>
    quotas('producer_byte_rate', ...some).most('producer_byte_rate', client) / 10

  test('of those that fit the strongest holds, whichever others there are', () => {
    for (let i = 0; i < rows.length; i++) expect(bound(rows.slice(i), { user: 'u', clientId: 'c' })).toBe(i + 1)
  })

  test('another client, another user, and a client that says nothing', () => {
    expect(bound(rows, { user: 'u', clientId: 'd' })).toBe(2)
    expect(bound(rows, { user: 'v', clientId: 'c' })).toBe(4)
    expect(bound(rows, { user: 'v', clientId: 'd' })).toBe(5)
    expect(bound(rows, { user: 'u', clientId: '' })).toBe(3)
    expect(bound(rows.slice(6), { user: 'u', clientId: '' })).toBe(Number.MAX_SAFE_INTEGER / 10)
  })

  test('a name that looks like a default is a name', () => {
    const limited = quotas('producer_byte_rate', [{ user: '*' }, 1])
    expect(limited.most('producer_byte_rate', NOBODY)).toBe(Number.MAX_SAFE_INTEGER)
  })

  test.each<[Parts, Client, boolean]>([
    // A user's limit is one for all clients of that user; a default is one for each that it holds for.
    [{ user: 'u' }, { user: 'u', clientId: 'b' }, true],
    [{ user: null }, { user: 'u', clientId: 'b' }, true],
    [{ user: null }, { user: 'v', clientId: 'a' }, false],
    [{ 'client-id': null }, { user: 'u', clientId: 'b' }, false],
    [{ 'client-id': 'a' }, { user: 'v', clientId: 'a' }, true],
    [{ user: null, 'client-id': null }, { user: 'u', clientId: 'b' }, false],
  ])('%j: shared by u/a and %j is %s', (parts, other, shared) => {
    const limited = quotas('producer_byte_rate', [parts, 100])
    expect(limited.charge('producer_byte_rate', { user: 'u', clientId: 'a' }, 1000, 0)).toBe(0)
    expect(limited.charge('producer_byte_rate', other, 1000, 0) > 0).toBe(shared)
  })

  test('addresses have limits of their own', () => {
    const limited = quotas('connection_creation_rate', [{ ip: null }, 1], [{ ip: '10.0.0.1' }, 5])
    for (let i = 0; i < 10; i++) expect(limited.chargeAddress('connection_creation_rate', '10.0.0.2', 1, 0)).toBe(0)
    expect(limited.chargeAddress('connection_creation_rate', '10.0.0.2', 1, 0)).toBe(1000)
    expect(limited.chargeAddress('connection_creation_rate', '10.0.0.1', 11, 0)).toBe(0)
  })
})

test.each([
  ['localhost', '127.0.0.1'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['010.0.0.1', '10.0.0.1'],
])('what is set for %s holds for connections from %s', (written, address) => {
  const limited = quotas('connection_creation_rate', [{ ip: written }, 1])
  expect(limited.chargeAddress('connection_creation_rate', address, 11, 0)).toBeGreaterThan(0)
})

describe('partitions made and deleted', () => {
  const bucket = (bound: number): MutationQuotas =>
    new MutationQuotas(WINDOWS).follow(limits('controller_mutation_rate', [{ 'client-id': null }, bound]))

  test('a strict request passes while anything is left, though it goes into debt; the next is refused until that is paid', () => {
    const limited = bucket(5)
    const first = limited.open(NOBODY, true, 0)
    expect([first.take(50), first.take(10), first.throttleMs]).toEqual([true, true, 0])
    expect([first.take(1), first.throttleMs]).toEqual([false, 1000])
    const early = limited.open(NOBODY, true, 500)
    expect([early.take(1), early.throttleMs]).toEqual([false, 500])
    const later = limited.open(NOBODY, true, 1000)
    expect([later.take(1), later.throttleMs]).toEqual([true, 0])
  })

  test('an older request is never refused, and waits', () => {
    const limited = bucket(5)
    const one = limited.open(NOBODY, false, 0)
    expect([one.take(60), one.throttleMs]).toEqual([true, 1000])
    const two = limited.open(NOBODY, false, 0)
    expect([two.take(5), two.throttleMs]).toEqual([true, 2000])
  })

  test('no more is saved than all windows hold', () => {
    const limited = bucket(5)
    expect(limited.open(NOBODY, true, 0).take(1)).toBe(true)
    const much = limited.open(NOBODY, true, 3_600_000)
    expect([much.take(55), much.take(1), much.take(1)]).toEqual([true, true, false])
  })

  test('a rate without end holds nobody', () => {
    for (const bound of [Number.POSITIVE_INFINITY, Number.MAX_VALUE]) {
      const limited = bucket(bound)
      const charge = limited.open(NOBODY, true, 0)
      expect([charge.take(1e9), charge.take(1), charge.throttleMs, limited.accounts]).toEqual([true, true, 0, 0])
    }
  })

  test('others have buckets of their own, and who is not limited needs none', () => {
    const limited = bucket(5)
    expect(limited.open(NOBODY, true, 0).take(100)).toBe(true)
    expect(limited.open({ user: 'ANONYMOUS', clientId: 'b' }, true, 0).take(1)).toBe(true)
    const free = limited.open({ user: 'ANONYMOUS', clientId: '' }, true, 0)
    expect([free.take(1e6), free.take(1e6), free.throttleMs]).toEqual([true, true, 0])
  })
})
