// What may happen in a random life of a cluster, as arbitraries: everything, and what happens to one topic that moves all
// the time.

import fc from 'fast-check'

export const BROKERS = 4
export const TOPICS: readonly string[] = ['a', 'b', 'c']

interface At {
  readonly topic: string
  readonly index: number
}

export type Step =
  | { readonly kind: 'register'; readonly broker: number; readonly clean: boolean }
  | { readonly kind: 'heartbeat'; readonly broker: number; readonly want: string; readonly behind: boolean }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'create'; readonly topic: string; readonly factor: number }
  | { readonly kind: 'delete' | 'grow'; readonly topic: string }
  | ({ readonly kind: 'alter'; readonly isr: number[]; readonly stale: boolean } & At)
  | { readonly kind: 'min-isr'; readonly topic: string; readonly value: number }
  | { readonly kind: 'unclean'; readonly topic: string; readonly on: boolean }
  | { readonly kind: 'unregister' | 'producer-ids'; readonly broker: number }
  | ({ readonly kind: 'reassign'; readonly to: number[] } & At)
  | ({ readonly kind: 'cancel' } & At)
  | ({ readonly kind: 'join' | 'leave'; readonly broker: number } & At)
  | { readonly kind: 'elect'; readonly type: number }
  | { readonly kind: 'prefer' | 'rescue' | 'failover' }

export const broker: fc.Arbitrary<number> = fc.integer({ min: 1, max: BROKERS })
const topic = fc.constantFrom(...TOPICS)

export const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('register' as const), broker, clean: fc.boolean() }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('heartbeat' as const),
      broker,
      want: fc.constantFrom('nothing', 'nothing', 'nothing', 'fence', 'shutdown'),
      behind: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 9_000 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('create' as const), topic, factor: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), topic }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('grow' as const), topic }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('alter' as const),
      topic,
      index: fc.integer({ min: 0, max: 3 }),
      isr: fc.uniqueArray(broker, { minLength: 1, maxLength: 4 }),
      stale: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('min-isr' as const), topic, value: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unclean' as const), topic, on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unregister' as const), broker }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('reassign' as const),
      topic,
      index: fc.integer({ min: 0, max: 2 }),
      to: fc.uniqueArray(broker, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('cancel' as const), topic, index: fc.integer({ min: 0, max: 2 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('elect' as const), type: fc.constantFrom(0, 1) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('prefer' as const, 'rescue' as const, 'failover' as const) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('producer-ids' as const), broker }) },
)

/** Of one topic that moves all the time, with followers that come and go one by one. */
export const movingSteps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('join' as const, 'join' as const, 'leave' as const),
      topic: fc.constant('a'),
      index: fc.constant(0),
      broker,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('reassign' as const),
      topic: fc.constant('a'),
      index: fc.constant(0),
      to: fc.uniqueArray(broker, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('cancel' as const),
      topic: fc.constant('a'),
      index: fc.constant(0),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('heartbeat' as const),
      broker,
      want: fc.constantFrom('nothing', 'nothing', 'fence'),
      behind: fc.constant(false),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('register' as const), broker, clean: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('min-isr' as const),
      topic: fc.constant('a'),
      value: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('elect' as const), type: fc.constantFrom(0, 1) }) },
)
