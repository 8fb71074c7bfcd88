// Opening and compressing batches. The codec's work runs behind the `Offload` port (a job is codec, bytes, limit); what
// is Kafka's own stays here: snappy in xerial's framing (as snappy-java writes it), and a limit on what may come out,
// so that a small batch cannot become a large one (a decompression bomb).

import type { CompressionCodec, Offload } from '../base/index.ts'
import { messageOf, ProtocolError } from '../base/index.ts'
import type { BatchHeader } from './batch.ts'
import { recordBytes, withRecordBytes } from './batch.ts'
import { readInt32, writeInt32 } from './integers.ts'

/** xerial's header: magic, version 1, lowest compatible version 1. */
const XERIAL: Uint8Array = Uint8Array.of(0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1)
const XERIAL_MAGIC_BYTES = 8
/** Plain bytes a block, as snappy-java cuts them. */
const XERIAL_BLOCK = 32 * 1024

/**
 * The same batch with its records plain: a new copy with codec `none` and its own CRC (an uncompressed batch is given
 * back as it is, from `header.position` on). Rejects with ProtocolError for malformed input, with RangeError when more
 * than `limit` bytes would come out.
 */
export async function decompressBatch(
  bytes: Uint8Array,
  header: BatchHeader,
  offload: Offload,
  limit: number,
): Promise<Uint8Array> {
  if (header.codec === 'none') return bytes.subarray(header.position, header.position + header.size)
  if (header.codec === 'unknown') throw new ProtocolError(`compression codec ${header.attributes & 7} is unknown`)
  return withRecordBytes(
    bytes,
    header,
    'none',
    await decompress(header.codec, recordBytes(bytes, header), offload, limit),
  )
}

/** The same batch (which must be uncompressed) with its records compressed: a new copy. */
export async function compressBatch(
  bytes: Uint8Array,
  header: BatchHeader,
  codec: CompressionCodec,
  offload: Offload,
  level?: number,
): Promise<Uint8Array> {
  if (header.codec !== 'none') throw new ProtocolError('the batch is compressed already')
  return withRecordBytes(bytes, header, codec, await compress(codec, recordBytes(bytes, header), offload, level))
}

/** Kafka's compressed bytes (of a batch, or a telemetry push) made plain. */
export async function decompress(
  codec: CompressionCodec,
  bytes: Uint8Array,
  offload: Offload,
  limit: number,
): Promise<Uint8Array> {
  try {
    if (codec === 'snappy') return await openSnappy(bytes, offload, limit)
    return await offload.run({ kind: 'decompress', codec, bytes, limit })
  } catch (error) {
    if (error instanceof RangeError || error instanceof ProtocolError) throw error
    throw new ProtocolError(`${codec} cannot open the records: ${messageOf(error)}`, { cause: error })
  }
}

export async function compress(
  codec: CompressionCodec,
  bytes: Uint8Array,
  offload: Offload,
  level?: number,
): Promise<Uint8Array> {
  if (codec !== 'snappy') {
    return offload.run({ kind: 'compress', codec, bytes, ...(level === undefined ? {} : { level }) })
  }
  const blocks: Promise<Uint8Array>[] = []
  for (let at = 0; at < bytes.length; at += XERIAL_BLOCK) {
    blocks.push(offload.run({ kind: 'compress', codec, bytes: bytes.subarray(at, at + XERIAL_BLOCK) }))
  }
  const packed = await Promise.all(blocks)
  const out = new Uint8Array(packed.reduce((size, block) => size + 4 + block.length, XERIAL.length))
  out.set(XERIAL)
  let at = XERIAL.length
  for (const block of packed) {
    writeInt32(out, at, block.length)
    out.set(block, at + 4)
    at += 4 + block.length
  }
  return out
}

/** xerial's blocks one by one, or one raw block as some clients send it. */
async function openSnappy(bytes: Uint8Array, offload: Offload, limit: number): Promise<Uint8Array> {
  if (!isXerial(bytes)) {
    boundedSnappySize(bytes, limit)
    return offload.run({ kind: 'decompress', codec: 'snappy', bytes, limit })
  }
  const blocks: Uint8Array[] = []
  let plain = 0
  for (let at = XERIAL.length; at < bytes.length; ) {
    const length = at + 4 <= bytes.length ? readInt32(bytes, at) : -1
    if (length <= 0 || at + 4 + length > bytes.length) throw new ProtocolError('a snappy block is cut short')
    const block = bytes.subarray(at + 4, at + 4 + length)
    plain += boundedSnappySize(block, limit - plain)
    blocks.push(block)
    at += 4 + length
  }
  const opened = await Promise.all(
    blocks.map((block) => offload.run({ kind: 'decompress', codec: 'snappy', bytes: block, limit })),
  )
  if (opened.length === 1) return opened[0]!
  const out = new Uint8Array(opened.reduce((size, block) => size + block.length, 0))
  let at = 0
  for (const block of opened) {
    out.set(block, at)
    at += block.length
  }
  return out
}

function isXerial(bytes: Uint8Array): boolean {
  if (bytes.length < XERIAL.length) return false
  for (let i = 0; i < XERIAL_MAGIC_BYTES; i++) if (bytes[i] !== XERIAL[i]) return false
  return true
}

/** The plain size a raw snappy block declares first (an unsigned varint); the decoder holds it to that. */
function boundedSnappySize(block: Uint8Array, limit: number): number {
  let size = 0
  for (let i = 0; i < 5; i++) {
    const byte = block[i]
    if (byte === undefined) break
    size += (byte & 127) * 2 ** (7 * i)
    if (byte < 128) {
      if (size > limit) throw new RangeError(`the records would take ${size} bytes uncompressed, ${limit} are allowed`)
      return size
    }
  }
  throw new ProtocolError('a snappy block does not begin with its size')
}
