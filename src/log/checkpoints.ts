// The small text files of a log directory: offsets by partition (`recovery-point-offset-checkpoint` and its kin),
// `partition.metadata`, and the clean-shutdown marker. Text in, values out; who writes them when is the directory's.

import type { Offset, Uuid } from '../base/index.ts'
import { isUuid } from '../base/index.ts'
import type { LastStop } from './types.ts'

export interface PartitionOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: Offset
}

/** Version 0 of Kafka's offset checkpoint: version, count, `topic partition offset` lines. */
export function formatOffsets(offsets: readonly PartitionOffset[]): string {
  return `0\n${offsets.length}\n${offsets.map((o) => `${o.topic} ${o.partition} ${o.offset}\n`).join('')}`
}

/** By `topic-partition`; null for text that is no checkpoint (a missing file is an empty one). */
export function parseOffsets(text: string): Map<string, Offset> | null {
  const offsets = new Map<string, Offset>()
  if (text === '') return offsets
  const lines = text.split('\n')
  const count = Number(lines[1])
  if (lines[0] !== '0' || !/^\d+$/.test(lines[1] ?? '') || lines.length < count + 2) return null
  for (let i = 0; i < count; i++) {
    const match = /^(\S+) (\d+) (-?\d+)$/.exec(lines[i + 2]!)
    if (match === null) return null
    offsets.set(`${match[1]}-${match[2]}`, Number(match[3]))
  }
  return offsets
}

export function formatPartitionMetadata(topicId: Uuid): string {
  return `version: 0\ntopic_id: ${topicId}`
}

export function parsePartitionMetadata(text: string): Uuid | null {
  const match = /^version: 0\r?\ntopic_id: (\S+)\s*$/.exec(text)
  return match !== null && isUuid(match[1]!) ? match[1]! : null
}

/** As Kafka writes it; with `unanswered` one field more, for which a Kafka would take the stop for an unclean one. */
export function formatCleanMarker(brokerEpoch: number, unanswered: Uuid | null): string {
  return JSON.stringify({ version: 0, brokerEpoch, ...(unanswered === null ? {} : { incarnationId: unanswered }) })
}

/** How the last life stopped, by the bytes of its marker. Its epoch is −1 where the marker has none (one of before KIP-966
 *  is empty, and not JSON): its presence alone says that the stop was clean. */
export function parseCleanMarker(marker: Uint8Array | null): LastStop {
  const stop = { cleanShutdown: marker !== null, previousBrokerEpoch: -1, unansweredIncarnation: null }
  try {
    const value: unknown = marker === null ? null : JSON.parse(new TextDecoder().decode(marker))
    if (typeof value !== 'object' || value === null || !('brokerEpoch' in value)) return stop
    if (typeof value.brokerEpoch !== 'number') return stop
    const id = 'incarnationId' in value ? value.incarnationId : null
    const unansweredIncarnation = typeof id === 'string' && isUuid(id) ? id : null
    return { ...stop, previousBrokerEpoch: value.brokerEpoch, unansweredIncarnation }
  } catch {
    return stop
  }
}

/** `topic-partition` of a partition's directory; null for any other directory. Topics may contain dashes and dots. */
export function parseLogDirectoryName(name: string): { readonly topic: string; readonly partition: number } | null {
  const match = /^([a-zA-Z0-9._-]{1,249})-(\d{1,10})$/.exec(name)
  return match === null ? null : { topic: match[1]!, partition: Number(match[2]) }
}
