// A one-broker cluster for tests of the client: topics with one list of batches a partition, on the scripted broker.
// Enough of Kafka to produce to and fetch from; a test may turn errors on.

import type { ErrorName } from '../../src/wire/index.ts'
import {
  apis,
  batchesOf,
  errorCode,
  type FetchRequest,
  type Input,
  type MetadataRequest,
  type ProduceRequest,
  patchBatch,
  readBatchHeader,
} from '../../src/wire/index.ts'
import { ScriptedBroker } from './scripted-broker.ts'

interface Partition {
  batches: Uint8Array[]
  endOffset: number
}

export class ScriptedLog extends ScriptedBroker {
  readonly topics: Map<string, { id: string; partitions: Partition[] }> = new Map()
  /** Errors of the next produces and fetches; `null` leaves the request unanswered. */
  readonly produceErrors: (ErrorName | null)[] = []
  readonly fetchErrors: (ErrorName | null)[] = []
  /** Applied although answered with an error, or not answered. */
  appliesWhenFailing: boolean = false
  leader: number = 1
  leaderEpoch: number = 0
  producerIds: number = 0
  readonly #sequences = new Map<string, number>()

  constructor(host: string, port: number) {
    super()
    this.serve(apis.Metadata, (body) => this.#metadata(body, host, port))
      .serve(apis.Produce, (body) => this.#produce(body))
      .serve(apis.Fetch, (body) => this.#fetch(body))
      .serve(apis.InitProducerId, () => ({ producerId: 1000 + this.producerIds++, producerEpoch: 0 }))
      .serve(apis.ListOffsets, (body) => ({
        topics: body.topics.map((topic) => ({
          name: topic.name,
          partitions: topic.partitions.map((p) => {
            const partition = this.topics.get(topic.name)!.partitions[p.partitionIndex]!
            const offset = p.timestamp === -2 ? 0 : partition.endOffset
            return { partitionIndex: p.partitionIndex, offset, leaderEpoch: 0 }
          }),
        })),
      }))
  }

  topic(name: string, partitions: number): this {
    const id = `AAAAAAAAAA${String.fromCharCode(66 + this.topics.size)}AAAAAAAAAAA`
    this.topics.set(name, { id, partitions: Array.from({ length: partitions }, () => ({ batches: [], endOffset: 0 })) })
    return this
  }

  #metadata(body: MetadataRequest, host: string, port: number): Input<typeof apis.Metadata.response> {
    const names = body.topics === null ? [...this.topics.keys()] : body.topics.map((topic) => topic.name ?? '')
    return {
      brokers: [{ nodeId: 1, host, port }],
      controllerId: 1,
      topics: names.map((name) => {
        const topic = this.topics.get(name)
        if (topic === undefined) return { name, errorCode: errorCode('UNKNOWN_TOPIC_OR_PARTITION') }
        const partitions = topic.partitions.map((_, partitionIndex) => ({
          partitionIndex,
          leaderId: this.leader,
          leaderEpoch: this.leaderEpoch,
        }))
        return { name, topicId: topic.id, partitions }
      }),
    }
  }

  #produce(body: ProduceRequest): Input<typeof apis.Produce.response> | null {
    const row = body.topicData[0]!
    const [name, topic] = [...this.topics].find(([, { id }]) => id === row.topicId)!
    const { index, records } = row.partitionData[0]!
    const error = this.produceErrors.length > 0 ? this.produceErrors.shift()! : 'NONE'
    let code: ErrorName | null = error
    let baseOffset = -1
    if (error === 'NONE' || this.appliesWhenFailing) {
      const appended = this.#append(name, index, topic.partitions[index]!, new Uint8Array(records!))
      if (error === 'NONE') ({ baseOffset, error: code } = appended)
    }
    if (code === null || body.acks === 0) return null
    return {
      responses: [{ topicId: topic.id, partitionResponses: [{ index, errorCode: errorCode(code), baseOffset }] }],
    }
  }

  #append(name: string, index: number, to: Partition, bytes: Uint8Array): { baseOffset: number; error: ErrorName } {
    const header = readBatchHeader(bytes, 0)!
    const key = `${header.producerId}/${name}/${index}`
    if (header.producerId >= 0) {
      // As Kafka's: a producer of whom the log has nothing may begin anywhere (KIP-360).
      const next = this.#sequences.get(key) ?? header.baseSequence
      if (header.baseSequence < next) {
        const known = to.batches
          .map((b) => readBatchHeader(b, 0)!)
          .find((h) => {
            return h.producerId === header.producerId && h.baseSequence === header.baseSequence
          })
        return { baseOffset: known?.baseOffset ?? -1, error: 'NONE' }
      }
      if (header.baseSequence > next) return { baseOffset: -1, error: 'OUT_OF_ORDER_SEQUENCE_NUMBER' }
      this.#sequences.set(key, header.baseSequence + header.count)
    }
    const baseOffset = to.endOffset
    patchBatch(bytes, 0, baseOffset, 0)
    to.batches.push(bytes)
    to.endOffset += header.count
    return { baseOffset, error: 'NONE' }
  }

  #fetch(body: FetchRequest): Input<typeof apis.Fetch.response> | null {
    const error = this.fetchErrors.length > 0 ? this.fetchErrors.shift()! : 'NONE'
    if (error === null) return null
    const responses = body.topics.map((row) => {
      const topic = [...this.topics.values()].find(({ id }) => id === row.topicId)!
      return {
        topicId: row.topicId,
        partitions: row.partitions.map(({ partition, fetchOffset }) => {
          const { batches, endOffset } = topic.partitions[partition]!
          const outOfRange = fetchOffset < 0 || fetchOffset > endOffset
          const code = error !== 'NONE' ? error : outOfRange ? 'OFFSET_OUT_OF_RANGE' : 'NONE'
          const records = batches.filter((batch) => [...batchesOf(batch)].some((h) => h.lastOffset >= fetchOffset))
          return {
            partitionIndex: partition,
            errorCode: errorCode(code),
            highWatermark: code === 'NONE' ? endOffset : -1,
            records: code === 'NONE' ? records.slice(0, 2) : null,
          }
        }),
      }
    })
    return { responses }
  }
}
