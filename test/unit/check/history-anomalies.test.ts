// One planted history an anomaly: each is named, and nothing else is.

import { describe, expect, it } from 'vitest'
import { checkHistory, type HistoryLine, HistoryRecorder, type HistoryReport } from '../../../src/check/index.ts'
import { History } from './history-fixtures.ts'

describe('a history without faults', () => {
  it('has no anomalies', () => {
    const history = new History()
    history.send('p', 'x', 'a', 0)
    history.send('p', 'x', 'b', 2)
    history.poll('c', { x: [[0, 'a']] })
    history.poll('c', { x: [[2, 'b']] })
    const report = history.report()
    expect(report).toMatchObject({ valid: true, anomalies: [], counts: {}, allowed: {}, allowedLosses: {} })
    expect(report.stats).toMatchObject({
      operations: 4,
      ok: 4,
      sent: 2,
      acknowledged: 2,
      polled: 2,
      keys: 1,
      processes: 2,
    })
  })
})

describe('values and offsets', () => {
  it('duplicate', () => {
    const history = new History()
    history.send('p', 'x', 'a', 1)
    history.poll('c', {
      x: [
        [1, 'a'],
        [3, 'a'],
      ],
    })
    expect(names(history)).toEqual({ duplicate: 1 })
    expect(history.report().anomalies[0]).toMatchObject({
      key: 'x',
      text: '"a" is in x 2 times, at offsets 1, 3',
      lines: [1, 3],
    })
  })

  it('inconsistent-offsets', () => {
    const history = new History()
    history.send('p', 'x', 641, 537)
    history.send('q', 'x', 645, 537)
    history.poll('c', { x: [[537, 641]] })
    history.poll('d', { x: [[537, 645]] })
    expect(names(history)).toEqual({ 'inconsistent-offsets': 1 })
    expect(history.report().anomalies[0]?.lines).toEqual([1, 3])
  })
})

describe('losses', () => {
  it('lost-write', () => {
    const history = new History()
    history.send('p', 'x', 'a', 0)
    history.send('p', 'x', 'b', 1)
    history.poll('c', { x: [[1, 'b']] })
    expect(names(history)).toEqual({ 'lost-write': 1 })
    expect(history.report().anomalies[0]?.lines).toEqual([1, 5])
  })

  it('unseen', () => {
    const history = new History()
    history.send('p', 'x', 'a', 0)
    history.send('p', 'x', 'b', 1)
    history.poll('c', { x: [[0, 'a']] })
    expect(names(history)).toEqual({ unseen: 1 })
  })
})

describe('polls', () => {
  it('poll-skip', () => {
    const history = new History()
    for (const [i, value] of ['a', 'b', 'c'].entries()) history.send('p', 'x', value, i)
    history.poll('c', { x: [[0, 'a']] })
    history.poll('d', { x: [[1, 'b']] })
    history.poll('c', { x: [[2, 'c']] })
    expect(names(history)).toEqual({ 'poll-skip': 1 })
  })
})

describe('the recorder', () => {
  it('writes lines that can be judged', () => {
    let now = 0
    const recorder = new HistoryRecorder({ now: () => now++ })
    const send = recorder.invoke('p', { f: 'send', steps: [{ f: 'send', key: 'x', value: 'a' }] })
    recorder.ok(send, { steps: [{ f: 'send', key: 'x', value: 'a', offset: 0 }] })
    recorder.invoke('p', { f: 'send', steps: [{ f: 'send', key: 'x', value: 'b' }] })
    const poll = recorder.invoke('c', { f: 'poll', steps: [{ f: 'poll' }] })
    recorder.ok(poll, { steps: [{ f: 'poll', records: { x: [[0, 'a']] } }] })
    recorder.crash('p')
    recorder.close()
    expect(recorder.lines.map((line: HistoryLine) => `${line.op} ${line.type}`)).toEqual([
      '0 invoke',
      '0 ok',
      '1 invoke',
      '2 invoke',
      '2 ok',
      '1 info',
      '3 invoke',
      '3 info',
    ])
    expect(checkHistory(recorder.lines).valid).toBe(true)
  })

  it('refuses a second completion', () => {
    const recorder = new HistoryRecorder({ now: () => 0 })
    const op = recorder.invoke('c', { f: 'poll', steps: [] })
    recorder.ok(op)
    expect(() => recorder.ok(op)).toThrow('operation 0 of a history completes (ok) and is not under way')
  })
})

function names(history: History): HistoryReport['counts'] {
  return history.report().counts
}
