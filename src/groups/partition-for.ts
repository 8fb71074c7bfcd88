// Which partition of `__consumer_offsets` a group lives in: the hash of a Java string over its UTF-16 units, as every client
// and tool of Kafka assumes. Never changes, or groups would be looked for where they are not.

/** `partitions`: `offsets.topic.num.partitions` as the topic was created. */
export function partitionFor(groupId: string, partitions: number): number {
  let hash = 0
  for (let i = 0; i < groupId.length; i++) hash = (Math.imul(hash, 31) + groupId.charCodeAt(i)) | 0
  // Kafka takes the absolute value, and 0 for the one number that has none.
  return (hash === -0x80000000 ? 0 : Math.abs(hash)) % partitions
}
