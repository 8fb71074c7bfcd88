// Java's .properties format as `java.util.Properties.load` reads it: `=`, `:` or white space after the key, comments
// with # and !, lines continued by a backslash, \uXXXX and the other escapes. The last of several equal keys wins, as
// in Java; each entry keeps the line it began on, for messages.

export interface Property {
  readonly name: string
  readonly value: string
  /** Counted from 1. */
  readonly line: number
}

/** Entries in order of their lines, earlier duplicates included. */
export function parseProperties(text: string): Property[] {
  const entries: Property[] = []
  const lines = text.split(/\r\n|\r|\n/)
  for (let i = 0; i < lines.length; i++) {
    const start = i
    let logical = lines[i]!.replace(/^[ \t\f]+/, '')
    if (logical === '' || logical.startsWith('#') || logical.startsWith('!')) continue
    while (continues(logical) && i + 1 < lines.length) {
      i++
      logical = logical.slice(0, -1) + lines[i]!.replace(/^[ \t\f]+/, '')
    }
    if (continues(logical)) logical = logical.slice(0, -1)
    const [name, value] = splitEntry(logical)
    entries.push({ name, value, line: start + 1 })
  }
  return entries
}

// An odd number of backslashes at the end: the last one is not itself escaped.
function continues(line: string): boolean {
  let backslashes = 0
  while (line[line.length - 1 - backslashes] === '\\') backslashes++
  return backslashes % 2 === 1
}

function splitEntry(line: string): [name: string, value: string] {
  let end = 0
  while (end < line.length && !/[=: \t\f]/.test(line[end]!)) end += line[end] === '\\' ? 2 : 1
  const rest = line.slice(end).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '')
  return [unescapeText(line.slice(0, end)), unescapeText(rest)]
}

const ESCAPES: { readonly [letter: string]: string } = { t: '\t', n: '\n', r: '\r', f: '\f' }

function unescapeText(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g, (_, hex: string | undefined, letter: string | undefined) =>
    hex !== undefined ? String.fromCharCode(Number.parseInt(hex, 16)) : (ESCAPES[letter!] ?? letter!),
  )
}
