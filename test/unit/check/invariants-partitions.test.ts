// Every check of replication and of answers to clients, by what replicas show, what their disks hold and what is said.

import { describe, expect, test } from 'vitest'
import {
  AnswerInvariants,
  ClusterTruth,
  LogModel,
  type MetadataFact,
  PartitionInvariants,
  type ProducedFact,
  type ReplicaObservation,
  unseen,
} from '../../../src/check/index.ts'
import { batch, Collected, change, fill, KEY, registerBroker, TOPIC, WORLD } from './findings.ts'

interface World {
  readonly found: Collected
  readonly model: LogModel
  readonly partitions: PartitionInvariants
  /** A replica's next look. */
  readonly look: (node: number, fields?: Partial<ReplicaObservation>) => void
  readonly commit: (...records: MetadataFact[]) => void
}

function world(running: readonly number[] = [1, 2, 3]): World {
  const found = new Collected()
  const truth = new ClusterTruth()
  const model = new LogModel('t-0', 'partition', found)
  const facts = {
    truth,
    running: (node: number) => running.includes(node),
    model: (key: string) => (key === KEY ? model : undefined),
    promised: () => 2,
  }
  const partitions = new PartitionInvariants(facts, found)
  const seen = new Map([1, 2, 3].map((node) => [node, unseen(node, KEY)]))
  let offset = 0
  const commit = (...records: MetadataFact[]): void => {
    const step = truth.apply(records, ++offset)
    for (const { before, after } of step?.partitions ?? []) partitions.registered(before, after)
    if (step !== null && step.brokers.length > 0) partitions.returned()
  }
  commit(...WORLD)
  return {
    found,
    model,
    partitions,
    commit,
    look: (node, fields = {}) => partitions.observed(seen.get(node)!, view(fields)),
  }
}

function view(fields: Partial<ReplicaObservation>): ReplicaObservation {
  const leads = fields.role === 'leader'
  return {
    topic: 't',
    topicId: TOPIC,
    partition: 0,
    role: 'follower',
    leaderEpoch: 0,
    partitionEpoch: 0,
    isr: leads ? [1, 2, 3] : [],
    maximalIsr: leads ? [1, 2, 3] : [],
    isrState: 'committed',
    proposed:
      fields.isrState === 'pending-expand' ? fields.maximalIsr!.map((id: number) => ({ id, brokerEpoch: id })) : [],
    highWatermark: 0,
    endOffset: fields.highWatermark ?? 0,
    logStartOffset: 0,
    durableEndOffset: 0,
    epochStartOffset: leads ? 0 : -1,
    minInsyncReplicas: 2,
    durable: false,
    ...fields,
  }
}

const TEN = [batch(0, 4, 0), batch(5, 9, 0)]

/** Ten records on all disks, committed in epoch 0 of leader 1. */
function committed(): World {
  const all = world()
  fill(all.model, [1, 2, 3], TEN)
  all.look(1, { role: 'leader', highWatermark: 10 })
  for (const node of [2, 3]) all.look(node, { highWatermark: 10 })
  expect(all.found.violations).toEqual([])
  expect(all.model.committedEnd).toBe(10)
  return all
}

test('a good fail-over', () => {
  const { found, model, look, commit } = committed()
  commit(change({ leader: 2, isr: [2, 3] }))
  look(2, { role: 'leader', leaderEpoch: 1, isr: [2, 3], maximalIsr: [2, 3], highWatermark: 10, epochStartOffset: 10 })
  fill(model, [2, 3], [batch(10, 11, 1)])
  look(2, { role: 'leader', leaderEpoch: 1, isr: [2, 3], maximalIsr: [2, 3], highWatermark: 12, epochStartOffset: 10 })
  expect(found.violations).toEqual([])
  expect(found.markers).toContain('partition: two believe they lead')
})

describe('P1: at the end', () => {
  test('a leader that lacks what is committed', () => {
    const { found, model, partitions } = committed()
    const log = model.log(1)
    log.segments[0]!.batches.pop()
    partitions.atEnd()
    expect(found.names).toEqual(['P1'])
  })
})

describe('P2, P8: members that do not run', () => {
  const lacking = (lost: boolean): World => {
    const all = world([1, 2])
    const { model, look, commit } = all
    fill(model, [1, 2], TEN)
    if (lost) {
      fill(model, [3], TEN)
      model.rescanned(3, [], 'lost')
    }
    commit(change({ isr: [1, 2] }))
    const leads = { role: 'leader', isr: [1, 2], maximalIsr: [1, 2], endOffset: 10, highWatermark: 10 } as const
    look(1, leads)
    look(1, { ...leads, maximalIsr: [1, 2, 3], isrState: 'pending-expand' })
    commit(change({ isr: [1, 2, 3] }))
    return all
  }

  test('lack what they never had', () => {
    expect(new Set(lacking(false).found.names)).toEqual(new Set(['P8', 'P2']))
  })
  test('may lack what their disk has lost', () => expect(lacking(true).found.names).toEqual([]))
})

describe('P2: candidates are complete', () => {
  test('a member of the ISR that lost a record to a power failure', () => {
    const { found, model, commit } = committed()
    model.rescanned(3, [{ base: 0, facts: TEN.slice(0, 1), durable: 100 }], 'lost')
    commit({ type: 'UnfenceBrokerRecord', value: { id: 3 } })
    expect(found.names).toEqual(['P2'])
  })

  test.each([
    ['what its start found damaged', true, true, []],
    ['nothing below that', true, false, ['P2']],
    ['nothing that its start could not find', false, true, ['P2']],
  ])('whom an unclean election chose may cut to lead %s', (_what, before, keepsFirst, names) => {
    const { found, model, commit } = committed()
    commit(change({ isr: [1, 2] }))
    if (before) model.rotted(3, 0, 150, true)
    model.opened(3)
    if (!before) model.rotted(3, 0, 150, true)
    commit(change({ leader: 3, isr: [3], leaderRecoveryState: 1 }))
    model.rescanned(3, [{ base: 0, facts: keepsFirst ? TEN.slice(0, 1) : [], durable: 100 }], 'lost')
    commit({ type: 'UnfenceBrokerRecord', value: { id: 3 } })
    expect([...new Set(found.names)]).toEqual(names)
  })

  test('a member of the ELR', () => {
    const { found, model, commit } = committed()
    model.rescanned(3, [], 'lost')
    commit(change({ isr: [1], eligibleLeaderReplicas: [2, 3] }))
    expect(found.names).toEqual(['P2'])
  })

  test('as many disks as the promise names excuse it, and what is gone is forgiven', () => {
    const { found, model, commit } = committed()
    for (const node of [2, 3]) model.rescanned(node, [{ base: 0, facts: TEN.slice(0, 1), durable: 100 }], 'lost')
    commit(change({ leader: 2, isr: [2, 3] }))
    expect(found.violations).toEqual([])
    expect(model.committedEnd).toBe(5)
  })
})

describe('an unclean election', () => {
  /** Node 3 has half of it, and leads. */
  function unclean(): World {
    const all = committed()
    all.model.rescanned(3, [{ base: 0, facts: TEN.slice(0, 1), durable: 100 }], 'lost')
    all.commit(change({ leader: 3, isr: [3], leaderRecoveryState: 1 }))
    return all
  }

  test('lets go what its leader lacks, with what the leader that was passed over commits yet', () => {
    const { found, model, look } = unclean()
    expect(model.committedEnd).toBe(5)
    fill(model, [1], [batch(10, 11, 0)])
    look(1, { role: 'leader', highWatermark: 12, isr: [1], maximalIsr: [1], minInsyncReplicas: 1 })
    expect(found.violations).toEqual([])
    expect(model.committedEnd).toBe(5)
  })

  describe('and what a leader owes who slept through its end', () => {
    /** Node 3 recovers and has all in sync; while it sleeps node 2 leads cleanly, and commits beyond what was let go. */
    function slept(): World {
      const all = unclean()
      const { model, look, commit } = all
      look(3, { role: 'leader', leaderEpoch: 1, highWatermark: 5, isr: [3], epochStartOffset: 5 })
      for (const node of [1, 2]) model.cut(node, 0, 100)
      fill(model, [1, 2, 3], [batch(5, 6, 1)])
      commit(change({ isr: [1, 2, 3], leaderRecoveryState: 0 }))
      commit(change({ leader: 2, isr: [1, 2] }))
      fill(model, [1, 2], [batch(7, 11, 2)])
      look(2, {
        role: 'leader',
        leaderEpoch: 2,
        highWatermark: 12,
        isr: [1, 2],
        maximalIsr: [1, 2],
        epochStartOffset: 7,
      })
      expect(model.committedEnd).toBe(12)
      expect(all.found.violations).toEqual([])
      return all
    }
    const awake = { role: 'leader', leaderEpoch: 1, epochStartOffset: 5 } as const

    test('not what was let go when it was chosen', () => {
      const { found, look } = slept()
      look(3, { ...awake, highWatermark: 7 })
      expect(found.violations).toEqual([])
    })
    test('what its election left', () => {
      const { found, look } = unclean()
      look(3, { ...awake, highWatermark: 4, epochStartOffset: 4 })
      expect(found.names).toEqual(['P5'])
    })
    test('while the next owes all that was committed after that', () => {
      const { found, look } = slept()
      look(3, { ...awake, highWatermark: 7 })
      look(1, { ...awake, leaderEpoch: 3, highWatermark: 11 })
      expect(found.violations).toEqual([{ name: 'P5', text: 't-0: node 1 exposes 11, and epoch 2 had exposed 12' }])
    })
    test('nor the clients that it tells of its end', () => {
      const { found, model } = slept()
      const answers = new AnswerInvariants(found)
      answers.endTold(1, model, 0, 10)
      answers.endTold(2, model, 2, 12)
      answers.endTold(3, model, 1, 7)
      expect(found.violations).toEqual([])
      answers.endTold(3, model, 1, 4)
      expect(found.names).toEqual(['P5', 'P5'])
    })
  })

  test('of another leader while one recovers lets go once more; of a member of its ISR it is clean', () => {
    const { found, model, look, commit } = unclean()
    fill(model, [3], [batch(5, 6, 1)])
    look(3, { role: 'leader', leaderEpoch: 1, highWatermark: 7, isr: [3, 2], maximalIsr: [3], epochStartOffset: 5 })
    model.cut(2, 0, 100)
    look(2, { leaderEpoch: 1, highWatermark: 5 })
    commit(change({ leader: 2, isr: [2] }))
    expect(model.committedEnd).toBe(5)
    expect(found.violations).toEqual([])
    fill(model, [2], [batch(5, 7, 2)])
    look(2, { role: 'leader', leaderEpoch: 2, highWatermark: 8, isr: [2, 1], maximalIsr: [2], epochStartOffset: 5 })
    commit(change({ isr: [2, 1] }))
    found.violations.length = 0
    commit(change({ leader: 1, isr: [1] }))
    expect(model.committedEnd).toBe(8)
    expect(found.names).toContain('P2')
  })

  /** Node 3's start finds its second batch rotten; it is chosen, dies before it has led, and is fenced. */
  function chosenAndGone(): World {
    const all = committed()
    all.model.rotted(3, 0, 150, true)
    all.model.opened(3)
    all.commit(change({ isr: [1, 2] }))
    all.commit(change({ leader: 3, isr: [3], leaderRecoveryState: 1 }))
    all.commit({ type: 'FenceBrokerRecord', value: { id: 3 } })
    return all
  }
  const eligible = change({ leader: -1, isr: [], eligibleLeaderReplicas: [3] })

  test('whose leader never came to lead has let go all the same: eligible later on, it owes no more', () => {
    const { found, model, commit } = chosenAndGone()
    expect(model.cut(3, 0, 100)).toHaveLength(1)
    commit(eligible)
    expect(found.violations).toEqual([])
    expect(model.committedEnd).toBe(5)
  })

  test('and what lies before the damage it owes as before', () => {
    const { found, model, commit } = chosenAndGone()
    model.cut(3, 0, 0)
    commit(eligible)
    expect(new Set(found.names)).toEqual(new Set(['D2', 'P2']))
  })
})

describe('P3: the leader counts whom the controller counts', () => {
  test('one too few', () => {
    const { found, look } = world()
    look(1, { role: 'leader', isr: [1, 2], maximalIsr: [1, 2] })
    expect(found.names).toEqual(['P3'])
  })
  test('one whose joining is in flight is counted already', () => {
    const { found, look, commit } = world()
    commit(change({ isr: [1, 2] }))
    look(1, { role: 'leader', isr: [1, 2], maximalIsr: [1, 2, 3], isrState: 'pending-expand' })
    commit(change({ isr: [1, 2, 3] }))
    expect(found.violations).toEqual([])
  })
  test('the controller commits what the leader does not count', () => {
    const { found, look, commit } = world()
    commit(change({ isr: [1, 2] }))
    look(1, { role: 'leader', isr: [1, 2], maximalIsr: [1, 2] })
    commit(change({ isr: [1, 2, 3] }))
    expect(found.names).toEqual(['P3'])
  })
})

describe('P4: the high watermark', () => {
  test('beyond a member', () => {
    const { found, model, look } = world()
    fill(model, [1, 2], TEN)
    fill(model, [3], TEN.slice(0, 1))
    look(1, { role: 'leader', highWatermark: 5 })
    expect(found.names).toEqual([])
    look(1, { role: 'leader', highWatermark: 10 })
    expect(new Set(found.names)).toEqual(new Set(['P4', 'P2']))
  })
  test('beyond one that was dropped, which counts for a leader that has not heard of it only', () => {
    const dropped = { replicas: [1, 2], directories: ['d1', 'd2'], isr: [1, 2], leader: 1 }
    const commits = (leaderEpoch: number): readonly string[] => {
      const { found, model, look, commit } = world()
      fill(model, [1, 2], TEN)
      commit(change(dropped))
      look(1, { role: 'leader', leaderEpoch, isr: [1, 2], maximalIsr: [1, 2, 3], highWatermark: 10 })
      return found.names
    }
    expect(commits(0)).toEqual([])
    expect(commits(1)).toEqual(['P4'])
  })
  test('with fewer in sync than the controller asks for, whatever the replica believes', () => {
    const { found, model, look, commit } = world()
    fill(model, [1], TEN)
    commit(change({ isr: [1] }))
    look(1, { role: 'leader', isr: [1], maximalIsr: [1], minInsyncReplicas: 1, highWatermark: 10 })
    expect(found.names).toContain('P4')
  })
  test('beyond the end of the log of who begins to lead', () => {
    const { found, look } = committed()
    look(2, { role: 'leader', leaderEpoch: 1, highWatermark: 10, endOffset: 7, epochStartOffset: 7 })
    expect(found.names).toContain('P4')
  })
  test('beyond what a member has durably, where that counts', () => {
    const { found, model, look } = world()
    fill(model, [1, 2], TEN)
    for (const fact of TEN) model.written(3, 0, fact)
    look(1, { role: 'leader', highWatermark: 10, durable: true })
    expect(found.names).toEqual(['P4'])
  })
  test('with too small an ISR', () => {
    const { found, model, look, commit } = world()
    fill(model, [1, 2, 3], TEN)
    commit(change({ isr: [1] }))
    look(1, { role: 'leader', isr: [1], maximalIsr: [1], highWatermark: 10 })
    expect(found.names).toEqual(['P4'])
  })
  test.each([
    ['that was large enough for a moment', false, [1, 2], []],
    ['that was large enough before that moment', true, [1, 2], ['P4']],
    ['that was large enough for a moment, of which one has not got it', false, [1, 2, 3], ['P4']],
  ])('with an ISR %s', (_what, early, holders, names) => {
    const { found, model, look, commit } = world()
    fill(model, holders, TEN.slice(0, 1))
    look(1, { role: 'leader', highWatermark: 0 })
    fill(model, holders.slice(0, 2), TEN.slice(1))
    commit(change({ isr: holders }))
    const alone = { role: 'leader', isr: [1], maximalIsr: [1] } as const
    if (early) look(1, { role: 'leader', isr: holders, maximalIsr: holders, partitionEpoch: 1 })
    commit(change({ isr: [1] }))
    look(1, { ...alone, partitionEpoch: 2, highWatermark: 10 })
    expect(found.names).toEqual(names)
  })

  test.each([
    ['let go as damaged when it started, after it had fetched it', true, []],
    ['cut in the life in which a bit of it flipped', false, ['P2', 'P4']],
  ])('beyond what a member has %s', (_what, before, names) => {
    const { found, model, look } = world([1, 2])
    fill(model, [1, 2, 3], TEN)
    if (before) model.rotted(3, 0, 150, true)
    model.opened(3)
    if (!before) model.rotted(3, 0, 150, true)
    model.cut(3, 0, 100)
    look(1, { role: 'leader', highWatermark: 10 })
    expect(found.names.sort()).toEqual(names)
  })

  test.each([
    ['for its topic is deleted', true, []],
    ['though its topic is there', false, ['P2', 'P4']],
  ])('beyond a member whose log is deleted, %s', (_what, topicToo, names) => {
    const { found, model, look, commit } = world()
    fill(model, [1, 2, 3], TEN)
    if (topicToo) commit({ type: 'RemoveTopicRecord', value: { topicId: TOPIC } })
    model.logs.delete(3)
    look(1, { role: 'leader', highWatermark: 10 })
    expect(found.names.sort()).toEqual(names)
  })

  test('beyond a member that was cut short, and keeps its log yet while its topic is deleted', () => {
    const { found, model, look, commit } = world()
    fill(model, [1, 2, 3], TEN)
    commit({ type: 'RemoveTopicRecord', value: { topicId: TOPIC } })
    model.cut(3, 0, 100)
    look(1, { role: 'leader', highWatermark: 10 })
    expect(found.names).toEqual(['P4'])
  })
})

describe('P5: what is exposed', () => {
  test('goes back while leading', () => {
    const { found, look } = committed()
    look(1, { role: 'leader', highWatermark: 5 })
    expect(found.names).toContain('P5')
  })
  test('goes back with the next leader', () => {
    const { found, look } = committed()
    look(2, { role: 'leader', leaderEpoch: 1, highWatermark: 5, epochStartOffset: 5 })
    expect(found.names).toEqual(['P5'])
  })
  test('not before the next leader has reached the start of its epoch', () => {
    const { found, look } = committed()
    look(2, { role: 'leader', leaderEpoch: 1, highWatermark: 5, epochStartOffset: 10 })
    expect(found.violations).toEqual([])
  })
})

describe('P6: epochs of replicas', () => {
  test('go back', () => {
    const { found, look } = world()
    look(2, { leaderEpoch: 3 })
    look(2, { leaderEpoch: 2 })
    expect(found.names).toEqual(['P6'])
  })
  test('two lead in one', () => {
    const { found, look } = world()
    look(1, { role: 'leader' })
    look(2, { role: 'leader' })
    expect(found.names).toEqual(['P6'])
  })
})

test('P8: a replica joins that lacks what is committed', () => {
  const { found, model, commit } = committed()
  commit(change({ isr: [1, 2] }))
  model.log(3).segments[0]!.batches.pop()
  commit(change({ isr: [1, 2, 3] }))
  expect(new Set(found.names)).toEqual(new Set(['P8', 'P2']))
})

describe('P8: a replica is proposed', () => {
  /** Leader 1 proposes member 3, which has all of its epoch's start, and hears no answer while that one's log goes. */
  const waiting = (...meanwhile: MetadataFact[]): string[] => {
    const { found, model, look, commit } = world()
    fill(model, [1, 2, 3], TEN)
    commit(change({ isr: [1, 2] }))
    const proposes = { role: 'leader', isr: [1, 2], isrState: 'pending-expand', epochStartOffset: 10 } as const
    look(1, { ...proposes, maximalIsr: [1, 2, 3] })
    expect(found.violations).toEqual([])
    commit(...meanwhile)
    model.cut(3, 0, 0)
    look(1, { ...proposes, maximalIsr: [1, 2, 3] })
    return found.names
  }

  test('that lacks what its leader began its epoch with', () => expect(waiting()).toEqual(['P8']))
  test('and has deleted its log since, for its topic is deleted', () =>
    expect(waiting({ type: 'RemoveTopicRecord', value: { topicId: TOPIC } })).toEqual([]))
  test('and follows another leader since, of whose election its own has not heard', () =>
    expect(waiting(change({ leader: 2 }))).toEqual([]))
  test('whose own leader goes on in its epoch, with another ISR', () =>
    expect(waiting(change({ isr: [1] }))).toEqual(['P8']))
  test('and lives anew since, of which its leader has not heard', () =>
    expect(waiting(registerBroker(3, 9))).toEqual([]))
  test('whose leader lives anew since', () => expect(waiting(registerBroker(1, 9))).toEqual(['P8']))
})

test('D6: a word of durability that the disk does not keep', () => {
  const { found, model, look } = world()
  fill(model, [2], TEN)
  model.written(2, 0, batch(10, 14, 0))
  look(2, { durableEndOffset: 10 })
  expect(found.names).toEqual([])
  look(2, { durableEndOffset: 15 })
  expect(found.names).toEqual(['D6'])
})

test('D6 asks nothing of a log that begins anew, empty, where its leader begins', () => {
  const { found, look } = world()
  look(2, { logStartOffset: 12, endOffset: 12, durableEndOffset: 12 })
  expect(found.names).not.toContain('D6')
})

test('P20: a log that begins beyond what is committed', () => {
  const { found, look } = committed()
  look(2, { highWatermark: 10, logStartOffset: 5 })
  expect(found.names).toEqual([])
  look(3, { highWatermark: 10, logStartOffset: 11 })
  expect(found.names).toEqual(['P20'])
})

describe('answers', () => {
  const sent = (fields: Partial<ProducedFact> = {}): ProducedFact => ({
    acks: -1,
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    lastOffsetDelta: 4,
    batchesBefore: 0,
    ...fields,
  })

  function answers(): World & { answers: AnswerInvariants } {
    const all = committed()
    return { ...all, answers: new AnswerInvariants(all.found) }
  }

  test('good ones', () => {
    const { answers: a, found, model } = answers()
    a.acknowledged(1, model, sent(), 5)
    a.acknowledged(1, model, sent({ batchesBefore: 2 }), 5)
    a.refused(1, model, -1, 'NOT_LEADER_OR_FOLLOWER')
    a.shown(1, model, 10, TEN)
    a.endTold(1, model, 0, 10)
    expect(found.violations).toEqual([])
    expect(found.markers.filter((marker) => marker === 'produce: duplicate answered')).toHaveLength(1)
  })

  describe('P12', () => {
    test('acks=all for what is not committed', () => {
      const { answers: a, found, model } = answers()
      fill(model, [1], [batch(10, 14, 0)])
      a.acknowledged(1, model, sent({ acks: 1 }), 10)
      expect(found.names).toEqual([])
      a.acknowledged(1, model, sent(), 10)
      expect(found.names).toEqual(['P12'])
    })
    test('acks=1 for what its leader wrote, be it cut off since; acks=all not', () => {
      const { answers: a, found, model } = answers()
      fill(model, [1], [batch(10, 14, 0)])
      model.cut(1, 0, 1)
      a.acknowledged(1, model, sent({ acks: 1 }), 10)
      expect(found.names.filter((name) => name === 'P12')).toEqual([])
      a.acknowledged(2, model, sent({ acks: 1 }), 10)
      a.acknowledged(1, model, sent(), 10)
      expect(found.names.filter((name) => name === 'P12')).toEqual(['P12', 'P12'])
    })
    test('of what was committed, by a leader that was dropped since and has deleted its log; of nothing else', () => {
      const { answers: a, found, model } = answers()
      model.dropped(1, 0)
      expect(model.log(1).endOffset).toBe(0)
      a.acknowledged(1, model, sent(), 5)
      // Another one's, which it answered as a duplicate.
      model.dropped(2, 0)
      a.acknowledged(2, model, sent(), 5)
      expect(found.names).not.toContain('P12')
      a.acknowledged(1, model, sent({ producerId: 4 }), 5)
      expect(found.names).toContain('P12')
    })
    test('at an offset where nothing lies', () => {
      const { answers: a, found, model } = answers()
      a.acknowledged(1, model, sent(), 10)
      expect(found.names).toEqual(['P12'])
    })
    test('at an offset where something else lies', () => {
      const { answers: a, found, model } = answers()
      a.acknowledged(1, model, sent({ producerId: 4, producerEpoch: 0, baseSequence: 0 }), 5)
      a.acknowledged(1, model, sent(), 6)
      expect(found.names).toEqual(['P12', 'P12'])
    })
    test('P13: as new, what another leader wrote; and what it leads it disowns', () => {
      const { answers: a, found, model } = answers()
      a.acknowledged(2, model, sent({ acks: 1, batchesBefore: 9 }), 5)
      expect(found.names).toEqual([])
      a.acknowledged(2, model, sent({ acks: 1 }), 5)
      expect(found.names).toEqual(['P13'])
      a.disowned(1, model, 3)
      expect(found.names).toEqual(['P13', 'P13'])
    })
    test('with offset −1', () => {
      const { answers: a, found, model } = answers()
      a.acknowledged(1, model, sent(), -1)
      expect(found.names).toEqual(['P12'])
    })
  })

  test('P18: an error with an offset', () => {
    const { answers: a, found, model } = answers()
    a.refused(1, model, 0, 'KAFKA_STORAGE_ERROR')
    expect(found.names).toEqual(['P18'])
  })

  describe('P11 and P10: what consumers are shown', () => {
    test('beyond the high watermark', () => {
      const { answers: a, found, model } = answers()
      a.shown(1, model, 9, TEN)
      expect(found.names).toEqual(['P11'])
    })
    test('what is not committed', () => {
      const { answers: a, found, model } = answers()
      a.shown(1, model, 20, [batch(10, 14, 0)])
      expect(found.names).toEqual(['P11'])
    })
    test('something else than what is committed', () => {
      const { answers: a, found, model } = answers()
      a.shown(1, model, 10, [batch(5, 9, 1)])
      a.shown(1, model, 10, [batch(5, 9, 0, { crc: 1 })])
      expect(found.names).toEqual(['P10', 'P10'])
    })
    test('what was forgiven, by a leader that was passed over, though not by its successor', () => {
      const { answers: a, found, model } = answers()
      model.forgive(5, 2)
      a.shown(1, model, 10, [batch(5, 9, 0)])
      expect(found.names).toEqual([])
      a.shown(2, model, 10, [batch(5, 9, 2)])
      expect(found.names).toEqual(['P11'])
    })
    test('an end beyond what is committed', () => {
      const { answers: a, found, model } = answers()
      a.endTold(1, model, 0, 11)
      expect(found.names).toEqual(['P11'])
    })
  })

  test('P13: an ISR accepted on an old registration', () => {
    const { answers: a, found, model } = answers()
    const proposed = { leaderEpoch: 2, partitionEpoch: 5 }
    for (const partitionEpoch of [5, 6]) a.isrAccepted(1, model, proposed, { leaderEpoch: 2, partitionEpoch })
    expect(found.names).toEqual([])
    a.isrAccepted(1, model, proposed, { leaderEpoch: 2, partitionEpoch: 7 })
    a.isrAccepted(1, model, proposed, { leaderEpoch: 1, partitionEpoch: 6 })
    expect(found.names).toEqual(['P13', 'P13'])
  })

  test('P5: an end that goes back from one leader to the next, though not one told by a stale leader', () => {
    const { answers: a, found, model } = answers()
    a.endTold(2, model, 1, 10)
    a.endTold(1, model, 0, 5)
    expect(found.names).toEqual([])
    a.endTold(2, model, 2, 9)
    expect(found.names).toEqual(['P5'])
  })
})
