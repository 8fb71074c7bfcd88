// Which value is where, and who may see it: duplicate, inconsistent-offsets, phantom, G1a, precommitted-read.
// Does NOT check: that a record's bytes, headers or timestamp are what was sent; the offsets of sends that nobody read
// and whose fate is unknown; reads of consumers at read_uncommitted, which may see what G1a forbids (leave them out).

import type { Case } from './findings.ts'
import { FAIL, type Gathering, OK, TXN } from './gather.ts'
import { polled, sent, shown, writerPart } from './words.ts'

export function checkValues(it: Case): void {
  checkDuplicates(it)
  checkOffsets(it)
  checkReads(it)
  checkPrecommitted(it)
}

function checkDuplicates({ history, orders, found, witnesses, seenFrom }: Case): void {
  for (const value of orders.others.keys()) {
    const writer = history.writer(value)
    const offsets = orders.offsetsOf(value)
    const isNew = (offset: number, i: number): boolean =>
      i === 0 || offsets[i - 1]! < seenFrom(history.keyOf(value), offset)
    if ((writer >= 0 && history.idempotent.at(writer) === 0) || offsets.every(isNew)) {
      found.allowLoss('duplicate')
      continue
    }
    found.add({
      name: 'duplicate',
      key: history.valueKey.at(value),
      tell: () => ({
        text: `${shown(history, value)} is in ${history.keyOf(value)} ${offsets.length} times, at offsets ${listed(offsets)}`,
        parts: offsets.slice(0, 2).flatMap((offset) => witnesses.at(value, offset)),
      }),
    })
  }
}

function checkOffsets({ history, orders, found, witnesses }: Case): void {
  for (let slot = 0; slot < orders.slots; slot++) {
    const values = orders.valuesIn(slot)
    if (values.length < 2) continue
    const offset = orders.slotOffset[slot]!
    found.add({
      name: 'inconsistent-offsets',
      key: history.valueKey.at(values[0]!),
      tell: () => ({
        text: `offset ${offset} of ${history.keyOf(values[0]!)} holds ${values.length} values: ${listed([...values].map((value) => shown(history, value)))}`,
        parts: [...values.subarray(0, 2)].flatMap((value) => witnesses.at(value, offset)),
      }),
    })
  }
}

function checkReads({ history, found }: Case): void {
  const isPhantomTold = new Set<number>()
  let op = -1
  let told = new Set<number>()
  for (let row = 0; row < history.pollOp.length; row++) {
    const value = history.pollValue.at(row)
    const writer = history.writer(value)
    const key = history.valueKey.at(value)
    if (writer < 0) {
      if (isPhantomTold.has(value)) continue
      isPhantomTold.add(value)
      found.add({
        name: 'phantom',
        key,
        tell: () => ({
          text: `${shown(history, value)} was polled from ${history.keyOf(value)}, but no operation sent it${otherType(history, value)}`,
          parts: [{ op: history.pollOp.at(row), text: polled(history, row) }],
        }),
      })
      continue
    }
    const reader = history.pollOp.at(row)
    if (history.outcome.at(writer) !== FAIL || history.outcome.at(reader) !== OK) continue
    if (reader !== op) {
      op = reader
      told = new Set()
    }
    if (told.has(value)) continue
    told.add(value)
    found.add({
      name: 'G1a',
      key,
      tell: () => ({
        text: `${shown(history, value)} was polled from ${history.keyOf(value)}, but its send failed: an aborted read`,
        parts: [...writerPart(history, value), { op: reader, text: polled(history, row) }],
      }),
    })
  }
}

function checkPrecommitted({ history, found }: Case): void {
  for (let op = 0; op < history.operations; op++) {
    if (history.f.at(op) !== TXN) continue
    for (let row = history.pollsFrom.at(op); row < history.pollsTo.at(op); row++) {
      const value = history.pollValue.at(row)
      if (history.writer(value) !== op) continue
      found.add({
        name: 'precommitted-read',
        key: history.valueKey.at(value),
        tell: () => ({
          text: `a transaction polled ${shown(history, value)} from ${history.keyOf(value)}, which it had sent itself and not yet committed`,
          parts: [{ op, text: `${sent(history, history.valueSend.at(value))}; ${polled(history, row)}` }],
        }),
      })
      break
    }
  }
}

function otherType(history: Gathering, value: number): string {
  const it = history.values[value]!
  const twin = typeof it === 'number' ? String(it) : Number(it)
  const other = history.findValue(history.valueKey.at(value), twin)
  if (other === undefined || history.writer(other) < 0) return ''
  return ` (${JSON.stringify(twin)} was sent: record values in one type)`
}

function listed(things: readonly (string | number)[]): string {
  const most = 5
  return things.length <= most ? things.join(', ') : `${things.slice(0, most).join(', ')}, … (${things.length})`
}
