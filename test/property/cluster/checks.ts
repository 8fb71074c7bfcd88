// What must hold of the controller's image after every decision, and of each step from one to the next.

import { expect } from 'vitest'
import type { MetadataImage, PartitionImage } from '../../../cluster/metadata/index.ts'
import { configsOf, isActive } from '../../../cluster/metadata/index.ts'

/** `allowed`: an operator has asked for anybody alive. */
export function checkInvariants(before: MetadataImage, after: MetadataImage, elr: boolean, allowed: boolean): void {
  for (const [, at] of [...after.topicIds].map(([name, id]) => [name, after.topics.get(id)!] as const)) {
    const earlier = before.topics.get(at.id)
    for (const [index, now] of at.partitions) {
      checkPartition(after, at.name, now, elr)
      const was = earlier?.partitions.get(index)
      if (was !== undefined) checkStep(before, at.name, was, now, allowed)
    }
  }
}

/** P7: shapes. */
function checkPartition(image: MetadataImage, name: string, p: PartitionImage, elr: boolean): void {
  const text = `${name} ${JSON.stringify(p)}`
  if (p.leader >= 0) {
    expect(p.isr, text).toContain(p.leader)
    expect(isActive(image.brokers.get(p.leader)), text).toBe(true)
  }
  for (const id of [...p.isr, ...p.elr]) expect(p.replicas, text).toContain(id)
  for (const id of p.elr) expect(p.isr, text).not.toContain(id)
  expect(new Set(p.isr).size, text).toBe(p.isr.length)
  if (elr) for (const id of p.isr) expect(isActive(image.brokers.get(id)), text).toBe(true)
  else expect(p.elr, text).toEqual([])
  const minIsr = Math.min(Number(configsOf(image, 2, name).get('min.insync.replicas') ?? 2), p.replicas.length)
  if (p.isr.length >= minIsr) expect(p.elr, text).toEqual([])
  expect(p.directories.length).toBe(p.replicas.length)
}

/** P6: epochs only grow, and another leader is another epoch. P14: a leader from outside ISR and ELR is marked. */
function checkStep(
  before: MetadataImage,
  name: string,
  was: PartitionImage,
  now: PartitionImage,
  byOperator: boolean,
): void {
  const text = `${name} ${JSON.stringify(was)} -> ${JSON.stringify(now)}`
  expect(now.partitionEpoch, text).toBeGreaterThanOrEqual(was.partitionEpoch)
  expect(now.leaderEpoch, text).toBeGreaterThanOrEqual(was.leaderEpoch)
  checkDropped(before, name, was, now, text)
  if (now.leader === was.leader) return
  expect(now.leaderEpoch, text).toBeGreaterThan(was.leaderEpoch)
  if (now.leader < 0 || was.isr.includes(now.leader) || was.elr.includes(now.leader)) return
  // Who joins the ISR by the very proposal that ends a move may lead at once, where the leader goes.
  if (isMoving(was) && !isMoving(now) && !now.replicas.includes(was.leader) && was.leader >= 0) return
  expect(now.leaderRecoveryState, text).toBe('RECOVERING')
  const allowed = byOperator || configsOf(before, 2, name).get('unclean.leader.election.enable') === 'true'
  expect(allowed || was.lastKnownElr.includes(now.leader), text).toBe(true)
}

function isMoving(partition: PartitionImage): boolean {
  return partition.addingReplicas.length + partition.removingReplicas.length > 0
}

/** P21: replicas are dropped when all that were added are in sync, and enough of those that stay; in a new epoch. */
function checkDropped(
  image: MetadataImage,
  name: string,
  was: PartitionImage,
  now: PartitionImage,
  text: string,
): void {
  if (was.replicas.every((id) => now.replicas.includes(id))) return
  expect(now.leaderEpoch, text).toBeGreaterThan(was.leaderEpoch)
  const unclean = configsOf(image, 2, name).get('unclean.leader.election.enable') === 'true'
  if (unclean && now.leaderRecoveryState === 'RECOVERING') return
  const minIsr = Number(configsOf(image, 2, name).get('min.insync.replicas') ?? 2)
  expect(now.isr.length, text).toBeGreaterThanOrEqual(Math.min(minIsr, now.replicas.length))
  const original = was.replicas.filter((id) => !was.addingReplicas.includes(id))
  const added = now.replicas.filter((id) => !original.includes(id))
  for (const id of added) expect(now.isr, text).toContain(id)
  if (now.replicas.length < original.length) expect([...now.isr].sort(), text).toEqual([...now.replicas].sort())
}

export function partitionsOf(image: MetadataImage): [string, PartitionImage][] {
  return [...image.topics.values()].flatMap((t) =>
    [...t.partitions].map(([i, p]): [string, PartitionImage] => [`${t.name}-${i}`, p]),
  )
}
