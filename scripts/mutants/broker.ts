// Mutants of the request side: sessions, order, waits.

import type { Mutant } from './types.ts'

export const broker: readonly Mutant[] = [
  {
    name: 'session-forgets-the-epoch',
    title: 'An incremental fetch is checked against no leader epoch, and not for divergence.',
    source: 'S14 KAFKA-9338',
    file: 'src/broker/sessions.ts',
    find: 'session.lastUsed = now\n',
    replace:
      'session.lastUsed = now\n    for (const partition of session.partitions.values()) {\n      partition.currentLeaderEpoch = -1\n      partition.lastFetchedEpoch = -1\n    }\n',
    expect: ['P13', 'P10'],
  },
  {
    name: 'session-epoch-not-compared',
    title: 'A fetch session goes on whatever request of it was lost, repeated or left out.',
    source: 'KIP-227; issue: fetch session without epoch check',
    file: 'src/broker/sessions.ts',
    find: "if (session.epoch !== epoch) return 'INVALID_FETCH_SESSION_EPOCH'",
    replace: '',
    expect: ['P13'],
  },
  {
    name: 'client-taken-for-a-replica',
    title: 'A fetch on a client’s listener that says it is a replica’s counts as that replica’s progress.',
    source: 'S36 CVE-2018-1288',
    file: 'src/broker/handlers/fetch.ts',
    find: "const denied = reader.kind === 'replica' && !call.listener.clusterActions",
    replace: 'const denied = false',
    expect: ['P4', 'P11'],
  },
  {
    name: 'ends-told-in-any-epoch',
    title: 'Where its log ends a leader tells whoever asks, in whatever leader epoch.',
    source: 'KIP-320, P13',
    file: 'replication/driver/offsets.ts',
    find: "const error = checkReader(replica, state, leaderOnly(reader), currentLeaderEpoch)\n  if (error !== 'NONE') return refused(error)\n  const log = replica.log\n  const upTo",
    replace:
      "const error = checkReader(replica, state, leaderOnly(reader), -1)\n  if (error !== 'NONE') return refused(error)\n  const log = replica.log\n  const upTo",
    expect: ['P13'],
  },
  {
    name: 'epoch-ends-told-in-any-epoch',
    title: 'Where an epoch ended a leader tells whoever asks, in whatever leader epoch.',
    source: 'KIP-320, P13',
    file: 'replication/driver/offsets.ts',
    find: "state === null ? 'NOT_LEADER_OR_FOLLOWER' : checkLeader(replica, state, currentLeaderEpoch)",
    replace: "state === null ? 'NOT_LEADER_OR_FOLLOWER' : checkLeader(replica, state, -1)",
    expect: ['P13'],
  },
  {
    name: 'fetch-by-name-in-any-epoch',
    title: 'The epoch of a fetch is looked at only where it names topics by their ids.',
    source: 'KIP-320, KIP-516, P13',
    file: 'src/broker/handlers/fetch.ts',
    find: 'currentLeaderEpoch: partition.currentLeaderEpoch,',
    replace: 'currentLeaderEpoch: call.version >= 13 ? partition.currentLeaderEpoch : -1,',
    expect: ['P13'],
  },
  {
    name: 'follower-takes-produces',
    title: 'A produce is taken by a follower, too.',
    source: 'P13, P12',
    file: 'replication/partition/step.ts',
    find: "if (role.kind === 'follower') return { kind: 'refuse', error: 'NOT_LEADER_OR_FOLLOWER' }",
    replace: "if (role.kind === 'follower') return { kind: 'write', epoch: state.leaderEpoch }",
    expect: ['P13', 'P6', 'P10'],
  },
  {
    name: 'fetches-behind-produces',
    title: 'A fetch is begun when the produce requests before it have been answered, which wait for fetches.',
    source: 'Issue: followers’ fetches blocked by waiting produces; KAFKA-1430 family',
    file: 'src/broker/handlers/fetch.ts',
    find: 'const context = fetchContext(request, call)',
    replace:
      'await (call.services as { producing?: Promise<unknown> }).producing\n  const context = fetchContext(request, call)',
    also: [
      {
        file: 'src/broker/handlers/produce.ts',
        find: 'const results = await Promise.all(begun.map((partitions) => Promise.all(partitions.map(({ result }) => result))))',
        replace:
          'const producing = Promise.all(begun.map((partitions) => Promise.all(partitions.map(({ result }) => result))))\n  ;(call.services as { producing?: Promise<unknown> }).producing = producing\n  const results = await producing',
      },
    ],
    expect: ['L-progress', 'L-recovery'],
  },
]
