// Looks at the cluster's metadata a few times a second, as any client can, and notes where a partition's leader or ISR has
// changed. An answer of an older leader epoch than one seen before comes from a broker that was cut off, and is dropped.

import type { HistoryKey } from '../check/index.ts'
import type { Admin, PartitionDescription } from '../client/index.ts'
import type { MetadataChange } from './types.ts'

const LOOK_EVERY_MS = 250
const LOOK_TIMEOUT_MS = 1_500

export interface Look {
  readonly key: HistoryKey
  readonly partition: PartitionDescription
}

export class MetadataWatch {
  readonly changes: MetadataChange[] = []
  readonly #admin: Admin
  readonly #topics: readonly string[]
  readonly #now: () => number
  readonly #known = new Map<HistoryKey, PartitionDescription>()
  #stopping = false
  #running: Promise<void> = Promise.resolve()

  constructor(admin: Admin, topics: readonly string[], now: () => number) {
    this.#admin = admin
    this.#topics = topics
    this.#now = now
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.#running
  }

  /** What the cluster says now; null where nobody answers. */
  async look(): Promise<readonly Look[] | null> {
    try {
      const topics = await this.#admin.describeTopics(this.#topics, { timeoutMs: LOOK_TIMEOUT_MS })
      if (topics.some(({ error }) => error !== 'NONE')) return null
      return topics.flatMap(({ name, partitions }) =>
        partitions.map((partition) => ({ key: `${name}-${partition.partition}`, partition })),
      )
    } catch {
      // Nobody answers: that is what a fault may do, and it shows as a gap.
      return null
    }
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      for (const { key, partition } of (await this.look()) ?? []) this.#compare(key, partition)
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
  }

  #compare(key: HistoryKey, after: PartitionDescription): void {
    const before = this.#known.get(key)
    if (before !== undefined && after.leaderEpoch < before.leaderEpoch) return
    this.#known.set(key, after)
    if (before === undefined) return
    const at = this.#now()
    const note = (kind: 'leader' | 'isr', from: string, to: string): void => {
      if (from !== to) this.changes.push({ at, partition: key, kind, before: from, after: to })
    }
    note('leader', String(before.leader), String(after.leader))
    note('isr', isrText(before), isrText(after))
  }
}

function isrText({ isr }: PartitionDescription): string {
  return [...isr].sort((a, b) => a - b).join(',')
}
