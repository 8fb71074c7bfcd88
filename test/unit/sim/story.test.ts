// What a violation's story is made of, and in what order.

import { expect, test } from 'vitest'
import type { HistoryLine } from '../../../src/check/index.ts'
import type { Notable } from '../../../src/sim/index.ts'
import { STORY_LINES, story } from '../../../src/sim/index.ts'
import { fakeReport } from '../../support/fake-lives.ts'

const fault = (at: number, node: number, text: string): Notable => ({ at, node, partition: null, text })
const about = (at: number, partition: string, text: string, marks: Partial<Notable> = {}): Notable => ({
  at,
  node: 1,
  partition,
  text,
  ...marks,
})
const violation = {
  name: 'lost-write',
  at: 5_000,
  text: '"a17" was acknowledged at t-0 offset 17 and is gone',
  subject: { partition: 't-0', offset: 17, value: 'a17' },
}

test('tells the record, its partition and the faults around it, in order, and ends with the violation', () => {
  const history: HistoryLine[] = [
    { process: 'p1', op: 1, time: 1_000, type: 'invoke', f: 'send', steps: [{ f: 'send', key: 't-0', value: 'a17' }] },
    { process: 'p1', op: 2, time: 1_001, type: 'invoke', f: 'send', steps: [{ f: 'send', key: 't-0', value: 'a18' }] },
    {
      process: 'p1',
      op: 1,
      time: 1_200,
      type: 'ok',
      f: 'send',
      steps: [{ f: 'send', key: 't-0', value: 'a17', offset: 17 }],
    },
    {
      process: 'c1',
      op: 3,
      time: 1_300,
      type: 'ok',
      f: 'poll',
      steps: [
        {
          f: 'poll',
          records: {
            't-0': [
              [16, 'a16'],
              [17, 'a17'],
            ],
          },
        },
      ],
    },
  ]
  const notables = [
    about(900, 't-1', 'leader is 3'),
    about(1_100, 't-0', 'leader is 2', { epoch: 4 }),
    fault(2_000, 2, 'power lost'),
    about(2_500, 't-0', 'truncated to 15', { offset: 15, node: 1 }),
    about(6_000, 't-0', 'after it was too late'),
  ]
  expect(story(fakeReport(1, { history, notables }), violation)).toEqual([
    '    1000.0 ms  p1: send of "a17" to t-0 begins',
    '    1100.0 ms  node 1: t-0: leader is 2 (epoch 4)',
    '    1200.0 ms  p1: send of "a17" to t-0 at offset 17 is acknowledged',
    '    1300.0 ms  c1: read "a17" at t-0 offset 17',
    '    2000.0 ms  node 2: power lost',
    '    2500.0 ms  node 1: t-0: truncated to 15',
    '    5000.0 ms  lost-write: "a17" was acknowledged at t-0 offset 17 and is gone',
  ])
})

test('is never longer than can be read, and drops what matters least', () => {
  const noise = Array.from({ length: 500 }, (_, i) => about(i * 9, 't-0', `acknowledged ${i}`, { offset: 1_000 + i }))
  const cause = about(10, 't-0', 'truncated below it', { offset: 17 })
  const lines = story(fakeReport(1, { notables: [...noise, cause] }), violation)
  expect(lines).toHaveLength(STORY_LINES)
  expect(lines[0]).toMatch(/463 more {2}lesser events are left out/)
  expect(lines.join('\n')).toContain('truncated below it')
  expect(lines.at(-1)).toContain('lost-write')
})

test('of a node tells what happened to that node', () => {
  const notables = [
    fault(4_900, 2, 'killed'),
    about(4_950, 't-3', 'leader is 2', { node: 2 }),
    about(4_950, 't-3', 'x'),
  ]
  const lines = story(fakeReport(1, { notables }), { ...violation, subject: { node: 2 } })
  expect(lines.map((line) => line.slice(15))).toEqual([
    'node 2: killed',
    'node 2: t-3: leader is 2',
    expect.stringContaining('lost-write'),
  ])
})

test('of a vote tells that epoch of the quorum; of a partition leaves the votes out while there is more to say', () => {
  const vote = (at: number, epoch: number): Notable => ({
    at,
    node: 1,
    partition: null,
    epoch,
    text: `votes in ${epoch}`,
  })
  const notables = [
    ...Array.from({ length: 60 }, (_, i) => vote(i, 3)),
    about(4_000, 't-0', 'leader is 2'),
    vote(4_500, 9),
  ]
  const ofVote = { ...violation, name: 'R1', subject: { epoch: 9 } }
  expect(story(fakeReport(1, { notables }), ofVote, 4).join('\n')).toContain('votes in 9')
  const ofPartition = story(fakeReport(1, { notables }), { ...violation, subject: { partition: 't-0' } }, 3)
  expect(ofPartition.join('\n')).toContain('leader is 2')
  expect(ofPartition).toHaveLength(3)
})
