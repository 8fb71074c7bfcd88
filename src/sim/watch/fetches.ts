// Fetches as they pass: what each asks for, its session taken into account, and what is answered. Keeps its own picture of
// a session from the bytes alone; drops it where a request does not follow the one before, as the node does.
// Hands facts to the checks; judges nothing.

import type { Epoch, NodeId, Offset, Uuid } from '../../base/index.ts'
import type {
  AnswerInvariants,
  FetchInvariants,
  Findings,
  LogModel,
  ProposalInvariants,
  ReplicaLog,
  SentBatch,
} from '../../check/index.ts'
import {
  apis,
  batchesOf,
  decode,
  decodeRequestHeader,
  decodeResponse,
  errorName,
  type FetchRequest,
  type FetchResponse,
  type Message,
  validCrc,
} from '../../wire/index.ts'
import { factOf } from './facts.ts'
import type { Heard } from './frames.ts'

/** An answer that says nothing of any partition is smaller. */
const SAYS_SOMETHING = 32
/** One that carries records is larger. */
const ERROR_MOST = 400
const REPLICA_STATE_FROM = 15
/** Session epochs of a request that opens a session, and of one that wants none. */
const OPENS = 0
const LEAVES = -1
const LAST_SESSION_EPOCH = 2147483647

export interface FetchFacts {
  model(topicId: Uuid, topic: string, index: number): LogModel | undefined
  /** `topicId:index`, of a name where the version has no id. */
  key(topicId: Uuid, topic: string, index: number): string
  /** Looks at a replica at once, before its node's event is over. */
  lookAt(node: NodeId, model: LogModel): number
  /** The leader epoch that a node's replica is in, whatever its role; −1 without one that can be used. */
  epochAt(node: NodeId, key: string): Epoch
  /** Grows whenever a node's disk lets go of anything. */
  cuts(node: NodeId): number
}

/** By `topicId:index`, the leader epoch that is asked with. */
type Asked = Map<string, Epoch>

interface Session {
  readonly asked: Asked
  /** Of the fetcher; −1 where it said none, and before it has said any in this session. */
  brokerEpoch: number
  /** Of the next request, if the node has heard all that have come: it may have dropped some with their connection. */
  epoch: number
  /** Of the last one that was answered: the node is past it. */
  answered: number
}

export interface HeardFetch extends Heard {
  readonly asked: Asked
  readonly sessionEpoch: number
  readonly sessionId: number
  /** Which epoch was due, where another came; null where it is the right one, or where nobody knows. */
  readonly follows: string | null
  /** Where the node was in another epoch, or in none, when the request came. */
  readonly suspects: ReadonlyMap<string, Epoch>
  readonly cuts: number
  /** −1: a consumer. */
  readonly replica: NodeId
}

export class Fetches {
  readonly #facts: FetchFacts
  readonly #checks: FetchInvariants
  readonly #answers: AnswerInvariants
  readonly #proposals: ProposalInvariants
  readonly #findings: Findings
  readonly #sessions: Map<NodeId, Map<number, Session>> = new Map()

  constructor(
    facts: FetchFacts,
    checks: FetchInvariants,
    answers: AnswerInvariants,
    proposals: ProposalInvariants,
    findings: Findings,
  ) {
    this.#facts = facts
    this.#checks = checks
    this.#answers = answers
    this.#proposals = proposals
    this.#findings = findings
  }

  request(node: NodeId, version: number, frame: Uint8Array): HeardFetch | null {
    const { bodyAt } = decodeRequestHeader(frame)
    if (bodyAt < 0) return null
    const request = decode(apis.Fetch.request, version, frame, bodyAt)
    const { sessionEpoch, sessionId } = request
    const { asked, follows } = this.#asked(node, request)
    if (version >= REPLICA_STATE_FROM && request.replicaState.replicaId >= 0) this.#heard(node, request, asked)
    const suspects = new Map<string, Epoch>()
    for (const [key, epoch] of asked) {
      const before = this.#facts.epochAt(node, key)
      if (before !== epoch) suspects.set(key, before)
    }
    const replica = Math.max(request.replicaId, request.replicaState.replicaId)
    const cuts = this.#facts.cuts(node)
    return { apiKey: apis.Fetch.key, version, asked, sessionEpoch, sessionId, follows, suspects, cuts, replica }
  }

  /** The quorum's are only looked at for what is rare. */
  ofQuorum({ version }: Heard, frame: Uint8Array): void {
    if (frame.length < SAYS_SOMETHING || frame.length > ERROR_MOST) return
    for (const { partitions } of decodeResponse(apis.Fetch, version, frame).body.responses)
      for (const partition of partitions) this.#said(partition)
  }

  response(node: NodeId, consumer: boolean, heard: HeardFetch, frame: Uint8Array): void {
    const { sessionEpoch, follows } = heard
    if (frame.length < SAYS_SOMETHING && heard.suspects.size === 0 && sessionEpoch !== OPENS && follows === null) {
      this.#wasAnswered(node, heard)
      return
    }
    const { body } = decodeResponse(apis.Fetch, heard.version, frame)
    const { errorCode, sessionId, responses } = body
    if (errorCode !== 0) {
      // Refused for its turn, it has changed nothing.
      if (errorName(errorCode) !== 'INVALID_FETCH_SESSION_EPOCH') this.#sessions.get(node)?.delete(heard.sessionId)
      return
    }
    if (follows !== null) this.#checks.outOfTurn(node, sessionEpoch, follows)
    this.#wasAnswered(node, heard)
    if (sessionEpoch === OPENS && sessionId !== 0)
      this.#of(node).set(sessionId, { asked: new Map(heard.asked), brokerEpoch: -1, epoch: 1, answered: 0 })
    const named = new Set<string>()
    for (const { topic, topicId, partitions } of responses) {
      for (const partition of partitions) {
        const key = this.#facts.key(topicId, topic, partition.partitionIndex)
        named.add(key)
        const model = this.#facts.model(topicId, topic, partition.partitionIndex)
        this.#said(partition)
        if (model === undefined) continue
        if (partition.divergingEpoch.epoch >= 0 && heard.replica >= 0)
          this.#told(model.log(heard.replica), partition.divergingEpoch)
        this.#epochs(node, model, key, heard, errorName(partition.errorCode))
        if (partition.records !== null && partition.records.length > 0)
          this.#read(node, model, key, heard, consumer, partition)
      }
    }
    for (const key of heard.suspects.keys()) {
      const model = named.has(key) ? undefined : this.#byKey(key)
      if (model !== undefined) this.#epochs(node, model, key, heard, 'NONE')
    }
  }

  #epochs(node: NodeId, model: LogModel, key: string, heard: HeardFetch, error: string): void {
    const asked = heard.asked.get(key)
    if (asked === undefined) return
    const before = heard.suspects.get(key) ?? asked
    if (before === asked && error === 'NONE') return
    this.#checks.answered(node, model, { asked, before, after: this.#facts.epochAt(node, key) }, error)
  }

  #read(
    node: NodeId,
    model: LogModel,
    key: string,
    heard: HeardFetch,
    consumer: boolean,
    { highWatermark, records }: FetchedAnswer,
  ): void {
    const batches = sentBatches(records!)
    if (heard.suspects.get(key) === -1 && this.#facts.epochAt(node, key) === -1)
      this.#checks.servedWithoutReplica(node, model)
    this.#checks.read(node, model, batches, this.#facts.cuts(node) !== heard.cuts)
    if (!consumer) return
    this.#facts.lookAt(node, model)
    const shown = batches.filter(({ intact }) => intact).map(({ fact }) => fact)
    this.#answers.shown(node, model, highWatermark, shown)
  }

  /** What a request asks for, with what its session knows. */
  #asked(
    node: NodeId,
    request: Message<typeof FetchRequest>,
  ): { readonly asked: Asked; readonly follows: string | null } {
    const { sessionEpoch, sessionId, topics, forgottenTopicsData } = request
    if (sessionEpoch === OPENS || sessionEpoch === LEAVES) {
      this.#sessions.get(node)?.delete(sessionId)
      return { asked: this.#ask(new Map(), topics), follows: null }
    }
    const session = this.#sessions.get(node)?.get(sessionId)
    if (session === undefined) return { asked: new Map(), follows: null }
    const { epoch, answered } = session
    if (sessionEpoch > epoch || sessionEpoch <= answered)
      return { asked: new Map(), follows: `one from ${answered + 1} to ${epoch}` }
    if (epoch !== sessionEpoch) {
      this.#sessions.get(node)?.delete(sessionId)
      return { asked: new Map(), follows: null }
    }
    session.epoch = sessionEpoch === LAST_SESSION_EPOCH ? 1 : sessionEpoch + 1
    this.#ask(session.asked, topics)
    for (const { topic, topicId, partitions } of forgottenTopicsData)
      for (const partition of partitions) session.asked.delete(this.#facts.key(topicId, topic, partition))
    return { asked: session.asked, follows: null }
  }

  #wasAnswered(node: NodeId, { sessionId, sessionEpoch }: HeardFetch): void {
    const session = this.#sessions.get(node)?.get(sessionId)
    if (session !== undefined) session.answered = Math.max(session.answered, sessionEpoch)
  }

  #ask(asked: Asked, topics: Message<typeof FetchRequest>['topics']): Asked {
    for (const { topic, topicId, partitions } of topics) {
      for (const { partition, currentLeaderEpoch } of partitions)
        asked.set(this.#facts.key(topicId, topic, partition), currentLeaderEpoch)
    }
    return asked
  }

  /** A replica's life speaks for all that its session knows; what it does not name it has named before. */
  #heard(node: NodeId, { sessionId, topics, replicaState }: Message<typeof FetchRequest>, asked: Asked): void {
    const { replicaId, replicaEpoch } = replicaState
    const session = this.#sessions.get(node)?.get(sessionId)
    const known = session?.asked === asked
    if (!known || session.brokerEpoch !== replicaEpoch) this.#proposals.fetched(node, replicaId, replicaEpoch, asked)
    else if (topics.length > 0) this.#proposals.fetched(node, replicaId, replicaEpoch, this.#ask(new Map(), topics))
    if (known) session.brokerEpoch = replicaEpoch
  }

  #of(node: NodeId): Map<number, Session> {
    let sessions = this.#sessions.get(node)
    if (sessions === undefined) {
      sessions = new Map()
      this.#sessions.set(node, sessions)
    }
    return sessions
  }

  #byKey(key: string): LogModel | undefined {
    const at = key.lastIndexOf(':')
    return this.#facts.model(key.slice(0, at), '', Number(key.slice(at + 1)))
  }

  /** The larger of the epochs that both have must be found, and it is not the one that is told (KIP-279). */
  #told(log: ReplicaLog, { epoch, endOffset }: { readonly epoch: Epoch; readonly endOffset: Offset }): void {
    const last = log.lastUpTo(epoch)
    if (last?.fact.epoch === epoch || Math.min(endOffset, log.endOffset) <= (last?.endOffset ?? log.startOffset)) return
    this.#findings.marked('fetch: diverging epoch unknown to the follower')
  }

  #said({ errorCode, divergingEpoch }: FetchedAnswer): void {
    if (divergingEpoch.epoch >= 0) this.#findings.marked('fetch: diverging epoch answered')
    if (errorCode === 0) return
    const error = errorName(errorCode)
    if (error === 'FENCED_LEADER_EPOCH') this.#findings.marked('fetch: fenced leader epoch')
    else if (error === 'UNKNOWN_LEADER_EPOCH') this.#findings.marked('fetch: unknown leader epoch')
    else if (error === 'OFFSET_OUT_OF_RANGE') this.#findings.marked('fetch: offset out of range')
  }
}

type FetchedAnswer = Message<typeof FetchResponse>['responses'][number]['partitions'][number]

function sentBatches(records: Uint8Array): SentBatch[] {
  return [...batchesOf(records)].map((header) => ({ fact: factOf(header), intact: validCrc(records, header) }))
}
