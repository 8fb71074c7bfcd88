// How much kafka-console-producer has on its way: bounded in bytes as Kafka's producer is (buffer.memory), and in records,
// since here each costs more than its bytes. What is over the bound waits unread in standard input. Sends nothing.

import type { ReadRecord } from './line-reader.ts'

const RECORDS_MAX = 10_000

/** What a batch and a record have before key, value and headers, at most. */
const BATCH_OVERHEAD = 61
const RECORD_OVERHEAD = 21

/** Of one reader: while it waits, nobody else enters. */
export class Room {
  readonly #bytesMax: number
  #bytes = 0
  #records = 0
  #moved: () => void = () => undefined

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** When there is room. More than fits into all of it goes alone. */
  async enter(bytes: number): Promise<void> {
    while (this.#records > 0 && (this.#records >= RECORDS_MAX || this.#bytes + bytes > this.#bytesMax)) {
      await new Promise<void>((resolve) => {
        this.#moved = resolve
      })
    }
    this.#records++
    this.#bytes += bytes
  }

  leave(bytes: number): void {
    this.#records--
    this.#bytes -= bytes
    this.#moved()
  }
}

/** As Kafka's producer reckons what one record takes in a request, at most. */
export function serializedBytes({ key, value, headers }: ReadRecord): number {
  let size = BATCH_OVERHEAD + RECORD_OVERHEAD + partBytes(key) + partBytes(value) + varintBytes(headers.length)
  for (const header of headers) size += partBytes(header.key) + partBytes(header.value)
  return size
}

function partBytes(part: string | Uint8Array | null): number {
  if (part === null) return 1
  const length = typeof part === 'string' ? Buffer.byteLength(part) : part.length
  return varintBytes(length) + length
}

/** Zigzag, seven bits a byte. */
function varintBytes(value: number): number {
  let bytes = 1
  for (let left = value * 2; left >= 128; left /= 128) bytes++
  return bytes
}
