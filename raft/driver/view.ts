// The quorum as checkers and the console see it: an object whose properties read the state when they are read, made once,
// so that looking after every event costs nothing. Changes nothing and decides nothing.

import type { RaftState } from '../core/index.ts'
import { currentVoters, leaderOf, shownHighWatermark, votedFor } from '../core/index.ts'
import type { QuorumView } from './types.ts'

export function quorumView(stateOf: () => RaftState | null, version: () => number): QuorumView {
  return {
    get state() {
      return stateOf()?.role.kind ?? 'starting'
    },
    get epoch() {
      return stateOf()?.role.epoch ?? 0
    },
    get leaderId() {
      const state = stateOf()
      return state === null ? -1 : leaderOf(state).id
    },
    get votedFor() {
      const state = stateOf()
      return state === null ? -1 : (votedFor(state)?.id ?? -1)
    },
    get highWatermark() {
      return stateOf()?.highWatermark ?? 0
    },
    get shownHighWatermark() {
      const state = stateOf()
      return state === null ? -1 : shownHighWatermark(state)
    },
    get logStartOffset() {
      return stateOf()?.log.startOffset ?? 0
    },
    get durableEndOffset() {
      return stateOf()?.log.durableEndOffset ?? 0
    },
    get endOffset() {
      return stateOf()?.log.endOffset ?? 0
    },
    get epochStartOffset() {
      const role = stateOf()?.role
      return role?.kind === 'leader' ? role.epochStartOffset : -1
    },
    get snapshotEndOffset() {
      return stateOf()?.log.snapshots.at(-1)?.endOffset ?? -1
    },
    get voters() {
      const state = stateOf()
      return state === null ? [] : currentVoters(state)
    },
    get version() {
      return version()
    },
  }
}
