// The small text files of a node's disk as a checker reads them: only the fields that an invariant speaks of.

import type { Uuid } from '../../base/index.ts'
import type { EpochStart, Vote } from '../../check/index.ts'

const decoder = new TextDecoder()

export function textOf(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

export function topicIdOf(text: string): Uuid | null {
  return /^topic_id: (\S+)\s*$/m.exec(text)?.[1] ?? null
}

export function voteOf(text: string): Vote | null {
  const epoch = /"leaderEpoch":(-?\d+)/.exec(text)?.[1]
  const votedFor = /"votedId":(-?\d+)/.exec(text)?.[1]
  return epoch === undefined || votedFor === undefined ? null : { epoch: Number(epoch), votedFor: Number(votedFor) }
}

/** A leader-epoch checkpoint's entries, in order. */
export function epochStartsOf(text: string): EpochStart[] {
  const entries: EpochStart[] = []
  for (const [, epoch, startOffset] of text.matchAll(/^(\d+) (\d+)$/gm))
    entries.push({ epoch: Number(epoch), startOffset: Number(startOffset) })
  return entries
}

export function markerEpoch(text: string): number {
  return Number(/"brokerEpoch":\s*(-?\d+)/.exec(text)?.[1] ?? -1)
}
