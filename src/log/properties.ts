// Java's .properties text as Kafka writes its own small files; config reads it.

export function formatProperties(entries: readonly (readonly [string, string])[]): string {
  return `#\n${entries.map(([key, value]) => `${escaped(key)}=${escaped(value)}\n`).join('')}`
}

function escaped(text: string): string {
  return text.replace(/[\\=:#!]/g, '\\$&')
}
