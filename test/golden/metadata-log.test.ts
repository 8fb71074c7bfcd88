// A metadata log and a snapshot that Kafka wrote: every record is read and written again to the same bytes, and printed
// as Kafka's own tool prints it.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import {
  batchesOf,
  decodeControlRecord,
  decodeMetadataRecord,
  encodeControlRecord,
  encodeMetadataRecord,
  metadataRecordToJson,
  printJson,
  recordsOf,
  validCrc,
} from '../../src/wire/index.ts'

const file = (name: string): Uint8Array => new Uint8Array(gunzipSync(readFileSync(join(import.meta.dirname, name))))

test.each([
  ['metadata.log.gz', 132, 'LEADER_CHANGE'],
  ['metadata.checkpoint.gz', 46, 'SNAPSHOT_FOOTER,SNAPSHOT_HEADER'],
])('%s', (name, count, controls) => {
  const bytes = file(name)
  const controlTypes = new Set<string>()
  let seen = 0
  let read = 0
  for (const header of batchesOf(bytes)) {
    expect(validCrc(bytes, header)).toBe(true)
    read += header.size
    for (const { key, value } of recordsOf(bytes, header)) {
      seen++
      if (header.control) {
        const record = decodeControlRecord(key!, value!)!
        controlTypes.add(record.type)
        expect(encodeControlRecord(record)).toEqual({ key: new Uint8Array(key!), value: new Uint8Array(value!) })
      } else {
        expect(encodeMetadataRecord(decodeMetadataRecord(value!))).toEqual(new Uint8Array(value!))
      }
    }
  }
  expect(read).toBe(bytes.length)
  expect([...controlTypes].sort().join()).toBe(controls)
  expect(seen).toBe(count)
})

test('records are printed as kafka-dump-log prints them', () => {
  const bytes = file('metadata.log.gz')
  const printed: string[] = []
  for (const header of batchesOf(bytes)) {
    if (header.control) continue
    for (const { offset, value } of recordsOf(bytes, header)) {
      printed.push(`${offset} ${printJson(metadataRecordToJson(value!))}`)
    }
  }
  expect(printed).toEqual(Buffer.from(file('metadata.printed.gz')).toString().trimEnd().split('\n'))
})
