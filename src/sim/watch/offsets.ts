// Questions about offsets as they pass: ends of logs (ListOffsets) and of epochs (OffsetForLeaderEpoch), with the epochs
// that they are asked with and those that the broker is in. Hands facts to the checks; judges nothing.

import type { Epoch, NodeId, Offset } from '../../base/index.ts'
import type { AnswerInvariants, FetchInvariants, Findings, LogModel } from '../../check/index.ts'
import { apis, decode, decodeRequestHeader, decodeResponse, errorName } from '../../wire/index.ts'
import type { FetchFacts } from './fetches.ts'
import type { Heard } from './frames.ts'

const LATEST = -1

interface Asked {
  readonly key: string
  readonly model: LogModel
  readonly epoch: Epoch
  readonly before: Epoch
}

export interface HeardListing extends Heard {
  /** By `topic-0`. */
  readonly asked: ReadonlyMap<string, Asked>
  /** Of these the end is asked for. */
  readonly latest: ReadonlySet<string>
}

export interface HeardEpochs extends Heard {
  readonly asked: ReadonlyMap<string, Asked & { readonly leaderEpoch: Epoch; readonly held: Offset }>
  readonly cuts: number
}

export class Offsets {
  readonly #facts: FetchFacts
  readonly #epochs: FetchInvariants
  readonly #answers: AnswerInvariants
  readonly #findings: Findings

  constructor(facts: FetchFacts, epochs: FetchInvariants, answers: AnswerInvariants, findings: Findings) {
    this.#facts = facts
    this.#epochs = epochs
    this.#answers = answers
    this.#findings = findings
  }

  listing(node: NodeId, version: number, frame: Uint8Array): HeardListing | null {
    const { bodyAt } = decodeRequestHeader(frame)
    if (bodyAt < 0) return null
    const { topics } = decode(apis.ListOffsets.request, version, frame, bodyAt)
    const asked = new Map<string, Asked>()
    const latest = new Set<string>()
    for (const { name, partitions } of topics) {
      for (const { partitionIndex, timestamp, currentLeaderEpoch } of partitions) {
        const partition = `${name}-${partitionIndex}`
        const found = this.#asked(node, name, partitionIndex, currentLeaderEpoch)
        if (found !== null) asked.set(partition, found)
        if (timestamp === LATEST) latest.add(partition)
      }
    }
    return { apiKey: apis.ListOffsets.key, version, asked, latest }
  }

  listed(node: NodeId, heard: HeardListing, frame: Uint8Array): void {
    const { body } = decodeResponse(apis.ListOffsets, heard.version, frame)
    for (const { name, partitions } of body.topics) {
      for (const { partitionIndex, errorCode, offset } of partitions) {
        const partition = `${name}-${partitionIndex}`
        const error = errorName(errorCode)
        if (error === 'OFFSET_NOT_AVAILABLE') this.#findings.marked('fetch: offset not available')
        const asked = heard.asked.get(partition)
        if (asked === undefined) continue
        this.#answered(node, asked, error, 'a question for an offset')
        if (errorCode !== 0 || !heard.latest.has(partition)) continue
        const epoch = this.#facts.lookAt(node, asked.model)
        if (epoch >= 0) this.#answers.endTold(node, asked.model, epoch, offset)
      }
    }
  }

  epochs(node: NodeId, version: number, frame: Uint8Array): HeardEpochs | null {
    const { bodyAt } = decodeRequestHeader(frame)
    if (bodyAt < 0) return null
    const { topics } = decode(apis.OffsetForLeaderEpoch.request, version, frame, bodyAt)
    const asked = new Map<string, Asked & { readonly leaderEpoch: Epoch; readonly held: Offset }>()
    for (const { topic, partitions } of topics) {
      for (const { partition, currentLeaderEpoch, leaderEpoch } of partitions) {
        const found = this.#asked(node, topic, partition, currentLeaderEpoch)
        if (found === null) continue
        asked.set(`${topic}-${partition}`, { ...found, leaderEpoch, held: found.model.log(node).endOffset })
      }
    }
    return { apiKey: apis.OffsetForLeaderEpoch.key, version, asked, cuts: this.#facts.cuts(node) }
  }

  epochsTold(node: NodeId, heard: HeardEpochs, frame: Uint8Array): void {
    const { body } = decodeResponse(apis.OffsetForLeaderEpoch, heard.version, frame)
    for (const { topic, partitions } of body.topics) {
      for (const { partition, errorCode, leaderEpoch: epoch, endOffset: end } of partitions) {
        const asked = heard.asked.get(`${topic}-${partition}`)
        if (asked === undefined) continue
        this.#answered(node, asked, errorName(errorCode), 'a question for the end of an epoch')
        if (errorCode !== 0 || heard.cuts !== this.#facts.cuts(node)) continue
        // What retention has let go in this very event is no batch of the log any more, though its file stands.
        this.#facts.lookAt(node, asked.model)
        this.#epochs.epochEndTold(node, asked.model, asked.leaderEpoch, { epoch, end }, asked.held)
      }
    }
  }

  #asked(node: NodeId, topic: string, index: number, epoch: Epoch): Asked | null {
    const key = this.#facts.key('', topic, index)
    const model = this.#facts.model('', topic, index)
    return model === undefined ? null : { key, model, epoch, before: this.#facts.epochAt(node, key) }
  }

  #answered(node: NodeId, { key, model, epoch, before }: Asked, error: string, what: string): void {
    this.#epochs.answered(node, model, { asked: epoch, before, after: this.#facts.epochAt(node, key) }, error, what)
  }
}
