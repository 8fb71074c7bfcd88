// Properties from environment variables, by the rule of Apache Kafka's own container image: `KAFKA_` before the name,
// `_` for a dot, `__` for an underscore, `___` for a dash. Bitnami's prefix `KAFKA_CFG_` means the same.

/** Variables of Kafka's image that are no properties. */
const NOT_PROPERTIES: ReadonlySet<string> = new Set([
  'KAFKA_VERSION',
  'KAFKA_HEAP_OPTS',
  'KAFKA_LOG4J_OPTS',
  'KAFKA_OPTS',
  'KAFKA_JMX_OPTS',
  'KAFKA_JVM_PERFORMANCE_OPTS',
  'KAFKA_GC_LOG_OPTS',
  'KAFKA_LOG4J_ROOT_LOGLEVEL',
  'KAFKA_LOG4J_LOGGERS',
  'KAFKA_TOOLS_LOG4J_LOGLEVEL',
  'KAFKA_JMX_HOSTNAME',
])

export function propertiesFromEnvironment(environment: {
  readonly [name: string]: string | undefined
}): Map<string, string> {
  const properties = new Map<string, string>()
  for (const [variable, value] of Object.entries(environment)) {
    const name = /^KAFKA_(?:CFG_)?([A-Z0-9_]+)$/.exec(variable)?.[1]
    if (name === undefined || value === undefined || NOT_PROPERTIES.has(variable)) continue
    properties.set(propertyName(name), value)
  }
  return properties
}

const SIGNS = ['.', '_', '-'] as const

function propertyName(name: string): string {
  return name.toLowerCase().replace(/_{1,3}/g, (underscores) => SIGNS[underscores.length - 1]!)
}
