// The quorum as checkers and the console see it: an object whose properties read the state when they are read, made once,
// so that looking after every event costs nothing: a class, for V8 reads an accessor of a literal by name every time.
// Changes nothing and decides nothing.

import type { RaftState } from '../core/index.ts'
import { currentVoters, leaderOf, shownHighWatermark, votedFor } from '../core/index.ts'
import type { QuorumView } from './types.ts'

export function quorumView(stateOf: () => RaftState | null, version: () => number): QuorumView {
  return new View(stateOf, version)
}

class View implements QuorumView {
  readonly #stateOf: () => RaftState | null
  readonly #version: () => number

  constructor(stateOf: () => RaftState | null, version: () => number) {
    this.#stateOf = stateOf
    this.#version = version
  }

  get state(): QuorumView['state'] {
    return this.#stateOf()?.role.kind ?? 'starting'
  }

  get epoch(): QuorumView['epoch'] {
    return this.#stateOf()?.role.epoch ?? 0
  }

  get leaderId(): QuorumView['leaderId'] {
    const state = this.#stateOf()
    return state === null ? -1 : leaderOf(state).id
  }

  get votedFor(): QuorumView['votedFor'] {
    const state = this.#stateOf()
    return state === null ? -1 : (votedFor(state)?.id ?? -1)
  }

  get highWatermark(): QuorumView['highWatermark'] {
    return this.#stateOf()?.highWatermark ?? 0
  }

  get shownHighWatermark(): QuorumView['shownHighWatermark'] {
    const state = this.#stateOf()
    return state === null ? -1 : shownHighWatermark(state)
  }

  get logStartOffset(): QuorumView['logStartOffset'] {
    return this.#stateOf()?.log.startOffset ?? 0
  }

  get durableEndOffset(): QuorumView['durableEndOffset'] {
    return this.#stateOf()?.log.durableEndOffset ?? 0
  }

  get endOffset(): QuorumView['endOffset'] {
    return this.#stateOf()?.log.endOffset ?? 0
  }

  get epochStartOffset(): QuorumView['epochStartOffset'] {
    const role = this.#stateOf()?.role
    return role?.kind === 'leader' ? role.epochStartOffset : -1
  }

  get snapshotEndOffset(): QuorumView['snapshotEndOffset'] {
    return this.#stateOf()?.log.snapshots.at(-1)?.endOffset ?? -1
  }

  get voters(): QuorumView['voters'] {
    const state = this.#stateOf()
    return state === null ? [] : currentVoters(state)
  }

  get version(): QuorumView['version'] {
    return this.#version()
  }
}
