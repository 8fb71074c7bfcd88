// The group coordinator as handlers see it: real shards of src/groups, on a log that commits at once what is appended. Time
// stands still until a test moves it.

import { Bug } from '../../src/base/index.ts'
import type { Groups } from '../../src/broker/index.ts'
import type { GroupAnswer, GroupEvent, GroupRequest, GroupShard } from '../../src/groups/index.ts'
import { createShard, step } from '../../src/groups/index.ts'
import { BEGIN, CONFIG } from './group-shard.ts'

export class FakeGroups implements Groups {
  /** What was asked, with the partition. */
  readonly asked: { readonly partition: number; readonly request: GroupRequest }[] = []
  readonly #shards: Map<number, GroupShard> = new Map()
  readonly #waiting: Map<number, (answer: GroupAnswer) => void> = new Map()
  #token = 1
  #now = 0

  /** A partition that is led here; `loaded` false: its log is still being read. */
  lead(partition: number, loaded = true): void {
    this.#shards.set(partition, createShard({ ...CONFIG, initialRebalanceDelayMs: 0 }))
    this.#step(partition, { kind: 'load', epoch: 1 })
    if (loaded) this.#step(partition, { kind: 'loaded', epoch: 1 })
  }

  follow(partition: number): void {
    this.#shards.set(partition, createShard(CONFIG))
  }

  pass(ms: number): void {
    this.#now += ms
    for (const partition of this.partitions) this.#step(partition, { kind: 'tick' })
  }

  ask(partition: number, event: (token: number) => GroupEvent): Promise<GroupAnswer> {
    const token = this.#token++
    const made = event(token)
    if (made.kind !== 'request') throw new Bug(`${made.kind} has no answer`)
    this.asked.push({ partition, request: made.request })
    return new Promise((resolve) => {
      this.#waiting.set(token, resolve)
      if (this.#shards.has(partition)) this.#step(partition, made)
      else this.#settle(createShard(CONFIG), made)
    })
  }

  get partitions(): readonly number[] {
    return [...this.#shards.keys()]
  }

  #step(partition: number, event: GroupEvent): void {
    this.#settle(this.#shards.get(partition)!, event)
  }

  #settle(shard: GroupShard, event: GroupEvent): void {
    for (const effect of step(shard, event, { now: this.#now, wall: BEGIN + this.#now })) {
      if (effect.kind === 'append') this.#settle(shard, { kind: 'committed', append: effect.append })
      if (effect.kind !== 'answer') continue
      const resolve = this.#waiting.get(effect.token)
      this.#waiting.delete(effect.token)
      resolve?.(effect)
    }
  }
}
