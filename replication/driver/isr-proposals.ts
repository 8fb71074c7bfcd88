// ISR proposals of all partitions, sent together: what one turn proposes goes out in one AlterPartition, and one is
// under way at a time, as in Kafka. Not the decision, nor what a verdict means: those are replication/partition's.

import { messageOf } from '../../src/base/index.ts'
import type { PartitionEffect } from '../partition/index.ts'
import type { Replica } from './replica.ts'
import type { IsrProposal, IsrVerdict, ReplicationOptions } from './types.ts'

export type ProposeIsr = Extract<PartitionEffect, { kind: 'propose-isr' }>

interface Waiting {
  readonly replica: Replica
  readonly proposal: number
  readonly message: IsrProposal
}

const RETRY: IsrVerdict = { kind: 'retry' }

export class IsrProposals {
  readonly #options: ReplicationOptions
  #queue: Waiting[] = []
  #busy = false
  #stopped = false

  constructor(options: ReplicationOptions) {
    this.#options = options
  }

  add(replica: Replica, effect: ProposeIsr): void {
    this.#queue.push({
      replica,
      proposal: effect.proposal,
      message: {
        at: replica.at,
        leaderEpoch: effect.leaderEpoch,
        partitionEpoch: effect.partitionEpoch,
        newIsr: effect.newIsr,
        leaderRecoveryState: 0,
      },
    })
    if (this.#busy) return
    this.#busy = true
    this.#drain().catch(this.#options.onFatal)
  }

  stop(): void {
    this.#stopped = true
    this.#queue = []
  }

  async #drain(): Promise<void> {
    // The rest of this turn may add more.
    await Promise.resolve()
    while (this.#queue.length > 0 && !this.#stopped) {
      const batch = this.#queue
      this.#queue = []
      const verdicts = await this.#send(batch)
      if (this.#stopped) break
      batch.forEach((waiting, i) => {
        waiting.replica.verdict(waiting.proposal, verdicts[i] ?? RETRY)
      })
    }
    this.#busy = false
  }

  async #send(batch: readonly Waiting[]): Promise<readonly IsrVerdict[]> {
    try {
      return await this.#options.alterPartition(batch.map((waiting) => waiting.message))
    } catch (error) {
      this.#options.logger.warn({ error: messageOf(error) }, 'AlterPartition failed')
      return []
    }
  }
}
