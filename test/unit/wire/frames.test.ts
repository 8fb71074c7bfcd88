import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ProtocolError } from '../../../src/base/index.ts'
import {
  allApis,
  apis,
  correlationIdOf,
  decode,
  decodeRequestHeader,
  decodeResponse,
  EncodeError,
  encodeRequest,
  encodeResponse,
  FrameParser,
  requestHeaderVersion,
  responseHeaderVersion,
} from '../../../src/wire/index.ts'

function whole(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks))
}

function prefixed(...frames: Uint8Array[]): Uint8Array {
  const parts = frames.flatMap((frame) => {
    const size = Buffer.alloc(4)
    size.writeInt32BE(frame.length)
    return [size, frame]
  })
  return whole(parts)
}

describe('requests and responses', () => {
  test('every API at every version: request out and in, response out and in', () => {
    for (const api of allApis()) {
      for (let version = api.minVersion; version <= api.maxVersion; version++) {
        const request = whole(encodeRequest(api, version, { correlationId: 7, clientId: 'me' }, {}))
        expect(new DataView(request.buffer).getInt32(0)).toBe(request.length - 4)
        const frame = request.subarray(4)
        const header = decodeRequestHeader(frame)
        expect(header).toMatchObject({ apiKey: api.key, apiVersion: version, correlationId: 7, clientId: 'me', api })
        expect(() => decode(api.request, version, frame, header.bodyAt)).not.toThrow()
        const response = whole(encodeResponse(api, version, 7, {})).subarray(4)
        expect(correlationIdOf(response)).toBe(7)
        expect(decodeResponse(api, version, response).correlationId).toBe(7)
      }
    }
  })

  test('header versions: flexible requests have 2 and 1, ApiVersions is always answered with 0', () => {
    expect(requestHeaderVersion(apis.Metadata, 8)).toBe(1)
    expect(requestHeaderVersion(apis.Metadata, 9)).toBe(2)
    expect(responseHeaderVersion(apis.Metadata, 8)).toBe(0)
    expect(responseHeaderVersion(apis.Metadata, 9)).toBe(1)
    expect(requestHeaderVersion(apis.ApiVersions, 3)).toBe(2)
    expect(responseHeaderVersion(apis.ApiVersions, 3)).toBe(0)
  })

  test('what we cannot read still has a header to answer to', () => {
    const unknownKey = new Uint8Array(Buffer.from('7fff0000 0000002a 0002 6d65'.replaceAll(' ', ''), 'hex'))
    expect(decodeRequestHeader(unknownKey)).toEqual({
      apiKey: 32_767,
      apiVersion: 0,
      correlationId: 42,
      clientId: 'me',
      api: undefined,
      bodyAt: -1,
    })
    const newer = new Uint8Array(Buffer.from('00127fff 0000002a ffff'.replaceAll(' ', ''), 'hex'))
    expect(decodeRequestHeader(newer)).toMatchObject({ apiKey: 18, apiVersion: 32_767, clientId: null, api: undefined })
    expect(() => decodeRequestHeader(new Uint8Array(7))).toThrow(ProtocolError)
    expect(() => decodeRequestHeader(new Uint8Array(0))).toThrow(ProtocolError)
    const hugeId = new Uint8Array(Buffer.from('00120000 0000002a 7fff 61'.replaceAll(' ', ''), 'hex'))
    expect(() => decodeRequestHeader(hugeId)).toThrow(ProtocolError)
  })

  test('records are not copied into a frame', () => {
    const records = new Uint8Array(5000)
    const body = { topicData: [{ name: 't', partitionData: [{ records }] }] }
    const chunks = encodeRequest(apis.Produce, 9, { correlationId: 1, clientId: null }, body)
    expect(chunks.includes(records)).toBe(true)
    expect(new DataView(chunks[0]!.buffer, chunks[0]!.byteOffset).getInt32(0)).toBe(whole(chunks).length - 4)
  })

  test('a body that fails leaves nothing behind', () => {
    const broken = { correlationId: 1, clientId: 'x' }
    expect(() => encodeRequest(apis.Metadata, 0, broken, { topics: null })).toThrow(EncodeError)
    const next = whole(encodeRequest(apis.Metadata, 0, { correlationId: 2, clientId: null }, { topics: [] }))
    expect(Buffer.from(next).toString('hex')).toBe('0000000e' + '00030000' + '00000002' + 'ffff' + '00000000')
  })

  test('no byte of a frame is left over from another', () => {
    const marker = 'secret-secret-secret-secret-secret-secret-secret-secret-secret'
    encodeRequest(apis.Metadata, 1, { correlationId: 1, clientId: marker }, { topics: [{ name: marker }] })
    for (const api of allApis()) {
      const chunks = encodeResponse(api, api.maxVersion, 1, {})
      const before = Buffer.from(whole(chunks)).toString('hex')
      expect(Buffer.from(before, 'hex').includes('secret')).toBe(false)
      expect(Buffer.from(before, 'hex').readInt32BE()).toBe(before.length / 2 - 4)
      // Nor does it become one of another.
      encodeRequest(apis.Metadata, 1, { correlationId: 1, clientId: marker }, { topics: [{ name: marker }] })
      expect(Buffer.from(whole(chunks)).toString('hex')).toBe(before)
    }
  })
})

describe('frame parser', () => {
  test('however the bytes are cut, the frames are the same', () => {
    const frames = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 })
    const cuts = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 40 })
    fc.assert(
      fc.property(frames, cuts, (sent, lengths) => {
        const stream = prefixed(...sent)
        const parser = new FrameParser(100)
        const got: Uint8Array[] = []
        let at = 0
        for (const length of [...lengths, stream.length]) {
          for (const frame of parser.push(stream.slice(at, at + length))) got.push(frame)
          at += length
        }
        expect(got).toEqual(sent)
        expect(parser.buffered).toBe(0)
      }),
      { seed: 3, numRuns: 300 },
    )
  })

  test('a reader into its space, or past it, gets the same frames', () => {
    const sizes = fc.array(fc.constantFrom(0, 5, 70_000, 200_000), { maxLength: 5 })
    const reads = fc.array(fc.tuple(fc.integer({ min: 1, max: 90_000 }), fc.boolean()), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(sizes, reads, (lengths, steps) => {
        const sent = lengths.map((length, f) => Uint8Array.from({ length }, (_, i) => (i * 31 + f) & 255))
        const stream = prefixed(...sent)
        const parser = new FrameParser(300_000)
        const got: Uint8Array[] = []
        for (let at = 0, i = 0; at < stream.length; i++) {
          const [most, obeys] = steps[i % steps.length]!
          const space = parser.space()
          let chunk: Uint8Array = stream.slice(at, at + most)
          if (space !== null && obeys) {
            chunk = space.subarray(0, Math.min(chunk.length, space.length))
            chunk.set(stream.subarray(at, at + chunk.length))
          }
          at += chunk.length
          for (const frame of parser.push(chunk)) got.push(frame)
        }
        expect(got.length).toBe(sent.length)
        for (const [i, frame] of got.entries()) expect(Buffer.compare(frame, sent[i]!)).toBe(0)
        expect(parser.buffered).toBe(0)
        expect(parser.space()).toBeNull()
      }),
      { seed: 5, numRuns: 100 },
    )
  })

  test('space is made for large frames whose length is known, and never for a claim beyond 16 MB', () => {
    const parser = new FrameParser(64 * 1024 * 1024)
    const claim = (length: number): Uint8Array =>
      prefixed(new Uint8Array(0)).map((_, i) => (length >>> (24 - 8 * i)) & 255)
    expect(parser.space()).toBeNull()
    expect([...parser.push(claim(100_000))]).toEqual([])
    expect(parser.space()?.length).toBe(100_000)
    const beyond = new FrameParser(64 * 1024 * 1024)
    expect([...beyond.push(claim(17 * 1024 * 1024))]).toEqual([])
    expect(beyond.space()).toBeNull()
  })

  test('large frames in chunks of all sizes, byte by byte too', () => {
    const frame = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31) & 255)
    for (const size of [1, 7, 4095, 4096, 65_536]) {
      const parser = new FrameParser(1 << 20)
      const stream = prefixed(frame, frame)
      const got: Uint8Array[] = []
      for (let at = 0; at < stream.length; at += size) {
        for (const one of parser.push(stream.slice(at, at + size))) got.push(one)
      }
      expect(got.map((one) => Buffer.compare(one, frame))).toEqual([0, 0])
    }
  })

  test('frames within one chunk are slices of it', () => {
    const chunk = prefixed(new Uint8Array([1, 2]), new Uint8Array([3]))
    const [a, b] = [...new FrameParser(10).push(chunk)]
    expect(a!.buffer).toBe(chunk.buffer)
    expect([...a!, ...b!]).toEqual([1, 2, 3])
  })

  test('one frame an iteration: what a loop leaves, the next one gives', () => {
    const parser = new FrameParser(10)
    const chunk = prefixed(new Uint8Array([1]), new Uint8Array([2]), new Uint8Array([3]))
    for (const frame of parser.push(chunk)) {
      expect(frame).toEqual(new Uint8Array([1]))
      break
    }
    expect(parser.buffered).toBe(10)
    expect([...parser.push(new Uint8Array(0))].map((frame) => frame[0])).toEqual([2, 3])
    expect(parser.next()).toBeNull()
  })

  test.each([
    ['negative', '80000000'],
    ['−1', 'ffffffff'],
    ['one over the limit', '00000065'],
    ['2^31−1', '7fffffff'],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n').toString('hex')],
    ['a TLS hello', '160301020001000001fc0303'],
  ])('a length that is %s is refused', (_what, hex) => {
    const parser = new FrameParser(100)
    expect(() => [...parser.push(new Uint8Array(Buffer.from(hex, 'hex')))]).toThrow(ProtocolError)
  })

  test('exactly the limit is accepted, and so is nothing', () => {
    const parser = new FrameParser(100)
    const frames = [...parser.push(prefixed(new Uint8Array(100), new Uint8Array(0)))]
    expect(frames.map((frame) => frame.length)).toEqual([100, 0])
  })

  test('a claimed length costs nothing before its bytes arrive', () => {
    const before = process.memoryUsage().arrayBuffers
    const parsers = Array.from({ length: 1000 }, () => {
      const parser = new FrameParser(100 << 20)
      expect([...parser.push(new Uint8Array([6, 0, 0, 0, 1]))]).toEqual([])
      return parser
    })
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 << 20)
    expect(parsers.every((parser) => parser.buffered === 1)).toBe(true)
  })
})
