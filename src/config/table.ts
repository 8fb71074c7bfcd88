// The tables of configurations compiled once: what Kafka 4.3.1 knows, and what is ours alone (prefix `odradek.`, never
// listed unless set, so that tools which compare with Kafka see no difference).

import { BROKER_ROWS } from './broker-rows.ts'
import { GROUP_ROWS, METRICS_ROWS } from './group-rows.ts'
import type { ConfigRow } from './rows.ts'
import { REQUIRED } from './rows.ts'
import { TOPIC_ROWS } from './topic-rows.ts'
import type { ConfigKey } from './types.ts'
import { compileValidator } from './validators.ts'

const OWN_ROWS: readonly ConfigRow[] = [
  // Besides inter.broker.listener.name: listeners on which brokers may act as such, while a cluster moves from one name
  // to another, or where each broker is reached by a way of its own.
  ['odradek.broker.listener.names', 'list', '', '', 'm', 'i'],
  ['odradek.log.flush.mode', 'string', 'os', '[os, fsync]', 'h', 'i'],
]

const QUOTA_ROWS: readonly ConfigRow[] = [
  ['follower.replication.throttled.rate', 'long', '9223372036854775807', '[0,...]', 'm', 'c'],
  ['leader.replication.throttled.rate', 'long', '9223372036854775807', '[0,...]', 'm', 'c'],
  ['replica.alter.log.dirs.io.max.bytes.per.second', 'long', '9223372036854775807', '[0,...]', 'm', 'c'],
]

const IMPORTANCE = { h: 'high', m: 'medium', l: 'low' } as const

/** Configurations of a node, by name, in name order. */
export const brokerConfigKeys: ReadonlyMap<string, ConfigKey> = compile([...BROKER_ROWS, ...OWN_ROWS])
/** Configurations of a topic, by name, in name order. */
export const topicConfigKeys: ReadonlyMap<string, ConfigKey> = compile(TOPIC_ROWS)
/** Configurations of a group. */
export const groupConfigKeys: ReadonlyMap<string, ConfigKey> = compile(GROUP_ROWS)
/** Configurations of a client-metrics subscription. */
export const metricsConfigKeys: ReadonlyMap<string, ConfigKey> = compile(METRICS_ROWS)
/** What only a running broker is told, never its properties file: the rates of replication that is throttled. */
export const quotaConfigKeys: ReadonlyMap<string, ConfigKey> = compile(QUOTA_ROWS)

/** The known name that was probably meant, or null when nothing is near. */
export function nearestName(name: string, known: Iterable<string>): string | null {
  const bound = Math.max(1, Math.floor(name.length / 5))
  let best: string | null = null
  let distance = bound + 1
  for (const candidate of known) {
    if (Math.abs(candidate.length - name.length) >= distance) continue
    const d = editDistance(name.toLowerCase(), candidate)
    if (d < distance) {
      distance = d
      best = candidate
    }
  }
  return best
}

function compile(rows: readonly ConfigRow[]): ReadonlyMap<string, ConfigKey> {
  const keys = new Map<string, ConfigKey>()
  for (const row of rows) keys.set(row[0], keyOf(row))
  return keys
}

function keyOf([name, type, byDefault, valid, importance, flags = '']: ConfigRow): ConfigKey {
  const value = byDefault === REQUIRED ? null : byDefault
  const expects = valid === '' ? `a ${type}` : `a ${type}, ${valid}`
  return {
    name,
    type,
    default: value,
    required: byDefault === REQUIRED,
    importance: IMPORTANCE[importance],
    validate: compileValidator(name, type, valid),
    valid,
    sensitive: type === 'password',
    scope: flags.includes('c') ? 'cluster-wide' : flags.includes('b') ? 'per-broker' : 'read-only',
    internal: flags.includes('i'),
    documentation: `Expects ${expects}; ${value === null ? 'no default' : `default "${value}"`}.`,
  }
}

// Levenshtein's distance, one row at a time.
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(replaced, previous[j]! + 1, row[j - 1]! + 1))
    }
    previous = row
  }
  return previous[b.length]!
}
