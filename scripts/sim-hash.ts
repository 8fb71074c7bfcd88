// Prints the trace hash of one seed: a cluster boots, is written to, loses a leader and gets it back. Run on two Node
// majors, or on two machines, the lines must be equal but for the last, which names the runtime on stderr.
//
//   npm run sim:hash -- [--seed N] [--seeds COUNT]

import { parseArgs } from 'node:util'
import { createSimCluster } from '../src/sim/index.ts'

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, seeds: { type: 'string', default: '1' } },
})
const first = Number(values.seed)
const count = Number(values.seeds)

for (let seed = first; seed < first + count; seed++) {
  const cluster = createSimCluster({ seed })
  await cluster.start()
  const client = cluster.client()
  const { sim } = cluster
  await sim.wait(client.admin.createTopics([{ name: 'story', partitions: 1, replicationFactor: 3 }]))
  const producer = client.producer({ compression: 'zstd' })
  let acked = 0
  const produce = async (n: number): Promise<void> => {
    for (let i = 0; i < n; i++) {
      await producer.send({ topic: 'story', partition: 0, value: `record ${acked}` })
      acked++
    }
  }
  await sim.wait(produce(20))
  const leader = cluster.leaderOf('story', 0)!
  cluster.kill(leader)
  await sim.wait(produce(20))
  await cluster.restart(leader)
  await sim.wait(produce(20))
  process.stdout.write(`seed ${seed}: ${sim.traceHash()} after ${sim.events} events, ${acked} records acknowledged\n`)
  cluster.close()
}
process.stderr.write(`Node ${process.version}\n`)
