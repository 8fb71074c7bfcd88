// Random lives of a cluster, decided by the controller: after every decision the invariants of leaders, ISRs and ELRs
// hold, and at any point a snapshot and the records after it give the same state as the whole log.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { PartitionImage } from '../../../cluster/metadata/index.ts'
import { emptyImage, imageToRecords, localChanges, MetadataFold } from '../../../cluster/metadata/index.ts'
import { decodeMetadataRecord, encodeMetadataRecord } from '../../../src/wire/index.ts'
import { partitionsOf } from './checks.ts'
import { Cluster } from './random-cluster.ts'
import { broker, movingSteps, steps } from './steps.ts'

const runs = { seed: 20261121, numRuns: 150 }

test('invariants of leaders, ISRs and ELRs hold after every decision', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(steps, { minLength: 10, maxLength: 80 }), (elr, story) => {
      const cluster = new Cluster(elr)
      for (const step of story) cluster.run(step)
      cluster.heal()
    }),
    runs,
  )
}, 30_000)

test('what moves keeps what is promised, and ends where it should', () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.uniqueArray(broker, { minLength: 1, maxLength: 4 }),
      fc.array(movingSteps, { minLength: 10, maxLength: 50 }),
      (elr, at, story) => {
        const cluster = new Cluster(elr)
        cluster.run({ kind: 'create', topic: 'a', factor: at.length })
        cluster.run({ kind: 'reassign', topic: 'a', index: 0, to: at })
        for (const step of story) cluster.run(step)
        cluster.heal()
      },
    ),
    runs,
  )
}, 30_000)

test('a snapshot and the records after it are the whole log', () => {
  fc.assert(
    fc.property(
      fc.array(steps, { minLength: 10, maxLength: 60 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (story, at) => {
        const cluster = new Cluster(true)
        for (const step of story) cluster.run(step)
        // Not within the bootstrap transaction: nothing is published there.
        const end = cluster.log.findIndex((record) => record.type === 'EndTransactionRecord') + 1
        const cut = end + Math.floor(at * (cluster.log.length - end))
        const prefix = new MetadataFold()
        for (const record of cluster.log.slice(0, cut)) prefix.apply(record)
        const rest = new MetadataFold()
        for (const record of imageToRecords(prefix.publish(cut, 1)!)) {
          rest.apply(decodeMetadataRecord(encodeMetadataRecord(record)))
        }
        for (const record of cluster.log.slice(cut)) rest.apply(record)
        expect(rest.publish(cluster.log.length, 1)).toEqual(cluster.draft.publish(cluster.log.length, 1))
      },
    ),
    runs,
  )
}, 30_000)

test('images never change once published, and local changes lead from one to the next', () => {
  fc.assert(
    fc.property(fc.array(steps, { minLength: 5, maxLength: 40 }), (story) => {
      const cluster = new Cluster(true)
      const held = new Map<string, PartitionImage>()
      let before = emptyImage
      for (const step of [null, ...story]) {
        if (step !== null) cluster.run(step)
        const after = cluster.draft.publish(cluster.log.length, 1)!
        const frozen = JSON.stringify(partitionsOf(before))
        for (const change of localChanges(before, after, 1)) {
          const key = change.kind === 'config' ? '' : `${change.topic}-${change.index}`
          if (change.kind === 'remove') expect(held.delete(key)).toBe(true)
          if (change.kind === 'replica') held.set(key, change.partition)
        }
        expect(JSON.stringify(partitionsOf(before))).toBe(frozen)
        const mine = partitionsOf(after).filter(([, p]) => p.replicas.includes(1))
        const bare = ([key, { elr: _, lastKnownElr: __, ...rest }]: [string, PartitionImage]) => [key, rest]
        // ClearElr alone is no news for a broker.
        expect(new Map([...held].map(bare) as [])).toEqual(new Map(mine.map(bare) as []))
        before = after
      }
    }),
    runs,
  )
}, 30_000)
