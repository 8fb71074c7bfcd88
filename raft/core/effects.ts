// Collecting the effects of one step so that durability order holds by construction: once a step persists an election,
// everything that it does afterwards is nested under that persist.

import type { ElectionState, RaftEffect, RaftState } from './types.ts'
import { sameKey } from './voters.ts'

export class Effects {
  readonly all: RaftEffect[] = []
  #into: RaftEffect[] = this.all

  push(effect: RaftEffect): void {
    this.#into.push(effect)
  }

  /** Makes the election durable before anything that follows; nothing when it already is. */
  persist(state: RaftState, election: ElectionState): void {
    const before = state.persisted
    if (
      before.epoch === election.epoch &&
      before.leaderId === election.leaderId &&
      sameKey(before.votedFor, election.votedFor)
    ) {
      return
    }
    state.persisted = election
    const then: RaftEffect[] = []
    this.#into.push({ kind: 'persist', election, then })
    this.#into = then
  }
}
