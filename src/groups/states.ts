// The life of a classic group as a table; the diagram in docs/groups.md is drawn from it, and `become` holds every group to it.
// Names are Kafka's, as ListGroups and DescribeGroups print them.

import type { Timestamp } from '../base/index.ts'
import { assert } from '../base/index.ts'

export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead'

export interface Transition {
  readonly from: GroupState
  readonly to: GroupState
  readonly when: string
}

export const transitions: readonly Transition[] = [
  { from: 'Empty', to: 'PreparingRebalance', when: 'a first member joins' },
  { from: 'PreparingRebalance', to: 'CompletingRebalance', when: 'all have joined, or the time is over' },
  { from: 'PreparingRebalance', to: 'Empty', when: 'the last member is gone' },
  { from: 'CompletingRebalance', to: 'Stable', when: 'the assignment is committed' },
  { from: 'CompletingRebalance', to: 'PreparingRebalance', when: 'a member joins, changes, leaves or fails' },
  { from: 'Stable', to: 'PreparingRebalance', when: 'a member joins, changes, leaves or fails' },
  { from: 'Empty', to: 'Dead', when: 'deleted, expired, or led elsewhere' },
  { from: 'PreparingRebalance', to: 'Dead', when: 'led elsewhere, or never written' },
  { from: 'CompletingRebalance', to: 'Dead', when: 'led elsewhere, or never written' },
  { from: 'Stable', to: 'Dead', when: 'led elsewhere' },
]

const ALLOWED: ReadonlyMap<GroupState, ReadonlySet<GroupState>> = new Map(
  [...new Set(transitions.map((row) => row.from))].map((from) => [
    from,
    new Set(transitions.filter((row) => row.from === from).map((row) => row.to)),
  ]),
)

export interface HasState {
  readonly groupId: string
  state: GroupState
  /** When it came into its state, as the wall clock has it; null where an old record did not say. */
  stateTimestamp: Timestamp | null
}

export function mayBecome(from: GroupState, to: GroupState): boolean {
  return ALLOWED.get(from)?.has(to) === true
}

export function become(group: HasState, state: GroupState, wall: Timestamp): void {
  assert(mayBecome(group.state, state), `group ${group.groupId} is ${group.state} and became ${state}`)
  group.state = state
  group.stateTimestamp = wall
}
