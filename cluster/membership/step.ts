// The transitions of a broker's life. Knows no sockets: it says when to register and when to send a heartbeat, and is
// told what came of it. Invariant: at most one request is on its way.

import type { Instant } from '../../src/base/index.ts'
import { assert } from '../../src/base/index.ts'
import type { Membership, MembershipConfig, MembershipEffect, MembershipEvent, MembershipState } from './types.ts'

/** What may follow what. */
export const transitions: { readonly [state in MembershipState]: readonly MembershipState[] } = {
  starting: ['registering', 'stopped'],
  registering: ['fenced', 'stopped'],
  // A broker whose epoch the controller no longer knows registers again.
  fenced: ['running', 'registering', 'stopped'],
  running: ['fenced', 'registering', 'controlled-shutdown', 'stopped'],
  'controlled-shutdown': ['stopped'],
  stopped: [],
}

/** While fenced or leaving, the controller is asked often: somebody waits for the answer. */
const IMPATIENT_MS = 100
const FIRST_BACKOFF_MS = 100
/** Short: a new controller, or the end of an earlier incarnation's session, should not be waited for longer than it takes. */
const MAX_BACKOFF_MS = 500

/** Refusals that no retry can change. */
const HOPELESS: ReadonlySet<string> = new Set([
  'INCONSISTENT_CLUSTER_ID',
  'INVALID_REGISTRATION',
  'UNSUPPORTED_VERSION',
])

export function newMembership(config: MembershipConfig): Membership {
  return {
    config,
    state: 'starting',
    brokerEpoch: -1,
    inFlight: false,
    nextAt: null,
    giveUpAt: null,
    failures: 0,
    shutdownWanted: false,
  }
}

/** When the next tick is due; null: none. */
export function deadline(m: Membership): Instant | null {
  if (m.state === 'starting' || m.state === 'stopped') return null
  const speak = m.inFlight ? null : m.nextAt
  if (speak === null || m.giveUpAt === null) return speak ?? m.giveUpAt
  return Math.min(speak, m.giveUpAt)
}

export function step(m: Membership, event: MembershipEvent, now: Instant): MembershipEffect[] {
  if (m.state === 'stopped') return []
  switch (event.kind) {
    case 'start':
      m.giveUpAt = now + m.config.registrationTimeoutMs
      m.nextAt = now
      return become(m, 'registering')
    case 'tick':
      return tick(m, event.ready, now)
    case 'registered':
      return registered(m, event.brokerEpoch, now)
    case 'heartbeat-answered':
      return answered(m, event.isFenced, event.shouldShutDown, now)
    case 'failed':
      return failed(m, event.error, event.jitter, now)
    case 'hurry':
      if (m.state === 'starting') return []
      m.nextAt = now
      m.failures = 0
      return []
    case 'shutdown':
      return shutdown(m, now)
    case 'stop':
      return become(m, 'stopped')
  }
}

function tick(m: Membership, ready: boolean, now: Instant): MembershipEffect[] {
  if (m.giveUpAt !== null && now >= m.giveUpAt) {
    const reason = `no controller registered this broker within ${m.config.registrationTimeoutMs} ms`
    return [{ kind: 'give-up', reason }, ...become(m, 'stopped')]
  }
  if (m.inFlight || m.nextAt === null || now < m.nextAt) return []
  m.inFlight = true
  m.nextAt = null
  if (m.state === 'registering') return [{ kind: 'register' }]
  const wantShutDown = m.shutdownWanted
  return [{ kind: 'heartbeat', wantFence: !ready && !wantShutDown, wantShutDown }]
}

function registered(m: Membership, brokerEpoch: number, now: Instant): MembershipEffect[] {
  // An answer that comes after the broker has moved on answers nothing.
  if (m.state !== 'registering') return []
  assert(brokerEpoch >= 0, `registered with broker epoch ${brokerEpoch}`)
  m.inFlight = false
  m.failures = 0
  m.giveUpAt = null
  m.brokerEpoch = brokerEpoch
  m.nextAt = now
  if (m.shutdownWanted) return become(m, 'stopped')
  return become(m, 'fenced')
}

function answered(m: Membership, isFenced: boolean, shouldShutDown: boolean, now: Instant): MembershipEffect[] {
  m.inFlight = false
  m.failures = 0
  const interval = m.config.heartbeatIntervalMs
  if (m.shutdownWanted && shouldShutDown) return become(m, 'stopped')
  if (m.state === 'controlled-shutdown') {
    m.nextAt = now + Math.min(IMPATIENT_MS, interval)
    return []
  }
  m.nextAt ??= now + (isFenced ? Math.min(IMPATIENT_MS, interval) : interval)
  if (m.state === 'fenced' && !isFenced) return become(m, 'running')
  if (m.state === 'running' && isFenced) return become(m, 'fenced')
  return []
}

function failed(m: Membership, error: string | null, jitter: number, now: Instant): MembershipEffect[] {
  m.inFlight = false
  if (m.state === 'registering' && error !== null && HOPELESS.has(error) && m.brokerEpoch < 0) {
    return [{ kind: 'give-up', reason: `the controller refuses this broker: ${error}` }, ...become(m, 'stopped')]
  }
  m.failures++
  m.nextAt ??= now + backoff(m, jitter)
  if (error !== 'STALE_BROKER_EPOCH') return []
  if (m.state === 'controlled-shutdown') return become(m, 'stopped')
  return m.state === 'registering' ? [] : become(m, 'registering')
}

function shutdown(m: Membership, now: Instant): MembershipEffect[] {
  if (m.shutdownWanted) return []
  m.shutdownWanted = true
  m.nextAt = now
  if (m.state === 'running') return become(m, 'controlled-shutdown')
  // Never unfenced: it leads nothing, and nobody needs to be told.
  return become(m, 'stopped')
}

function backoff(m: Membership, jitter: number): number {
  const pause = Math.min(
    FIRST_BACKOFF_MS * 2 ** Math.min(m.failures - 1, 8),
    MAX_BACKOFF_MS,
    m.config.sessionTimeoutMs / 4,
  )
  return Math.round(pause * (1 + 0.2 * (jitter - 0.5)))
}

function become(m: Membership, state: MembershipState): MembershipEffect[] {
  assert(transitions[m.state].includes(state), `a broker that is ${m.state} became ${state}`)
  m.state = state
  if (state === 'stopped') m.nextAt = null
  return [{ kind: 'became', state }]
}
