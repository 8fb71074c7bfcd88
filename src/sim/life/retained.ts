// Whether retention has done its work, when nothing is written any more (P20): no replica keeps a segment that its topic's
// retention.bytes lets go, and none begins before its leader does. Looks at disks and views; changes nothing.

import type { SimCluster } from '../cluster.ts'
import { LOG_DIRECTORY } from '../member.ts'
import { newestImage } from './budget.ts'

const TOPIC_RESOURCE = 2

/** What is left to be done, in words. */
export function leftToRetention(cluster: SimCluster): string[] {
  const image = newestImage(cluster)
  const left: string[] = []
  for (const { name, partitions } of image.topics.values()) {
    const limit = Number(image.configs.get(`${TOPIC_RESOURCE}:${name}`)?.get('retention.bytes') ?? -1)
    if (limit < 0) continue
    for (const [index, { leader, replicas }] of partitions) {
      const start = startOf(cluster, leader, name, index)
      for (const id of replicas) {
        const sizes = segmentSizes(cluster, id, `${name}-${index}`)
        const excess = sizes.reduce((sum, size) => sum + size, 0) - limit
        const own = startOf(cluster, id, name, index)
        if (own < start) left.push(`node ${id} begins ${name}-${index} at ${own}, and its leader at ${start}`)
        if (sizes.length > 1 && excess >= sizes[0]!)
          left.push(
            `node ${id} keeps ${excess} bytes of ${name}-${index} beyond ${limit}, ${sizes[0]} of them in a segment`,
          )
      }
    }
  }
  return left
}

function startOf(cluster: SimCluster, id: number, topic: string, partition: number): number {
  const found = cluster.observed(id)?.replicas.find((each) => each.topic === topic && each.partition === partition)
  return found?.logStartOffset ?? -1
}

/** Oldest first. */
function segmentSizes(cluster: SimCluster, id: number, directory: string): number[] {
  const disk = cluster.sim.disk(cluster.host(id))
  return disk
    .paths(`${LOG_DIRECTORY}/${directory}`)
    .filter((path) => path.endsWith('.log'))
    .map((path) => disk.peek(path)?.length ?? 0)
}
