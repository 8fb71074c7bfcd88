// Histories as text: what is written is read again; what is no history is refused with its line and the remedy.

import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  checkHistory,
  decodeHistory,
  decodeHistoryLine,
  encodeHistoryLine,
  HistoryError,
  type HistoryLine,
} from '../../../src/check/index.ts'
import { History } from './history-fixtures.ts'

const SEND = { process: 'p', op: 0, time: 0, f: 'send', steps: [{ f: 'send', key: 'x', value: 'a' }] }
const POLL = { process: 'c', op: 1, time: 0, f: 'poll', steps: [{ f: 'poll' }] }

describe('lines', () => {
  it('come back as they were', () => {
    const history = new History()
    history.txn('p', [['__proto__', 'a', 0], ['x', 1.5, 0], { 'x "y"\n': [[3, 'zweiß']] }], { rebalanced: ['x'] })
    history.send('p', 'x', 'b', undefined, { weak: true, outcome: 'info' })
    history.assign('c', ['x'], 'subscribe', true)
    history.recorder.crash('c')
    const text = history.lines.map((line) => `${encodeHistoryLine(line)}\n`).join('\n')
    expect([...decodeHistory(text)]).toEqual(history.lines)
  })

  const refused: readonly (readonly [what: string, text: string, message: string])[] = [
    ['no JSON', '{"process":', 'line 8: is not JSON ('],
    ['a list', '[]', 'line 8: is no JSON object: []'],
    ['null', 'null', 'is no JSON object'],
    ['no process', '{}', 'has no "process"; it must be a name in quotes: {}'],
    ['a numbered process', '{"process":3}', 'has "process" 3; it must be a name in quotes'],
    ['no op', '{"process":"p"}', 'has no "op"; it must be a number 0, 1, 2, …'],
    ['op −1', '{"process":"p","op":-1}', 'has "op" -1'],
    ['a time in words', '{"process":"p","op":1,"time":"now"}', 'has "time" "now"; it must be a number of milliseconds'],
    ['an unknown type', json(SEND, { type: 'okay' }), 'has "type" "okay"; it must be one of "invoke", "ok", "fail"'],
    [
      'an unknown f',
      json(SEND, { type: 'ok', f: 'write' }),
      'has "f" "write"; it must be one of "send", "poll", "txn"',
    ],
    ['no steps', json(SEND, { type: 'ok', steps: undefined }), 'has no "steps"; it must be a list'],
    ['a step that is none', json(SEND, { type: 'ok', steps: [7] }), 'steps[0] is no object'],
    [
      'a poll in a send',
      json(SEND, { type: 'ok', steps: [{ f: 'poll' }] }),
      'steps[0] is a poll in a send; only a "txn"',
    ],
    ['no key', json(SEND, { type: 'ok', steps: [{ f: 'send' }] }), 'steps[0] has no "key"'],
    [
      'no value',
      json(SEND, { type: 'ok', steps: [{ f: 'send', key: 'x', value: null }] }),
      'steps[0] has "value" null',
    ],
    [
      'offset −1',
      json(SEND, { type: 'ok', steps: [{ f: 'send', key: 'x', value: 1, offset: -1 }] }),
      'steps[0] has "offset" -1; it must be a whole number from 0 on, and is left out where it is unknown',
    ],
    ['records as a list', json(POLL, { type: 'ok', steps: [{ f: 'poll', records: [] }] }), 'has "records" []'],
    ['a bare record', json(POLL, { type: 'ok', steps: [{ f: 'poll', records: { x: ['a'] } }] }), 'the record "a" of x'],
    [
      'swapped',
      json(POLL, { type: 'ok', steps: [{ f: 'poll', records: { x: [['a', 0]] } }] }),
      '["a",0] of x; they are',
    ],
    ['weak in words', json(SEND, { type: 'invoke', weak: 'yes' }), 'has "weak" "yes"; it must be true or false'],
    [
      'no keys',
      '{"process":"p","op":1,"time":0,"type":"ok","f":"assign"}',
      'has no "keys"; it must be a list of names',
    ],
  ]
  it.each(refused)('refuses %s', (_, text, message) => {
    expect(() => decodeHistoryLine(text, 7)).toThrow(HistoryError)
    expect(() => decodeHistoryLine(text, 7)).toThrow(message)
  })

  it('numbers lines as an editor does, empty ones too', () => {
    expect(() => [...decodeHistory('\n\n{}\n')]).toThrow('line 3: has no "process"')
  })
})

describe('what is no history as a whole', () => {
  const ok = { ...SEND, type: 'ok' }
  const invoke = { ...SEND, type: 'invoke' }
  const refused: readonly (readonly [what: string, lines: readonly object[], message: string])[] = [
    ['a completion without invocation', [ok], 'line 1: operation 0 completes (ok), but it was never invoked'],
    ['a second completion', [invoke, ok, ok], 'line 3: operation 0 completes (ok), but it was completed already'],
    ['a number used again', [invoke, ok, invoke], 'line 3: operation 0 is invoked again'],
    ['time that goes back', [{ ...invoke, time: 5 }, ok], 'line 2: time goes back from 5 to 0; record all processes'],
    ['another process', [invoke, { ...ok, process: 'q' }], 'was invoked as send of p and completes as send of q'],
    ['another value', [invoke, { ...ok, steps: [{ f: 'send', key: 'x', value: 'b' }] }], 'completes with other sends'],
    ['a send too few', [invoke, { ...ok, steps: [] }], 'line 2: operation 0 completes with other sends'],
    ['a value sent twice', [invoke, { ...invoke, op: 1 }], 'sends "a" to x, which operation 0 sent already'],
    [
      'two polls at once',
      [
        { ...POLL, type: 'invoke' },
        { ...POLL, type: 'invoke', op: 2 },
      ],
      'process c begins operation 2 (poll) while its operation 1 is under way',
    ],
    [
      'an offset that is none',
      [
        { ...POLL, type: 'invoke' },
        { ...POLL, type: 'ok', steps: [{ f: 'poll', records: { x: [[-1, 'a']] } }] },
      ],
      'line 2: operation 1 has the offset -1, which is none; −1 is how Kafka says that it knows none',
    ],
  ]
  it.each(refused)('refuses %s', (_, lines, message) => {
    expect(() => checkHistory(lines as readonly HistoryLine[])).toThrow(message)
  })

  it('lets a send that failed be silent about its steps, and operations never complete', () => {
    const lines = [invoke, { ...ok, type: 'fail', steps: [] }, { ...POLL, type: 'invoke' }] as readonly HistoryLine[]
    expect(checkHistory(lines).stats).toMatchObject({ operations: 2, ok: 0, fail: 1, info: 1 })
  })
})

function json(line: object, changes: object): string {
  return JSON.stringify({ ...line, ...changes })
}

describe('docs/history.md', () => {
  const page = fs.readFileSync(path.join(import.meta.dirname, '../../../docs/history.md'), 'utf8')

  it('shows a history that can be judged', () => {
    const example = /```jsonl\n([\s\S]*?)```/.exec(page)?.[1] ?? ''
    expect(checkHistory(decodeHistory(example))).toMatchObject({ counts: { 'lost-write': 1 } })
  })

  it('names every anomaly that is planted', () => {
    const planted = fs.readFileSync(path.join(import.meta.dirname, 'history-anomalies.test.ts'), 'utf8')
    const names = new Set(
      planted.match(
        /\b(?:int-)?(?:poll|send)-skip\b|\b(?:int-)?nonmonotonic-(?:poll|send)\b|\bG[01][ac]?(?:-process|-realtime)?\b|\b(?:duplicate|inconsistent-offsets|lost-write|unseen|phantom|precommitted-read)\b/g,
      ),
    )
    expect(names.size).toBe(20)
    for (const name of names) expect(page).toContain(`\`${name}\``)
  })
})
