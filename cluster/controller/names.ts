// Which names a topic may have, in Kafka's words.

import type { MetadataImage } from '../metadata/index.ts'

const LEGAL = /^[a-zA-Z0-9._-]+$/
const MAX_LENGTH = 249

export const METADATA_TOPIC = '__cluster_metadata'

/** Null: legal. */
export function topicNameProblem(name: string): string | null {
  const invalid = (reason: string): string => `Topic name is invalid: ${reason}`
  if (name === '') return invalid('the empty string is not allowed')
  if (name === '.' || name === '..') return invalid(`'${name}' is not allowed`)
  if (name.length > MAX_LENGTH) {
    return invalid(`the length of '${name}' is longer than the max allowed length ${MAX_LENGTH}`)
  }
  if (LEGAL.test(name)) return null
  return invalid(`'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`)
}

/** A topic whose metrics would have the same name: '.' and '_' are one there. Null: none. */
export function collidingTopic(draft: MetadataImage, name: string): string | null {
  if (!/[._]/.test(name)) return null
  const unified = name.replaceAll('.', '_')
  for (const other of draft.topicIds.keys()) {
    if (other !== name && other.replaceAll('.', '_') === unified) return other
  }
  return null
}
