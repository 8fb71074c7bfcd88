// The two replication throttles of a broker: as a leader that is copied from, and as a follower that copies. Both hold back
// only replicas that are listed and not in sync: whoever the high watermark waits for is never made to wait himself, or
// producers would wait with him (Kafka's leader goes by the committed ISR alone).

import type { Instant, NodeId } from '../../src/base/index.ts'
import { createThrottle, isExceeded, paidAt, setRate, spend, spendFreely, type Throttle } from '../fetching/index.ts'
import { holdsHighWatermark } from '../partition/index.ts'
import type { Replica } from './replica.ts'
import type { ReplicationThrottling, ThrottledPartitions } from './throttle-types.ts'

export class Throttles {
  readonly #now: () => Instant
  readonly #leader: Throttle
  readonly #follower: Throttle
  readonly #throttling: ReplicationThrottling | undefined

  constructor(throttling: ReplicationThrottling | undefined, now: () => Instant) {
    this.#now = now
    this.#throttling = throttling
    const { windowMs = 0, memoryMs = 0 } = throttling ?? {}
    this.#leader = createThrottle(windowMs, memoryMs, now())
    this.#follower = createThrottle(windowMs, memoryMs, now())
    this.reconfigure()
  }

  /** Whether the rates are others than before. */
  reconfigure(): boolean {
    if (this.#throttling === undefined) return false
    const { leader, follower } = this.#throttling.rates()
    if (leader === this.#leader.rate && follower === this.#follower.rate) return false
    setRate(this.#leader, leader, this.#now())
    setRate(this.#follower, follower, this.#now())
    return true
  }

  /** Whether this follower gets nothing of that partition now. */
  holdsBack(replica: Replica, follower: NodeId): boolean {
    if (!lists(replica.throttled?.leader, replica) || !isExceeded(this.#leader, this.#now())) return false
    return this.#mayHoldBack(replica, follower)
  }

  /** What a follower was given of a partition; listed ones count, in sync or not (as in Kafka). */
  given(replica: Replica, follower: NodeId, bytes: number): void {
    if (bytes === 0 || !lists(replica.throttled?.leader, replica)) return
    if (this.#mayHoldBack(replica, follower)) spend(this.#leader, bytes, this.#now())
    else spendFreely(this.#leader, bytes, this.#now())
  }

  /** Whether this broker asks for nothing of that partition now. */
  abstains(replica: Replica): boolean {
    if (!lists(replica.throttled?.follower, replica) || !isExceeded(this.#follower, this.#now())) return false
    return !isInSync(replica)
  }

  taken(replica: Replica, bytes: number): void {
    if (!lists(replica.throttled?.follower, replica)) return
    if (isInSync(replica)) spendFreely(this.#follower, bytes, this.#now())
    else spend(this.#follower, bytes, this.#now())
  }

  /** When those who abstain may ask again. */
  get resumesAt(): Instant {
    return paidAt(this.#follower, this.#now())
  }

  #mayHoldBack({ state }: Replica, follower: NodeId): boolean {
    return state !== null && !holdsHighWatermark(state, follower, this.#now())
  }
}

/** By the metadata, or because it has all that its leader has committed: then the leader may be waiting for it already. */
function isInSync(replica: Replica): boolean {
  const { state } = replica
  if (state === null || replica.assigned.isr.includes(state.nodeId)) return true
  const known = state.role.kind === 'follower' ? state.role.leaderHighWatermark : -1
  return known >= 0 && replica.log.endOffset >= known
}

function lists(throttled: ThrottledPartitions | undefined, replica: Replica): boolean {
  return throttled === 'all' || (throttled?.has(replica.at.partition) ?? false)
}
