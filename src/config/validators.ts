// Validators compiled from the text in which Kafka prints them ("[0,...,1]", "[compact, delete]", "[1,...,9] or -1").
// The sentences are those that operators meet in Kafka, since scripts and people look for them.

import type { ConfigType } from './types.ts'

type Validator = (value: string) => string | null

const INTEGER = /^[+-]?\d+$/
/** What Java's Double.parseDouble takes, hexadecimal floats apart. */
const DECIMAL = /^[+-]?(NaN|Infinity|(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)[fFdD]?$/
const LIMITS: { readonly [type: string]: readonly [min: bigint, max: bigint] } = {
  short: [-(2n ** 15n), 2n ** 15n - 1n],
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  long: [-(2n ** 63n), 2n ** 63n - 1n],
}

/** Lists that mean nothing when they are empty. */
const NEVER_EMPTY: ReadonlySet<string> = new Set([
  'process.roles',
  'listeners',
  'advertised.listeners',
  'log.dir',
  'log.dirs',
  'controller.listener.names',
  'group.coordinator.rebalance.protocols',
])

const ANY: Validator = () => null

/** Kafka's sentence for a value that cannot be. */
export function invalid(name: string, value: string, reason: string): string {
  return `Invalid value ${value} for configuration ${name}: ${reason}`
}

/** The elements of a list value: split at commas, trimmed, none for the empty text. */
export function splitList(value: string): string[] {
  const text = value.trim()
  return text === '' ? [] : text.split(/\s*,\s*/)
}

/** One validator for a type and the text of its valid values. */
export function compileValidator(name: string, type: ConfigType, valid: string): Validator {
  const ofType = validatorOfType(name, type, valid)
  const ofRange = validatorOfRange(name, type, valid)
  return (value) => ofType(value) ?? ofRange(value)
}

function validatorOfType(name: string, type: ConfigType, valid: string): Validator {
  const limits = LIMITS[type]
  if (limits !== undefined) {
    const reason = `Not a number of type ${type.toUpperCase()}`
    return (value) => {
      const text = value.trim()
      if (!INTEGER.test(text)) return invalid(name, value, reason)
      const n = BigInt(text.startsWith('+') ? text.slice(1) : text)
      return n < limits[0] || n > limits[1] ? invalid(name, value, reason) : null
    }
  }
  if (type === 'double') {
    return (value) => (DECIMAL.test(value.trim()) ? null : invalid(name, value, 'Not a number of type DOUBLE'))
  }
  if (type === 'boolean') {
    return (value) =>
      /^(true|false)$/i.test(value.trim()) ? null : invalid(name, value, 'Expected value to be either true or false')
  }
  if (type === 'list') {
    return (value) => {
      const elements = splitList(value)
      if (elements.length === 0 && NEVER_EMPTY.has(name)) {
        const choices = valid.startsWith('[') ? valid : 'any non-empty value'
        return `Configuration '${name}' must not be empty. Valid values include: ${choices}`
      }
      return elements.includes('') ? `Configuration '${name}' values must not be empty.` : null
    }
  }
  return ANY
}

function validatorOfRange(name: string, type: ConfigType, valid: string): Validator {
  if (valid === '') return ANY
  const range = /^\[(-?[\d.]+),\.\.\.(?:,(-?[\d.]+))?\](?: or (-?\d+))?$/.exec(valid)
  if (range !== null) return rangeValidator(name, Number(range[1]), range[2], range[3])
  if (valid.startsWith('[partitionId]')) return throttledReplicas(name, valid)
  if (valid === 'non-empty string') {
    return (value) => (value.trim() === '' ? invalid(name, value, 'String must be non-empty') : null)
  }
  const choices = /^(\(case insensitive\) )?\[(.*)\]$/.exec(valid)
  if (choices === null) return ANY
  return choiceValidator(name, type, choices[2]!.split(', '), choices[1] !== undefined)
}

// Bounds in the table are small enough for doubles; a long beyond 2^53 is rounded towards its own side of every bound.
function rangeValidator(name: string, min: number, max: string | undefined, or: string | undefined): Validator {
  return (value) => {
    const n = Number.parseFloat(value)
    if (or !== undefined) {
      const fits = (n >= min && n <= Number(max)) || n === Number(or)
      return fits ? null : invalid(name, value, `Value must be between ${min} and ${max} or equal to ${or}`)
    }
    if (n < min) return invalid(name, value, `Value must be at least ${min}`)
    if (max !== undefined && n > Number(max)) return invalid(name, value, `Value must be no more than ${max}`)
    return null
  }
}

function choiceValidator(name: string, type: ConfigType, choices: readonly string[], anyCase: boolean): Validator {
  const allowed = new Set(anyCase ? choices.map((choice) => choice.toUpperCase()) : choices)
  const reason = `String must be one of${anyCase ? ' (case insensitive)' : ''}: ${choices.join(', ')}`
  return (value) => {
    const elements = type === 'list' ? splitList(value) : [value.trim()]
    const bad = elements.find((element) => !allowed.has(anyCase ? element.toUpperCase() : element))
    return bad === undefined ? null : invalid(name, bad, reason)
  }
}

function throttledReplicas(name: string, form: string): Validator {
  return (value) => {
    const elements = splitList(value)
    if (elements.length === 1 && elements[0] === '*') return null
    if (elements.every((element) => /^\d+:\d+$/.test(element))) return null
    const reason = `${name} must be the literal '*' or a list of replicas in the following format: ${form}`
    return invalid(name, `[${elements.join(', ')}]`, reason)
  }
}
