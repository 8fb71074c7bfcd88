// Configurations of groups and of client-metrics subscriptions: whether they may be set, in Kafka's sentences.

import { GROUP_BOUNDS } from './group-rows.ts'
import { groupConfigKeys, metricsConfigKeys } from './table.ts'
import type { NodeConfig } from './types.ts'
import { splitList } from './validators.ts'
import { toNumber } from './values.ts'

/** What a subscription may match a client by. */
const SELECTORS: ReadonlySet<string> = new Set([
  'client_instance_id',
  'client_id',
  'client_software_name',
  'client_software_version',
  'client_source_address',
  'client_source_port',
])
const INTERVAL_MS = { min: 100, max: 3_600_000 } as const

/** Null when a group's configurations can stand together on this node, else Kafka's sentence for INVALID_CONFIG. */
export function validateGroupConfigs(configs: ReadonlyMap<string, string>, node: NodeConfig): string | null {
  for (const name of configs.keys()) {
    if (!groupConfigKeys.has(name)) return `Unknown group config name: ${name}`
  }
  for (const [name, value] of configs) {
    const problem =
      name === 'share.auto.offset.reset' ? resetProblem(value) : groupConfigKeys.get(name)!.validate(value)
    if (problem !== null) return problem
  }
  for (const [name, value] of configs) {
    const { min = null, max = null } = GROUP_BOUNDS.get(name) ?? {}
    if (min !== null && toNumber(value) < node.int(min)) return `${name} must be greater than or equal to ${min}`
    if (max !== null && toNumber(value) > node.int(max)) return `${name} must be less than or equal to ${max}`
  }
  return timesProblem(configs, node)
}

/** Null when a subscription's configurations are good; `kind` tells INVALID_REQUEST from INVALID_CONFIG. */
export function validateMetricsConfigs(
  configs: ReadonlyMap<string, string>,
): { readonly kind: 'request' | 'config'; readonly message: string } | null {
  for (const [name, value] of configs) {
    const key = metricsConfigKeys.get(name)
    if (key === undefined) return { kind: 'request', message: `Unknown client metrics configuration: ${name}` }
    const problem = key.validate(value)
    if (problem !== null) return { kind: 'config', message: problem }
    if (name === 'interval.ms' && (toNumber(value) < INTERVAL_MS.min || toNumber(value) > INTERVAL_MS.max)) {
      const message = `Invalid value ${value} for interval.ms, interval must be between ${INTERVAL_MS.min} and ${INTERVAL_MS.max} (1 hour)`
      return { kind: 'request', message }
    }
    if (name === 'match') {
      const bad = splitList(value).find((pattern) => !isSelector(pattern))
      if (bad !== undefined) return { kind: 'config', message: `Illegal client matching pattern: ${bad}` }
    }
  }
  return null
}

function isSelector(pattern: string): boolean {
  const [name = '', expression, ...more] = pattern.split('=')
  if (expression === undefined || more.length > 0 || !SELECTORS.has(name.trim())) return false
  try {
    new RegExp(expression.trim())
    return true
  } catch {
    return false
  }
}

function resetProblem(value: string): string | null {
  const text = value.trim().toLowerCase()
  if (
    text === 'latest' ||
    text === 'earliest' ||
    /^by_duration:p(?!$)(\d+d)?(t(?!$)(\d+h)?(\d+m)?(\d+(\.\d+)?s)?)?$/.test(text)
  ) {
    return null
  }
  return `Invalid value ${value} for configuration share.auto.offset.reset: Invalid value ${value} for configuration share.auto.offset.reset. The value must be either 'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'.`
}

/** A session that is no longer than the time between heartbeats would always end. */
function timesProblem(configs: ReadonlyMap<string, string>, node: NodeConfig): string | null {
  for (const protocol of ['consumer', 'share', 'streams']) {
    const session = `${protocol}.session.timeout.ms`
    const heartbeat = `${protocol}.heartbeat.interval.ms`
    if (!configs.has(session) && !configs.has(heartbeat)) continue
    const value = (name: string): number => toNumber(configs.get(name) ?? String(node.int(`group.${name}`)))
    if (value(session) <= value(heartbeat)) return `${session} must be greater than ${heartbeat}`
  }
  return null
}
