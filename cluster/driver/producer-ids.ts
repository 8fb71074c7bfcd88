// This broker's block of producer ids. One request for a block at a time; whoever needs an id meanwhile waits for it.

import type { BrokerEpoch, Instant, NodeId } from '../../src/base/index.ts'
import { apis } from '../../src/wire/index.ts'
import type { ControllerChannel } from './channel.ts'

export class ProducerIds {
  readonly #channel: ControllerChannel
  readonly #brokerId: NodeId
  readonly #brokerEpoch: () => BrokerEpoch
  #next = 0
  #left = 0
  #fetching: Promise<boolean> | null = null

  constructor(channel: ControllerChannel, brokerId: NodeId, brokerEpoch: () => BrokerEpoch) {
    this.#channel = channel
    this.#brokerId = brokerId
    this.#brokerEpoch = brokerEpoch
  }

  /** Null when no block came by then. */
  async allocate(deadline: Instant): Promise<number | null> {
    while (this.#left === 0) {
      this.#fetching ??= this.#fetch(deadline)
      // Others may have emptied the block by the time this caller runs on.
      if (!(await this.#fetching)) return null
    }
    this.#left--
    return this.#next++
  }

  async #fetch(deadline: Instant): Promise<boolean> {
    const api = apis.AllocateProducerIds
    const request = { brokerId: this.#brokerId, brokerEpoch: this.#brokerEpoch() }
    try {
      const answer = await this.#channel.ask('isr', api, api.latestStableVersion, request, deadline)
      if ((answer.errorCode ?? 0) !== 0) return false
      this.#next = answer.producerIdStart ?? 0
      this.#left = answer.producerIdLen ?? 0
      return this.#left > 0
    } finally {
      this.#fetching = null
    }
  }
}
