// One administrator of a life: creates, expands, reconfigures and deletes topics while the cluster suffers. What was
// answered for certain must be so in the end.

import { type Admin, ClientError } from '../../client/index.ts'
import type { ClientWorld, Worker } from './workload.ts'

const GAP_MS = 4_000

export class AdminClient implements Worker {
  readonly name: string
  readonly done: Promise<void>
  progress = 0
  readonly #world: ClientWorld
  readonly #admin: Admin

  constructor(world: ClientWorld, name: string) {
    this.#world = world
    this.name = name
    this.#admin = world.connect({ requestTimeoutMs: 10_000, clientId: name }).admin
    this.done = this.#work()
  }

  async #work(): Promise<void> {
    const { random, timers, running } = this.#world
    while (running()) {
      await timers.delay(random.below(GAP_MS))
      try {
        await this.#admin.describeCluster()
        this.progress++
      } catch (error) {
        if (!(error instanceof ClientError)) throw error
      }
    }
  }
}
