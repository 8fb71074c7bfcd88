// What waits in a producer's queue: records that become a batch, or a batch that was given whole. Sends nothing.

import type { Instant, Offset, Timestamp } from '../base/index.ts'
import { messageOf } from '../base/index.ts'
import type { RecordInput } from '../wire/index.ts'
import type { ProducerRecord } from './types.ts'

const RECORD_OVERHEAD = 32
const utf8 = new TextEncoder()

export interface Waiting {
  readonly record: RecordInput
  readonly size: number
  readonly deadline: Instant
  readonly settle: (baseOffset: Offset, index: number) => void
  readonly reject: (error: Error) => void
}

/** A batch on its way, built or given. */
export interface Given {
  readonly bytes: Uint8Array
  readonly deadline: Instant
  readonly settle: (baseOffset: Offset) => void
  readonly reject: (error: Error) => void
}

export type Item =
  | { readonly kind: 'record'; readonly waiting: Waiting }
  | { readonly kind: 'batch'; readonly given: Given }

export function inputOf(record: ProducerRecord, now: Timestamp): RecordInput {
  return {
    timestamp: record.timestamp ?? now,
    key: bytesOf(record.key ?? null),
    value: bytesOf(record.value),
    ...(record.headers === undefined ? {} : { headers: record.headers }),
  }
}

function bytesOf(value: Uint8Array | string | null): Uint8Array | null {
  return typeof value === 'string' ? utf8.encode(value) : value
}

export function sizeOf(record: RecordInput): number {
  let size = RECORD_OVERHEAD + (record.key?.length ?? 0) + (record.value?.length ?? 0)
  for (const header of record.headers ?? []) size += 10 + header.key.length * 3 + (header.value?.length ?? 0)
  return size
}

export function rejectAll(items: readonly Item[], error: unknown): void {
  const reason = error instanceof Error ? error : new Error(messageOf(error))
  for (const item of items) rejectItem(item, reason)
}

export function rejectItem(item: Item, error: Error): void {
  if (item.kind === 'record') item.waiting.reject(error)
  else item.given.reject(error)
}
