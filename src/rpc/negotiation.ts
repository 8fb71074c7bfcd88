// What an ApiVersions exchange means: which versions of each API both sides have.

import type { Api, ApiVersionsResponse } from '../wire/index.ts'

export interface VersionRange {
  readonly min: number
  readonly max: number
}

/** What the other side serves, by API key. */
export type ServedVersions = ReadonlyMap<number, VersionRange>

export function servedVersions(response: ApiVersionsResponse): ServedVersions {
  return new Map(response.apiKeys.map((row) => [row.apiKey, { min: row.minVersion, max: row.maxVersion }]))
}

/** The versions of an API that both sides have, or null. */
export function commonVersions(
  api: Api,
  served: ServedVersions,
  maxVersion: number = api.maxVersion,
): VersionRange | null {
  const theirs = served.get(api.key)
  if (theirs === undefined) return null
  const min = Math.max(api.minVersion, theirs.min)
  const max = Math.min(api.maxVersion, theirs.max, maxVersion)
  return min <= max ? { min, max } : null
}
