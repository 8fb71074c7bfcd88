// How fast the simulated world turns: three combined nodes, one topic of three partitions on all of them, so many
// acks=all produces and consumer fetches a second, no faults. Prints simulated seconds per second of CPU and what the
// events are spent on. CPU time, never the wall's, so that a busy machine tells the same.
//
//   npm run sim:speed -- [--seconds N] [--warm N] [--rate N] [--seed N] [--kinds]

import { parseArgs } from 'node:util'
import type { SimCluster } from '../src/sim/index.ts'
import { createSimCluster } from '../src/sim/index.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    warm: { type: 'string', default: '60' },
    rate: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    starts: { type: 'string', default: '5' },
    kinds: { type: 'boolean', default: false },
  },
})
const rate = Number(values.rate)
const PARTITIONS = 3

function cpuMs(since?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1000
}

/** What a life's beginning costs: formatting, boot, a topic, until its first acknowledgement. */
async function starts(count: number): Promise<number[]> {
  const costs: number[] = []
  for (let i = 0; i < count; i++) {
    const before = process.cpuUsage()
    const cluster = createSimCluster({ seed: 1_000 + i })
    await cluster.start()
    const client = cluster.client()
    await cluster.sim.wait(create(cluster, client))
    cluster.close()
    costs.push(cpuMs(before))
  }
  return costs
}

async function create(_: SimCluster, client: ReturnType<SimCluster['client']>): Promise<void> {
  await client.admin.createTopics([{ name: 'speed', partitions: PARTITIONS, replicationFactor: 3 }])
  await client.producer().send({ topic: 'speed', partition: 0, value: 'first' })
}

const counts = { produced: 0, failed: 0, polls: 0, consumed: 0 }
const cluster = createSimCluster({ seed: Number(values.seed) })
const { sim } = cluster
await cluster.start()
const client = cluster.client()
await sim.wait(create(cluster, client))
const producer = client.producer()
const consumer = cluster.client().consumer()
consumer.assign(Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: 'speed', partition, offset: 0 })))
let running = true
const reading = (async () => {
  while (running) {
    counts.polls++
    counts.consumed += (await consumer.poll(1_000)).length
  }
})()

async function workFor(seconds: number): Promise<void> {
  for (let i = 0; i < seconds * rate; i++) {
    producer.send({ topic: 'speed', partition: i % PARTITIONS, value: `record ${i}`.padEnd(100) }).then(
      () => counts.produced++,
      () => counts.failed++,
    )
    await sim.sleep(1_000 / rate)
  }
}

await workFor(Number(values.warm))
const from = { now: sim.now, events: sim.events, calls: new Map(sim.portCalls()), ...counts }
const cpu = process.cpuUsage()
await workFor(Number(values.seconds))
const ms = cpuMs(cpu)
const seconds = (sim.now - from.now) / 1000
const events = sim.events - from.events
const print = (line: string): void => void process.stdout.write(`${line}\n`)
print(`${(seconds / (ms / 1000)).toFixed(1)} simulated s per CPU s`)
print(`${(events / seconds).toFixed(1)} events per simulated s, ${((ms * 1000) / events).toFixed(2)} µs per event`)
print(
  `${((counts.produced - from.produced) / seconds).toFixed(1)} acknowledged, ${counts.failed} failed, ` +
    `${((counts.consumed - from.consumed) / seconds).toFixed(1)} consumed, ${((counts.polls - from.polls) / seconds).toFixed(1)} polls a simulated s`,
)
if (values.kinds) {
  const rows = [...sim.portCalls()].map(([name, n]) => [name, n - (from.calls.get(name) ?? 0)] as const)
  for (const [name, n] of rows.sort((a, b) => b[1] - a[1]))
    if (n > 0) print(`${(n / seconds).toFixed(1).padStart(10)} /s  ${name}`)
}
running = false
print(`trace ${sim.traceHash()}`)
void reading
cluster.close()
const costs = await starts(Number(values.starts))
print(`a start costs ${costs.map((each) => each.toFixed(0)).join(', ')} ms of CPU`)
