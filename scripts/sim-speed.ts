// How fast the simulated world turns: three combined nodes, one topic of three partitions on all of them, so many
// acks=all produces and consumer fetches a second, no faults. Prints simulated seconds per second of CPU and what the
// events are spent on. CPU time, never the wall's. On a machine full of other work it still varies by half: compare runs
// that are made at the same time.
//
//   npm run sim:speed -- [--seconds N] [--warm N] [--rate N] [--seed N] [--starts N] [--kinds]
//   npm run sim:speed -- --lives N     instead: N lives of three nodes and as many sends and polls a second, with every
//                                      checker and fault, after as many that warm up

import { parseArgs } from 'node:util'
import type { SimCluster } from '../src/sim/index.ts'
import { createSimCluster, runLife } from '../src/sim/index.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    warm: { type: 'string', default: '60' },
    rate: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    starts: { type: 'string', default: '20' },
    kinds: { type: 'boolean', default: false },
    lives: { type: 'string', default: '0' },
  },
})
const rate = Number(values.rate)
const PARTITIONS = 3
type Client = ReturnType<SimCluster['client']>

if (Number(values.lives) > 0) await lives(Number(values.lives))
else {
  await steady(Number(values.warm), Number(values.seconds))
  await starts(Number(values.starts))
}

async function steady(warm: number, measured: number): Promise<void> {
  const counts = { produced: 0, failed: 0, polls: 0, consumed: 0 }
  const cluster = createSimCluster({ seed: Number(values.seed) })
  const { sim } = cluster
  await cluster.start()
  const client = cluster.client()
  await sim.wait(create(client))
  const producer = client.producer()
  void read(cluster.client(), counts)
  const workFor = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds * rate; i++) {
      const record = { topic: 'speed', partition: i % PARTITIONS, value: `record ${i}`.padEnd(100) }
      producer.send(record).then(
        () => counts.produced++,
        () => counts.failed++,
      )
      await sim.sleep(1_000 / rate)
    }
  }
  await workFor(warm)
  const from = { now: sim.now, events: sim.events, calls: sim.portCalls(), ...counts }
  const cpu = process.cpuUsage()
  await workFor(measured)
  const ms = cpuMs(cpu)
  const seconds = (sim.now - from.now) / 1000
  const persec = (n: number): string => (n / seconds).toFixed(1)
  told(seconds * 1000, sim.events - from.events, ms)
  print(
    `${persec(counts.produced - from.produced)} acknowledged, ${counts.failed} failed, ` +
      `${persec(counts.consumed - from.consumed)} consumed, ${persec(counts.polls - from.polls)} polls a simulated s`,
  )
  if (values.kinds) {
    const rows = [...sim.portCalls()].map(([name, n]) => [name, n - (from.calls.get(name) ?? 0)] as const)
    for (const [name, n] of rows.sort((a, b) => b[1] - a[1])) if (n > 0) print(`${persec(n).padStart(10)} /s  ${name}`)
  }
  print(`trace ${sim.traceHash()}`)
  cluster.close()
}

/** Reads until its cluster is closed. */
async function read(client: Client, counts: { polls: number; consumed: number }): Promise<void> {
  const consumer = client.consumer()
  consumer.assign(Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: 'speed', partition, offset: 0 })))
  for (;;) {
    counts.polls++
    counts.consumed += (await consumer.poll(1_000)).length
  }
}

/** What a life's beginning costs: formatting, boot, a topic, until its first acknowledgement. */
async function starts(count: number): Promise<void> {
  const costs: string[] = []
  for (let i = 0; i < count; i++) {
    const before = process.cpuUsage()
    const cluster = createSimCluster({ seed: 1_000 + i })
    await cluster.start()
    await cluster.sim.wait(create(cluster.client()))
    cluster.close()
    costs.push(cpuMs(before).toFixed(0))
  }
  if (count > 0) print(`a start costs ${costs.join(', ')} ms of CPU`)
}

async function lives(count: number): Promise<void> {
  const workload = {
    ...{ topics: 1, partitions: PARTITIONS, fading: 0, producers: 3, sendsPerSecond: rate },
    ...{
      consumers: 2,
      pollsPerSecond: rate,
      admins: 1,
      recordBytesMax: 4_096,
      strangers: 0,
      wrapping: 0,
      reckless: 0,
      movers: 0,
      groups: 0,
      compacted: 0,
    },
  }
  const sum = { ms: 0, events: 0, violations: 0 }
  let cpu = process.cpuUsage()
  for (let i = 0; i < 2 * count; i++) {
    if (i === count) {
      cpu = process.cpuUsage()
      sum.ms = 0
      sum.events = 0
    }
    const report = await runLife({ seed: Number(values.seed) + i, swarm: { brokers: 3, workload } })
    sum.ms += report.simulatedMs
    sum.events += report.events
    sum.violations += report.violations.length
  }
  told(sum.ms, sum.events, cpuMs(cpu))
  print(`${count} lives with every checker and fault, ${sum.violations} violations`)
}

async function create(client: Client): Promise<void> {
  await client.admin.createTopics([{ name: 'speed', partitions: PARTITIONS, replicationFactor: 3 }])
  await client.producer().send({ topic: 'speed', partition: 0, value: 'first' })
}

function told(simulatedMs: number, events: number, ms: number): void {
  print(`${(simulatedMs / ms).toFixed(1)} simulated s per CPU s`)
  print(
    `${((events * 1000) / simulatedMs).toFixed(1)} events per simulated s, ${((ms * 1000) / events).toFixed(2)} µs per event`,
  )
}

function cpuMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1000
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
