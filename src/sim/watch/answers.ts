// What brokers are asked and answer, as far as an invariant or a marker speaks of it: produces, consumers' fetches, ends
// of logs, votes, ISR proposals. Decodes those few frames and hands them to the checks; everything else passes unread.

import type { Epoch, NodeId } from '../../base/index.ts'
import { ZERO_UUID } from '../../base/index.ts'
import type {
  AnswerInvariants,
  Ballot,
  FetchInvariants,
  Findings,
  LogModel,
  ProducedFact,
  ProposalInvariants,
  QuorumInvariants,
  SessionInvariants,
} from '../../check/index.ts'
import { apis, decode, decodeRequestHeader, decodeResponse, errorName, readBatchHeader } from '../../wire/index.ts'
import type { TappedEnd } from '../tap.ts'
import { Fetches, type FetchFacts, type HeardFetch } from './fetches.ts'
import type { FrameSink, Heard, HeardRequest } from './frames.ts'
import { type HeardEpochs, type HeardListing, Offsets } from './offsets.ts'
import { Owed } from './owed.ts'

const CLIENT_PORT = 9092
const CONTROLLER_PORT = 9093
const ASKED_OF_CONTROLLERS: ReadonlySet<number> = new Set([
  apis.Vote.key,
  apis.AlterPartition.key,
  apis.BrokerHeartbeat.key,
])

export interface AnswerFacts extends FetchFacts {
  nodeOf(host: string): NodeId
  /** Looks at a replica at once, before its node's event is over; its leader epoch if it leads. */
  lookAt(node: NodeId, model: LogModel): number
  /** The same for what a node is in the quorum. */
  lookAtQuorum(node: NodeId): void
  voters(): number
  now(): number
}

interface HeardProduce extends Heard {
  readonly acks: number
  readonly sent: ReadonlyMap<LogModel, ProducedFact>
  /** Where the node led when the request came, and in which epoch. */
  readonly led: ReadonlyMap<LogModel, Epoch>
}

interface HeardVote extends Heard {
  readonly ballot: Ballot
}

interface HeardProposal extends Heard {
  readonly proposed: ReadonlyMap<LogModel, { readonly leaderEpoch: number; readonly partitionEpoch: number }>
}

const OF_CLIENTS: ReadonlySet<number> = new Set([apis.Produce.key, apis.ListOffsets.key, apis.OffsetForLeaderEpoch.key])

export class Answers implements FrameSink {
  readonly #facts: AnswerFacts
  readonly #checks: AnswerInvariants
  readonly #quorum: QuorumInvariants
  readonly #sessions: SessionInvariants
  readonly #fetches: Fetches
  readonly #offsets: Offsets
  readonly #owed: Owed
  readonly #proposals: ProposalInvariants
  readonly #findings: Findings

  constructor(
    facts: AnswerFacts,
    checks: AnswerInvariants,
    fetches: FetchInvariants,
    proposals: ProposalInvariants,
    quorum: QuorumInvariants,
    sessions: SessionInvariants,
    findings: Findings,
  ) {
    this.#facts = facts
    this.#checks = checks
    this.#quorum = quorum
    this.#sessions = sessions
    this.#proposals = proposals
    this.#fetches = new Fetches(facts, fetches, checks, proposals, findings)
    this.#offsets = new Offsets(facts, fetches, checks, findings)
    this.#owed = new Owed((node, model, request) => {
      if (facts.lookAt(node, model) < 0) return false
      const sent = (request as HeardProduce).sent.get(model)
      return sent === undefined || !checks.settled(node, model, sent)
    }, findings)
    this.#findings = findings
  }

  /** The process of a node is no more. */
  ended(node: NodeId): void {
    this.#owed.ended(node)
  }

  wants(apiKey: number, port: number): 'body' | 'answer' | null {
    if (port === CONTROLLER_PORT) {
      if (apiKey === apis.Fetch.key) return 'answer'
      return ASKED_OF_CONTROLLERS.has(apiKey) ? 'body' : null
    }
    if (apiKey === apis.Fetch.key) return 'body'
    return port === CLIENT_PORT && OF_CLIENTS.has(apiKey) ? 'body' : null
  }

  request(end: TappedEnd, { apiKey, version, frame }: HeardRequest): Heard | null {
    this.#owed.look(this.#facts.nodeOf(end.host), this.#facts.now())
    switch (apiKey) {
      case apis.Fetch.key:
        return this.#fetches.request(this.#facts.nodeOf(end.host), version, frame)
      case apis.Produce.key:
        return this.#produce(end, version, frame)
      case apis.ListOffsets.key:
        return this.#offsets.listing(this.#facts.nodeOf(end.host), version, frame)
      case apis.OffsetForLeaderEpoch.key:
        return this.#offsets.epochs(this.#facts.nodeOf(end.host), version, frame)
      case apis.Vote.key:
        return this.#vote(version, frame)
      case apis.AlterPartition.key:
        return this.#proposal(version, frame)
      case apis.BrokerHeartbeat.key:
        this.#heartbeat(this.#facts.nodeOf(end.host), version, frame)
        return null
      default:
        return null
    }
  }

  response(end: TappedEnd, heard: Heard, frame: Uint8Array): void {
    const node = this.#facts.nodeOf(end.host)
    switch (heard.apiKey) {
      case apis.Produce.key:
        this.#owed.answered(node, heard)
        this.#produced(node, heard as HeardProduce, frame)
        return
      case apis.Fetch.key:
        if (end.local.port === CONTROLLER_PORT) this.#fetches.ofQuorum(heard, frame)
        else this.#fetches.response(node, end.local.port === CLIENT_PORT, heard as HeardFetch, frame)
        return
      case apis.ListOffsets.key:
        this.#offsets.listed(node, heard as HeardListing, frame)
        return
      case apis.OffsetForLeaderEpoch.key:
        this.#offsets.epochsTold(node, heard as HeardEpochs, frame)
        return
      case apis.Vote.key:
        this.#voted(node, heard as HeardVote, frame)
        return
      case apis.AlterPartition.key:
        this.#altered(node, heard as HeardProposal, frame)
    }
  }

  #produce(end: TappedEnd, version: number, frame: Uint8Array): HeardProduce | null {
    const { bodyAt } = decodeRequestHeader(frame)
    if (bodyAt < 0) return null
    const { acks, topicData } = decode(apis.Produce.request, version, frame, bodyAt)
    if (acks === 0) return null
    const node = this.#facts.nodeOf(end.host)
    const sent = new Map<LogModel, ProducedFact>()
    const led = new Map<LogModel, Epoch>()
    for (const { name, topicId, partitionData } of topicData) {
      for (const { index, records } of partitionData) {
        const model = this.#facts.model(topicId, name, index)
        const header = records === null ? null : readBatchHeader(records, 0)
        if (model === undefined || header === null) continue
        const { producerId, producerEpoch, baseSequence, lastOffsetDelta } = header
        const batchesBefore = model.batches
        sent.set(model, { acks, producerId, producerEpoch, baseSequence, lastOffsetDelta, batchesBefore })
        const epoch = this.#facts.lookAt(node, model)
        if (epoch >= 0) led.set(model, epoch)
      }
    }
    const heard = { apiKey: apis.Produce.key, version, acks, sent, led }
    this.#owed.asked(node, end, heard, [...led.keys()])
    return heard
  }

  #produced(node: NodeId, heard: HeardProduce, frame: Uint8Array): void {
    const { body } = decodeResponse(apis.Produce, heard.version, frame)
    for (const { name, topicId, partitionResponses } of body.responses) {
      for (const { index, errorCode, baseOffset, logAppendTimeMs } of partitionResponses) {
        const model = this.#facts.model(topicId, name, index)
        if (model === undefined) continue
        const sent = heard.sent.get(model)
        if (errorCode !== 0) this.#refused(node, model, baseOffset, errorName(errorCode), heard.led.get(model) ?? -1)
        else if (sent !== undefined) {
          this.#facts.lookAt(node, model)
          this.#checks.acknowledged(node, model, sent, baseOffset, logAppendTimeMs)
        }
      }
    }
  }

  #refused(node: NodeId, model: LogModel, baseOffset: number, error: string, led: Epoch): void {
    this.#checks.refused(node, model, baseOffset, error)
    if (error === 'NOT_LEADER_OR_FOLLOWER') {
      this.#findings.marked(led >= 0 ? 'produce: held across a leader change' : 'produce: not leader')
      if (led >= 0 && this.#facts.lookAt(node, model) === led) this.#checks.disowned(node, model, led)
    } else if (error === 'NOT_ENOUGH_REPLICAS') this.#findings.marked('produce: not enough replicas')
    else if (error === 'NOT_ENOUGH_REPLICAS_AFTER_APPEND')
      this.#findings.marked('produce: not enough replicas after append')
    else if (error === 'REQUEST_TIMED_OUT') this.#findings.marked('produce: timed out')
    else if (error === 'OUT_OF_ORDER_SEQUENCE_NUMBER') this.#findings.marked('produce: out of order sequence')
  }

  #heartbeat(node: NodeId, version: number, frame: Uint8Array): void {
    const { bodyAt } = decodeRequestHeader(frame)
    if (bodyAt < 0) return
    const body = decode(apis.BrokerHeartbeat.request, version, frame, bodyAt)
    const { brokerId: broker, brokerEpoch, currentMetadataOffset: metadataOffset, wantFence, wantShutDown } = body
    this.#sessions.heard(node, { broker, brokerEpoch, metadataOffset, wantFence, wantShutDown }, this.#facts.now())
  }

  #vote(version: number, frame: Uint8Array): HeardVote | null {
    const { bodyAt } = decodeRequestHeader(frame)
    if (bodyAt < 0) return null
    const partition = decode(apis.Vote.request, version, frame, bodyAt).topics[0]?.partitions[0]
    if (partition === undefined) return null
    const { replicaEpoch: epoch, replicaId: candidate, lastOffsetEpoch: lastEpoch, lastOffset: endOffset } = partition
    const preVote = version >= 2 && partition.preVote
    if (!preVote) this.#quorum.voteAsked(candidate, epoch, this.#facts.voters())
    const meantFor = version >= 1 && partition.voterDirectoryId !== ZERO_UUID ? partition.voterDirectoryId : null
    const ballot = { candidate, epoch, lastEpoch, endOffset, preVote, voterDirectoryId: meantFor }
    return { apiKey: apis.Vote.key, version, ballot }
  }

  #voted(node: NodeId, { version, ballot }: HeardVote, frame: Uint8Array): void {
    const partition = decodeResponse(apis.Vote, version, frame).body.topics[0]?.partitions[0]
    if (partition?.voteGranted !== true) return
    this.#facts.lookAtQuorum(node)
    this.#quorum.granted(node, ballot)
    if (ballot.preVote) this.#quorum.preVoteGranted(node, ballot.candidate, ballot.epoch)
    else this.#quorum.voteGranted(node, ballot.candidate, ballot.epoch)
  }

  #proposal(version: number, frame: Uint8Array): HeardProposal | null {
    const { bodyAt } = decodeRequestHeader(frame)
    if (bodyAt < 0) return null
    const proposed = new Map<LogModel, { readonly leaderEpoch: number; readonly partitionEpoch: number }>()
    const { brokerId: leader, topics } = decode(apis.AlterPartition.request, version, frame, bodyAt)
    for (const { topicId, partitions } of topics) {
      for (const { partitionIndex, leaderEpoch, partitionEpoch, newIsrWithEpochs } of partitions) {
        const members = new Map(newIsrWithEpochs.map(({ brokerId, brokerEpoch }) => [brokerId, brokerEpoch]))
        this.#proposals.proposed(`${topicId}:${partitionIndex}`, { leader, leaderEpoch, partitionEpoch, members })
        const model = this.#facts.model(topicId, '', partitionIndex)
        if (model !== undefined) proposed.set(model, { leaderEpoch, partitionEpoch })
      }
    }
    return { apiKey: apis.AlterPartition.key, version, proposed }
  }

  #altered(node: NodeId, { version, proposed }: HeardProposal, frame: Uint8Array): void {
    const { body } = decodeResponse(apis.AlterPartition, version, frame)
    for (const { topicId, partitions } of body.topics) {
      for (const { partitionIndex, errorCode, leaderEpoch, partitionEpoch } of partitions) {
        if (errorCode === 0) {
          const model = this.#facts.model(topicId, '', partitionIndex)
          const before = model === undefined ? undefined : proposed.get(model)
          if (model !== undefined && before !== undefined)
            this.#checks.isrAccepted(node, model, before, { leaderEpoch, partitionEpoch })
          continue
        }
        this.#findings.marked('isr: change refused')
        const error = errorName(errorCode)
        if (error === 'INELIGIBLE_REPLICA') this.#findings.marked('isr: ineligible replica refused')
        if (error === 'INVALID_UPDATE_VERSION') this.#findings.marked('isr: old partition epoch refused')
      }
    }
  }
}
