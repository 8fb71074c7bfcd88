import { expect, test } from 'vitest'
import { type BrokerTruth, type HeardHeartbeat, SessionInvariants } from '../../../src/check/index.ts'
import { Collected } from './findings.ts'

const BROKER: BrokerTruth = {
  id: 2,
  epoch: 40,
  incarnationId: 'life-1',
  fenced: false,
  inControlledShutdown: false,
  directories: [],
  described: '',
}
const FENCED: BrokerTruth = { ...BROKER, fenced: true }
const BEAT: HeardHeartbeat = {
  broker: 2,
  brokerEpoch: 40,
  metadataOffset: 41,
  wantFence: false,
  wantShutDown: false,
}

/** Controller 1 leads epoch 5 from `since` on, and is sent heartbeats at these instants. */
function heard(since: number, beats: readonly number[], beat: HeardHeartbeat = BEAT): [SessionInvariants, Collected] {
  const found = new Collected()
  const sessions = new SessionInvariants(9_000, found)
  sessions.leads(1, 5, since)
  for (const at of beats) sessions.heard(1, beat, at)
  return [sessions, found]
}

const every = (ms: number, to: number): number[] => Array.from({ length: to / ms }, (_, i) => (i + 1) * ms)

test('B1: a broker is fenced after a silent session, and not before', () => {
  const [sessions, found] = heard(0, every(2_000, 60_000))
  sessions.committed(BROKER, FENCED, 5, 71_000)
  expect(found.names).toEqual([])
  const [early, finding] = heard(0, every(2_000, 60_000))
  early.committed(BROKER, FENCED, 5, 61_000)
  expect(finding.names).toEqual(['B1'])
})

test('B1: a new controller gives every broker a whole session', () => {
  const [sessions, found] = heard(50_000, [])
  sessions.committed(BROKER, FENCED, 5, 50_400)
  expect(found.names).toEqual(['B1'])
})

test('B1: what another controller heard, or what an earlier life said, does not count', () => {
  const [sessions, found] = heard(0, [])
  for (const at of every(1_000, 20_000)) sessions.heard(3, BEAT, at)
  for (const at of every(1_000, 20_000)) sessions.heard(1, { ...BEAT, brokerEpoch: 30 }, at)
  sessions.committed(BROKER, FENCED, 5, 20_500)
  expect(found.names).toEqual([])
})

test('B1: a broker may wish to be fenced, once it has served', () => {
  const [starting, found] = heard(0, every(1_000, 3_000), { ...BEAT, wantFence: true })
  starting.heard(1, BEAT, 3_500)
  starting.committed(BROKER, FENCED, 5, 4_000)
  expect(found.names).toEqual(['B1'])
  const [leaving, silent] = heard(0, every(1_000, 3_000))
  leaving.heard(1, { ...BEAT, wantShutDown: true }, 3_500)
  leaving.committed(BROKER, FENCED, 5, 4_000)
  expect(silent.names).toEqual([])
})

test('B2: a broker serves when it has said that it knows of its registration', () => {
  const [sessions, found] = heard(0, [1_000])
  sessions.committed(FENCED, BROKER, 5, 1_100)
  expect(found.names).toEqual([])
  const [early, finding] = heard(0, [1_000], { ...BEAT, metadataOffset: 39 })
  early.committed(FENCED, BROKER, 5, 1_100)
  expect(finding.names).toEqual(['B2'])
})

test('B3: one life keeps its epoch; another one has another', () => {
  const [sessions, found] = heard(0, [])
  sessions.committed(FENCED, { ...FENCED, epoch: 60, incarnationId: 'life-2' }, 5, 1_000)
  expect(found.names).toEqual([])
  sessions.committed(FENCED, { ...FENCED, epoch: 61 }, 5, 2_000)
  expect(found.names).toEqual(['B3'])
})
