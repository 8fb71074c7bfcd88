// A process that stood still, on the loop and the clock of Node: what arrived meanwhile is heard before deadlines ring.

import { expect, test } from 'vitest'
import { StorageError } from '../../../src/base/index.ts'
import { createCoordinator } from '../../../src/coordinator/index.ts'
import { SystemClock } from '../../../src/io/index.ts'
import type { States } from '../../../src/state/index.ts'
import { KvMachine, type KvQuestion, kvCodec } from '../../support/kv-machine.ts'
import { plainOffload } from '../../support/plain-offload.ts'
import { ScriptedReplica } from '../../support/scripted-replica.ts'

/** No tables: a coordinator does without. */
const none = (): Promise<never> => Promise.reject(new StorageError('states', 'EIO', 'none in this test'))
const states: States = { open: none, names: none, drop: none }

/** As long as whatever makes a process stand still: the clock goes on, the loop does not. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

test('a deadline that passed while the process stood still rings after what arrived meanwhile', async () => {
  const clock = new SystemClock()
  const quiet = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet }
  const fatal: Error[] = []
  const kv = createCoordinator({
    ports: { clock, offload: plainOffload },
    states,
    logger: quiet,
    topic: 'kv',
    schemaVersion: 1,
    codec: kvCodec,
    machine: () => new KvMachine(),
    appendLingerMs: -1,
    onFatal: (error) => fatal.push(error),
  })
  const log = new ScriptedReplica()
  kv.told(log, { kind: 'leading', epoch: 1, startOffset: 0 })
  while (kv.observe()[0]?.phase !== 'active') await new Promise((resolve) => setImmediate(resolve))

  const order: string[] = []
  // Far enough away that a busy machine does not let it pass before the process stands still.
  const ask = (question: (token: number) => KvQuestion): Promise<unknown> => kv.ask(0, question)
  const rung = ask((token) => ({ kind: 'wake', token, inMs: 500 })).then(() => order.push('deadline'))
  const heard = new Promise<void>((resolve) => {
    setImmediate(() => {
      // What comes after the timers of the next turn, as what sockets have does.
      setImmediate(() => {
        void ask((token) => ({ kind: 'get', token, key: 'k' })).then(() => {
          order.push('question')
          resolve()
        })
      })
      standStill(800)
    })
  })
  await Promise.all([rung, heard])
  expect(order).toEqual(['question', 'deadline'])
  await kv.stop()
  clock.close()
  expect(fatal).toEqual([])
})
