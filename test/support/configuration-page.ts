// The tables of docs/configuration.md, out of what the code says of each configuration: `node scripts/configuration.ts` writes
// them, and a test holds the page against them.

import type { ConfigEffect, ConfigKey } from '../../src/config/index.ts'
import {
  brokerConfigKeys,
  configEffect,
  groupConfigKeys,
  isReadAtStart,
  quotaConfigKeys,
  topicConfigKeys,
} from '../../src/config/index.ts'

/** Of brokers, in the notes that this was built for; names that Kafka never had are told so. */
const IN_NOTES: readonly string[] = [
  'auto.create.topics.enable',
  'delete.topic.enable',
  'log.retention.bytes',
  'log.retention.check.interval.ms',
  'log.retention.hours',
  'log.retention.minutes',
  'log.retention.ms',
  'log.segment.bytes',
  'min.insync.replicas',
  'num.partitions',
  'offsets.retention.minutes',
  'offsets.topic.num.partitions',
  'offsets.topic.replication.factor',
  'offsets.topic.segment.bytes',
]

const SCOPES = {
  'read-only': 'at start',
  'per-broker': 'per broker',
  'cluster-wide': 'per broker and for all',
} as const

export function withTables(page: string): string {
  let out = page
  for (const [name, text] of TABLES) {
    const begin = `<!-- ${name}: written by node scripts/configuration.ts -->\n`
    const end = `<!-- end of ${name} -->`
    const from = out.indexOf(begin)
    const to = out.indexOf(end)
    if (from < 0 || to < from) throw new Error(`docs/configuration.md has lost the marks of its table ${name}`)
    out = out.slice(0, from + begin.length) + text() + out.slice(to)
  }
  return out
}

const TABLES: readonly (readonly [name: string, text: () => string])[] = [
  ['notes', () => table(IN_NOTES.map((name) => brokerConfigKeys.get(name)!))],
  ['brokers', () => table([...brokerConfigKeys.values(), ...quotaConfigKeys.values()].filter(acts))],
  ['topics', () => table([...topicConfigKeys.values()].filter(acts))],
  [
    'without effect',
    () =>
      withoutEffect([
        ...brokerConfigKeys.values(),
        ...quotaConfigKeys.values(),
        ...topicConfigKeys.values(),
        ...groupConfigKeys.values(),
      ]),
  ],
]

function effectOf(key: ConfigKey): ConfigEffect {
  if (groupConfigKeys.has(key.name)) {
    return { kind: 'accepted', why: 'groups are classic ones, for which Kafka has no configurations either' }
  }
  return configEffect(key.name)
}

function acts(key: ConfigKey): boolean {
  return effectOf(key).kind === 'acts'
}

function table(keys: readonly ConfigKey[]): string {
  const rows = [...keys]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((key) => {
      const { kind } = effectOf(key)
      const broker = isReadAtStart(key) ? SCOPES['read-only'] : SCOPES[key.scope]
      const scope = topicConfigKeys.get(key.name) === key ? 'per topic' : broker
      return `| \`${key.name}\` | ${key.default === null ? '' : `\`${key.default}\``} | ${scope} | ${kind} |\n`
    })
  return `| key | default | may be changed | |\n|---|---|---|---|\n${rows.join('')}`
}

function withoutEffect(keys: readonly ConfigKey[]): string {
  const byReason = new Map<string, Set<string>>()
  for (const key of keys) {
    const effect = effectOf(key)
    if (effect.kind === 'acts') continue
    const reason = `${effect.kind === 'refused' ? '**refused**: ' : ''}${effect.why}`
    byReason.set(reason, (byReason.get(reason) ?? new Set()).add(key.name))
  }
  const rows = [...byReason].map(
    ([why, names]) => `| ${why} | ${[...names].map((name) => `\`${name}\``).join(' ')} |\n`,
  )
  return `| why | keys |\n|---|---|\n${rows.join('')}`
}
