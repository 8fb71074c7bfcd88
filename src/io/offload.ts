// Compression on libuv's thread pool, so that the loop goes on. Every decoder is bounded: gzip and zstd stop when their
// output reaches the limit, lz4 and snappy are measured before they are opened.

import { promisify } from 'node:util'
import zlib from 'node:zlib'
import type { CompressionCodec, Offload, OffloadJob } from '../base/index.ts'
import { bufferOf, checkBound, tooLarge, zlibOptions, zstdOptions } from './codecs.ts'
import { lz4, snappy } from './native.ts'

const gunzip = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gunzip)
const gzip = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.gzip)
const zstdDecompress = promisify<Uint8Array, zlib.ZstdOptions, Buffer>(zlib.zstdDecompress)
const zstdCompress = promisify<Uint8Array, zlib.ZstdOptions, Buffer>(zlib.zstdCompress)

export class PoolOffload implements Offload {
  async run(job: OffloadJob): Promise<Uint8Array> {
    if (job.kind === 'compress') return compress(job.codec, job.bytes, job.level)
    checkBound(job.codec, job.bytes, job.limit)
    const plain = await decompress(job.codec, job.bytes, job.limit)
    if (plain.length > job.limit) throw tooLarge(job.codec, job.limit)
    return plain
  }
}

/** lz4 and snappy have one level here. */
function compress(codec: CompressionCodec, bytes: Uint8Array, level: number | undefined): Promise<Buffer> {
  switch (codec) {
    case 'gzip':
      return gzip(bytes, level === undefined ? {} : { level })
    case 'zstd':
      return zstdCompress(
        bytes,
        level === undefined ? {} : { params: { [zlib.constants.ZSTD_c_compressionLevel]: level } },
      )
    case 'lz4':
      return lz4().compressFrame(bytes)
    case 'snappy':
      return snappy().compress(bytes)
  }
}

async function decompress(codec: CompressionCodec, bytes: Uint8Array, limit: number): Promise<Buffer> {
  switch (codec) {
    case 'gzip':
      return gunzip(bytes, zlibOptions(limit))
    case 'zstd':
      return zstdDecompress(bytes, zstdOptions(limit))
    case 'lz4':
      return lz4().decompressFrame(bytes)
    case 'snappy':
      return bufferOf(await snappy().uncompress(bytes, { asBuffer: true }))
  }
}
