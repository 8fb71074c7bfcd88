// A broker's own life: what it sends when, and what it makes of the answers.

import { describe, expect, test } from 'vitest'
import type { Membership, MembershipEffect, MembershipEvent } from '../../../cluster/membership/index.ts'
import { deadline, newMembership, step, transitions } from '../../../cluster/membership/index.ts'

const config = { heartbeatIntervalMs: 2_000, sessionTimeoutMs: 9_000, registrationTimeoutMs: 60_000 }

function life(...events: [number, MembershipEvent][]): { m: Membership; effects: MembershipEffect[] } {
  const m = newMembership(config)
  const effects: MembershipEffect[] = []
  for (const [now, event] of events) effects.push(...step(m, event, now))
  return { m, effects }
}

const tick: MembershipEvent = { kind: 'tick', ready: true }
const registered: MembershipEvent = { kind: 'registered', brokerEpoch: 7 }
const unfenced: MembershipEvent = { kind: 'heartbeat-answered', isFenced: false, shouldShutDown: false }
const fenced: MembershipEvent = { kind: 'heartbeat-answered', isFenced: true, shouldShutDown: false }
const released: MembershipEvent = { kind: 'heartbeat-answered', isFenced: true, shouldShutDown: true }
const lost: MembershipEvent = { kind: 'failed', error: null, jitter: 0.5 }
const stale: MembershipEvent = { kind: 'failed', error: 'STALE_BROKER_EPOCH', jitter: 0.5 }
const running: [number, MembershipEvent][] = [
  [0, { kind: 'start' }],
  [0, tick],
  [10, registered],
  [10, tick],
  [20, unfenced],
]

describe('joining', () => {
  test('registers at once, asks to be unfenced when its replicas are ready, then beats every interval', () => {
    const { m, effects } = life(...running)
    expect(effects).toEqual([
      { kind: 'became', state: 'registering' },
      { kind: 'register' },
      { kind: 'became', state: 'fenced' },
      { kind: 'heartbeat', wantFence: false, wantShutDown: false },
      { kind: 'became', state: 'running' },
    ])
    expect(deadline(m)).toBe(2_020)
    expect(step(m, tick, 2_019)).toEqual([])
    expect(step(m, tick, 2_020)).toEqual([{ kind: 'heartbeat', wantFence: false, wantShutDown: false }])
    expect(deadline(m)).toBeNull()
  })

  test('asks often while it is fenced', () => {
    const { m, effects } = life(
      [0, { kind: 'start' }],
      [0, tick],
      [10, registered],
      [10, { kind: 'tick', ready: false }],
    )
    expect(effects.at(-1)).toEqual({ kind: 'heartbeat', wantFence: true, wantShutDown: false })
    step(m, fenced, 20)
    expect(deadline(m)).toBe(120)
  })

  test('backs off between attempts, and gives up after the registration time-out', () => {
    const { m } = life([0, { kind: 'start' }])
    const pauses: number[] = []
    let now = 0
    for (let i = 0; i < 7; i++) {
      step(m, tick, now)
      step(m, lost, now)
      pauses.push(deadline(m)! - now)
      now = deadline(m)!
    }
    expect(pauses).toEqual([100, 200, 400, 500, 500, 500, 500])
    expect(step(m, tick, 60_000).map((e) => e.kind)).toEqual(['give-up', 'became'])
    expect(m.state).toBe('stopped')
  })

  test('gives up at once when it is not wanted, and waits when another has its id', () => {
    const refused = (error: string): MembershipEffect[] =>
      life([0, { kind: 'start' }], [0, tick], [1, { kind: 'failed', error, jitter: 0 }]).effects
    expect(refused('INCONSISTENT_CLUSTER_ID').at(-2)).toEqual({
      kind: 'give-up',
      reason: 'the controller refuses this broker: INCONSISTENT_CLUSTER_ID',
    })
    expect(refused('DUPLICATE_BROKER_REGISTRATION').map((e) => e.kind)).toEqual(['became', 'register'])
  })
})

describe('living', () => {
  test('registers again when its epoch is unknown, and takes the new one', () => {
    const { m, effects } = life(...running, [2_020, tick], [2_030, stale], [2_130, tick])
    expect(effects.slice(-2)).toEqual([{ kind: 'became', state: 'registering' }, { kind: 'register' }])
    step(m, { kind: 'registered', brokerEpoch: 99 }, 2_140)
    expect([m.state, m.brokerEpoch]).toEqual(['fenced', 99])
    // Once it has been in the cluster it does not give up.
    expect(m.giveUpAt).toBeNull()
  })

  test('is fenced by mistake and comes back with the same epoch', () => {
    const { m } = life(...running, [2_020, tick], [2_030, fenced])
    expect([m.state, m.brokerEpoch]).toEqual(['fenced', 7])
    step(m, tick, 2_130)
    step(m, unfenced, 2_140)
    expect([m.state, m.brokerEpoch]).toEqual(['running', 7])
  })

  test('never has two requests on their way, and hurries after the answer', () => {
    const { m } = life(...running, [2_020, tick], [2_021, { kind: 'hurry' }])
    expect(step(m, tick, 2_022)).toEqual([])
    step(m, unfenced, 2_030)
    expect(step(m, tick, 2_031)).toEqual([{ kind: 'heartbeat', wantFence: false, wantShutDown: false }])
  })
})

describe('leaving', () => {
  test('asks for the way out until it is let go', () => {
    const { m, effects } = life(
      ...running,
      [30, { kind: 'shutdown' }],
      [30, tick],
      [40, unfenced],
      [140, tick],
      [150, released],
    )
    expect(effects.slice(-4)).toEqual([
      { kind: 'became', state: 'controlled-shutdown' },
      { kind: 'heartbeat', wantFence: false, wantShutDown: true },
      { kind: 'heartbeat', wantFence: false, wantShutDown: true },
      { kind: 'became', state: 'stopped' },
    ])
    expect(step(m, tick, 9_999)).toEqual([])
  })

  test('is over at once for a broker that leads nothing yet', () => {
    const { m } = life([0, { kind: 'start' }], [0, tick], [5, { kind: 'shutdown' }])
    expect(m.state).toBe('stopped')
    expect(step(m, registered, 10)).toEqual([])
  })
})

test('every state can be left for stopped, and stopped for none', () => {
  for (const [state, next] of Object.entries(transitions)) {
    expect(next.includes('stopped')).toBe(state !== 'stopped')
  }
})
