// When a partition's replicas may come and go (P21, KIP-455): what is new is added, empty, and in no ISR; what was there
// before leaves when all that was added is in sync, with as many of those that stay as were promised, in a new epoch.
// Does not look at logs: `partitions.ts` looks at whoever joins an ISR.

import type { NodeId } from '../../base/index.ts'
import type { PartitionTruth } from './truth.ts'

/** What is wrong with this step, in words; nothing where the replicas are the same. */
export function moveProblems(before: PartitionTruth, after: PartitionTruth, minIsr: number): string[] {
  const problems: string[] = []
  for (const id of after.replicas) {
    if (before.replicas.includes(id)) continue
    if (!after.addingReplicas.includes(id)) problems.push(`has the new replica ${id}, which is not marked as added`)
    if (after.isr.includes(id) || after.elr.includes(id))
      problems.push(`counts the new replica ${id} as in sync or eligible from the start`)
  }
  const strangers = [...after.isr, ...after.elr].filter((id) => !after.replicas.includes(id))
  if (strangers.length > 0) problems.push(`counts ${text(strangers)} as in sync or eligible, which is no replica`)
  const dropped = before.replicas.filter((id) => !after.replicas.includes(id))
  if (dropped.length === 0) return problems
  const what = `drops ${text(dropped)}`
  if (after.leaderEpoch === before.leaderEpoch) problems.push(`${what} and stays in epoch ${after.leaderEpoch}`)
  const original = before.replicas.filter((id) => !before.addingReplicas.includes(id))
  const missing = after.replicas.filter((id) => !after.isr.includes(id))
  const added = missing.filter((id) => !original.includes(id))
  if (added.length > 0) problems.push(`${what} while ${text(added)}, which it added, is not in sync`)
  if (after.isr.length < minIsr) problems.push(`${what} and has only ${text(after.isr)} in sync`)
  if (after.replicas.length < original.length && missing.length > 0)
    problems.push(`${what} while ${text(missing)} of the fewer that stay is not in sync`)
  return problems
}

/** Whether a move ends in this step, at its goal or back where it began. */
export function endsMove(before: PartitionTruth, after: PartitionTruth): boolean {
  return moves(before) && !moves(after)
}

function moves({ addingReplicas, removingReplicas }: PartitionTruth): boolean {
  return addingReplicas.length + removingReplicas.length > 0
}

function text(ids: readonly NodeId[]): string {
  return `[${ids.join(', ')}]`
}
