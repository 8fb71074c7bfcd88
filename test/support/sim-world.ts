// What the tests of the simulated world share: a file to append to, a pair of connected hosts.

import { expect } from 'vitest'
import type { DiskFile, Ports } from '../../src/base/index.ts'
import type { Simulation } from '../../src/sim/index.ts'

export const SEEDS: readonly number[] = Array.from({ length: 60 }, (_, i) => i + 1)

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export function text(content: Uint8Array | null | undefined): string | null {
  return content === null || content === undefined ? null : new TextDecoder().decode(content)
}

export function append(file: DiskFile, content: string): Promise<void> {
  return new Promise((resolve, reject) => {
    file.append([bytes(content)], (error) => (error === null ? resolve() : reject(error)))
  })
}

export function ear(heard: string[]): Parameters<Ports['network']['connect']>[1] {
  return {
    connected: () => heard.push('connected'),
    data: () => {},
    drained: () => {},
    closed: (error) => heard.push(`closed ${error?.message ?? 'orderly'}`),
  }
}

export interface Call {
  readonly heard: string[]
  readonly caller: ReturnType<Ports['network']['connect']>
  readonly callee: () => ReturnType<Ports['network']['connect']>
  readonly received: () => string
  readonly answers: () => string
}

/** a has a connection to port 1 of b; `heard` is what a hears of it from now on. */
export async function connected(sim: Simulation): Promise<Call> {
  const a = sim.addNode('a')
  const b = sim.addNode('b')
  let received = ''
  let answers = ''
  let callee: ReturnType<Ports['network']['connect']> | null = null
  await sim.wait(
    b.network.listen({ host: 'b', port: 1 }, (connection) => {
      callee ??= connection
      return {
        ...ear([]),
        data: (chunk) => {
          received += new TextDecoder().decode(chunk)
        },
      }
    }),
  )
  const heard: string[] = []
  const caller = a.network.connect(
    { host: 'b', port: 1 },
    {
      ...ear(heard),
      data: (chunk) => {
        answers += new TextDecoder().decode(chunk)
      },
    },
  )
  await sim.sleep(10)
  expect(heard.splice(0)).toEqual(['connected'])
  return { heard, caller, callee: () => callee!, received: () => received, answers: () => answers }
}
