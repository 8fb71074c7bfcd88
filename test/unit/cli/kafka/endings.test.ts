// What ends a program named as Kafka's from outside: which code a signal gives, whom it ends at once, what a second one does.

import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { endOf, interruptionOf } from '../../../../src/cli/kafka/endings.ts'

const never = new Promise<never>(() => undefined)

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
])('%s ends a program that waits with %i', async (signal, code) => {
  const signals = new EventEmitter()
  const interrupted = interruptionOf(
    signals,
    () => 0,
    () => expect.unreachable('one signal is no second one'),
  )
  signals.emit(signal)
  expect(await endOf({}, never, { interrupted, unread: never })).toBe(code)
})

test('a ^C that comes twice from one terminal is one; a later one ends the program hard', () => {
  const signals = new EventEmitter()
  const died: number[] = []
  let now = 1_000
  void interruptionOf(
    signals,
    () => now,
    (code) => died.push(code),
  )
  signals.emit('SIGINT')
  now += 30
  signals.emit('SIGINT')
  expect(died).toEqual([])
  now += 1_000
  signals.emit('SIGTERM')
  expect(died).toEqual([143])
})

test('who has things to leave in order is not ended from outside', async () => {
  const ended = { interrupted: Promise.resolve(130), unread: Promise.resolve() }
  const running = new Promise<number>((resolve) => setTimeout(() => resolve(7), 5))
  expect(await endOf({ ends: 'itself' }, running, ended)).toBe(7)
})

test('a reader that has seen enough is no failure', async () => {
  expect(await endOf({}, never, { interrupted: never, unread: Promise.resolve() })).toBe(0)
})
