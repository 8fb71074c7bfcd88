// What was acknowledged and is not there: lost-write, unseen, and the losses that the settings allow.
// Does NOT check: records whose offset nobody knows (a transaction that nobody answered for, and of which another part
// was read); records below `deletedBelow`; that a loss is for ever, if the history does not end with a read of
// everything: `unseen` cannot tell a lost record from a late one.

import type { Case, Part } from './findings.ts'
import { polled, sent, shown, writerPart } from './findings.ts'
import { INFO, OK, TXN } from './gather.ts'

export function checkLosses(it: Case): void {
  const { history, orders, found, deletedBelow } = it
  const bounds = boundsOf(it)
  for (let send = 0; send < history.sendOp.length; send++) {
    const value = history.sendValue.at(send)
    if (orders.isRead[value] === 1) continue
    const op = history.sendOp.at(send)
    const key = history.valueKey.at(value)
    const offset = Math.max(history.sendOffset.at(send), orders.offset[value]!)
    if (offset >= 0 ? offset < deletedBelow[key]! : deletedBelow[key] === Number.POSITIVE_INFINITY) continue
    const bound = bounds[key]!
    const isAcknowledged = history.outcome.at(op) === OK
    if (history.weak.at(op) === 1) {
      const isBelow = bound >= 0 && offset >= 0 && offset <= orders.slotOffset[bound]!
      if (isAcknowledged) found.allowLoss(isBelow ? 'lost-write' : 'unseen')
      continue
    }
    const isPlaced = orders.slot[value]! >= 0 && orders.mustHaveCommitted(send)
    if (isPlaced && bound >= 0 && orders.lastSlot(value) <= bound) lostWrite(it, send, bound)
    else if (isAcknowledged) unseen(it, send)
  }
}

/** One a key: the last slot below which everything must have been read, since somebody read it; −1 without any. A value
 *  that is there twice counts where it was first. */
function boundsOf({ history, orders }: Case): Int32Array {
  const bounds = new Int32Array(history.keys.list.length).fill(-1)
  for (let value = 0; value < history.values.length; value++) {
    if (orders.isRead[value] === 0) continue
    const key = history.valueKey.at(value)
    bounds[key] = Math.max(bounds[key]!, orders.firstSlot(value))
  }
  return bounds
}

function lostWrite({ history, orders, found }: Case, send: number, bound: number): void {
  const value = history.sendValue.at(send)
  const op = history.sendOp.at(send)
  found.add({
    name: 'lost-write',
    key: history.valueKey.at(value),
    tell: () => {
      const offset = orders.offset[value]!
      const isProven = history.outcome.at(op) === INFO && history.f.at(op) === TXN
      const proof = isProven ? readerOf(orders.proofOf(op)) : []
      return {
        text: `${shown(history, value)} is lost: it was written to ${history.keyOf(value)} at offset ${offset}${isProven ? ' (its transaction committed, since another part of it was read)' : ''}, offset ${orders.slotOffset[bound]} was read, and nobody ever polled it`,
        parts: [{ op, text: sent(history, send) }, ...proof, ...boundReader()],
      }
    },
  })

  function boundReader(): Part[] {
    for (const other of orders.valuesIn(bound)) if (orders.isRead[other] === 1) return readerOf(other)
    return []
  }

  function readerOf(read: number): Part[] {
    for (let row = 0; row < history.pollOp.length; row++) {
      const reader = history.pollOp.at(row)
      if (history.pollValue.at(row) !== read || history.outcome.at(reader) !== OK) continue
      return [{ op: reader, text: polled(history, row) }]
    }
    return []
  }
}

function unseen({ history, orders, found }: Case, send: number): void {
  const value = history.sendValue.at(send)
  found.add({
    name: 'unseen',
    key: history.valueKey.at(value),
    tell: () => {
      const late = orders.isSeen[value] === 1 ? ' by an operation that succeeded' : ''
      return {
        text: `${shown(history, value)} was acknowledged in ${history.keyOf(value)} and not polled${late} by the end of the history: lost, late, or the history does not end with a read of everything`,
        parts: writerPart(history, value),
      }
    },
  })
}
