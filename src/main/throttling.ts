// The replication throttles as configurations say them: a broker's two rates, and a topic's two lists of replicas.

import { BROKER_RESOURCE, configsOf, type MetadataImage, TOPIC_RESOURCE } from '../../cluster/metadata/index.ts'
import type { ReplicationThrottling, ThrottledPartitions, TopicSettings } from '../../replication/driver/index.ts'
import type { NodeId } from '../base/index.ts'
import type { NodeConfig } from '../config/index.ts'

export function replicationThrottling(config: NodeConfig, latest: () => MetadataImage): ReplicationThrottling {
  const rate = (name: string): number => {
    const of = (broker: string): string | undefined => configsOf(latest(), BROKER_RESOURCE, broker).get(name)
    const given = Number(of(String(config.nodeId)) ?? of('') ?? Number.POSITIVE_INFINITY)
    // Kafka's default is the largest long: no throttle.
    return given < Number.MAX_SAFE_INTEGER ? given : Number.POSITIVE_INFINITY
  }
  const windowMs = config.int('replication.quota.window.size.seconds') * 1000
  return {
    rates: () => ({
      leader: rate('leader.replication.throttled.rate'),
      follower: rate('follower.replication.throttled.rate'),
    }),
    moveRate: () => rate('replica.alter.log.dirs.io.max.bytes.per.second'),
    windowMs,
    memoryMs: windowMs * config.int('replication.quota.window.num'),
  }
}

type Throttled = NonNullable<TopicSettings['throttled']>

/** By a topic's configurations as long as they are the same: each replica of the topic asks for them. */
const parsed = new WeakMap<ReadonlyMap<string, string>, { readonly broker: NodeId; readonly throttled: Throttled }>()

/** Which of a topic's partitions are listed with this broker. */
export function throttledPartitions(image: MetadataImage, topic: string, broker: NodeId): Throttled {
  const configs = configsOf(image, TOPIC_RESOURCE, topic)
  const known = parsed.get(configs)
  if (known?.broker === broker) return known.throttled
  const throttled = listedIn(configs, broker)
  parsed.set(configs, { broker, throttled })
  return throttled
}

function listedIn(configs: ReadonlyMap<string, string>, broker: NodeId): Throttled {
  const listed = (side: 'leader' | 'follower'): ThrottledPartitions => {
    const text = configs.get(`${side}.replication.throttled.replicas`)?.trim() ?? ''
    if (text === '*') return 'all'
    const pairs = text.split(',').map((pair) => pair.trim().split(':'))
    return new Set(pairs.filter(([, id]) => Number(id) === broker && id !== '').map(([partition]) => Number(partition)))
  }
  return { leader: listed('leader'), follower: listed('follower') }
}
