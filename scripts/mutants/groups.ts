// Coordinators of groups: who is served, what is acknowledged and when, what is known after a failover.

import type { Mutant } from './types.ts'

export const groups: readonly Mutant[] = [
  {
    name: 'commit-of-an-old-generation',
    title: 'A member may commit for a generation that is over.',
    source: 'S112',
    file: 'src/groups/offsets.ts',
    find: "  if (generation !== group.generation) return 'ILLEGAL_GENERATION'\n",
    replace: '',
    expect: ['G4'],
  },
  {
    name: 'generation-not-loaded',
    title: 'A new coordinator counts a group’s generations from the beginning again.',
    source: 'S105 family; G3',
    file: 'src/groups/records.ts',
    find: '  group.generation = value.generation\n',
    replace: '  group.generation = Math.min(value.generation, 1)\n',
    expect: ['G3', 'G4'],
  },
  {
    name: 'offset-acknowledged-when-written',
    title: 'An offset is acknowledged before its record is committed.',
    source: 'G5; KAFKA-5600 family',
    file: 'src/groups/shard.ts',
    find: "  else waitFor(work, appends[0] ?? last, last, { kind: 'answer', request, answer: reply })",
    replace: '  else work.effects.push(reply)',
    expect: ['G5'],
  },
  {
    name: 'load-without-the-tail',
    title: 'A new coordinator takes its standby table for the whole log.',
    source: 'S106 family; G5',
    file: 'src/coordinator/partition.ts',
    find: 'const from = this.#standby.position ?? this.log.logStartOffset',
    replace: 'const from = this.#standby.position === null ? this.log.logStartOffset : role.startOffset',
    expect: ['G5', 'G3'],
  },
  {
    name: 'joins-beyond-the-size',
    title: 'Members that join at one time are not counted until the generation begins.',
    source: 'S111 KAFKA-9844',
    file: 'src/groups/join.ts',
    find: '  let places = group.awaitingJoin\n',
    replace: '  let places = 0\n',
    expect: ['G6'],
  },
  {
    name: 'standby-keeps-old-rows',
    title: 'A standby table does not take the later value of a key that it has.',
    source: 'G5 (KIP-447 family: materialised state that lags behind its log)',
    file: 'src/coordinator/standby.ts',
    find: '    for (const { key, value } of fed.records) this.#pending.set(rowKey(key), value)',
    replace:
      '    for (const { key, value } of fed.records)\n      if (!this.#pending.has(rowKey(key))) this.#pending.set(rowKey(key), value)',
    expect: ['G5', 'G3'],
  },
  {
    name: 'fenced-instance-served',
    title: 'A static member whose place another has taken is served as if it were still there.',
    source: 'KIP-345; FENCED_INSTANCE_ID',
    file: 'src/groups/group.ts',
    find: "    if (current !== memberId) return 'FENCED_INSTANCE_ID'\n",
    replace: "    return 'NONE'\n",
    expect: ['G4'],
  },
  {
    name: 'commit-of-nobody-among-members',
    title: 'Who is no member may commit for a group that has some.',
    source: 'S112 family; G4',
    file: 'src/groups/offsets.ts',
    find: "  if (generation < 0 && group.state === 'Empty') return 'NONE'\n",
    replace: "  if (generation < 0) return 'NONE'\n",
    expect: ['G4'],
  },
]
