// Kafka's range assignor: each topic's partitions in a row, shared among the members that subscribe to it in the order of
// their ids (static members by their instance), the first ones getting one more where it does not come out even.

export interface Subscriber {
  readonly memberId: string
  readonly instanceId: string | null
  readonly topics: readonly string[]
}

/** Partitions by topic, for each member; `count` says how many a topic has. */
export function assignRanges(
  members: readonly Subscriber[],
  count: ReadonlyMap<string, number>,
): Map<string, Map<string, number[]>> {
  const assigned = new Map(members.map(({ memberId }) => [memberId, new Map<string, number[]>()]))
  const ordered = [...members].sort(byIdentity)
  for (const topic of [...new Set(members.flatMap(({ topics }) => topics))].sort()) {
    const readers = ordered.filter(({ topics }) => topics.includes(topic))
    const partitions = count.get(topic) ?? 0
    const each = Math.floor(partitions / readers.length)
    const more = partitions % readers.length
    let next = 0
    for (const [i, { memberId }] of readers.entries()) {
      const end = next + each + (i < more ? 1 : 0)
      const own = Array.from({ length: end - next }, (_, k) => next + k)
      if (own.length > 0) assigned.get(memberId)!.set(topic, own)
      next = end
    }
  }
  return assigned
}

/** Static members first, as Kafka's MemberInfo compares them. */
function byIdentity(a: Subscriber, b: Subscriber): number {
  if ((a.instanceId === null) !== (b.instanceId === null)) return a.instanceId === null ? 1 : -1
  const [x, y] = [a.instanceId ?? a.memberId, b.instanceId ?? b.memberId]
  return x < y ? -1 : x > y ? 1 : 0
}
