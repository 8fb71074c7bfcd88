// A world that is listened in on: what the trace of it says, that it survives its file, and that nobody in the world notices.

import { expect, test } from 'vitest'
import type { Tap, TraceEntry } from '../../src/sim/index.ts'
import { createSimCluster, readTrace, TraceRecorder } from '../../src/sim/index.ts'
import { fakeReport } from '../support/fake-lives.ts'

/** A cluster boots, is written to and loses a node. */
async function lived(tap?: Tap): Promise<{ readonly hash: string; readonly leader: number; readonly now: number }> {
  using cluster = createSimCluster({ seed: 5, ...(tap === undefined ? {} : { tap }) })
  const { sim } = cluster
  await cluster.start()
  const client = cluster.client()
  await sim.wait(client.admin.createTopics([{ name: 'story', partitions: 1, replicationFactor: 3 }]))
  await sim.wait(client.producer().send({ topic: 'story', partition: 0, value: 'x' }))
  const leader = cluster.leaderOf('story', 0)!
  cluster.kill(leader)
  await sim.sleep(100)
  return { hash: sim.traceHash(), leader, now: sim.now }
}

test('a trace tells of messages, disks, alarms and ends, and changes nothing', { timeout: 60_000 }, async () => {
  const recorder = new TraceRecorder()
  const { hash, leader, now } = await lived(recorder)
  expect((await lived()).hash).toBe(hash)

  const notables = [{ at: now / 2, node: 1, partition: 'story-0', offset: 3, text: 'a thing worth telling' }]
  const file = Buffer.concat(recorder.finish(fakeReport(5, { hash, notables })))
  const entries: TraceEntry[] = []
  expect(readTrace(file, (entry) => entries.push(entry))).toMatchObject({ seed: 5, hash })

  for (const [i, entry] of entries.entries()) expect(entry.at).toBeGreaterThanOrEqual(entries[i - 1]?.at ?? 0)
  const leaderHost = `node${leader}`
  const produces = entries.filter((entry) => entry.what.startsWith('Produce v'))
  const { correlation } = produces[0]!
  expect(produces.map(({ kind, node, what, detail }) => [kind, node, what.split(' ')[2], detail])).toEqual([
    ['send', 'client1', 'request', `to ${leaderHost}`],
    ['receive', leaderHost, 'request', 'from client1'],
    ['send', leaderHost, 'response', 'to client1'],
    ['receive', 'client1', 'response', `from ${leaderHost}`],
  ])
  for (const produce of produces) expect(produce).toMatchObject({ correlation, partitions: ['story-0'] })

  const of = (kind: string): TraceEntry[] => entries.filter((entry) => entry.kind === kind)
  const written = of('disk').find(({ what, detail }) => what === 'file.append' && detail.includes('story-0/'))
  expect(written).toMatchObject({ partitions: ['story-0'], bytes: expect.any(Number) })
  expect(entries.some((entry) => entry.what.startsWith('Fetch v') && entry.partitions.includes('story-0'))).toBe(true)
  expect(of('timer').length).toBeGreaterThan(10)
  // The world's own end comes last.
  expect(of('end')[0]).toMatchObject({ node: leaderHost })
  expect(of('note')).toMatchObject([{ node: 'node1', partitions: ['story-0'], detail: 'offset 3' }])
  expect(entries.filter(({ what }) => what.includes('unreadable'))).toEqual([])
  expect(entries.filter(({ what }) => what.startsWith('random'))).toEqual([])
})

test('what is no trace, or half of one, is said to be', () => {
  const file = Buffer.concat(
    new TraceRecorder().finish(fakeReport(1, { notables: [{ at: 1, node: 1, partition: null, text: 'x' }] })),
  )
  const ignore = (): undefined => undefined
  expect(() => readTrace(file.subarray(0, file.length - 2), ignore)).toThrow('ends within an entry')
  expect(() => readTrace(Buffer.from('hello'), ignore)).toThrow('no trace')
  expect(() => readTrace(new Uint8Array(0), ignore)).toThrow('no trace')
})
