// KIP-951: an answer that refuses a partition because of its leader says who leads now, and where, so that the client need
// not ask for metadata first. Endpoints are those of the asker's listener.

import type { MetadataImage, PartitionImage } from '../../cluster/metadata/index.ts'
import type { LeaderHint } from '../../replication/driver/index.ts'
import type { NodeId } from '../base/index.ts'
import type { ErrorName } from '../wire/index.ts'
import { aliveEndpoint } from './view.ts'

export interface NodeEndpoint {
  readonly nodeId: NodeId
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

export interface CurrentLeader {
  readonly leaderId: NodeId
  readonly leaderEpoch: number
}

/** Gathers the hints of one answer. */
export class LeaderHints {
  readonly #image: MetadataImage
  readonly #listener: string
  readonly #nodes = new Map<NodeId, NodeEndpoint>()

  constructor(image: MetadataImage, listener: string) {
    this.#image = image
    this.#listener = listener
  }

  /** The field of one refused partition; undefined where there is nothing to say. */
  for(error: ErrorName, known: LeaderHint | null, partition: PartitionImage | undefined): CurrentLeader | undefined {
    if (error !== 'NOT_LEADER_OR_FOLLOWER' && error !== 'FENCED_LEADER_EPOCH') return undefined
    // The replica may be ahead of the image this handler saw or behind it: the higher epoch is the newer truth.
    const published: LeaderHint | null =
      partition === undefined ? null : { leaderId: partition.leader, leaderEpoch: partition.leaderEpoch }
    const hint = newer(known, published)
    if (hint === null) return undefined
    const endpoint = aliveEndpoint(this.#image, hint.leaderId, this.#listener)
    if (endpoint !== undefined && !this.#nodes.has(hint.leaderId)) {
      const rack = this.#image.brokers.get(hint.leaderId)?.rack ?? null
      this.#nodes.set(hint.leaderId, { nodeId: hint.leaderId, host: endpoint.host, port: endpoint.port, rack })
    }
    return { leaderId: hint.leaderId, leaderEpoch: hint.leaderEpoch }
  }

  get endpoints(): NodeEndpoint[] {
    return [...this.#nodes.values()]
  }
}

function newer(a: LeaderHint | null, b: LeaderHint | null): LeaderHint | null {
  if (a === null || b === null) return a ?? b
  return b.leaderEpoch > a.leaderEpoch ? b : a
}
