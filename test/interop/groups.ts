// Other people's consumers in groups of three, each client's group beside the others' in one cluster: members join, leave and
// die by SIGKILL, and so does the broker that coordinates them, while records come. After each of these the group is judged
// (group-life.ts, group-watch.ts). At the end nobody is left, and a new member reads nothing again.
//
//   npm run interop:groups [-- --only NAME,…]      ends with "N passed, M failed"

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Client, createClient } from '../../src/client/index.ts'
import { partitionFor } from '../../src/groups/index.ts'
import { createPorts } from '../../src/io/index.ts'
import { ODRADEK, type TestCluster, withCluster } from './cluster.ts'
import { type GroupConsumer, groupConsumers } from './group-consumers.ts'
import { GroupLife, PARTITIONS } from './group-life.ts'
import { GroupWatch } from './group-watch.ts'

const OFFSETS = '__consumer_offsets'

interface Stage {
  readonly name: string
  readonly event: (life: GroupLife) => void | Promise<void>
  /** A new generation must come of it. Not of a coordinator's death: its heir takes the group over as it stands. */
  readonly rebalances: boolean
}

const twoJoin = (life: GroupLife): void => {
  life.join()
  life.join()
}

const BEFORE: readonly Stage[] = [
  { name: 'two join', event: twoJoin, rebalances: true },
  { name: 'a third joins', event: (life) => life.join(), rebalances: true },
  { name: 'one leaves', event: (life) => life.end('SIGTERM'), rebalances: true },
  { name: 'its place is taken', event: (life) => life.join(), rebalances: true },
  { name: 'one dies', event: (life) => life.end('SIGKILL'), rebalances: true },
  { name: 'the place of the dead is taken', event: (life) => life.join(), rebalances: true },
]
const AFTER: readonly Stage[] = [
  { name: 'one leaves the new coordinator', event: (life) => life.end('SIGTERM'), rebalances: true },
  {
    name: 'all leave, a new one comes',
    event: async (life) => {
      while (life.size > 0) await life.end('SIGTERM')
      life.join()
    },
    rebalances: true,
  },
]

function odradek(...args: string[]): string {
  return execFileSync(ODRADEK, args, { encoding: 'utf8' }).trim()
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const { values: options } = parseArgs({ options: { only: { type: 'string' } } })
const chosen = groupConsumers.filter(({ name }) => options.only?.split(',').includes(name) ?? true)
const failures = new Map<GroupLife, string>()

/** For every life that still is: one that fails is told of, and goes on no further. */
async function each(lives: readonly GroupLife[], what: string, body: (life: GroupLife) => unknown): Promise<void> {
  const start = Date.now()
  await Promise.all(
    lives.map(async (life) => {
      if (failures.has(life)) return
      try {
        await body(life)
        life.check()
      } catch (error) {
        failures.set(life, `${what}: ${error instanceof Error ? error.message : String(error)}`)
        say(`FAILED  ${life.consumer.name}: ${failures.get(life)}`)
        await life.close()
      }
    }),
  )
  say(`        ${what} (${Date.now() - start} ms)`)
}

async function play(lives: readonly GroupLife[], { name, event, rebalances }: Stage): Promise<void> {
  await each(lives, name, async (life) => {
    const generations = life.watch.rebalances
    life.begin()
    // Some of it is being read, and not committed yet, when it happens.
    if (life.size > 0) await life.produce()
    await event(life)
    await life.produce()
    await life.rests()
    if (rebalances && life.watch.rebalances === generations) throw new Error('no rebalance')
  })
}

/** Creates the topic where it is not there yet: answers the leader of each of its partitions. */
async function coordinators(client: Client): Promise<readonly number[]> {
  await client.groups.offsets('nobody')
  const [topic] = await client.admin.describeTopics([OFFSETS])
  return [...topic!.partitions].sort((a, b) => a.partition - b.partition).map(({ leader }) => leader)
}

/** A group for a client whose coordinator is `broker`, so that one death is felt by all. */
function groupAt(name: string, broker: number, leaders: readonly number[]): string {
  for (let i = 0; ; i++) {
    const group = `group-${name}-${i}`
    if (leaders[partitionFor(group, leaders.length)] === broker) return group
  }
}

async function killCoordinators(lives: readonly GroupLife[], client: Client, cluster: TestCluster): Promise<void> {
  const alive = lives.filter((life) => !failures.has(life))
  const told = await client.groups.describe(alive.map(({ group }) => group))
  const of = new Map(alive.map((life, i) => [life, told[i]!.coordinator.id]))
  // One, unless leaders have moved since the groups were named.
  for (const victim of new Set(of.values())) {
    const pid = Number(odradek('node', 'pid', String(victim), '--data', cluster.data!))
    let killed = false
    const event = async (life: GroupLife): Promise<void> => {
      if (!killed) process.kill(pid, 'SIGKILL')
      killed = true
      if (of.get(life) !== victim) return
      for (;;) {
        const [now] = await client.groups.describe([life.group])
        if (now!.coordinator.id !== victim) return
      }
    }
    await play(alive, { name: `the coordinator’s broker ${victim} dies`, event, rebalances: false })
    odradek('node', 'start', String(victim), '--data', cluster.data!)
  }
}

async function run(cluster: TestCluster, client: Client): Promise<void> {
  const leaders = await coordinators(client)
  const topicOf = ({ name }: GroupConsumer): string => `shared-${name}`
  const topics = chosen.map((each) => ({ name: topicOf(each), partitions: PARTITIONS, replicationFactor: 3 }))
  for (const { name, error, message } of await client.admin.createTopics(topics))
    if (error !== 'NONE') throw new Error(`topic ${name}: ${error}: ${message}`)
  const lives = chosen.map((consumer) => {
    const topic = topicOf(consumer)
    const group = groupAt(consumer.name, leaders[0]!, leaders)
    const watch = new GroupWatch(client, group, topic, leaders.length)
    return new GroupLife(consumer, { bootstrap: cluster.bootstrap, client, group, topic }, watch)
  })
  const watches = lives.map(({ watch }) => watch.run())
  try {
    for (const stage of BEFORE) await play(lives, stage)
    await killCoordinators(lives, client, cluster)
    for (const stage of AFTER) await play(lives, stage)
  } finally {
    for (const life of lives) await life.close()
    await Promise.all(watches)
  }
  for (const life of lives.filter((each) => !failures.has(each))) {
    const { consumer, records, again, restarts, unread, unrest, watch } = life
    say(
      `ok      ${consumer.name}: ${records} records, ${again} of them again, ${watch.rebalances} generations, ` +
        `${unrest} of them ended while judged; ${watch.answers} answers to OffsetFetch` +
        (consumer.restarts === undefined ? '' : `; ${restarts} members ended by themselves`) +
        (consumer.commitsFirst === undefined
          ? ''
          : `; ${unread} records were committed by the dead and never handed on`),
    )
  }
}

for (const consumer of chosen) consumer.prepare()
await withCluster(undefined, async (cluster) => {
  const ports = createPorts({ tablesDirectory: join(cluster.data!, 'none') })
  const client = createClient(ports, { bootstrap: cluster.bootstrap })
  try {
    await run(cluster, client)
  } finally {
    client.close()
    await ports.close()
  }
})
say(`${chosen.length - failures.size} passed, ${failures.size} failed`)
process.exitCode = failures.size === 0 && chosen.length > 0 ? 0 : 1
