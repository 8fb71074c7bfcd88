// The launcher's frames however they are cut, the lines of a node's log, and where things lie.

import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createLogger, layoutOf } from '../../../src/launcher/index.ts'
import type { NodeMessage } from '../../../src/launcher/messages.ts'
import { frame, unframe } from '../../../src/launcher/messages.ts'

describe('frames', () => {
  const message: fc.Arbitrary<NodeMessage> = fc.oneof(
    fc.constant({ kind: 'ready' } as const),
    fc.record({ kind: fc.constant('event' as const), text: fc.string({ unit: 'grapheme' }) }),
    fc.record({ kind: fc.constant('failed' as const), sentence: fc.string() }),
  )

  test('messages survive any cut of their bytes', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), fc.array(fc.nat(300), { maxLength: 40 }), (messages, cuts) => {
        const bytes = Buffer.concat(messages.map(frame))
        const heard: NodeMessage[] = []
        const receive = unframe<NodeMessage>((each) => heard.push(each))
        let at = 0
        for (const cut of cuts) {
          receive(bytes.subarray(at, at + cut))
          at = Math.min(at + cut, bytes.length)
        }
        receive(bytes.subarray(at))
        expect(heard).toEqual(messages)
      }),
    )
  })

  test('a length that nobody writes is refused', () => {
    expect(() => unframe(() => undefined)(Buffer.from([0x7f, 0xff, 0xff, 0xff]))).toThrow(RangeError)
  })
})

describe('the log of a node', () => {
  const logged = (format: 'text' | 'json', act: (logger: ReturnType<typeof createLogger>) => void): string => {
    let text = ''
    const write = (line: string): void => {
      text += line
    }
    act(createLogger({ level: 'info', format, write }).child({ node: 7 }))
    return text
  }

  test('is lines like those of Kafka', () => {
    const text = logged('text', (logger) => {
      logger.debug({}, 'not told')
      logger.child({ room: 'raft' }).info({ epoch: 3, topic: 'a b' }, 'elected')
    })
    expect(text).toMatch(
      /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\] INFO \[raft nodeId=7\] elected epoch=3 topic=a b\n$/,
    )
  })

  test('keeps the stack of an error', () => {
    const text = logged('text', (logger) => logger.error({ err: new RangeError('too far') }, 'failed'))
    expect(text).toMatch(/ERROR \[nodeId=7\] failed err=\nRangeError: too far\n\s+at /)
  })

  test('is JSON when asked', () => {
    expect(JSON.parse(logged('json', (logger) => logger.warn({ a: 1 }, 'x')))).toMatchObject({
      node: 7,
      a: 1,
      msg: 'x',
    })
  })
})

test('a control socket whose path would be too long lies in the temporary directory', () => {
  expect(layoutOf('/data').controlSocket).toBe('/data/up.sock')
  const deep = layoutOf(join('/', 'd'.repeat(120))).controlSocket
  expect(deep.startsWith(join(tmpdir(), 'odradek-'))).toBe(true)
  expect(Buffer.byteLength(deep)).toBeLessThan(104)
})
