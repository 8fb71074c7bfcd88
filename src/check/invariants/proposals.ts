// ISR changes held against the proposals that ask for them, as they pass on the wire: who joins does so by a proposal on the
// registration before (KIP-497: compare and set, P13), in the life that the proposal names (KIP-903, P8), and is named only
// in a life whose fetches the leader has heard in this epoch (KAFKA-15221, P8).
// Does not check proposals of a leader on the controller's own node, which pass on no wire, nor members that leave.

import type { BrokerEpoch, Epoch, NodeId, PartitionEpoch } from '../../base/index.ts'
import type { BrokerTruth, ClusterTruth, PartitionTruth } from './truth.ts'
import type { Findings } from './types.ts'

/** One partition of an AlterPartition request. */
export interface IsrProposal {
  readonly leader: NodeId
  readonly leaderEpoch: Epoch
  readonly partitionEpoch: PartitionEpoch
  /** −1: whatever its life. */
  readonly members: ReadonlyMap<NodeId, BrokerEpoch>
}

/** The last fetch of a partition that a leader has heard from a replica. */
interface Fetched {
  readonly leaderEpoch: Epoch
  readonly brokerEpoch: BrokerEpoch
}

/** Kept of each partition: those that wait for a commit are the last ones. */
const KEPT = 64

export class ProposalInvariants {
  readonly #truth: ClusterTruth
  readonly #findings: Findings
  readonly #asked: Map<string, IsrProposal[]> = new Map()
  /** By leader and replica, by partition. */
  readonly #fetched: Map<string, Map<string, Fetched>> = new Map()

  constructor(truth: ClusterTruth, findings: Findings) {
    this.#truth = truth
    this.#findings = findings
  }

  /** A leader hears a replica fetch partitions, each in the leader epoch that the replica knows. */
  fetched(
    leader: NodeId,
    replica: NodeId,
    brokerEpoch: BrokerEpoch,
    partitions: Iterable<readonly [key: string, leaderEpoch: Epoch]>,
  ): void {
    const way = `${leader} ${replica}`
    let known = this.#fetched.get(way)
    if (known === undefined) {
      known = new Map()
      this.#fetched.set(way, known)
    }
    for (const [key, leaderEpoch] of partitions) {
      // What an old connection still delivers comes after what its successor brought; the leader fences it and knows what it knew.
      const heard = known.get(key)
      if (heard !== undefined && (heard.leaderEpoch > leaderEpoch || heard.brokerEpoch > brokerEpoch)) continue
      known.set(key, { leaderEpoch, brokerEpoch })
    }
  }

  /** A controller hears a proposal. */
  proposed(key: string, proposal: IsrProposal): void {
    const asked = this.#asked.get(key) ?? []
    this.#asked.set(key, asked)
    asked.push(proposal)
    if (asked.length > KEPT) asked.shift()
    const truth = this.#truth.partitions.get(key)
    const { leader, leaderEpoch } = proposal
    if (truth === undefined || truth.leader !== leader || truth.leaderEpoch !== leaderEpoch) return
    for (const [id, brokerEpoch] of proposal.members) {
      if (id === leader || brokerEpoch === -1 || truth.isr.includes(id)) continue
      const heard = this.#fetched.get(`${leader} ${id}`)?.get(key)
      if (heard !== undefined && heard.leaderEpoch >= leaderEpoch && heard.brokerEpoch >= brokerEpoch) continue
      const last =
        heard === undefined ? 'no fetch of it' : `a fetch in life ${heard.brokerEpoch} and epoch ${heard.leaderEpoch}`
      this.#violated('P8', truth, id, `is proposed in life ${brokerEpoch}, and leader ${leader} has heard ${last}`)
    }
  }

  /** A step of the metadata log, which the controller on node `writer` wrote. */
  committed(
    before: PartitionTruth | null,
    after: PartitionTruth | null,
    writer: NodeId | undefined,
    brokers: readonly { readonly before: BrokerTruth | null; readonly after: BrokerTruth | null }[],
  ): void {
    if (before === null || after === null || writer === undefined) return
    const { leader, leaderEpoch } = after
    if (leader === writer || leader !== before.leader || leaderEpoch !== before.leaderEpoch) return
    const key = `${after.topicId}:${after.index}`
    for (const id of after.isr) {
      if (before.isr.includes(id)) continue
      const asked = (this.#asked.get(key) ?? []).filter(
        (each) => each.leader === leader && each.leaderEpoch === leaderEpoch && each.members.has(id),
      )
      // Several decisions may be one step.
      const current = asked.filter(
        ({ partitionEpoch }) => partitionEpoch >= before.partitionEpoch && partitionEpoch < after.partitionEpoch,
      )
      const lives = [this.#truth.brokers.get(id), ...brokers.map((each) => each.before)]
        .filter((broker) => broker?.id === id)
        .map((broker) => broker!.epoch)
      if (current.length === 0) {
        const on =
          asked.length === 0 ? 'nowhere' : `on ${[...new Set(asked.map((each) => each.partitionEpoch))].join(', ')}`
        this.#violated('P13', after, id, `joins the ISR of ${before.partitionEpoch}, and was proposed ${on}`)
      } else if (!current.some(({ members }) => members.get(id) === -1 || lives.includes(members.get(id)!))) {
        const named = [...new Set(current.map(({ members }) => members.get(id)))].join(', ')
        this.#violated('P8', after, id, `joins the ISR in life ${lives.join(', ')}, and was proposed in life ${named}`)
      }
    }
  }

  #violated(name: string, { topic, index, leaderEpoch }: PartitionTruth, node: NodeId, what: string): void {
    const partition = `${topic}-${index}`
    this.#findings.violated(name, `${partition}: ${node} ${what}`, { node, partition, epoch: leaderEpoch })
  }
}
