// A replica as programs of this process use it (coordinators): told of its roles and of what is committed, reading that
// whatever the role, writing as its leader. Decides nothing. Invariant: news come in order, at the end of the turn's work
// and never within a call of the driver, so that whoever is told may call it at once.

import type { Epoch, Offset } from '../../src/base/index.ts'
import { messageOf, StorageError } from '../../src/base/index.ts'
import type { LogRead } from '../../src/log/index.ts'
import { appendLocally } from './appends.ts'
import type { Host } from './host.ts'
import type { Replica } from './replica.ts'
import type { LocalAppend, LocalRead, LocalReplica, ReplicaNews, ReplicaWatcher, TopicPartition } from './types.ts'

export class Watching {
  readonly #host: Host
  readonly #watchers: readonly ReplicaWatcher[]
  #queue: { readonly local: Local; readonly news: ReplicaNews }[] = []

  constructor(host: Host, watchers: readonly ReplicaWatcher[]) {
    this.#host = host
    this.#watchers = watchers
  }

  /** Null where nobody wants to hear of the replica. */
  localOf(replica: Replica): Local | null {
    const watchers = this.#watchers.filter((watcher) => watcher.wants(replica.at.topic))
    return watchers.length === 0 ? null : new Local(this.#host, replica, watchers)
  }

  tell(local: Local, news: ReplicaNews): void {
    // Watermarks are read when they are heard of: once a turn is enough.
    if (news.kind === 'committed' && local.lastNews === news) return
    local.lastNews = news
    this.#queue.push({ local, news })
    if (this.#queue.length === 1)
      Promise.resolve()
        .then(() => this.#flush())
        .catch(this.#host.options.onFatal)
  }

  #flush(): void {
    const queue = this.#queue
    this.#queue = []
    for (const { local } of queue) local.lastNews = null
    for (const { local, news } of queue) for (const watcher of local.watchers) watcher.told(local, news)
  }
}

export const COMMITTED: ReplicaNews = Object.freeze({ kind: 'committed' })
export const TRUNCATED: ReplicaNews = Object.freeze({ kind: 'truncated' })

export class Local implements LocalReplica {
  readonly at: TopicPartition
  readonly watchers: readonly ReplicaWatcher[]
  /** The last that is queued; null when nothing is. */
  lastNews: ReplicaNews | null = null
  readonly #host: Host
  readonly #replica: Replica

  constructor(host: Host, replica: Replica, watchers: readonly ReplicaWatcher[]) {
    this.at = replica.at
    this.watchers = watchers
    this.#host = host
    this.#replica = replica
  }

  get logStartOffset(): Offset {
    return this.#replica.observedLog?.logStartOffset ?? -1
  }

  get highWatermark(): Offset {
    return this.#replica.observedState?.highWatermark ?? -1
  }

  get maxBatchBytes(): number {
    return this.#replica.log.config.maxMessageBytes
  }

  endOffsetForEpoch(epoch: Epoch): { readonly epoch: Epoch; readonly endOffset: Offset } {
    return this.#replica.log.endOffsetForEpoch(epoch)
  }

  async readCommitted(from: Offset, maxBytes: number): Promise<LocalRead> {
    const replica = this.#replica
    const state = replica.state
    if (state === null || replica.offline) return { kind: 'gone' }
    const log = replica.log
    if (from < log.logStartOffset) return { kind: 'truncated', logStartOffset: log.logStartOffset }
    if (from >= state.highWatermark) return { kind: 'read', chunks: [], endOffset: from }
    let found: LogRead
    try {
      found = await log.read(from, { maxBytes, upTo: state.highWatermark, minOneBatch: true })
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      // It has moved to another directory meanwhile.
      if (replica.state !== null && replica.log !== log) return this.readCommitted(from, maxBytes)
      return { kind: 'failed', reason: messageOf(error) }
    }
    if (replica.state === null || replica.offline) return { kind: 'gone' }
    return { kind: 'read', chunks: found.chunks, endOffset: found.endOffset }
  }

  append(bytes: Uint8Array, epoch: Epoch): Promise<LocalAppend> {
    return appendLocally(this.#host, this.#replica, bytes, epoch)
  }
}
