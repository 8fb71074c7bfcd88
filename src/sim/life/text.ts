// A life as a text file: its seed, its swarm and its plan, one line each, so that a life that once failed is kept, read and
// lived again whatever is drawn for its seed by then. Lines that begin with # are for people.

import { ConfigError } from '../../base/index.ts'
import type { PlannedFault, Verb } from '../plan.ts'
import { isVerb, parsePlanned, plannedText } from '../plan-text.ts'
import type { LifeKind, LifeOptions, LifeReport, Swarm, Workload } from './types.ts'

/** What a life is lived from, and nothing else. */
export type LifeText = Required<Pick<LifeOptions, 'seed' | 'kind' | 'plan'>> & { readonly swarm: Swarm }

const KINDS: readonly LifeKind[] = ['within', 'calm', 'beyond']
const WORKLOAD: readonly (keyof Workload)[] = [
  'topics',
  'partitions',
  'fading',
  'producers',
  'sendsPerSecond',
  'consumers',
  'pollsPerSecond',
  'admins',
  'recordBytesMax',
  'strangers',
  'wrapping',
  'reckless',
  'movers',
  'groups',
  'compacted',
]
/** Lives that were kept before there were any have none. */
const LATER: Partial<Workload> = { movers: 0, groups: 0, compacted: 0 }

/** Lines of the file; `remarks` stand above them. */
export function formatLife(
  life: Pick<LifeReport, 'seed' | 'kind' | 'swarm' | 'plan'>,
  remarks: readonly string[] = [],
): string {
  const { seed, kind, swarm, plan } = life
  const lines = remarks.map((remark) => `# ${remark}`.trimEnd())
  lines.push(`seed ${seed}`, `kind ${kind}`, `lasts ${plan.durationMs}`)
  lines.push(`brokers ${swarm.brokers}`, `min-insync ${swarm.minInsyncReplicas}`, `flush ${swarm.flush}`)
  lines.push(`network ${swarm.network}`, `pause ${swarm.pauseMs}`)
  for (const [verb, weight] of Object.entries(swarm.verbs)) lines.push(`verb ${verb} ${weight}`)
  for (const [name, value] of Object.entries(swarm.properties))
    lines.push(`property ${name} ${encodeURIComponent(value)}`)
  for (const name of WORKLOAD) lines.push(`workload ${name} ${swarm.workload[name]}`)
  lines.push(...plan.faults.map(plannedText))
  return `${lines.join('\n')}\n`
}

/** Throws ConfigError with the line that it does not understand. */
export function parseLife(text: string): LifeText {
  const reader = new Reader()
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue
    try {
      reader.take(line.trim())
    } catch (error) {
      throw new ConfigError(`line ${i + 1}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  return reader.life()
}

class Reader {
  readonly #single: Map<string, string> = new Map()
  readonly #verbs: Partial<Record<Verb, number>> = {}
  readonly #properties: Record<string, string> = {}
  readonly #workload: Partial<Record<keyof Workload, number>> = {}
  readonly #faults: PlannedFault[] = []

  take(line: string): void {
    const [word = '', first = '', second = '', ...more] = line.split(' ')
    if (word === 'at') {
      this.#faults.push(parsePlanned(line))
      return
    }
    if (more.length > 0) throw new Error(`"${line}" has too many words`)
    if (word === 'verb') {
      if (!isVerb(first)) throw new Error(`no verb "${first}"`)
      this.#verbs[first] = number(second, line)
    } else if (word === 'property') this.#properties[first] = decodeURIComponent(second)
    else if (word === 'workload') this.#workload[oneOf(first, WORKLOAD)] = number(second, line)
    else if (SINGLE.includes(word) && second === '') this.#single.set(word, first)
    else
      throw new Error(
        `"${line}" is not understood; lines begin with at, verb, property, workload, ${SINGLE.join(', ')}`,
      )
  }

  life(): LifeText {
    const workload = { ...LATER, ...this.#workload }
    for (const name of WORKLOAD) if (workload[name] === undefined) throw new ConfigError(`no line "workload ${name} …"`)
    return {
      seed: this.#number('seed'),
      kind: oneOf(this.#text('kind'), KINDS),
      plan: { faults: this.#faults, durationMs: this.#number('lasts') },
      swarm: {
        brokers: this.#number('brokers'),
        minInsyncReplicas: this.#number('min-insync'),
        flush: oneOf(this.#text('flush'), ['os', 'fsync'] as const),
        network: oneOf(this.#text('network'), ['rack', 'zones', 'regions'] as const),
        verbs: this.#verbs,
        pauseMs: this.#number('pause'),
        properties: this.#properties,
        workload: workload as Workload,
      },
    }
  }

  #number(word: string): number {
    return number(this.#text(word), word)
  }

  #text(word: string): string {
    const text = this.#single.get(word)
    if (text === undefined) throw new ConfigError(`no line "${word} …"`)
    return text
  }
}

const SINGLE: readonly string[] = ['seed', 'kind', 'lasts', 'brokers', 'min-insync', 'flush', 'network', 'pause']

function number(text: string, where: string): number {
  const value = Number(text)
  if (text === '' || !Number.isFinite(value)) throw new ConfigError(`"${where}": "${text}" is no number`)
  return value
}

function oneOf<T extends string>(text: string, of: readonly T[]): T {
  const found = of.find((each) => each === text)
  if (found === undefined) throw new ConfigError(`"${text}" is none of ${of.join(', ')}`)
  return found
}
