// Faults as lines of text, `at 12340 isolate 2 both for 3000`: one sentence for each verb with its fields in it, from which
// both writing and reading follow. What is read back is what was written, to the last digit.

import { DETAINED_APIS, type Fault, type PlannedFault, type Verb } from './plan.ts'

type FieldKind = 'number' | 'word' | 'way' | 'pairs'

const FIELDS: { readonly [name: string]: FieldKind } = {
  node: 'number',
  from: 'number',
  to: 'number',
  ms: 'number',
  lostMs: 'number',
  calls: 'number',
  factor: 'number',
  latencyMs: 'number',
  jitterMs: 'number',
  bandwidth: 'number',
  freeBytes: 'number',
  jumpMs: 'number',
  driftPpm: 'number',
  direction: 'word',
  operation: 'word',
  what: 'word',
  oneWay: 'way',
  properties: 'pairs',
}

const WORDS: { readonly [name: string]: readonly string[] } = {
  direction: ['both', 'out', 'in'],
  operation: ['sync', 'append'],
  what: ['all', 'some', ...DETAINED_APIS],
}

/** What follows the verb. */
const SENTENCES: { readonly [verb in Verb]: string } = {
  kill: '{node}',
  'kill-at': '{node} after {calls} calls',
  'kill-all': '',
  'power-loss': '{node}',
  'power-loss-all': '',
  stop: '{node}',
  restart: '{node} {properties}',
  pause: '{node} for {ms}',
  'slow-cpu': '{node} by {factor} for {ms}',
  isolate: '{node} {direction} for {ms}',
  cut: '{from} {oneWay} {to} for {ms}',
  detain: '{from} > {to} {what} lost after {lostMs} for {ms}',
  heal: '',
  slow: '{node} latency {latencyMs} jitter {jitterMs} bandwidth {bandwidth} for {ms}',
  reset: '{node}',
  'half-open': '{node}',
  hide: '{node} for {ms}',
  'slow-disk': '{node} by {factor} for {ms}',
  'fail-disk': '{node} {operation}',
  'lying-sync': '{node} for {ms}',
  'fill-disk': '{node} leaving {freeBytes} for {ms}',
  'flip-bit': '{node} for {ms}',
  'replace-disk': '{node}',
  'skew-clock': '{node} jump {jumpMs} drift {driftPpm}',
}

export const VERBS: readonly Verb[] = Object.keys(SENTENCES) as Verb[]

export function isVerb(text: string): text is Verb {
  return Object.hasOwn(SENTENCES, text)
}

/** `isolate 2 both for 3000`. */
export function faultText(fault: Fault): string {
  const fields = fault as unknown as { readonly [name: string]: unknown }
  const words = wordsOf(fault.verb).flatMap((word) => {
    const name = fieldOf(word)
    return name === null ? [word] : write(FIELDS[name]!, fields[name])
  })
  return [fault.verb, ...words].join(' ')
}

/** Throws with the text where it is none. */
export function parseFault(text: string): Fault {
  const [verb = '', ...rest] = text.trim().split(/\s+/)
  if (!isVerb(verb)) throw new Error(`"${text}": no verb "${verb}"; there are ${VERBS.join(', ')}`)
  const refuse = (): never => {
    throw new Error(`"${text}" does not read as "${verb} ${SENTENCES[verb]}"`)
  }
  const fields: Record<string, unknown> = { verb }
  let at = 0
  for (const word of wordsOf(verb)) {
    const name = fieldOf(word)
    if (name === null) {
      if (rest[at++] !== word) refuse()
    } else if (FIELDS[name] === 'pairs') {
      if (at < rest.length) fields[name] = readPairs(rest.slice(at)) ?? refuse()
      at = rest.length
    } else {
      const value = read(name, rest[at++] ?? '')
      if (value === undefined) refuse()
      fields[name] = value
    }
  }
  if (at !== rest.length) refuse()
  return fields as unknown as Fault
}

/** `at 12340 isolate 2 both for 3000`. */
export function plannedText({ at, fault }: PlannedFault): string {
  return `at ${at} ${faultText(fault)}`
}

export function parsePlanned(line: string): PlannedFault {
  const found = /^at (\S+) (.+)$/.exec(line)
  const at = Number(found?.[1])
  if (found === null || !Number.isFinite(at)) throw new Error(`"${line}" does not read as "at MILLISECONDS FAULT"`)
  return { at, fault: parseFault(found[2]!) }
}

function wordsOf(verb: Verb): string[] {
  return SENTENCES[verb].split(' ').filter((word) => word !== '')
}

function fieldOf(word: string): string | null {
  return word.startsWith('{') ? word.slice(1, -1) : null
}

function write(kind: FieldKind, value: unknown): string[] {
  if (kind === 'way') return [value === true ? '>' : '<>']
  if (kind !== 'pairs') return [String(value)]
  return Object.entries((value ?? {}) as Record<string, string>).map(
    ([name, text]) => `${encodeURIComponent(name)}=${encodeURIComponent(text)}`,
  )
}

/** Undefined where the text is no such field. */
function read(name: string, text: string): unknown {
  switch (FIELDS[name]) {
    case 'number': {
      const value = Number(text)
      return text === '' || !Number.isFinite(value) ? undefined : value
    }
    case 'way':
      return text === '>' ? true : text === '<>' ? false : undefined
    default:
      return WORDS[name]!.includes(text) ? text : undefined
  }
}

function readPairs(words: readonly string[]): Record<string, string> | null {
  const pairs: Record<string, string> = {}
  for (const word of words) {
    const found = /^([^=]*)=([^=]*)$/.exec(word)
    if (found === null) return null
    pairs[decodeURIComponent(found[1]!)] = decodeURIComponent(found[2]!)
  }
  return pairs
}
