// How kafka-console-producer reads a record from a line: the value; or key and value; or headers before them. Kafka's
// LineMessageReader, with its properties and sentences.

import { isTrue } from './java.ts'

export interface ReadRecord {
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly { readonly key: string; readonly value: Uint8Array | null }[]
}

const DEFAULTS: Readonly<Record<string, string>> = {
  'key.separator': '\t',
  'headers.delimiter': '\t',
  'headers.separator': ',',
  'headers.key.separator': ':',
}

/** None of them may be the same as the other. */
const APART: readonly (readonly [string, string])[] = [
  ['headers.delimiter', 'headers.separator'],
  ['headers.delimiter', 'headers.key.separator'],
  ['headers.separator', 'headers.key.separator'],
  ['null.marker', 'key.separator'],
  ['null.marker', 'headers.separator'],
  ['null.marker', 'headers.delimiter'],
  ['null.marker', 'headers.key.separator'],
]

export class LineReader {
  readonly #properties: ReadonlyMap<string, string>
  #line = 0

  /** Throws a sentence where two separators are the same. */
  constructor(properties: ReadonlyMap<string, string>) {
    this.#properties = properties
    for (const [one, other] of APART) {
      if (this.#text(one) === this.#text(other)) throw new Error(`${one} and ${other} may not be equal`)
    }
  }

  /** Throws a sentence that names the line. */
  read(line: string): ReadRecord {
    this.#line++
    const delimiter = this.#text('headers.delimiter')!
    const headers = this.#part('parse.headers', line, 0, delimiter, 'headers delimiter')
    const afterHeaders = headers === null ? 0 : headers.length + delimiter.length
    const separator = this.#text('key.separator')!
    const key = this.#part('parse.key', line, afterHeaders, separator, 'key separator')
    const value = line.slice(afterHeaders + (key === null ? 0 : key.length + separator.length))
    return {
      key: this.#orNull(key),
      value: this.#orNull(value),
      headers: this.#orNull(headers) === null ? [] : this.#headers(headers!),
    }
  }

  /** For a line that cannot be read: its number. */
  skip(): number {
    return ++this.#line
  }

  #part(enabled: string, line: string, from: number, separator: string, what: string): string | null {
    if (!isTrue(this.#properties.get(enabled))) return null
    const at = line.indexOf(separator, from)
    if (at >= 0) return line.slice(from, at)
    if (isTrue(this.#properties.get('ignore.error'))) return null
    throw new Error(`No ${what} found on line number ${this.#line}: '${line}'`)
  }

  #headers(text: string): ReadRecord['headers'] {
    const separator = this.#text('headers.key.separator')!
    return splitOn(text, this.#text('headers.separator')!).map((pair) => {
      const at = pair.indexOf(separator)
      if (at < 0) {
        if (isTrue(this.#properties.get('ignore.error'))) return { key: pair, value: null }
        throw new Error(`No header key separator found in pair '${pair}' on line number ${this.#line}`)
      }
      const key = pair.slice(0, at)
      if (this.#orNull(key) === null) {
        throw new Error(`Header keys should not be equal to the null marker '${key}' as they can't be null`)
      }
      const value = this.#orNull(pair.slice(at + separator.length))
      return { key, value: value === null ? null : Buffer.from(value) }
    })
  }

  #text(name: string): string | undefined {
    return this.#properties.get(name) ?? DEFAULTS[name]
  }

  #orNull(text: string | null): string | null {
    return text === this.#properties.get('null.marker') ? null : text
  }
}

/** By a regular expression, as Kafka does; empty ends are dropped, as Java does. */
function splitOn(text: string, pattern: string): string[] {
  const parts = text.split(new RegExp(pattern))
  while (parts.length > 1 && parts.at(-1) === '') parts.pop()
  return parts
}
