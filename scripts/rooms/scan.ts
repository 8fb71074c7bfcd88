// Reads a TypeScript file as far as the house's rules need it: its imports and exports, and its text without comments,
// strings and regular expressions. Not a parser; it relies on the formatter's habits only for telling a division from
// a regular expression.

export interface Import {
  readonly specifier: string
  /** 1-based. */
  readonly line: number
  /** Nothing of it remains at run time. */
  readonly typeOnly: boolean
  /** Names taken, '*' for a namespace, 'default' for a default import; empty for a bare or dynamic import. */
  readonly names: readonly string[]
}

export interface Source {
  readonly imports: readonly Import[]
  /** Same length and lines as the file, with everything that is not code blanked. */
  readonly code: string
  /** Lines of default exports. */
  readonly defaultExports: readonly number[]
}

export function scan(text: string): Source {
  const code = blank(text)
  const imports: Import[] = []
  const statement = /(?<![\w$.])(?:import|export)\b(?!\s*\()([^;'"`()=]*?)\bfrom\s*(['"])/g
  for (const match of code.matchAll(statement)) {
    const clause = match[1]!
    imports.push({
      specifier: quoted(text, match.index + match[0].length - 1),
      line: lineOf(text, match.index),
      typeOnly: isTypeOnly(clause),
      names: namesOf(clause),
    })
  }
  for (const match of code.matchAll(/(?<![\w$.])import\s*(['"])/g)) {
    const at = match.index + match[0].length - 1
    imports.push({ specifier: quoted(text, at), line: lineOf(text, match.index), typeOnly: false, names: [] })
  }
  for (const match of code.matchAll(/(typeof\s+)?(?<![\w$.])import\s*\(\s*(['"`])?/g)) {
    const typeOnly = match[1] !== undefined
    const specifier = match[2] === undefined ? '' : quoted(text, match.index + match[0].length - 1)
    imports.push({ specifier, line: lineOf(text, match.index), typeOnly, names: [] })
  }
  imports.sort((a, b) => a.line - b.line)
  const defaults = [...code.matchAll(/(?<![\w$.])export\s+default\b|(?<![\w$.])export\s*\{[^}]*\bas\s+default\b/g)]
  return { imports, code, defaultExports: defaults.map((match) => lineOf(text, match.index)) }
}

export function lineOf(text: string, index: number): number {
  let line = 1
  for (let i = text.indexOf('\n'); i >= 0 && i < index; i = text.indexOf('\n', i + 1)) line++
  return line
}

function quoted(text: string, at: number): string {
  return text.slice(at + 1, text.indexOf(text[at]!, at + 1))
}

function isTypeOnly(clause: string): boolean {
  if (/^\s*type\b(?!\s*(?:,|\bfrom\b))/.test(clause)) return true
  const braces = /^\s*\{([^}]*)\}\s*$/.exec(clause)
  if (braces === null) return false
  const parts = braces[1]!.split(',').filter((part) => part.trim() !== '')
  return parts.length > 0 && parts.every((part) => /^\s*type\s+\w/.test(part))
}

function namesOf(clause: string): string[] {
  const names: string[] = []
  const rest = clause.replace(/^\s*type\b/, '').replace(/\{([^}]*)\}/, (_, inner: string) => {
    for (const part of inner.split(',')) {
      const name = part
        .trim()
        .replace(/^type\s+/, '')
        .split(/\s+/)[0]
      if (name !== undefined && name !== '') names.push(name)
    }
    return ''
  })
  if (rest.includes('*')) names.push('*')
  else if (/\w/.test(rest)) names.push('default')
  return names
}

/** Blanks comments, and the insides of strings, templates and regular expressions; keeps quotes and `${…}` code. */
export function blank(text: string): string {
  const out = text.split('')
  const hide = (from: number, to: number): void => {
    for (let i = from; i < to; i++) if (out[i] !== '\n') out[i] = ' '
  }
  /** Depths of braces at which a template's expression ends. */
  const templates: number[] = []
  let braces = 0
  let i = 0
  const template = (from: number): number => {
    let at = from
    while (at < text.length) {
      if (text[at] === '\\') at += 2
      else if (text[at] === '`') {
        hide(from, at)
        return at + 1
      } else if (text.startsWith('${', at)) {
        hide(from, at)
        templates.push(braces)
        return at + 2
      } else at++
    }
    return at
  }
  while (i < text.length) {
    const char = text[i]!
    if (text.startsWith('//', i)) {
      const end = text.indexOf('\n', i)
      hide(i, end < 0 ? text.length : end)
      i = end < 0 ? text.length : end
    } else if (text.startsWith('/*', i)) {
      const end = text.indexOf('*/', i + 2)
      hide(i, end < 0 ? text.length : end + 2)
      i = end < 0 ? text.length : end + 2
    } else if (char === "'" || char === '"') {
      let end = i + 1
      while (end < text.length && text[end] !== char && text[end] !== '\n') end += text[end] === '\\' ? 2 : 1
      hide(i + 1, end)
      i = end + 1
    } else if (char === '`') i = template(i + 1)
    else if (char === '}' && templates.at(-1) === braces) {
      templates.pop()
      i = template(i + 1)
    } else if (char === '/' && startsRegExp(out, i)) {
      const end = endOfRegExp(text, i)
      hide(i, end)
      i = end
    } else {
      if (char === '{') braces++
      if (char === '}') braces--
      i++
    }
  }
  return out.join('')
}

/** A slash divides after a value and opens a regular expression after anything else. */
function startsRegExp(out: readonly string[], at: number): boolean {
  let i = at - 1
  while (i >= 0 && /\s/.test(out[i]!)) i--
  if (i < 0) return true
  if (!/[\w$)\]}'"`]/.test(out[i]!)) return true
  const word = /[\w$]+$/.exec(out.slice(Math.max(0, i - 12), i + 1).join(''))?.[0]
  return word !== undefined && /^(?:return|typeof|case|in|of|void|delete|throw|new|else|do|yield|await)$/.test(word)
}

function endOfRegExp(text: string, at: number): number {
  let inClass = false
  for (let i = at + 1; i < text.length && text[i] !== '\n'; i++) {
    const char = text[i]
    if (char === '\\') i++
    else if (char === '[') inClass = true
    else if (char === ']') inClass = false
    else if (char === '/' && !inClass) {
      let end = i + 1
      while (/[a-z]/.test(text[end] ?? '')) end++
      return end
    }
  }
  return at + 1
}
