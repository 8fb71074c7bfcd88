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
