// When a healed cluster may be without a leader: only where the disks of all who might lead were replaced.

import { expect, test } from 'vitest'
import { UNASSIGNED_DIR, type Uuid } from '../../../src/base/index.ts'
import { lostForGood, out } from '../../../src/sim/life/lost.ts'

type Partition = Parameters<typeof lostForGood>[1]
const OLD: Uuid = 'AAAAAAAAAAAAAAAAAAAAAQ'
const NEW: Uuid = 'AAAAAAAAAAAAAAAAAAAAAg'
const OTHER: Uuid = 'AAAAAAAAAAAAAAAAAAAAAw'

/** Replicas 2 and 3, made when only 3 was active; 3 came back, uncleanly. */
const made: Partition = {
  leader: -1,
  replicas: [3, 2],
  isr: [],
  elr: [],
  lastKnownElr: [3],
  directories: [OLD, OTHER],
}

function image(directoryOf3: Uuid): Parameters<typeof lostForGood>[0] {
  return {
    brokers: new Map([
      [2, { directories: [OTHER] }],
      [3, { directories: [directoryOf3] }],
    ]),
  }
}

const only3 = (id: number): boolean => id === 3
const nobody = (): boolean => false

test('what only a replaced disk held is lost for good', () => {
  expect(lostForGood(image(NEW), made, only3)).toBe(true)
  expect(lostForGood(image(NEW), { ...made, elr: [3], lastKnownElr: [] }, only3)).toBe(true)
})

test('not while anybody leads, or anybody else may: then an election is owed', () => {
  expect(lostForGood(image(NEW), { ...made, leader: 2, isr: [2], lastKnownElr: [] }, only3)).toBe(false)
  expect(lostForGood(image(NEW), { ...made, elr: [2] }, only3)).toBe(false)
  expect(lostForGood(image(NEW), { ...made, elr: [2, 3] }, only3)).toBe(false)
  expect(lostForGood(image(NEW), { ...made, lastKnownElr: [2] }, only3)).toBe(false)
})

test('not where the disk is there, nor where it is missing though nobody replaced it', () => {
  expect(lostForGood(image(OLD), made, only3)).toBe(false)
  expect(lostForGood(image(NEW), made, nobody)).toBe(false)
  expect(lostForGood(image(NEW), { ...made, directories: [UNASSIGNED_DIR, OTHER] }, only3)).toBe(false)
  expect(lostForGood(image(NEW), { ...made, lastKnownElr: [] }, only3)).toBe(false)
})

test('out of a core are those who are outside of it, and those who lost their disks', () => {
  expect(out(image(OLD), made, [2])).toBe(true)
  expect(out(image(OLD), made, [2, 3])).toBe(false)
  expect(out(image(NEW), made, [2, 3])).toBe(true)
})
