// From the text of a properties file and the overrides of a command line to a checked configuration.

import type { NodeConfig } from '../config/index.ts'
import { parseNodeConfig, parseProperties } from '../config/index.ts'

/** Later lines win over earlier ones, overrides over all. Throws ConfigError that lists all that is wrong. */
export function loadNodeConfig(text: string, overrides: ReadonlyMap<string, string>, hostname: string): NodeConfig {
  const properties = new Map(parseProperties(text).map((property) => [property.name, property.value]))
  for (const [name, value] of overrides) properties.set(name, value)
  return parseNodeConfig(properties, { hostname })
}
