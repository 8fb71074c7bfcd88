// What stands around a message on a connection: the size prefix, the request header, the response header. Answers lists
// of chunks for `Connection.write`; the records in them are the caller's arrays.

import { ProtocolError } from '../base/index.ts'
import { apiByKey, apis } from './apis.ts'
import { decodeFrom, encodeInto, writing } from './codec.ts'
import { RequestHeader, ResponseHeader } from './messages/headers.ts'
import { Reader } from './reader.ts'
import type { Api, Input, Message, MessageSchema } from './types.ts'
import { isFlexible } from './versions.ts'
import type { Writer } from './writer.ts'

export interface RequestFrame {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  readonly clientId: string | null
  /** Absent where the key is unknown or our codecs lack this version: the body cannot be read. */
  readonly api: Api | undefined
  /** Where the body starts in the frame; −1 where `api` is absent. */
  readonly bodyAt: number
}

/**
 * Reads the header of a request frame (without its size prefix). Key, version, correlation and client id lie at the same
 * place in every header version, so a request that we cannot read can still be answered. Throws ProtocolError.
 */
export function decodeRequestHeader(frame: Uint8Array): RequestFrame {
  const reader = new Reader(frame)
  const apiKey = reader.int16()
  const apiVersion = reader.int16()
  reader.at = 0
  const known = apiByKey(apiKey)
  const api =
    known !== undefined && apiVersion >= known.minVersion && apiVersion <= known.maxVersion ? known : undefined
  const header = decodeFrom(reader, RequestHeader, api === undefined ? 1 : requestHeaderVersion(api, apiVersion))
  return {
    apiKey,
    apiVersion,
    correlationId: header.correlationId,
    clientId: header.clientId,
    api,
    bodyAt: api === undefined ? -1 : reader.at,
  }
}

/** A whole request with its size prefix. Throws EncodeError. */
export function encodeRequest<Req extends MessageSchema, Res extends MessageSchema>(
  api: Api<Req, Res>,
  version: number,
  header: { readonly correlationId: number; readonly clientId: string | null },
  body: Input<Req>,
): Uint8Array[] {
  return framed((writer) => {
    encodeInto(writer, RequestHeader, requestHeaderVersion(api, version), {
      requestApiKey: api.key,
      requestApiVersion: version,
      correlationId: header.correlationId,
      clientId: header.clientId,
    })
    encodeInto(writer, api.request, version, body)
  })
}

/** A whole response with its size prefix. Throws EncodeError. */
export function encodeResponse<Req extends MessageSchema, Res extends MessageSchema>(
  api: Api<Req, Res>,
  version: number,
  correlationId: number,
  body: Input<Res>,
): Uint8Array[] {
  return framed((writer) => {
    encodeInto(writer, ResponseHeader, responseHeaderVersion(api, version), { correlationId })
    encodeInto(writer, api.response, version, body)
  })
}

/** The correlation id of a response frame, which lies first in every header version. Throws ProtocolError. */
export function correlationIdOf(frame: Uint8Array): number {
  if (frame.length < 4) throw new ProtocolError(`4 bytes expected, ${frame.length} remain`)
  return int32At(frame, 0)
}

/** Reads a response frame (without its size prefix) to a request of this version. Throws ProtocolError. */
export function decodeResponse<Req extends MessageSchema, Res extends MessageSchema>(
  api: Api<Req, Res>,
  version: number,
  frame: Uint8Array,
): { readonly correlationId: number; readonly body: Message<Res> } {
  const reader = new Reader(frame)
  const header = decodeFrom(reader, ResponseHeader, responseHeaderVersion(api, version))
  return { correlationId: header.correlationId, body: decodeFrom(reader, api.response, version) }
}

export function requestHeaderVersion(api: Api, version: number): number {
  return isFlexible(api.request, version) ? 2 : 1
}

/** ApiVersions is answered with header 0 always: the asker may not know yet what is flexible (KIP-511). */
export function responseHeaderVersion(api: Api, version: number): number {
  return api.key !== apis.ApiVersions.key && isFlexible(api.response, version) ? 1 : 0
}

function framed(write: (writer: Writer) => void): Uint8Array[] {
  return writing(true, (writer) => {
    writer.int32(0, 'size')
    write(writer)
    writer.setInt32(0, writer.size - 4)
    return writer.finishChunks()
  })
}

const SMALL_CHUNK = 4 * 1024
const LARGEST_BLOCK = 64 * 1024
/** Frames for which `space` makes room: what is smaller comes in one chunk most often, for what is larger a peer's claim
 *  is not believed before the bytes have come. */
const SPACE_FROM = 64 * 1024
const SPACE_TO = 16 * 1024 * 1024

/**
 * Cuts a stream of bytes into frames. Holds what has arrived and not one byte more, whatever length a peer claims, except
 * that small chunks are gathered in blocks (a frame sent byte by byte would otherwise cost a hundred times its size).
 * A frame that lies in one chunk is a slice of it.
 */
export class FrameParser {
  /** Largest frame accepted, bytes after the prefix; may change between frames (it grows with authentication). */
  maxBytes: number
  #chunks: Uint8Array[] = []
  /** Bytes of the first chunk already given out. */
  #from = 0
  #held = 0
  /** Length of the frame being gathered, −1 before its prefix is complete. */
  #length = -1
  /** The last chunk, when it is a block of ours with room behind it. */
  #block: { readonly bytes: Uint8Array; used: number } | null = null
  /** The frame that `space` has made room for, with all of it that has arrived; nothing is in `#chunks` then. */
  #roomy: { readonly bytes: Uint8Array; filled: number } | null = null

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  /** Bytes taken in and not yet given out. */
  get buffered(): number {
    return this.#held
  }

  /** Takes a chunk, which belongs to the parser from now on, and gives the frames that are whole, one an iteration. What
   *  a loop leaves is given out by the next loop, or by `next`. */
  push(chunk: Uint8Array): Iterable<Uint8Array> {
    if (chunk.length > 0) this.#add(chunk)
    return this.#frames()
  }

  /**
   * Room for the rest of a frame whose length is known, or null. A chunk that was read into the beginning of it, and is
   * pushed next, is not copied again: of fetched megabytes there is one copy in memory instead of two.
   */
  space(): Uint8Array | null {
    const room = this.#roomy ?? this.#makeRoom()
    return room === null ? null : room.bytes.subarray(room.filled)
  }

  #makeRoom(): { readonly bytes: Uint8Array; filled: number } | null {
    const length = this.#length
    if (length < SPACE_FROM || length > SPACE_TO || length > this.maxBytes || this.#held >= length) return null
    const bytes = unwritten(length)
    const filled = this.#held
    this.#copyOut(bytes, filled)
    this.#roomy = { bytes, filled }
    return this.#roomy
  }

  *#frames(): Generator<Uint8Array, void, undefined> {
    for (let frame = this.next(); frame !== null; frame = this.next()) yield frame
  }

  #add(chunk: Uint8Array): void {
    this.#held += chunk.length
    const room = this.#roomy
    if (room !== null) {
      const part = Math.min(chunk.length, room.bytes.length - room.filled)
      const inPlace = chunk.buffer === room.bytes.buffer && chunk.byteOffset === room.bytes.byteOffset + room.filled
      if (!inPlace) room.bytes.set(plain(chunk, 0, part), room.filled)
      room.filled += part
      if (part < chunk.length) this.#chunks.push(plain(chunk, part, chunk.length - part))
      return
    }
    if (this.#chunks.length === 0 || chunk.length >= SMALL_CHUNK) {
      this.#chunks.push(chunk)
      this.#block = null
    } else {
      this.#gather(chunk)
    }
  }

  /** The next whole frame without its prefix, or null until more has arrived. Throws ProtocolError on a length out of bounds. */
  next(): Uint8Array | null {
    if (this.#length < 0) {
      if (this.#held < 4) return null
      const length = this.#takeInt32()
      if (length < 0 || length > this.maxBytes) {
        throw new ProtocolError(`a frame of ${length} bytes, at most ${this.maxBytes} are accepted`)
      }
      this.#length = length
    }
    if (this.#held < this.#length) return null
    const frame = this.#takeRoom() ?? this.#takeBytes(this.#length)
    this.#length = -1
    return frame
  }

  #takeInt32(): number {
    const first = this.#chunks[0]!
    const at = this.#from
    if (first.length - at <= 4) return int32At(this.#takeBytes(4), 0)
    this.#held -= 4
    this.#from = at + 4
    return int32At(first, at)
  }

  #gather(chunk: Uint8Array): void {
    let block = this.#block
    if (block === null || block.used + chunk.length > block.bytes.length) {
      const size = block === null ? 1024 : Math.min(block.bytes.length * 2, LARGEST_BLOCK)
      block = { bytes: new Uint8Array(Math.max(size, chunk.length)), used: 0 }
      this.#block = block
      this.#chunks.push(block.bytes.subarray(0, 0))
    }
    block.bytes.set(chunk, block.used)
    block.used += chunk.length
    this.#chunks[this.#chunks.length - 1] = block.bytes.subarray(0, block.used)
  }

  #takeRoom(): Uint8Array | null {
    const room = this.#roomy
    if (room === null) return null
    this.#roomy = null
    this.#held -= room.filled
    return room.bytes
  }

  #takeBytes(n: number): Uint8Array {
    this.#held -= n
    const first = this.#chunks[0]
    if (first === undefined) return new Uint8Array(0)
    if (first.length - this.#from >= n) {
      const slice = plain(first, this.#from, n)
      this.#from += n
      if (this.#from === first.length) {
        this.#from = 0
        this.#dropFirst(1)
      }
      return slice
    }
    const whole = unwritten(n)
    this.#copyOut(whole, n)
    return whole
  }

  /** Moves the first `n` bytes held, which are there, to the start of `whole`. */
  #copyOut(whole: Uint8Array, n: number): void {
    let filled = 0
    let dropped = 0
    while (filled < n) {
      const chunk = this.#chunks[dropped]!
      const part = Math.min(chunk.length - this.#from, n - filled)
      whole.set(plain(chunk, this.#from, part), filled)
      filled += part
      this.#from += part
      if (this.#from === chunk.length) {
        dropped++
        this.#from = 0
      }
    }
    this.#dropFirst(dropped)
  }

  #dropFirst(n: number): void {
    if (n === 0) return
    this.#chunks.splice(0, n)
    if (this.#chunks.length === 0) this.#block = null
  }
}

/** Not zeroed: for what is written all over before anybody reads it. */
function unwritten(length: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer)
}

function int32At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

function plain(bytes: Uint8Array, from: number, length: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + from, length)
}
