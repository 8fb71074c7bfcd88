// Partitions and moves as they are typed.

import { expect, test } from 'vitest'
import { parseMove, parsePartition } from '../../../src/cli/partitions.ts'

test('a move names a topic, a partition and brokers in order', () => {
  expect(parseMove('orders:0=3,1,2')).toEqual({ topic: 'orders', partition: 0, replicas: [3, 1, 2] })
  expect(parseMove('a.b-c_d:12=7')).toEqual({ topic: 'a.b-c_d', partition: 12, replicas: [7] })
})

test.each(['orders', 'orders:0', 'orders=1', 'orders:x=1', 'orders:0=', 'orders:0=1,', 'orders:0=1;2', ':0=1'])(
  '%s is refused in a sentence that shows the form',
  (text) => {
    expect(() => parseMove(text)).toThrow(`${text}: the form is topic:partition=broker,broker,…`)
  },
)

test('a partition is a topic and a number; anything else names a topic', () => {
  expect(parsePartition('orders:12')).toEqual({ topic: 'orders', partition: 12 })
  expect(['orders', 'orders:', 'orders:x', 'orders:-1', ':1'].map(parsePartition)).toEqual([
    null,
    null,
    null,
    null,
    null,
  ])
})
