// What of Java shows in the output of Kafka's tools: the order in which its hash maps are walked, its properties files as
// maps, its filter of topics by a pattern.

import { parseProperties } from '../../config/index.ts'

const INTERNAL_TOPICS: ReadonlySet<string> = new Set([
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
])

/** `String.hashCode`. */
export function hashCode(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0
  return hash
}

/** `TopicPartition.hashCode`. */
export function partitionHash({ topic, partition }: { readonly topic: string; readonly partition: number }): number {
  return (Math.imul(31, 31 + partition) + hashCode(topic)) | 0
}

/** In the order in which a `java.util.HashMap` with keys of these hashes, put one after the other, is walked. */
export function hashOrder<T>(items: readonly T[], hashOf: (item: T) => number, capacity = 16): T[] {
  let size = 1
  while (size < capacity) size *= 2
  while (items.length > size * 0.75) size *= 2
  const bucket = (item: T): number => {
    const hash = hashOf(item)
    return (hash ^ (hash >>> 16)) & (size - 1)
  }
  return items
    .map((item, i) => ({ item, i, bucket: bucket(item) }))
    .sort((a, b) => a.bucket - b.bucket || a.i - b.i)
    .map(({ item }) => item)
}

/** `Double.toString`, of numbers that a quota may be. */
export function doubleText(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) {
    const [digits, exponent] = value.toExponential().split('e')
    return `${digits!.includes('.') ? digits : `${digits}.0`}E${Number(exponent)}`
  }
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

/** `key=value` words; a key alone has the empty value. */
export function pairsOf(words: readonly string[]): Map<string, string> {
  return new Map(
    words.map((word) => {
      const at = word.indexOf('=')
      return at < 0 ? [word, ''] : [word.slice(0, at), word.slice(at + 1)]
    }),
  )
}

export function propertiesOf(text: string): Map<string, string> {
  return new Map(parseProperties(text).map(({ name, value }) => [name, value]))
}

export function isTrue(text: string | undefined): boolean {
  return text?.trim().toLowerCase() === 'true'
}

/** Which topics a tool is about: names separated by commas, or a regular expression over the whole name. */
export function topicFilter(text: string): (topic: string, excludeInternal: boolean) => boolean {
  const pattern = text
    .trim()
    .replaceAll(',', '|')
    .replaceAll(' ', '')
    .replace(/^["']+|["']+$/g, '')
  let regex: RegExp
  try {
    regex = new RegExp(`^(?:${pattern})$`, 's')
  } catch {
    throw new Error(`${pattern} is an invalid regex.`)
  }
  return (topic, excludeInternal) => regex.test(topic) && !(excludeInternal && isInternal(topic))
}

export function isInternal(topic: string): boolean {
  return INTERNAL_TOPICS.has(topic)
}
