// Apache Kafka's own jars, fetched once by Maven: its Java clients, and its tools as oracles for our files and answers.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const KAFKA_VERSION = '4.3.1'

const root: string = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** Class behind each of Apache's commands that are run here. */
const TOOLS: Readonly<Record<string, string>> = {
  'kafka-reassign-partitions': 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
  'kafka-leader-election': 'org.apache.kafka.tools.LeaderElectionCommand',
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-configs': 'kafka.admin.ConfigCommand',
  'kafka-features': 'org.apache.kafka.tools.FeatureCommand',
  'kafka-cluster': 'org.apache.kafka.tools.ClusterTool',
  'kafka-broker-api-versions': 'org.apache.kafka.tools.BrokerApiVersionsCommand',
  'kafka-groups': 'org.apache.kafka.tools.GroupsCommand',
  'kafka-consumer-perf-test': 'org.apache.kafka.tools.ConsumerPerformance',
  'kafka-verifiable-consumer': 'org.apache.kafka.tools.VerifiableConsumer',
  'kafka-get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'kafka-delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'kafka-log-dirs': 'org.apache.kafka.tools.LogDirsCommand',
  'kafka-transactions': 'org.apache.kafka.tools.TransactionsCommand',
  'kafka-metadata-quorum': 'org.apache.kafka.tools.MetadataQuorumCommand',
  'kafka-producer-perf-test': 'org.apache.kafka.tools.ProducerPerformance',
  'kafka-dump-log': 'org.apache.kafka.tools.DumpLogSegments',
  'kafka-storage': 'kafka.tools.StorageTool',
  'kafka-server': 'kafka.Kafka',
}

/** For programs that live a second or two: they begin quicker and take less of the machine. */
const SHORT_LIVED: readonly string[] = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']

/** Where the jars are; fetches them when they are not there yet. `KAFKA_HOME` may name a directory that has `libs`. */
export function kafkaHome(): string {
  const given = process.env.KAFKA_HOME
  if (given !== undefined && hasJars(given)) return given
  const home = join(root, '.cache', `kafka-${KAFKA_VERSION}`)
  if (!hasJars(home)) fetchJars(home)
  return home
}

/** Whether `kafkaHome` would fetch nothing. */
export function hasKafka(): boolean {
  const given = process.env.KAFKA_HOME
  return (given !== undefined && hasJars(given)) || hasJars(join(root, '.cache', `kafka-${KAFKA_VERSION}`))
}

/** Command line that runs one of Apache's tools. */
export function apacheTool(tool: string, ...args: string[]): readonly [string, readonly string[]] {
  return apacheJava(SHORT_LIVED, tool, ...args)
}

/** The same with the flags of the virtual machine as given. */
export function apacheJava(
  flags: readonly string[],
  tool: string,
  ...args: string[]
): readonly [string, readonly string[]] {
  const main = TOOLS[tool]
  if (main === undefined) throw new Error(`no such tool: ${tool}`)
  return ['java', [...flags, '-cp', join(kafkaHome(), 'libs', '*'), main, ...args]]
}

function hasJars(home: string): boolean {
  return existsSync(join(home, 'libs', `kafka-clients-${KAFKA_VERSION}.jar`))
}

function fetchJars(home: string): void {
  const dependency = (group: string, artifact: string, version: string): string =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`
  const work = mkdtempSync(join(tmpdir(), 'odradek-kafka-'))
  const pom = [
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>',
    '<groupId>odradek</groupId><artifactId>apache-kafka</artifactId><version>1</version><packaging>pom</packaging><dependencies>',
    dependency('org.apache.kafka', 'kafka_2.13', KAFKA_VERSION),
    dependency('org.apache.kafka', 'kafka-tools', KAFKA_VERSION),
    dependency('org.apache.logging.log4j', 'log4j-slf4j-impl', '2.25.3'),
    dependency('org.apache.logging.log4j', 'log4j-1.2-api', '2.25.3'),
    '</dependencies></project>',
  ].join('\n')
  writeFileSync(join(work, 'pom.xml'), pom)
  process.stderr.write(`fetching Apache Kafka ${KAFKA_VERSION} by Maven\n`)
  execFileSync(
    'mvn',
    ['-q', '-B', 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${join(work, 'libs')}`],
    {
      cwd: work,
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  mkdirSync(home, { recursive: true })
  renameSync(join(work, 'libs'), join(home, 'libs'))
  rmSync(work, { recursive: true })
}
