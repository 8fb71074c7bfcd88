// Names of metadata.version levels, by which `storage format --release-version` asks for them. Facts of Kafka 4.3.1.

/** Level 7 first. */
const NAMES: readonly string[] = [
  ...['3.3-IV3', '3.4-IV0', '3.5-IV0', '3.5-IV1', '3.5-IV2', '3.6-IV0', '3.6-IV1', '3.6-IV2'],
  ...['3.7-IV0', '3.7-IV1', '3.7-IV2', '3.7-IV3', '3.7-IV4', '3.8-IV0', '3.9-IV0'],
  ...['4.0-IV0', '4.0-IV1', '4.0-IV2', '4.0-IV3', '4.1-IV0', '4.1-IV1', '4.2-IV0', '4.2-IV1', '4.3-IV0'],
]
const FIRST_LEVEL = 7

export function metadataVersionName(level: number): string {
  return NAMES[level - FIRST_LEVEL] ?? String(level)
}

/** `4.3-IV0`, or a release (`4.3`, `4.3.1`): its last level. Null for what is not known. */
export function metadataVersionOf(text: string): number | null {
  const exact = NAMES.indexOf(text)
  if (exact >= 0) return exact + FIRST_LEVEL
  const release = /^(\d+\.\d+)(\.\d+)?$/.exec(text)?.[1]
  const last = release === undefined ? -1 : NAMES.findLastIndex((name) => name.startsWith(`${release}-`))
  return last < 0 ? null : last + FIRST_LEVEL
}
