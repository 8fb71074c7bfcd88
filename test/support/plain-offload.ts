// An Offload that does its jobs at once on the calling thread, for tests that need codecs and nothing of threads.

import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import lz4 from 'lz4-napi'
import snappy from 'snappy'
import type { Offload, OffloadJob } from '../../src/base/index.ts'

export const plainOffload: Offload = {
  run: async (job: OffloadJob): Promise<Uint8Array> => {
    const out = job.kind === 'compress' ? compress(job.codec, job.bytes) : decompress(job.codec, job.bytes, job.limit)
    if (job.kind === 'decompress' && out.length > job.limit) throw new RangeError(`more than ${job.limit} bytes`)
    return new Uint8Array(out)
  },
}

type Codec = OffloadJob['codec']

function compress(codec: Codec, bytes: Uint8Array): Uint8Array {
  switch (codec) {
    case 'gzip':
      return gzipSync(bytes)
    case 'zstd':
      return zstdCompressSync(bytes)
    case 'snappy':
      return snappy.compressSync(bytes)
    case 'lz4':
      return lz4.compressFrameSync(Buffer.from(bytes))
  }
}

function decompress(codec: Codec, bytes: Uint8Array, limit: number): Uint8Array {
  switch (codec) {
    case 'gzip':
      return gunzipSync(bytes, { maxOutputLength: limit })
    case 'zstd':
      return zstdDecompressSync(bytes, { maxOutputLength: limit })
    case 'snappy':
      return snappy.uncompressSync(bytes) as Buffer
    case 'lz4':
      return lz4.decompressFrameSync(Buffer.from(bytes))
  }
}
