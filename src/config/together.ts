// Rules over several values, or over one in several units, in Kafka's words (KafkaConfig): for the properties file, and for
// what is changed while a node runs.

import type { Values } from './values.ts'

const MIB = 2 ** 20

export interface Rule {
  /** What it is about: a change of something else is not held to it. */
  readonly names: readonly string[]
  /** Null when it holds. */
  readonly problem: (values: Values) => string | null
}

/** Those that may be broken while a node runs. */
export const RULES: readonly Rule[] = [
  {
    names: ['log.roll.ms'],
    problem: (values) => when(below(values, 'log.roll.ms', 1), 'log.roll.ms must be greater than or equal to 1'),
  },
  {
    names: ['log.roll.jitter.ms'],
    problem: (values) =>
      when(below(values, 'log.roll.jitter.ms', 0), 'log.roll.jitter.ms must be greater than or equal to 0'),
  },
  {
    names: ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
    problem: (values) =>
      when(
        ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'].some(
          (name) => values.has(name) && values.long(name) === 0,
        ),
        'log.retention.ms must be unlimited (-1) or, greater than or equal to 1',
      ),
  },
  {
    names: ['log.cleaner.dedupe.buffer.size', 'log.cleaner.threads'],
    problem: (values) =>
      when(
        Math.floor(values.long('log.cleaner.dedupe.buffer.size') / values.int('log.cleaner.threads')) <= MIB,
        'log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.',
      ),
  },
  {
    names: ['log.cleaner.threads'],
    problem: (values) => when(values.int('log.cleaner.threads') < 1, 'log.cleaner.threads must be at least 1'),
  },
  {
    names: ['max.connections.per.ip.overrides'],
    problem: (values) => {
      const wrong = (values.string('max.connections.per.ip.overrides') ?? '')
        .split(',')
        .find((entry) => entry.trim() !== '' && !/^\s*\S+:\s*[+-]?\d+\s*$/.test(entry))
      return wrong === undefined
        ? null
        : `Error parsing configuration property 'max.connections.per.ip.overrides': ${wrong} is not an address:number`
    },
  },
  {
    names: ['max.connections.per.ip', 'max.connections.per.ip.overrides'],
    problem: (values) =>
      when(
        values.int('max.connections.per.ip') <= 0 && values.string('max.connections.per.ip.overrides') === '',
        'max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.',
      ),
  },
]

function when(broken: boolean, sentence: string): string | null {
  return broken ? sentence : null
}

/** What has a default is of another name, in a larger unit, with a validator of its own. */
function below(values: Values, name: string, least: number): boolean {
  return values.has(name) && values.long(name) < least
}
