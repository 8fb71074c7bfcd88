// A broker's own life in the cluster, as states and events. Deadlines are part of the state; whoever drives it sets one
// alarm and sends `tick`.

import type { BrokerEpoch, Instant } from '../../src/base/index.ts'

export type MembershipState = 'starting' | 'registering' | 'fenced' | 'running' | 'controlled-shutdown' | 'stopped'

export interface MembershipConfig {
  /** `broker.heartbeat.interval.ms`. */
  readonly heartbeatIntervalMs: number
  /** `broker.session.timeout.ms`: no pause between attempts is longer than a quarter of it. */
  readonly sessionTimeoutMs: number
  /** `initial.broker.registration.timeout.ms`. */
  readonly registrationTimeoutMs: number
}

export interface Membership {
  readonly config: MembershipConfig
  state: MembershipState
  /** −1 until registered. */
  brokerEpoch: BrokerEpoch
  /** A request is on its way: nothing is sent until it is answered or has failed. */
  inFlight: boolean
  /** When to speak next; null: not by itself. */
  nextAt: Instant | null
  /** When the first registration is given up; null once it has succeeded. */
  giveUpAt: Instant | null
  /** Failures in a row, for the back-off. */
  failures: number
  shutdownWanted: boolean
}

export type MembershipEvent =
  | { readonly kind: 'start' }
  /** `ready`: the replicas are there and this broker may be unfenced. */
  | { readonly kind: 'tick'; readonly ready: boolean }
  | { readonly kind: 'registered'; readonly brokerEpoch: BrokerEpoch }
  | { readonly kind: 'heartbeat-answered'; readonly isFenced: boolean; readonly shouldShutDown: boolean }
  /** `error`: Kafka's name, or null when no answer came. `jitter` in [0, 1). */
  | { readonly kind: 'failed'; readonly error: string | null; readonly jitter: number }
  /** The active controller is another, or something it waits for has happened: do not wait out the interval. */
  | { readonly kind: 'hurry' }
  | { readonly kind: 'shutdown' }
  /** Whatever the controller says, it is over. */
  | { readonly kind: 'stop' }

export type MembershipEffect =
  | { readonly kind: 'register' }
  | { readonly kind: 'heartbeat'; readonly wantFence: boolean; readonly wantShutDown: boolean }
  | { readonly kind: 'became'; readonly state: MembershipState }
  /** The first registration did not succeed in time, or never can: the broker must stop. */
  | { readonly kind: 'give-up'; readonly reason: string }
