// The configurations of groups and of client-metrics subscriptions of Kafka 4.3.1 as data, one row each, as in
// `broker-rows.ts`. No key of a group concerns the classic protocol: they are kept and told, and act with the protocols
// that read them.

import type { ConfigRow } from './rows.ts'

export const GROUP_ROWS: readonly ConfigRow[] = [
  ['consumer.assignment.interval.ms', 'int', '1000', '[0,...]', 'm'],
  ['consumer.heartbeat.interval.ms', 'int', '5000', '[1,...]', 'm'],
  ['consumer.session.timeout.ms', 'int', '45000', '[1,...]', 'm'],
  ['share.assignment.interval.ms', 'int', '1000', '[0,...]', 'm'],
  ['share.auto.offset.reset', 'string', 'latest', '[latest, earliest, by_duration:PnDTnHnMn.nS]', 'm'],
  ['share.delivery.count.limit', 'int', '5', '[2,...]', 'm'],
  ['share.heartbeat.interval.ms', 'int', '5000', '[1,...]', 'm'],
  ['share.isolation.level', 'string', 'read_uncommitted', '[read_committed, read_uncommitted]', 'm'],
  ['share.partition.max.record.locks', 'int', '2000', '[100,...]', 'm'],
  ['share.record.lock.duration.ms', 'int', '30000', '[1000,...]', 'm'],
  ['share.renew.acknowledge.enable', 'boolean', 'true', '', 'm'],
  ['share.session.timeout.ms', 'int', '45000', '[1,...]', 'm'],
  ['streams.assignment.interval.ms', 'int', '1000', '[0,...]', 'm'],
  ['streams.heartbeat.interval.ms', 'int', '5000', '[1,...]', 'm'],
  ['streams.initial.rebalance.delay.ms', 'int', '3000', '[0,...]', 'm'],
  ['streams.num.standby.replicas', 'int', '0', '[0,...]', 'm'],
  ['streams.session.timeout.ms', 'int', '45000', '[1,...]', 'm'],
]

/** Of a client-metrics subscription (KIP-714). */
export const METRICS_ROWS: readonly ConfigRow[] = [
  ['interval.ms', 'int', '300000', '', 'm'],
  ['match', 'list', '', '', 'm'],
  ['metrics', 'list', '', '', 'm'],
]

/** The broker's configuration that a group's falls back to, and those that bound it. Null: none. */
export interface GroupBounds {
  readonly synonym: string | null
  readonly min: string | null
  readonly max: string | null
}

export const GROUP_BOUNDS: ReadonlyMap<string, GroupBounds> = new Map([
  ['consumer.assignment.interval.ms', bounded('assignment.interval.ms', 'consumer')],
  ['consumer.heartbeat.interval.ms', bounded('heartbeat.interval.ms', 'consumer')],
  ['consumer.session.timeout.ms', bounded('session.timeout.ms', 'consumer')],
  ['share.assignment.interval.ms', bounded('assignment.interval.ms', 'share')],
  ['share.delivery.count.limit', bounded('delivery.count.limit', 'share')],
  ['share.heartbeat.interval.ms', bounded('heartbeat.interval.ms', 'share')],
  ['share.partition.max.record.locks', bounded('partition.max.record.locks', 'share')],
  ['share.record.lock.duration.ms', bounded('record.lock.duration.ms', 'share')],
  ['share.session.timeout.ms', bounded('session.timeout.ms', 'share')],
  ['streams.assignment.interval.ms', bounded('assignment.interval.ms', 'streams')],
  ['streams.heartbeat.interval.ms', bounded('heartbeat.interval.ms', 'streams')],
  ['streams.initial.rebalance.delay.ms', { synonym: 'group.streams.initial.rebalance.delay.ms', min: null, max: null }],
  [
    'streams.num.standby.replicas',
    { synonym: 'group.streams.num.standby.replicas', min: null, max: 'group.streams.max.standby.replicas' },
  ],
  ['streams.session.timeout.ms', bounded('session.timeout.ms', 'streams')],
])

function bounded(what: string, of: 'consumer' | 'share' | 'streams'): GroupBounds {
  return { synonym: `group.${of}.${what}`, min: `group.${of}.min.${what}`, max: `group.${of}.max.${what}` }
}
