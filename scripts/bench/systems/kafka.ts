// Apache Kafka's own server, three combined nodes with the heap and the collector that its start script gives it. Its jars
// are those of the interoperability tests: found, or fetched once by Maven.

import { spawnSync } from 'node:child_process'
import { apacheJava, hasKafka, KAFKA_VERSION, kafkaHome } from '../../../test/interop/apache.ts'
import { startThreeApache } from '../../../test/interop/apache-cluster.ts'
import { Processes } from '../processes.ts'
import type { Found, Running } from '../types.ts'

/** kafka-server-start.sh and kafka-run-class.sh. */
const SERVER_FLAGS: readonly string[] = [
  '-Xms1g',
  '-Xmx1g',
  '-server',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
]
const CLIENT_FLAGS: readonly string[] = ['-Xmx512m']

/** A Java runtime with Apache's jars: needed for Kafka itself and for every client of Apache's. */
export type ApacheTools =
  | { readonly kind: 'there'; readonly java: string; command(tool: string): readonly [string, readonly string[]] }
  | { readonly kind: 'absent'; readonly reason: string }

/** Fetches the jars when they are not there yet. */
export function findApacheTools(): ApacheTools {
  const java = firstLine('java', '-version')
  if (java === null) {
    return {
      kind: 'absent',
      reason: 'no Java runtime ("java" is not in PATH): install one, such as default-jre-headless, of Java 17 or later',
    }
  }
  if (!hasKafka() && firstLine('mvn', '--version') === null) {
    return {
      kind: 'absent',
      reason: `Apache Kafka ${KAFKA_VERSION} is not here and Maven ("mvn"), which would fetch it, is not in PATH: install maven, or name a directory that has its libs by KAFKA_HOME`,
    }
  }
  try {
    kafkaHome()
  } catch (error) {
    const words = error instanceof Error ? error.message.split('\n')[0] : String(error)
    return {
      kind: 'absent',
      reason: `Maven could not fetch Apache Kafka ${KAFKA_VERSION} (${words}): run it again with a network`,
    }
  }
  return { kind: 'there', java, command: (tool) => apacheJava(CLIENT_FLAGS, tool) }
}

export function findKafka(tools: ApacheTools): Found {
  if (tools.kind === 'absent') return { kind: 'absent', name: 'kafka', reason: tools.reason }
  const version = `Apache Kafka ${KAFKA_VERSION}, ${tools.java}, ${SERVER_FLAGS.join(' ')}`
  return { kind: 'there', system: { name: 'kafka', version, start } }
}

async function start(directory: string): Promise<Running> {
  const processes = new Processes()
  const pids: number[] = []
  const cluster = await startThreeApache(directory, {
    serverFlags: SERVER_FLAGS,
    started: (child) => {
      processes.own('kafka', child)
      if (child.pid !== undefined) pids.push(child.pid)
    },
  })
  return {
    bootstrap: cluster.bootstrap,
    producerProperties: [],
    brokers: async () => pids,
    // Nobody looks at what they leave.
    stop: () => processes.end('SIGKILL'),
  }
}

/** What a program says of itself; null when it is not there. */
function firstLine(command: string, argument: string): string | null {
  const done = spawnSync(command, [argument], { encoding: 'utf8' })
  if (done.error !== undefined || done.status !== 0) return null
  return `${done.stdout}${done.stderr}`.split('\n')[0]!.trim()
}
