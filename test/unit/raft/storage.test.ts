// The quorum's files: quorum-state as Kafka 4.3.1 writes it, snapshots byte by byte, what retention lets go.

import { describe, expect, test } from 'vitest'
import type { VoterSet } from '../../../raft/core/index.ts'
import {
  dataBatch,
  decodeSnapshot,
  encodeSnapshot,
  startOfEpochBatch,
  viewBatches,
} from '../../../raft/driver/batches.ts'
import { formatQuorumState, parseQuorumState } from '../../../raft/storage/quorum-state.ts'
import { expiredSnapshots } from '../../../raft/storage/retention.ts'

const DIRECTORY = '8Uh4P1-OTWW0kTn_xCdzag'

describe('quorum-state', () => {
  test('version 0 is what Kafka wrote for static voters', () => {
    const written =
      '{"clusterId":"","leaderId":1,"leaderEpoch":1,"votedId":-1,"appliedOffset":0,"currentVoters":[{"voterId":1},{"voterId":2},{"voterId":3}],"data_version":0}'
    expect(formatQuorumState({ epoch: 1, leaderId: 1, votedFor: null }, 0, [1, 2, 3])).toBe(written)
    expect(parseQuorumState(written)).toEqual({ epoch: 1, leaderId: 1, votedFor: null })
  })

  test('version 1 names the directory of the vote', () => {
    const election = { epoch: 7, leaderId: -1, votedFor: { id: 2, directoryId: DIRECTORY } }
    const written = `{"leaderId":-1,"leaderEpoch":7,"votedId":2,"votedDirectoryId":"${DIRECTORY}","data_version":1}`
    expect(formatQuorumState(election, 1, [1, 2, 3])).toBe(written)
    expect(parseQuorumState(written)).toEqual(election)
  })

  test('what is torn or foreign is never taken for "no vote"', () => {
    const whole = formatQuorumState({ epoch: 7, leaderId: 2, votedFor: { id: 2, directoryId: DIRECTORY } }, 1, [])
    for (let length = 0; length < whole.length; length++) expect(parseQuorumState(whole.slice(0, length))).toBeNull()
    for (const text of [
      'null',
      '[]',
      '{}',
      whole.replace('"data_version":1', '"data_version":9'),
      whole.replace('7', '"7"'),
    ]) {
      expect(parseQuorumState(text)).toBeNull()
    }
  })
})

const voters: VoterSet = [1, 2].map((id) => ({
  id,
  directoryId: id === 1 ? DIRECTORY : 'AxN7JHrhRMKHQ2yJ3n0j3w',
  endpoints: [{ name: 'CONTROLLER', host: `h${id}`, port: 9093 }],
  minKRaftVersion: 0,
  maxKRaftVersion: 1,
}))
const records = Array.from({ length: 5000 }, (_, i) => new TextEncoder().encode(`record ${i} ${'x'.repeat(300)}`))
const id = { endOffset: 100, epoch: 3 }

describe('snapshots', () => {
  test('come back as they went, in batches of bounded size', () => {
    const chunks = encodeSnapshot(id, { offset: 50, kraftVersion: 1, voters }, records, 1234, 5678)
    const found = decodeSnapshot(Buffer.concat(chunks))
    expect(found.lastContainedLogTimestamp).toBe(1234)
    expect(found.quorum).toEqual({ kraftVersion: 1, voters })
    expect(found.batches.length).toBeGreaterThan(2)
    const views = viewBatches(Buffer.concat(found.batches))!.batches
    expect(views[0]!.baseOffset).toBe(3)
    expect(views.at(-1)!.endOffset).toBe(3 + records.length)
    expect(new Set(views.map((view) => view.epoch))).toEqual(new Set([3]))
  })

  test('of kraft.version 0 name no voters', () => {
    const chunks = encodeSnapshot(id, { offset: -1, kraftVersion: 0, voters }, records.slice(0, 1), 1, 2)
    expect(decodeSnapshot(Buffer.concat(chunks)).quorum).toBeNull()
  })

  test('that are cut short or changed are refused', () => {
    const whole = Buffer.concat(encodeSnapshot(id, { offset: 50, kraftVersion: 1, voters }, records.slice(0, 3), 1, 2))
    for (let length = 0; length < whole.length; length += 7)
      expect(() => decodeSnapshot(whole.subarray(0, length))).toThrow()
    for (let at = 21; at < whole.length; at += 13) {
      const changed = Buffer.from(whole)
      changed[at]! ^= 1
      // Of a batch's header only base offset and epoch lie outside its checksum.
      let same = true
      try {
        decodeSnapshot(changed)
      } catch {
        same = false
      }
      if (same) expect(isOutsideChecksum(whole, at)).toBe(true)
    }
    expect(() => decodeSnapshot(Buffer.concat([whole, whole]))).toThrow('footer')
  })
})

function isOutsideChecksum(bytes: Buffer, at: number): boolean {
  let from = 0
  while (at >= from + 12 + bytes.readInt32BE(from + 8)) from += 12 + bytes.readInt32BE(from + 8)
  return at - from < 8 || (at - from >= 12 && at - from < 16)
}

describe('batches', () => {
  test('the first of an epoch tells the quorum when it must', () => {
    const content = {
      kind: 'start-of-epoch',
      leaderId: 1,
      voters,
      grantingVoters: [1, 2],
      kraftVersion: 1,
      writeQuorum: true,
    } as const
    expect(viewBatches(startOfEpochBatch(content, 40, 6, 99))).toEqual({
      size: expect.any(Number),
      batches: [{ baseOffset: 40, endOffset: 43, epoch: 6, quorum: { offset: 42, kraftVersion: 1, voters } }],
    })
    const plain = viewBatches(startOfEpochBatch({ ...content, writeQuorum: false }, 40, 6, 99))
    expect(plain?.batches).toEqual([{ baseOffset: 40, endOffset: 41, epoch: 6, quorum: null }])
  })

  test('a partial batch at the end is left out, a corrupt one voids the lot', () => {
    const bytes = Buffer.concat([dataBatch(records.slice(0, 2), 5, 1, 1), dataBatch(records.slice(2, 4), 7, 1, 1)])
    expect(viewBatches(bytes)?.batches).toHaveLength(2)
    expect(viewBatches(bytes.subarray(0, bytes.length - 1))?.batches).toHaveLength(1)
    bytes[bytes.length - 1]! ^= 1
    expect(viewBatches(bytes)).toBeNull()
  })
})

test('retention lets go the oldest snapshots, never the newest', () => {
  const held = [1, 2, 3].map((n) => ({ size: 100, lastTimestamp: n * 1000 }))
  const limits = { retentionBytes: -1, retentionMs: -1 }
  expect(expiredSnapshots(held, 1000, 9999, limits)).toBe(0)
  expect(expiredSnapshots(held, 1000, 3500, { ...limits, retentionMs: 2000 })).toBe(1)
  expect(expiredSnapshots(held, 1000, 999_999, { ...limits, retentionMs: 0 })).toBe(2)
  expect(expiredSnapshots(held, 1000, 0, { ...limits, retentionBytes: 1250 })).toBe(1)
  expect(expiredSnapshots(held, 1000, 0, { ...limits, retentionBytes: 0 })).toBe(2)
  expect(expiredSnapshots(held.slice(0, 1), 1000, 999_999, { retentionBytes: 0, retentionMs: 0 })).toBe(0)
})
