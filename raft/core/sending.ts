// What a node would like to send, role by role, and when it may: one request of a kind to a destination at a time, a
// pause after a failure. Nothing is queued: a wish that cannot be sent now is wished again by the next step.

import type { Endpoint, Instant } from '../../src/base/index.ts'
import type { Effects } from './effects.ts'
import { isDiskIdle } from './follower.ts'
import { lastEpoch } from './log-view.ts'
import type {
  Destination,
  Follower,
  Leader,
  Purpose,
  RaftMessage,
  RaftState,
  Request,
  Unattached,
  VoterSet,
} from './types.ts'
import { currentVoters, endpointOf, isLocalVoter, voterById } from './voters.ts'

interface Wish {
  /** One of these, whichever may be sent to. */
  readonly among: readonly Destination[]
  readonly message: RaftMessage
}

function purposeOf(message: RaftMessage): Purpose {
  return message.kind === 'fetch' || message.kind === 'fetch-snapshot' ? 'fetch' : 'control'
}

function connectionOf(message: RaftMessage, endpoint: Endpoint): string {
  return `${purposeOf(message)} ${endpoint.host}:${endpoint.port}`
}

/** Until when nothing of the kind may be sent there; 0 where nothing is to be waited for. */
function pausedUntil(state: RaftState, message: RaftMessage, endpoint: Endpoint): Instant {
  // Nearly always empty, and then no name is needed.
  return state.backoff.size === 0 ? 0 : (state.backoff.get(connectionOf(message, endpoint)) ?? 0)
}

export function noteFailure(state: RaftState, request: Request, now: Instant): void {
  state.backoff.set(connectionOf(request.message, request.to.endpoint), now + state.config.retryBackoffMs)
  const { role } = state
  if (role.kind !== 'leader' || request.message.kind !== 'begin-quorum-epoch') return
  const progress = role.voters.find((voter) => voter.key.id === request.to.id)
  if (progress !== undefined) progress.beginAt = now + state.config.retryBackoffMs
}

export function noteSuccess(state: RaftState, request: Request): void {
  if (state.backoff.size > 0) state.backoff.delete(connectionOf(request.message, request.to.endpoint))
}

/** Sends every wish that may be sent now. */
export function sendWishes(state: RaftState, now: Instant, out: Effects): void {
  for (const wish of wishes(state, now)) {
    const ready =
      state.backoff.size === 0
        ? wish.among
        : wish.among.filter((to) => pausedUntil(state, wish.message, to.endpoint) <= now)
    const to = ready.length < 2 ? ready[0] : ready[state.chance.below(ready.length)]
    if (to === undefined) continue
    const id = state.nextRequestId++
    state.requests.set(id, { id, to, message: wish.message })
    out.push({ kind: 'send', requestId: id, to, message: wish.message })
    const { role } = state
    if (role.kind === 'leader' && wish.message.kind === 'begin-quorum-epoch') {
      const progress = role.voters.find((voter) => voter.key.id === to.id)
      if (progress !== undefined) progress.beginAt = now + beginIntervalMs(state)
    }
  }
}

/** The next instant at which a wish that cannot be sent now could be. */
export function wishesAt(state: RaftState): Instant {
  let at = Number.POSITIVE_INFINITY
  const { role } = state
  if (role.kind === 'leader') {
    for (const progress of role.voters) {
      if (progress.key.id === state.config.nodeId || isAsked(state, progress.key.id)) continue
      const due = beginDue(state, progress)
      if (due >= at) continue
      const endpoint = endpointOf(voterById(currentVoters(state), progress.key.id), state.config.listenerName)
      if (endpoint === null) continue
      const paused = pausedUntil(state, { kind: 'begin-quorum-epoch', epoch: role.epoch }, endpoint)
      at = Math.min(at, Math.max(due, paused))
    }
    return at
  }
  for (const wish of wishes(state, 0)) {
    for (const to of wish.among) at = Math.min(at, pausedUntil(state, wish.message, to.endpoint))
  }
  return at
}

function wishes(state: RaftState, now: Instant): readonly Wish[] {
  const { role } = state
  switch (role.kind) {
    case 'unattached':
      return fetchWish(state, role, now)
    case 'follower':
      return fetchWish(state, role, now)
    case 'prospective':
    case 'candidate': {
      const message: RaftMessage = {
        kind: 'vote',
        epoch: role.epoch,
        preVote: role.kind === 'prospective',
        lastEpoch: lastEpoch(state.log),
        lastOffset: state.log.endOffset,
      }
      const { granted, rejected, voters } = role.election
      const open = voters.filter((voter) => !granted.has(voter.id) && !rejected.has(voter.id))
      return toEach(
        state,
        voters,
        open.map((voter) => voter.id),
        message,
      )
    }
    case 'leader':
      return beginWishes(state, role, now)
    case 'resigned': {
      const message: RaftMessage = {
        kind: 'end-quorum-epoch',
        epoch: role.epoch,
        preferredSuccessors: role.preferredSuccessors,
      }
      return toEach(state, currentVoters(state), [...role.unacknowledged], message)
    }
  }
}

function isAsked(state: RaftState, id: number): boolean {
  for (const request of state.requests.values()) {
    if (request.to.id === id && purposeOf(request.message) === 'control') return true
  }
  return false
}

function toEach(state: RaftState, voters: VoterSet, ids: readonly number[], message: RaftMessage): Wish[] {
  const found: Wish[] = []
  for (const id of ids) {
    const voter = voterById(voters, id)
    const endpoint = endpointOf(voter, state.config.listenerName)
    if (voter === undefined || endpoint === null || id === state.config.nodeId || isAsked(state, id)) continue
    found.push({ among: [{ id, directoryId: voter.directoryId, endpoint }], message })
  }
  return found
}

/** How long a voter may go without fetching before it is told again who leads. */
function beginIntervalMs(state: RaftState): number {
  return Math.floor(state.config.fetchTimeoutMs / 2)
}

function beginDue(state: RaftState, progress: Leader['voters'][number]): Instant {
  const { beginAt, lastFetchAt } = progress
  return lastFetchAt < 0 ? beginAt : Math.max(beginAt, lastFetchAt + beginIntervalMs(state))
}

const NO_WISHES: readonly Wish[] = Object.freeze([])

function beginWishes(state: RaftState, role: Leader, now: Instant): readonly Wish[] {
  // After nearly every step.
  if (!role.voters.some((progress) => beginDue(state, progress) <= now)) return NO_WISHES
  const due = role.voters.filter((progress) => beginDue(state, progress) <= now).map((progress) => progress.key.id)
  return toEach(state, currentVoters(state), due, { kind: 'begin-quorum-epoch', epoch: role.epoch })
}

/** One fetch at a time, and only when everything held is durable. */
function fetchWish(state: RaftState, role: Follower | Unattached, now: Instant): readonly Wish[] {
  if (!isDiskIdle(state)) return NO_WISHES
  for (const request of state.requests.values()) if (purposeOf(request.message) === 'fetch') return NO_WISHES
  const { log, highWatermark } = state
  const fetch: RaftMessage = {
    kind: 'fetch',
    epoch: role.epoch,
    offset: log.endOffset,
    lastFetchedEpoch: lastEpoch(log),
    highWatermark,
  }
  if (role.kind === 'unattached') return [{ among: bootstrap(state), message: fetch }]
  const leader: Destination = {
    id: role.leaderId,
    directoryId: voterById(currentVoters(state), role.leaderId)?.directoryId ?? null,
    endpoint: role.leaderEndpoint,
  }
  if (role.snapshot !== null) {
    const { id, position } = role.snapshot
    return [{ among: [leader], message: { kind: 'fetch-snapshot', epoch: role.epoch, id, position } }]
  }
  // A leader that does not answer may have been followed by another, which only others can tell.
  const unreachable = pausedUntil(state, fetch, leader.endpoint) > now
  const lost = !isLocalVoter(state) && role.fetchTimeoutAt <= now
  if (!unreachable && !lost) return [{ among: [leader], message: fetch }]
  return [
    {
      among: [leader, ...bootstrap(state).filter((to) => !sameEndpoint(to.endpoint, leader.endpoint))],
      message: fetch,
    },
  ]
}

/** Whom to ask who leads: the configured servers, or else the voters. */
function bootstrap(state: RaftState): Destination[] {
  const { config } = state
  const voters = currentVoters(state)
  const own = endpointOf(voterById(voters, config.nodeId), config.listenerName)
  if (config.bootstrapServers.length > 0) {
    return config.bootstrapServers
      .filter((endpoint) => own === null || !sameEndpoint(endpoint, own))
      .map((endpoint) => ({ id: -1, directoryId: null, endpoint }))
  }
  const found: Destination[] = []
  for (const voter of voters) {
    const endpoint = endpointOf(voter, config.listenerName)
    if (endpoint !== null && voter.id !== config.nodeId) {
      found.push({ id: voter.id, directoryId: voter.directoryId, endpoint })
    }
  }
  return found
}

function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.host === b.host && a.port === b.port
}
