// A checked run: a workload while a plan is played, then everything healed, every replica waited for, every record read
// once more from the beginning, and the history judged. Ends with a report in any case; it rejects only where the run
// itself could not go on (no topic could be made, the target is gone).

import { messageOf } from '../base/index.ts'
import { checkHistory, HistoryRecorder } from '../check/index.ts'
import type { Admin, ListedOffset } from '../client/index.ts'
import { createPorts } from '../io/index.ts'
import { refusalsOf } from './plan.ts'
import { Player } from './player.ts'
import { measure, measureGroup } from './report.ts'
import type { ChaosRun, RunOptions, WorkloadOptions } from './types.ts'
import { MetadataWatch } from './watch.ts'
import { DEFAULT_WORKLOAD, partitionsOf, pollOnce, topicsOf, Workload } from './workload.ts'

/** From healing until every replica must be in sync again, and until the last reader must be through. */
const RECOVERY_LIMIT_MS = 90_000
const READING_LIMIT_MS = 120_000
const CREATE_TIMEOUT_MS = 30_000
const LOOK_EVERY_MS = 200
const READ_POLL_MS = 1_000

/** Throws an error that lists each fault of the plan which this target cannot do, before anything is touched. */
export async function runChaos(options: RunOptions): Promise<ChaosRun> {
  const { target, plan } = options
  const refusals = refusalsOf(plan, (fault) => target.refusal(fault), target.nodes)
  if (refusals.length > 0) throw new Error(`This plan cannot be carried out here:\n${refusals.join('\n')}`)
  const ports = createPorts({ tablesDirectory: '', unref: false })
  try {
    return await run(options, { ...DEFAULT_WORKLOAD, ...options.workload }, ports)
  } finally {
    await ports.close()
  }
}

async function run(
  options: RunOptions,
  workloadOptions: WorkloadOptions,
  ports: ReturnType<typeof createPorts>,
): Promise<ChaosRun> {
  const { target, plan } = options
  const signal = options.signal ?? new AbortController().signal
  const began = performance.now()
  const now = (): number => performance.now() - began
  const tell = (line: string): void => options.tell?.(line)
  const recorder = new HistoryRecorder({ now })
  const context = { ports, bootstrapServers: target.bootstrapServers, recorder, options: workloadOptions, now }
  const workload = new Workload(context)
  const client = workload.open('chaos-watch')
  const watch = new MetadataWatch(client.admin, topicsOf(workloadOptions), now)
  const failures: string[] = []
  let recoveryMs: number | null = null
  const player = new Player({ target, now, tell, signal })
  let durationMs = plan.durationMs
  try {
    await createTopics(client.admin, workloadOptions, target.nodes.length)
    const offset = now()
    watch.start()
    workload.start()
    await player.play({
      faults: plan.faults.map((each) => ({ ...each, at: each.at + offset })),
      durationMs: plan.durationMs + offset,
    })
    durationMs = now()
    await player.finish()
    tell('healed; waiting for every replica')
    recoveryMs = await recovered(watch, workloadOptions, target.nodes.length)
    if (recoveryMs === null) failures.push(`not every replica was in sync ${RECOVERY_LIMIT_MS / 1000} s after healing`)
    await workload.stop()
    await watch.stop()
    tell('reading everything once more')
    failures.push(...(await readAll(workload, recorder, workloadOptions)))
    failures.push(...(await finishGroups(workload, client.admin, workloadOptions, tell)))
  } finally {
    // Also when the run cannot go on: nothing stays hurt, nothing goes on sending.
    await player.finish()
    await workload.stop()
    await watch.stop()
    client.close()
  }
  recorder.close()
  const keys = partitionsOf(workloadOptions).map(({ key }) => key)
  const { acknowledged, failed, unknown, consumed, acks, groups } = workload
  const { anomalies } = checkHistory(recorder.lines)
  return {
    report: {
      target: target.kind,
      seed: options.seed ?? null,
      durationMs,
      ...measure({ durationMs, keys, acks, changes: watch.changes, episodes: player.episodes }),
      ...{ acknowledged, failed, unknown, consumed, recoveryMs, failures },
      groups: groups.map(({ notes }) => measureGroup(notes, keys, durationMs)),
      anomalies: anomalies.filter(({ failure }) => failure).map(({ name, text }) => `${name}: ${text}`),
      allowed: anomalies.filter(({ failure }) => !failure).map(({ name, text }) => `${name}: ${text}`),
    },
    history: recorder.lines,
  }
}

async function createTopics(admin: Admin, options: WorkloadOptions, nodes: number): Promise<void> {
  const replicationFactor = Math.min(3, nodes)
  const configs = { 'min.insync.replicas': String(Math.max(1, replicationFactor - 1)) }
  const topics = topicsOf(options).map((name) => ({ name, partitions: options.partitions, replicationFactor, configs }))
  const made = await admin.createTopics(topics, { timeoutMs: CREATE_TIMEOUT_MS })
  for (const { name, error, message } of made) {
    // Records of an earlier run would be read and known to nobody.
    if (error === 'TOPIC_ALREADY_EXISTS') {
      throw new Error(`topic ${name} exists: a run needs topics of its own. Delete it, or run on another cluster`)
    }
    if (error !== 'NONE') throw new Error(`topic ${name} could not be created: ${error} ${message ?? ''}`)
  }
}

/** Milliseconds until every partition has a leader and all its replicas in sync; null where that never comes. */
async function recovered(watch: MetadataWatch, options: WorkloadOptions, nodes: number): Promise<number | null> {
  const began = performance.now()
  const partitions = partitionsOf(options).length
  const replicas = Math.min(3, nodes)
  while (performance.now() - began < RECOVERY_LIMIT_MS) {
    const looks = await watch.look()
    const whole = (looks ?? []).filter(({ partition }) => partition.leader >= 0 && partition.isr.length === replicas)
    if (whole.length === partitions) return performance.now() - began
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
  return null
}

/** A new member of each reads on from where the group has committed, to the end. */
async function finishGroups(
  workload: Workload,
  admin: Admin,
  options: WorkloadOptions,
  tell: (line: string) => void,
): Promise<string[]> {
  const failures: string[] = []
  for (const group of workload.groups) {
    const { name } = group.notes
    tell(`a new member of ${name} reads on from where it has committed`)
    try {
      failures.push(...(await group.finish(await endsOf(admin, options), READING_LIMIT_MS)))
    } catch (error) {
      failures.push(`the last member of ${name} failed: ${messageOf(error)}`)
    }
    for (const [what, times] of group.notes.unexpected) {
      failures.push(`a member of ${name} was told ${times} times what does not pass by itself, ${what}`)
    }
  }
  return failures
}

/** Rejects where a leader does not tell. */
async function endsOf(admin: Admin, options: WorkloadOptions): Promise<readonly ListedOffset[]> {
  const asked = partitionsOf(options).map(({ topic, partition }) => ({ topic, partition, at: 'latest' as const }))
  const ends = await admin.listOffsets(asked, { timeoutMs: CREATE_TIMEOUT_MS })
  const unknown = ends.filter(({ error }) => error !== 'NONE')
  if (unknown.length === 0) return ends.filter(({ offset }) => offset > 0)
  const which = unknown.map(({ topic, partition, error }) => `${topic}-${partition}: ${error}`)
  throw new Error(`not every leader tells the end of its log: ${which.join(', ')}`)
}

/** A reader of its own for all partitions, from the beginning to the end that the leaders tell. */
async function readAll(workload: Workload, recorder: HistoryRecorder, options: WorkloadOptions): Promise<string[]> {
  const process = 'reader'
  const client = workload.open(process)
  try {
    const partitions = partitionsOf(options)
    const ends = await endsOf(client.admin, options)
    const left = new Map(ends.map((end) => [`${end.topic}-${end.partition}`, end.offset]))
    const consumer = client.consumer()
    consumer.assign(partitions.map(({ topic, partition }) => ({ topic, partition, offset: 'earliest' })))
    recorder.ok(recorder.invoke(process, { f: 'assign', keys: partitions.map(({ key }) => key) }))
    for (const until = performance.now() + READING_LIMIT_MS; left.size > 0; ) {
      if (performance.now() > until) return [`the last reader did not reach the end of ${[...left.keys()].join(', ')}`]
      const polled = (await pollOnce(consumer, process, recorder, READ_POLL_MS)) ?? {}
      for (const [key, records] of Object.entries(polled)) {
        if (records[records.length - 1]![0] + 1 >= (left.get(key) ?? 0)) left.delete(key)
      }
    }
    return []
  } catch (error) {
    return [`the last reader failed: ${messageOf(error)}`]
  } finally {
    client.close()
  }
}
