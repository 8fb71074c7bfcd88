// An incremental fetch session as its client keeps it (KIP-227): the leader remembers what was asked for, a request
// names only what changed. Not the leader's side. Invariant: what is held here is what the leader has acknowledged.

import type { FetchPlan, PlannedPartition } from './plan.ts'

export interface Session {
  /** 0: the leader has given none. */
  id: number
  /** Of the next request: 0 asks for a new session, naming every partition. */
  epoch: number
  /** What the leader has in its session, by key. Empty while the next request is full. */
  held: ReadonlyMap<string, PlannedPartition>
}

/** Epochs count 1, 2, … and wrap past zero, which means "new". */
const MAX_EPOCH = 2 ** 31 - 1

/** True: the partitions of this response may be used. False: the session starts again. */
export function sessionAnswered(session: Session, plan: FetchPlan, error: string, sessionId: number): boolean {
  if (error !== 'NONE') {
    // The leader doesn't know the session: there is nothing to close. With any other error it may, so close by (id, 0).
    if (error === 'FETCH_SESSION_ID_NOT_FOUND') session.id = 0
    startAgain(session)
    return false
  }
  if (sessionId === 0) {
    // No room in the leader's cache (or it closed the session): ask in full each time until it has.
    session.id = 0
    startAgain(session)
    return true
  }
  session.id = sessionId
  session.epoch = plan.sessionEpoch === MAX_EPOCH ? 1 : plan.sessionEpoch + 1
  session.held = plan.expected
  return true
}

/** No answer: the leader may or may not have counted the request. */
export function sessionFailed(session: Session): void {
  startAgain(session)
}

function startAgain(session: Session): void {
  session.epoch = 0
  session.held = new Map()
}
