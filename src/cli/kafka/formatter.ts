// What kafka-console-consumer prints of a record: Kafka's DefaultMessageFormatter with its properties. Bytes are printed
// as they are.

import type { ConsumedRecord } from '../../client/index.ts'
import { isTrue } from './java.ts'

const COLUMNS = ['timestamp', 'partition', 'offset', 'delivery', 'epoch', 'headers', 'key', 'value'] as const
type Column = (typeof COLUMNS)[number]

/** Deserializers that print what the bytes are. */
const PLAIN: ReadonlySet<string> = new Set([
  'org.apache.kafka.common.serialization.StringDeserializer',
  'org.apache.kafka.common.serialization.ByteArrayDeserializer',
])

export type Formatter = (record: ConsumedRecord) => Uint8Array

/** Throws a sentence for a property that only Java can have. */
export function formatterOf(properties: ReadonlyMap<string, string>): Formatter {
  for (const name of ['key.deserializer', 'value.deserializer', 'headers.deserializer']) {
    const wanted = properties.get(name)
    if (wanted !== undefined && !PLAIN.has(wanted)) {
      throw new Error(
        `${name}=${wanted}: Java's classes cannot be loaded here; bytes are printed as they are without it`,
      )
    }
  }
  const text = (name: string, otherwise: string): Uint8Array => Buffer.from(properties.get(name) ?? otherwise)
  const shown = COLUMNS.filter((column) => {
    const wish = properties.get(`print.${column}`)
    return wish === undefined ? column === 'value' : isTrue(wish)
  })
  const separators: Separators = {
    column: text('key.separator', '\t'),
    line: text('line.separator', '\n'),
    headers: text('headers.separator', ','),
    absent: text('null.literal', 'null'),
  }
  return (record) =>
    Buffer.concat(
      shown.flatMap((column, i) => [
        ...columnOf(column, record, separators),
        i === shown.length - 1 ? separators.line : separators.column,
      ]),
    )
}

interface Separators {
  readonly column: Uint8Array
  readonly line: Uint8Array
  readonly headers: Uint8Array
  readonly absent: Uint8Array
}

function columnOf(column: Column, record: ConsumedRecord, { headers, absent }: Separators): Uint8Array[] {
  switch (column) {
    case 'timestamp':
      return [Buffer.from(record.timestamp < 0 ? 'NO_TIMESTAMP' : `${record.timestampType}:${record.timestamp}`)]
    case 'partition':
      return [Buffer.from(`Partition:${record.partition}`)]
    case 'offset':
      return [Buffer.from(`Offset:${record.offset}`)]
    case 'delivery':
      // Counted for share groups only.
      return [Buffer.from('Delivery:NOT_PRESENT')]
    case 'epoch':
      return [Buffer.from('Epoch:NOT_PRESENT')]
    case 'headers':
      if (record.headers.length === 0) return [Buffer.from('NO_HEADERS')]
      return record.headers.flatMap(({ key, value }, i) => [
        ...(i === 0 ? [] : [headers]),
        Buffer.from(`${key}:`),
        value ?? absent,
      ])
    case 'key':
      return [record.key ?? absent]
    case 'value':
      return [record.value ?? absent]
  }
}
