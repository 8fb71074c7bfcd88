// Where new replicas go: Kafka's StripedReplicaPlacer. Racks take turns, and brokers within a rack, from a random start;
// the first replica is on an unfenced broker; fenced ones come last in their rack. After as many partitions as there are
// unfenced brokers everything is shuffled, so that the same neighbours do not share every partition.

import type { NodeId, Random } from '../../src/base/index.ts'
import type { MetadataImage } from '../metadata/index.ts'
import { brokersById } from '../metadata/index.ts'

export interface UsableBroker {
  readonly id: NodeId
  readonly rack: string | null
  readonly fenced: boolean
}

/** Brokers in controlled shutdown get nothing, nor do those whose every directory is cordoned (KIP-1066). */
export function usableBrokers(draft: MetadataImage): UsableBroker[] {
  return brokersById(draft)
    .filter((broker) => !broker.inControlledShutdown)
    .filter(({ directories, cordonedDirectories: cordoned }) => {
      return directories.length === 0 || cordoned === null || directories.some((id) => !cordoned.includes(id))
    })
    .map(({ id, rack, fenced }) => ({ id, rack, fenced }))
}

/** One list of brokers a partition, or the sentence of INVALID_REPLICATION_FACTOR. */
export function placeReplicas(
  brokers: readonly UsableBroker[],
  partitions: number,
  replicationFactor: number,
  random: Random,
): readonly (readonly NodeId[])[] | string {
  if (replicationFactor <= 0) {
    return `Invalid replication factor ${replicationFactor}: the replication factor must be positive.`
  }
  const unfenced = brokers.filter((broker) => !broker.fenced).length
  if (unfenced === 0) return 'All brokers are currently fenced.'
  if (replicationFactor > brokers.length) {
    return `The target replication factor of ${replicationFactor} cannot be reached because only ${brokers.length} broker(s) are registered or some brokers have all their log directories cordoned.`
  }
  const racks = new RackList(brokers, unfenced, random)
  return Array.from({ length: partitions }, () => racks.place(replicationFactor))
}

class BrokerList {
  readonly #brokers: NodeId[]
  #index = 0
  #offset: number
  #epoch = 0

  constructor(brokers: readonly NodeId[], random: Random) {
    this.#brokers = [...brokers].sort((a, b) => a - b)
    this.#offset = brokers.length === 0 ? 0 : random.below(brokers.length)
  }

  /** The next broker of this round, −1 when each had its turn. */
  next(epoch: number): NodeId {
    const size = this.#brokers.length
    if (size === 0) return -1
    if (this.#epoch !== epoch) {
      this.#epoch = epoch
      this.#index = 0
      this.#offset = (this.#offset + 1) % size
    }
    if (this.#index >= size) return -1
    return this.#brokers[(this.#index++ + this.#offset) % size]!
  }

  shuffle(random: Random): void {
    shuffle(this.#brokers, random)
  }
}

interface Rack {
  readonly unfenced: BrokerList
  readonly fenced: BrokerList
}

class RackList {
  readonly #random: Random
  readonly #racks: Rack[]
  readonly #unfenced: number
  #epoch = 0
  #offset: number

  constructor(brokers: readonly UsableBroker[], unfenced: number, random: Random) {
    this.#random = random
    this.#unfenced = unfenced
    // No rack sorts before every rack.
    const names = [...new Set(brokers.map((broker) => broker.rack))].sort((a, b) =>
      a === null ? -1 : b === null ? 1 : a < b ? -1 : 1,
    )
    this.#racks = names.map((name) => {
      const here = brokers.filter((broker) => broker.rack === name)
      const ids = (fenced: boolean): NodeId[] => here.filter((b) => b.fenced === fenced).map((b) => b.id)
      return { fenced: new BrokerList(ids(true), random), unfenced: new BrokerList(ids(false), random) }
    })
    this.#offset = random.below(this.#racks.length)
  }

  place(replicationFactor: number): NodeId[] {
    const racks = this.#racks
    // With one unfenced broker the round must go on, or its list would never start again.
    if (this.#epoch === this.#unfenced && this.#unfenced > 1) {
      shuffle(racks, this.#random)
      for (const rack of racks) {
        rack.fenced.shuffle(this.#random)
        rack.unfenced.shuffle(this.#random)
      }
      this.#epoch = 0
    }
    if (this.#offset === racks.length) this.#offset = 0
    const replicas: NodeId[] = []
    let first = this.#offset
    for (;;) {
      const id = racks[first]!.unfenced.next(this.#epoch)
      if (id >= 0) {
        replicas.push(id)
        break
      }
      first = (first + 1) % racks.length
    }
    let at = this.#offset
    while (replicas.length < replicationFactor) {
      // The rack that gave the first replica sits out its own first turn.
      let id = -1
      if (at === first) first = -1
      else id = next(racks[at]!, this.#epoch)
      at = (at + 1) % racks.length
      if (id >= 0) replicas.push(id)
    }
    this.#epoch++
    this.#offset++
    return replicas
  }
}

function next(rack: Rack, epoch: number): NodeId {
  const id = rack.unfenced.next(epoch)
  return id >= 0 ? id : rack.fenced.next(epoch)
}

/** Fisher and Yates. */
function shuffle<T>(list: T[], random: Random): void {
  for (let i = list.length; i > 1; i--) {
    const j = random.below(i)
    const held = list[i - 1]!
    list[i - 1] = list[j]!
    list[j] = held
  }
}
