// Every figure that is measured, once: what it is called, which way is better, how many digits mean something. MB and GB
// are 2^20 and 2^30 bytes, as in Apache's tools.

export interface MetricText {
  readonly label: string
  readonly better: 'more' | 'less'
  readonly digits: number
}

export type Metric =
  | 'mb_s'
  | 'records_s'
  | 'p50_ms'
  | 'p99_ms'
  | 'p999_ms'
  | 'p50_us'
  | 'p99_us'
  | 'p999_us'
  | 'first_ack_s'
  | 'broker_cpu_percent'
  | 'client_user_s_gb'
  | 'client_system_s_gb'
  | 'brokers_user_s_gb'
  | 'brokers_system_s_gb'
  | 'rss_mb'

/** In the order of a table's rows. */
export const METRICS: Readonly<Record<Metric, MetricText>> = {
  mb_s: { label: 'MB/s', better: 'more', digits: 1 },
  records_s: { label: 'records/s', better: 'more', digits: 0 },
  p50_ms: { label: 'p50 ms', better: 'less', digits: 0 },
  p99_ms: { label: 'p99 ms', better: 'less', digits: 0 },
  p999_ms: { label: 'p99.9 ms', better: 'less', digits: 0 },
  p50_us: { label: 'p50 µs', better: 'less', digits: 0 },
  p99_us: { label: 'p99 µs', better: 'less', digits: 0 },
  p999_us: { label: 'p99.9 µs', better: 'less', digits: 0 },
  first_ack_s: { label: 'start to first ack, s', better: 'less', digits: 2 },
  /** Where nothing is as fast as it can be, so that CPU by GB would only tell how little was sent. */
  broker_cpu_percent: { label: 'mean broker, CPU % of a core', better: 'less', digits: 2 },
  client_user_s_gb: { label: 'client, user CPU s/GB', better: 'less', digits: 2 },
  client_system_s_gb: { label: 'client, system CPU s/GB', better: 'less', digits: 2 },
  brokers_user_s_gb: { label: 'brokers, user CPU s/GB', better: 'less', digits: 2 },
  brokers_system_s_gb: { label: 'brokers, system CPU s/GB', better: 'less', digits: 2 },
  rss_mb: { label: 'largest broker, RSS MB', better: 'less', digits: 0 },
}

export const METRIC_NAMES: readonly Metric[] = Object.keys(METRICS) as Metric[]

export const MB: number = 1 << 20
export const GB: number = 1 << 30
