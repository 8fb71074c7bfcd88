// One client: connections and metadata shared by its producers, consumers and admin.

import type { Endpoint } from '../base/index.ts'
import { ConfigError, Timers } from '../base/index.ts'
import { createRpc } from '../rpc/index.ts'
import { SmallAdmin } from './admin.ts'
import { Cluster } from './cluster.ts'
import { SmallConsumer } from './consumer.ts'
import { SmallGovernance } from './governance.ts'
import { SmallGroupConsumer } from './group-consumer.ts'
import { SmallGroupAdmin } from './groups.ts'
import { SmallProducer } from './producer.ts'
import { Retry } from './retry.ts'
import type { Client, ClientOptions, ClientPorts, Consumer, GroupConsumer, Producer } from './types.ts'

const REQUEST_TIMEOUT_MS = 30_000
const RETRY_BACKOFF_MS = 100
const RETRY_BACKOFF_MAX_MS = 1_000
const RECONNECT_BACKOFF_MS = 50
const RECONNECT_BACKOFF_MAX_MS = 1_000
const CONNECT_TIMEOUT_MS = 10_000
/** Above the broker's own bound on what one fetch answers (55 MiB), and one batch over it. */
const MAX_RESPONSE_BYTES = 256 * 1024 * 1024

/** Opens no connection before the first call needs one. Throws ConfigError where `bootstrap` is none. */
export function createClient(ports: ClientPorts, options: ClientOptions): Client {
  const timers = new Timers(ports.clock)
  const rpc = createRpc(ports, {
    clientId: options.clientId ?? 'odradek',
    reconnectBackoffMs: RECONNECT_BACKOFF_MS,
    reconnectBackoffMaxMs: RECONNECT_BACKOFF_MAX_MS,
    connectTimeoutMs: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    maxResponseBytes: MAX_RESPONSE_BYTES,
  })
  const firstMs = options.retryBackoffMs ?? RETRY_BACKOFF_MS
  const retry = new Retry(ports.clock, ports.random, timers, firstMs, options.retryBackoffMaxMs ?? RETRY_BACKOFF_MAX_MS)
  const bootstrap = endpointsOf(options.bootstrap)
  const requestTimeoutMs = options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS
  const apiTimeoutMs = options.apiTimeoutMs ?? 2 * requestTimeoutMs
  const cluster = new Cluster(rpc, retry, timers, bootstrap, { requestTimeoutMs, apiTimeoutMs })
  const closing: { close(): void }[] = []
  const close = (): void => {
    for (const one of closing.splice(0)) one.close()
    retry.close()
    rpc.close()
    timers.clear()
  }
  return {
    admin: new SmallAdmin(cluster),
    governance: new SmallGovernance(cluster),
    groups: new SmallGroupAdmin(cluster),
    producer: (producerOptions = {}): Producer => {
      const producer = new SmallProducer(cluster, ports, producerOptions)
      closing.push(producer)
      return producer
    },
    consumer: (consumerOptions = {}): Consumer => {
      const consumer = new SmallConsumer(cluster, ports, consumerOptions)
      closing.push(consumer)
      return consumer
    },
    groupConsumer: (groupOptions): GroupConsumer => {
      const consumer = new SmallGroupConsumer(cluster, ports, groupOptions)
      closing.push({ close: () => consumer.stop() })
      return consumer
    },
    close,
    [Symbol.asyncDispose]: async (): Promise<void> => close(),
  }
}

/** `host:port`, `[::1]:port`, comma-separated. */
export function endpointsOf(bootstrap: string | readonly Endpoint[]): readonly Endpoint[] {
  const endpoints = typeof bootstrap === 'string' ? bootstrap.split(',').map(endpointOf) : bootstrap
  if (endpoints.length === 0) throw new ConfigError('at least one bootstrap server is needed')
  return endpoints
}

function endpointOf(text: string): Endpoint {
  const match = /^\s*(?:\[([^\]]+)\]|([^:[\]\s]+)):(\d{1,5})\s*$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port < 1 || port > 65_535) {
    throw new ConfigError(`"${text}" is no bootstrap server: host:port is expected, [address]:port for IPv6`)
  }
  return { host: match[1] ?? match[2] ?? '', port }
}
