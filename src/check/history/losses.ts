// What was acknowledged and is not there: lost-write, unseen, and the losses that the settings allow.
// Does NOT check: sends of which nobody knows and that nobody read; records below `deletedBelow`; that a loss is for ever, if the history does not end with a read of
// everything: `unseen` cannot tell a lost record from a late one.

import type { Case, Part } from './findings.ts'
import { INFO, OK, TXN } from './gather.ts'
import { sent, shown, writerPart } from './words.ts'

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
    else if (isAcknowledged || isProven(it, op)) unseen(it, send)
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

function lostWrite(it: Case, send: number, bound: number): void {
  const { history, orders, found } = it
  const value = history.sendValue.at(send)
  const op = history.sendOp.at(send)
  found.add({
    name: 'lost-write',
    key: history.valueKey.at(value),
    tell: () => {
      const offset = orders.offset[value]!
      const committed = isProven(it, op) ? ' (its transaction committed, since another part of it was read)' : ''
      const isBound = (other: number): boolean => orders.isRead[other] === 1
      return {
        text: `${shown(history, value)} is lost: it was written to ${history.keyOf(value)} at offset ${offset}${committed}, offset ${orders.slotOffset[bound]} was read, and nobody ever polled it`,
        parts: [
          { op, text: sent(history, send) },
          ...proofOf(it, op),
          ...it.witnesses.reader(orders.valuesIn(bound).find(isBound) ?? -1),
        ],
      }
    },
  })
}

/** Nobody knows how a transaction ended, and yet it committed: a part of it was read. */
function isProven({ history, orders }: Case, op: number): boolean {
  return history.outcome.at(op) === INFO && history.f.at(op) === TXN && orders.proofOf(op) >= 0
}

function proofOf(it: Case, op: number): Part[] {
  return isProven(it, op) ? it.witnesses.reader(it.orders.proofOf(op)) : []
}

function unseen(it: Case, send: number): void {
  const { history, orders, found } = it
  const value = history.sendValue.at(send)
  const op = history.sendOp.at(send)
  found.add({
    name: 'unseen',
    key: history.valueKey.at(value),
    tell: () => {
      const late = orders.isSeen[value] === 1 ? ' by an operation that succeeded' : ''
      const how = isProven(it, op) ? 'was committed to' : 'was acknowledged in'
      return {
        text: `${shown(history, value)} ${how} ${history.keyOf(value)} and not polled${late} by the end of the history: lost, late, or the history does not end with a read of everything`,
        parts: [...writerPart(history, value), ...proofOf(it, op)],
      }
    },
  })
}
