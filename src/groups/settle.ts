// What becomes of appends: committed, timed out, refused. Answers that waited are given, and what rested on a refused append is
// taken back. Invariant: everything that waits is settled exactly once, in the order in which it began to wait.

import { unreachable } from '../base/index.ts'
import type { ErrorName } from '../wire/index.ts'
import { type Cell, commit, drop, insert, isGone } from './cells.ts'
import { type Group, newGroup } from './group.ts'
import { replacedHasFailed, replacedIsCommitted } from './join.ts'
import { assignmentHasFailed, assignmentIsCommitted } from './membership.ts'
import { answerJoin, answerSync, sessionName } from './rebalance.ts'
import type { CommittedOffset } from './records.ts'
import { clientError, joinError, refuse, syncError } from './refusals.ts'
import { note, type Outstanding, type Waiting, type Work } from './shard.ts'
import { become } from './states.ts'

/** The log is committed in order: this append, and all before it. */
export function appendIsCommitted(work: Work, append: number): void {
  const { outstanding } = work.active
  let n = 0
  while (n < outstanding.length && outstanding[n]!.append <= append) n++
  for (const one of outstanding.splice(0, n)) {
    settleCells(work, one, {
      group: (cell, groupId) => {
        for (const gone of commit(cell, one.append)) bury(work, gone)
        // Tombstones of some of its offsets were refused: a group of offsets alone, as whoever reads the log will see it.
        if (isGone(cell) && work.active.contents.offsets.has(groupId)) cell.committed = newGroup(groupId, work.at.wall)
      },
      offset: (cell) => commit(cell, one.append),
    })
  }
  for (const { then } of takeFirst(work, (waiting) => waiting.append <= append)) {
    if (then.kind === 'answer') work.effects.push(then.answer)
    else if (then.kind === 'assigned') assignmentIsCommitted(work, then)
    else if (then.kind === 'replaced') replacedIsCommitted(work, then)
    else unreachable(then)
  }
}

export function appendHasFailed(work: Work, append: number, error: ErrorName, written: boolean): void {
  const { outstanding } = work.active
  const at = outstanding.findIndex((one) => one.append === append)
  if (at < 0) return
  const failed = take(work, (waiting) => waiting.first <= append && append <= waiting.append)
  for (const waiting of failed) fail(work, waiting, error, written)
  if (written) return
  const [one] = outstanding.splice(at, 1)
  settleCells(work, one!, {
    group: (cell, groupId) => {
      for (const group of drop(cell, append)) {
        const heir = outstanding.find((later) => makes(later, groupId, cell, append))
        if (heir !== undefined) insert(cell, heir.append, group)
        else {
          note(work, groupId, `was never there: the log refused its first record: ${error}`)
          dissolve(work, group, clientError(error))
        }
      }
    },
    offset: (cell) => drop(cell, append),
  })
}

/** Whether the log will know of the group by `later` all the same: nothing else is written of its being there until then. */
function makes(later: Outstanding, groupId: string, cell: Cell<Group>, failed: number): boolean {
  if (later.append < failed || cell.newer?.some((one) => one.append > failed && one.append <= later.append))
    return false
  return later.touched.some((one) => one.kind === 'group' && one.groupId === groupId)
}

/** Waited for longer than a client should; what was written may still be committed. */
export function commitTimeIsOver(work: Work): void {
  const late = takeFirst(work, (waiting) => waiting.deadline <= work.at.now)
  for (const waiting of late) fail(work, waiting, 'REQUEST_TIMED_OUT', true)
}

/** Led elsewhere: nobody here knows any more what became of it. */
export function failEverything(work: Work): void {
  const all = take(work, () => true)
  for (const { then } of all) if (then.kind === 'answer') work.effects.push(refuse(then.request, 'NOT_COORDINATOR'))
  for (const cell of work.active.contents.groups.values()) {
    const versions = [cell.committed, ...(cell.newer ?? []).map(({ value }) => value)]
    for (const group of new Set(versions)) if (group !== null) dissolve(work, group, 'NOT_COORDINATOR')
  }
}

function fail(work: Work, { then }: Waiting, error: ErrorName, written: boolean): void {
  const spoken = clientError(error)
  if (then.kind === 'answer') work.effects.push(refuse(then.request, spoken))
  else if (then.kind === 'assigned') assignmentHasFailed(work, then, spoken)
  else if (then.kind === 'replaced') replacedHasFailed(work, then, spoken, written)
  else unreachable(then)
}

/** Who came later waits for no less and no shorter, so the first suffice. */
function takeFirst(work: Work, which: (waiting: Waiting) => boolean): Waiting[] {
  const { waiting } = work.active
  let n = 0
  while (n < waiting.length && which(waiting[n]!)) n++
  return n === 0 ? [] : waiting.splice(0, n)
}

/** Takes them out before anything happens: what happens may wait anew. */
function take(work: Work, which: (waiting: Waiting) => boolean): Waiting[] {
  const { waiting } = work.active
  const taken: Waiting[] = []
  let kept = 0
  for (const one of waiting) {
    if (which(one)) taken.push(one)
    else waiting[kept++] = one
  }
  waiting.length = kept
  return taken
}

/** Cells that have nothing left are let go, or names of groups and topics would pile up. */
function settleCells(
  work: Work,
  { touched }: Outstanding,
  how: {
    readonly group: (cell: Cell<Group>, groupId: string) => void
    readonly offset: (cell: Cell<CommittedOffset>) => unknown
  },
): void {
  const { groups, offsets } = work.active.contents
  for (const one of touched) {
    if (one.kind === 'group') {
      const cell = groups.get(one.groupId)
      if (cell === undefined) continue
      how.group(cell, one.groupId)
      if (isGone(cell)) groups.delete(one.groupId)
      continue
    }
    const topics = offsets.get(one.groupId)
    const partitions = topics?.get(one.topic)
    const cell = partitions?.get(one.partition)
    if (topics === undefined || partitions === undefined || cell === undefined) continue
    how.offset(cell)
    if (!isGone(cell)) continue
    partitions.delete(one.partition)
    if (partitions.size === 0) topics.delete(one.topic)
    if (topics.size === 0) offsets.delete(one.groupId)
  }
}

/** Deleted for good. It was empty; ids that were given out are not known any more. */
function bury(work: Work, group: Group): void {
  for (const memberId of group.pendingJoin) work.active.deadlines.clear(sessionName(group.groupId, memberId))
  become(group, 'Dead', work.at.wall)
}

/** A group whose beginning the log does not have, or that is led elsewhere: whoever waits in it hears why. */
function dissolve(work: Work, group: Group, error: ErrorName): void {
  for (const member of group.members.values()) {
    answerJoin(work, group, member, joinError(error, member.memberId, member.awaitingJoin?.version ?? 0))
    answerSync(work, member, syncError(error))
    work.active.deadlines.clear(sessionName(group.groupId, member.memberId))
  }
  for (const memberId of group.pendingJoin) work.active.deadlines.clear(sessionName(group.groupId, memberId))
  become(group, 'Dead', work.at.wall)
}
