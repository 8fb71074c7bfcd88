// Mutants of the active controller: what it decides on, when it answers, whom it lets in. Guards live in cluster/.

import type { Mutant } from './types.ts'

export const controller: readonly Mutant[] = [
  {
    name: 'decided-on-the-committed-image',
    title: 'Two requests in flight are decided on the same image: neither knows of the other.',
    source: 'Issue: two CreateTopics decided on the same image; S27 KAFKA-13173',
    file: 'cluster/driver/active.ts',
    find: 'for (const record of decision.records) this.#draft.apply(record)',
    replace: 'if (decision.records.length > 0) this.#undecided.push(decision.records)',
    also: [
      {
        file: 'cluster/driver/active.ts',
        find: 'this.#applied = offset\n    for',
        replace:
          'this.#applied = offset\n    for (const records of this.#undecided.splice(0)) for (const record of records) this.#draft.apply(record)\n    for',
      },
      {
        file: 'cluster/driver/active.ts',
        find: '  #turn: Uint8Array[][] = []',
        replace: '  #turn: Uint8Array[][] = []\n  readonly #undecided: (readonly MetadataRecord[])[] = []',
      },
    ],
    expect: ['P7', 'P6', 'P17'],
  },
  {
    name: 'draft-kept-after-resignation',
    title: 'A controller that leads again goes on with the draft of its last leadership.',
    source: 'Issue: a draft kept after resignation; S56 family, Raft §5.4',
    file: 'cluster/driver/driver.ts',
    find: 'this.#active = new ActiveController(options, this.#reader.draft())',
    replace: 'this.#kept ??= this.#reader.draft()\n    this.#active = new ActiveController(options, this.#kept)',
    also: [
      {
        file: 'cluster/driver/driver.ts',
        find: '  #active: ActiveController | null = null',
        replace: "  #active: ActiveController | null = null\n  #kept: ReturnType<LogReader['draft']> | null = null",
      },
    ],
    expect: ['P6', 'P7', 'L-recovery'],
  },
  {
    name: 'answered-before-commit',
    title: 'The controller answers when it has decided, not when that is committed.',
    source: 'S65 etcd #14370, KIP-631',
    file: 'cluster/driver/active.ts',
    find: 'if (this.#end <= this.#applied) resolve(',
    replace: 'if (this.#end >= this.#applied) resolve(',
    expect: ['P3', 'P7', 'R10'],
  },
  {
    name: 'leader-epoch-not-bumped',
    title: 'A partition gets another leader in the same epoch.',
    source: 'P6; KIP-101 (an epoch has one leader)',
    file: 'cluster/metadata/partition.ts',
    find: 'leaderEpoch: newLeader ? before.leaderEpoch + 1 : before.leaderEpoch,',
    replace: 'leaderEpoch: newLeader && change.isr === null ? before.leaderEpoch + 1 : before.leaderEpoch,',
    expect: ['P6'],
  },
  {
    name: 'settings-outlive-their-topic',
    title: 'The settings of a deleted topic become those of a new topic of that name.',
    source: 'KIP-516; R6, P19',
    file: 'cluster/metadata/fold.ts',
    find: "if (this.configs.has(key)) this.#own('configs').delete(key)",
    replace: '',
    expect: ['R6', 'R16'],
  },
  {
    name: 'settings-missing-in-snapshots',
    title: 'A metadata snapshot holds one setting less of each resource than the log said.',
    source: 'R16, KIP-630',
    file: 'cluster/metadata/snapshot.ts',
    find: 'for (const [name, value] of configs) {',
    replace: 'for (const [name, value] of [...configs].slice(1)) {',
    expect: ['R16', 'R6'],
  },
  {
    name: 'shutting-down-broker-stays',
    title: 'A broker in controlled shutdown stays in the ISRs that it is in.',
    source: 'S21 KIP-841',
    file: 'cluster/controller/brokers.ts',
    find: 'changes.records.push(registrationChange(broker, { inControlledShutdown: 1 }))\n      removeFromIsrs(changes, brokerId)',
    replace: 'changes.records.push(registrationChange(broker, { inControlledShutdown: 1 }))',
    expect: ['P7'],
  },
  {
    name: 'all-sessions-at-once',
    title: 'Several brokers are fenced in one decision, each as if the others were there.',
    source: 'S27 KAFKA-13173',
    file: 'cluster/controller/changes.ts',
    find: 'return this.#edited.get(',
    replace: 'if (index >= 0) return topic.partitions.get(index)\n    return this.#edited.get(',
    also: [
      {
        file: 'cluster/controller/brokers.ts',
        find: 'removeFromIsrs(changes, stalest.id)\n  changes.records.push(registrationChange(stalest, { fenced: 1 }))\n  controller.sessions.get(stalest.id)!.controlledShutdownOffset = -1',
        replace:
          "for (const broker of draft.brokers.values()) {\n    const session = controller.sessions.get(broker.id)\n    const until = now - controller.node.int('broker.session.timeout.ms')\n    if (broker.fenced || session === undefined || session.lastContact >= until) continue\n    removeFromIsrs(changes, broker.id)\n    changes.records.push(registrationChange(broker, { fenced: 1 }))\n    session.controlledShutdownOffset = -1\n  }",
      },
    ],
    expect: ['P7', 'P14'],
  },
  {
    name: 'deleted-topic-served-again',
    title: 'A log left behind by a deleted topic becomes the log of a new topic of that name.',
    source: 'S39 KAFKA-14616, P19',
    file: 'replication/driver/driver.ts',
    find: 'if (stale !== undefined) await this.#deleteLog(directory, stale)',
    replace: 'if (stale === undefined) continue\n        this.#opened(replica, stale, directory)\n        return',
    also: [
      {
        // The first image of a life would have it deleted under its new name.
        file: 'replication/driver/driver.ts',
        find: 'const replica = this.#replicas.get(log.topicId)?.get(log.partition)',
        replace: "const replica = this.#replicas.get(this.image.topicIds.get(log.topic) ?? '')?.get(log.partition)",
      },
    ],
    expect: ['P19', 'P10'],
  },
]
