// Listeners in text form, `NAME://host:port`, by Kafka's rules: names in upper case, IPv6 in brackets, an empty host
// for every interface, a name that is not itself a security protocol looked up in `listener.security.protocol.map`.

import type { ListenerConfig, SecurityProtocol } from './types.ts'

const PROTOCOLS: readonly string[] = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']

export type ProtocolMap = ReadonlyMap<string, SecurityProtocol>

export function isSecurityProtocol(text: string): text is SecurityProtocol {
  return PROTOCOLS.includes(text)
}

/** `host:port`, with IPv6 in brackets; null when it is neither. */
export function parseEndpoint(text: string): { host: string; port: number } | null {
  const match = /^(?:\[([0-9a-zA-Z%.:]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text.trim())
  if (match === null) return null
  const port = Number(match[3])
  return port > 65535 ? null : { host: match[1] ?? match[2]!, port }
}

/** The inverse of `parseEndpoint`. */
export function formatEndpoint(at: { readonly host: string; readonly port: number }): string {
  return at.host.includes(':') ? `[${at.host}]:${at.port}` : `${at.host}:${at.port}`
}

/** `A:PLAINTEXT,B:SSL`; the last of equal names wins. */
export function parseProtocolMap(entries: readonly string[], name: string, problems: string[]): ProtocolMap {
  const map = new Map<string, SecurityProtocol>()
  for (const entry of entries) {
    const colon = entry.lastIndexOf(':')
    const protocol = entry.slice(colon + 1).trim()
    if (colon <= 0) problems.push(`Invalid entry \`${entry}\` in ${name}: the form is NAME:PROTOCOL`)
    else if (!isSecurityProtocol(protocol))
      problems.push(`Invalid security protocol \`${protocol}\` defined in ${name}`)
    else map.set(entry.slice(0, colon).trim().toUpperCase(), protocol)
  }
  return map
}

/** The listeners of one configuration; what is wrong goes to `problems`, in Kafka's words where it has them. */
export function parseListeners(
  name: string,
  entries: readonly string[],
  protocols: ProtocolMap,
  problems: string[],
): ListenerConfig[] {
  const all = entries.join(', ')
  const complain = (reason: string): void => {
    problems.push(`Error creating broker listeners from ${name} '[${all}]': ${reason}`)
  }
  const listeners: ListenerConfig[] = []
  for (const entry of entries) {
    const separator = entry.indexOf('://')
    const at = separator <= 0 ? null : parseEndpoint(entry.slice(separator + 3))
    if (at === null) {
      complain(`Unable to parse ${entry}: the form is NAME://host:port, with IPv6 in brackets and a port up to 65535`)
      continue
    }
    const listenerName = entry.slice(0, separator).toUpperCase()
    const securityProtocol = protocols.get(listenerName)
    if (securityProtocol === undefined) complain(`No security protocol defined for listener ${listenerName}`)
    else listeners.push({ name: listenerName, ...at, securityProtocol })
  }
  if (new Set(listeners.map((listener) => listener.name)).size < listeners.length) {
    complain(`Each listener must have a different name, listeners: [${all}]`)
  }
  return listeners
}

/** Kafka's rule for bound listeners: one port twice only for one IPv4 and one IPv6 address; 0 is always free. */
export function portProblem(listeners: readonly ListenerConfig[]): string | null {
  const byPort = Map.groupBy(
    listeners.filter((listener) => listener.port !== 0),
    (listener) => listener.port,
  )
  for (const [port, sharing] of byPort) {
    if (sharing.length === 1) continue
    const sixes = sharing.filter((listener) => listener.host.includes(':')).length
    const fours = sharing.filter((listener) => /^\d+\.\d+\.\d+\.\d+$/.test(listener.host)).length
    if (sharing.length === 2 && sixes === 1 && fours === 1) continue
    const names = sharing.map((listener) => `${listener.name}://${formatEndpoint(listener)}`).join(', ')
    return `Each listener must have a different port, but ${port} is used by ${names}`
  }
  return null
}
