// What a cluster needs to notice in seconds what Kafka's defaults notice in half a minute; otherwise most episodes would
// be over before anybody had noticed them.

export const QUICK_PROPERTIES: ReadonlyMap<string, string> = new Map([
  ['broker.heartbeat.interval.ms', '500'],
  ['broker.session.timeout.ms', '2000'],
  ['replica.lag.time.max.ms', '2500'],
  ['replica.socket.timeout.ms', '3000'],
  ['leader.imbalance.check.interval.seconds', '2'],
])
