// A node that is told to stop while it starts: however far it came, the word of its last clean stop is kept. One that had
// taken it off the disk and had opened nothing yet came back as if it had been killed, and lost its place among those who
// may lead (KIP-966); the last of three was then elected from a disk that had lost what was acknowledged.

import { expect, test } from 'vitest'
import { createSimCluster } from '../../src/sim/index.ts'

const MARKER = '/data/.kafka_cleanshutdown'

test('the word of a clean stop outlives stops in the middle of starts', async () => {
  using cluster = createSimCluster({ seed: 3 })
  await cluster.start()
  const { sim } = cluster
  const { admin } = cluster.client()
  await sim.wait(admin.createTopics([{ name: 'a', partitions: 6, replicationFactor: 3 }]))
  await cluster.stop(3)
  // Alone it does not register: what it says of itself is what the last stop said.
  cluster.isolate(3)
  const files = (): readonly string[] => sim.disk(cluster.host(3)).paths('/data')
  const marker = (): string => new TextDecoder().decode(sim.disk(cluster.host(3)).look(MARKER) ?? undefined)
  const said = marker()
  expect(said).toContain('brokerEpoch')
  let without = 0
  const endings = new Set<string>()
  for (let tenths = 1; tenths < 300; tenths += 3) {
    cluster.restarting(3).catch((error: unknown) => endings.add(String(error)))
    await sim.sleep(tenths / 10)
    if (!files().includes(MARKER)) without++
    await cluster.stop(3)
    expect([tenths, JSON.parse(marker()).brokerEpoch]).toEqual([tenths, JSON.parse(said).brokerEpoch])
  }
  expect(without).toBeGreaterThan(10)
  expect([...endings]).toContain('StorageError: /data was being opened when the node was told to stop')
})

test('a start ends with the stop that came while another directory was being opened', async () => {
  using cluster = createSimCluster({ seed: 4, logDirectories: 3 })
  await cluster.start()
  const { sim } = cluster
  const { admin } = cluster.client()
  await sim.wait(admin.createTopics([{ name: 'a', partitions: 6, replicationFactor: 3 }]))
  await sim.sleep(2000)
  await cluster.stop(3)
  cluster.isolate(3)
  const markers = (): number => {
    const disk = sim.disk(cluster.host(3))
    return ['/data', '/data2', '/data3'].filter((path) => disk.paths(path).includes(`${path}/.kafka_cleanshutdown`))
      .length
  }
  const endings = new Set<string>()
  for (let tenths = 1; tenths < 200; tenths += 3) {
    cluster.restarting(3).catch((error: unknown) => endings.add(String(error)))
    await sim.sleep(tenths / 10)
    await cluster.stop(3)
    expect([tenths, markers()]).toEqual([tenths, 3])
  }
  for (const path of ['/data', '/data2', '/data3'])
    expect([...endings]).toContain(`StorageError: ${path} was being opened when the node was told to stop`)
})
