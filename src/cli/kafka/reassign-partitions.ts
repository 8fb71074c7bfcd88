// kafka-reassign-partitions: proposes where partitions could be, moves them there (throttled, and between directories), tells
// how far that is, and takes it back. Everything that it says is on standard output, as Kafka's.

import type { Admin, Client, MovingPartition, Outcome, TopicPartition } from '../../client/index.ts'
import { exceptionOf, exceptionOfError, sentenceOf } from './exceptions.ts'
import { hashCode, hashOrder } from './java.ts'
import { type Flag, type Options, requireFlags, UsageProblem } from './parser.ts'
import {
  compare,
  duplicates,
  jsonOf,
  movesIn,
  nameOf,
  type Placement,
  placementsIn,
  topicsIn,
} from './reassign-json.ts'
import { proposal, throttledBy } from './reassign-plan.ts'
import { beginMoves, isUnderWay, moveText, placesOf, replicaMoves, TimedOut } from './replica-moves.ts'
import { BOOTSTRAP, COMMAND_CONFIG, commandConfig, refuseControllers, type Surroundings, type Tool } from './tool.ts'

const FILE = 'reassignment-json-file'
const DIRECTORY_THROTTLE = 'replica-alter-log-dirs-throttle'
const TIMEOUT_MS = 10_000

/** What each action needs, and what it may have beside it. */
const ACTIONS: Readonly<Record<string, { readonly needs: readonly string[]; readonly may: readonly string[] }>> = {
  generate: { needs: ['topics-to-move-json-file', 'broker-list'], may: ['disable-rack-aware'] },
  execute: { needs: [FILE], may: ['additional', 'throttle', DIRECTORY_THROTTLE, 'timeout'] },
  verify: { needs: [FILE], may: ['preserve-throttles'] },
  cancel: { needs: [FILE], may: ['preserve-throttles', 'timeout'] },
  list: { needs: [], may: [] },
}
const ALWAYS: readonly string[] = ['bootstrap-server', 'bootstrap-controller', 'command-config']

const BROKER_RATES = ['leader.replication.throttled.rate', 'follower.replication.throttled.rate'] as const
const DIRECTORY_RATE = 'replica.alter.log.dirs.io.max.bytes.per.second'
const [LEADERS, FOLLOWERS] = [
  'leader.replication.throttled.replicas',
  'follower.replication.throttled.replicas',
] as const

const FLAGS: readonly Flag[] = [
  BOOTSTRAP,
  COMMAND_CONFIG,
  { name: 'bootstrap-controller', argument: 'required', about: 'not here: brokers ask the controllers' },
  { name: 'generate', about: 'propose where the partitions of topics could be' },
  { name: 'execute', about: 'begin to move partitions' },
  { name: 'verify', about: 'tell how far moves are; when all have ended, take throttles away' },
  { name: 'cancel', about: 'take moves back' },
  { name: 'list', about: 'list what moves' },
  {
    name: FILE,
    argument: 'required',
    about:
      '{"version": 1, "partitions": [{"topic": "foo", "partition": 1, "replicas": [1,2], "log_dirs": ["any", "/d"]}]}',
  },
  { name: 'topics-to-move-json-file', argument: 'required', about: '{"version": 1, "topics": [{"topic": "foo"}]}' },
  { name: 'broker-list', argument: 'required', about: 'generate: brokers to move to, 0,1,2' },
  { name: 'disable-rack-aware', about: 'generate: take no notice of racks' },
  { name: 'throttle', argument: 'required', type: 'integer', about: 'execute: bytes a second between brokers' },
  {
    name: DIRECTORY_THROTTLE,
    argument: 'required',
    type: 'integer',
    about: 'execute: bytes a second between directories',
  },
  {
    name: 'timeout',
    argument: 'required',
    type: 'integer',
    about: 'milliseconds to wait until moves between directories begin (10000)',
  },
  { name: 'additional', about: 'execute: although something moves already' },
  { name: 'preserve-throttles', about: 'verify, cancel: leave throttles as they are' },
]

export const reassignPartitions: Tool = {
  flags: FLAGS,
  about: 'This tool helps to move topic partitions between replicas.',
  run: async (options, surroundings) => {
    const action = check(options)
    try {
      const properties = commandConfig(options, surroundings)
      await act(
        action,
        options,
        await surroundings.connect(options.value('bootstrap-server')!, properties),
        surroundings,
      )
      return 0
    } catch (error) {
      if (error instanceof UsageProblem || error instanceof TypeError) throw error
      const isAll = error instanceof Terse || error instanceof TimedOut
      surroundings.out(isAll ? `${error.message}\n` : `Error: ${exceptionOfError(error)}\n`)
      return 1
    }
  },
}

/** Its sentence is all that is printed. */
class Terse extends Error {}

function check(options: Options): string {
  const names = Object.keys(ACTIONS)
  const [action, ...others] = names.filter((name) => options.has(name))
  if (action === undefined || others.length > 0) {
    const list = names.map((name) => `--${name}`).join(', ')
    throw new UsageProblem(`Command must include exactly one action: ${list}`)
  }
  if (options.has('bootstrap-server') && options.has('bootstrap-controller')) {
    throw new UsageProblem("Please don't specify both --bootstrap-server and --bootstrap-controller")
  }
  refuseControllers(options)
  if (!options.has('bootstrap-server')) {
    throw new UsageProblem('Please specify either --bootstrap-server or --bootstrap-controller')
  }
  const { needs, may } = ACTIONS[action]!
  requireFlags(options, ...needs)
  const wrong = options.order.find((name) => ![action, ...needs, ...may, ...ALWAYS].includes(name))
  if (wrong !== undefined) throw new UsageProblem(`Option "[${wrong}]" can't be used with action "[${action}]"`)
  return action
}

function act(action: string, options: Options, client: Client, surroundings: Surroundings): Promise<void> {
  const file = (): string => surroundings.read(options.value(FILE)!)
  switch (action) {
    case 'generate':
      return generate(options, client, surroundings)
    case 'execute':
      return execute(file(), options, client, surroundings)
    case 'verify':
      return verify(file(), options, client, surroundings)
    case 'cancel':
      return cancel(file(), options, client, surroundings)
    default:
      return list(client, surroundings)
  }
}

async function generate(options: Options, { admin }: Client, { out, read }: Surroundings): Promise<void> {
  const ids = options.value('broker-list')!.split(',').map(brokerId)
  const twice = duplicates(ids)
  if (twice.length > 0) throw new Error(`Broker list contains duplicate entries: [${twice.join(', ')}]`)
  const current = await placed(admin, topicsIn(read(options.value('topics-to-move-json-file')!)))
  const byRack = !options.has('disable-rack-aware')
  const brokers = (await admin.describeCluster()).brokers
    .filter(({ id }) => ids.includes(id))
    .map(({ id, rack }) => ({ id, rack: byRack ? rack : null }))
  const withRack = brokers.filter(({ rack }) => rack !== null).length
  if (withRack > 0 && withRack < brokers.length) {
    throw new Error(
      'Not all brokers have rack information. Add --disable-rack-aware in command line to make replica assignment without rack information.',
    )
  }
  const proposed = proposal(current, brokers, (bound) => Math.floor(Math.random() * bound))
  out(`Current partition replica assignment\n${jsonOf(current, await placesOf(admin, current))}\n\n`)
  out(`Proposed partition reassignment configuration\n${jsonOf(proposed)}\n`)
}

async function execute(text: string, options: Options, { admin }: Client, { out }: Surroundings): Promise<void> {
  const { placements, places } = movesIn(text)
  const moving = await admin.listPartitionReassignments(null)
  if (moving.length > 0 && !options.has('additional')) {
    throw new Terse(
      'Cannot execute because there is an existing partition assignment.  Use --additional to override this and create a new partition assignment in addition to the existing one. The --additional flag can also be used to change the throttle by resubmitting the current reassignment.',
    )
  }
  const ids = new Set((await admin.describeCluster()).brokers.map(({ id }) => id))
  const wanted = [...new Set(placements.flatMap(({ replicas }) => replicas))]
  const unknown = hashOrder(wanted, (id) => id).find((id) => !ids.has(id))
  if (unknown !== undefined) throw new Error(`Unknown broker id ${unknown}`)
  const current = await placedAt(admin, placements)
  const before = jsonOf(current, await placesOf(admin, current))
  out(
    `Current partition replica assignment\n\n${before}\n\nSave this to use as the --reassignment-json-file option during rollback\n`,
  )
  const rate = options.integer('throttle') ?? -1
  const directoryRate = options.integer(DIRECTORY_THROTTLE) ?? -1
  if (rate >= 0 || directoryRate >= 0) {
    out(
      'Warning: You must run --verify periodically, until the reassignment completes, to ensure the throttle is removed.\n',
    )
  }
  if (rate >= 0) await throttle(admin, rate, throttledBy(moving, placements, current), out)
  if (directoryRate >= 0) {
    const brokers = [...new Set(places.map(({ broker }) => broker))]
    await alter(admin, 'broker', brokers.map(String), { [DIRECTORY_RATE]: String(directoryRate) })
    out(`The replica-alter-dir throttle limit was set to ${directoryRate} B/s\n`)
  }
  const failed = (await admin.alterPartitionReassignments(placements)).filter(({ error }) => error !== 'NONE')
  if (failed.length > 0) throw new Terse(`Error reassigning partition(s):\n${failuresText(failed)}`)
  out(`Successfully started partition reassignment${plural(placements)} for ${namesText(placements)}\n`)
  await beginMoves(admin, places, options.integer('timeout') ?? TIMEOUT_MS, out)
}

async function throttle(
  admin: Admin,
  rate: number,
  { topics, brokers }: ReturnType<typeof throttledBy>,
  out: Surroundings['out'],
): Promise<void> {
  for (const { topic, leaders, followers } of topics) {
    await alter(admin, 'topic', [topic], { [LEADERS]: leaders, [FOLLOWERS]: followers })
  }
  const rates = Object.fromEntries(BROKER_RATES.map((name) => [name, String(rate)]))
  await alter(admin, 'broker', brokers.map(String), rates)
  out(`The inter-broker throttle limit was set to ${rate} B/s\n`)
}

async function verify(text: string, options: Options, { admin }: Client, { out }: Surroundings): Promise<void> {
  const { placements, places } = placementsIn(text)
  const moving = await admin.listPartitionReassignments(null)
  out(`Status of partition reassignment:\n${await statesText(admin, placements, moving)}`)
  const moves = await replicaMoves(admin, places)
  out(`${moves.map(moveText).join('\n')}\n`)
  const isDone = moving.length === 0 && moves.every((move) => !isUnderWay(move) && move.current !== null)
  if (isDone && !options.has('preserve-throttles')) await clearThrottles(admin, placements, out)
}

async function statesText(
  admin: Admin,
  placements: readonly Placement[],
  moving: readonly MovingPartition[],
): Promise<string> {
  const isMoving = (placement: Placement): boolean => moving.some((each) => compare(each, placement) === 0)
  const topics = new Set(placements.filter((each) => !isMoving(each)).map(({ topic }) => topic))
  const described = topics.size === 0 ? [] : await admin.describeTopics([...topics])
  const refused = described.find(({ error }) => error !== 'NONE' && error !== 'UNKNOWN_TOPIC_OR_PARTITION')
  if (refused !== undefined) throw new Error(exceptionOf(refused))
  const lines = placements.toSorted(compare).map((placement) => {
    const name = nameOf(placement)
    if (isMoving(placement)) return `Reassignment of partition ${name} is still in progress.\n`
    const topic = described.find((each) => each.name === placement.topic)
    const replicas = topic?.partitions.find(({ partition }) => partition === placement.partition)?.replicas ?? []
    const [is, wanted] = [replicas.join(','), placement.replicas.join(',')]
    return is === wanted
      ? `Reassignment of partition ${name} is completed.\n`
      : `There is no active reassignment of partition ${name}, but replica set is ${is} rather than ${wanted}.\n`
  })
  return lines.join('')
}

async function cancel(text: string, options: Options, { admin }: Client, { out }: Surroundings): Promise<void> {
  const { placements, places } = placementsIn(text)
  const moving = placements.length === 0 ? [] : await admin.listPartitionReassignments(placements)
  if (moving.length > 0) {
    const back = moving.map(({ topic, partition }) => ({ topic, partition, replicas: null }))
    const failed = (await admin.alterPartitionReassignments(back)).filter(({ error }) => error !== 'NONE')
    if (failed.length > 0) {
      throw new Terse(`Error cancelling partition reassignment${plural(failed)} for:\n${failuresText(failed)}`)
    }
    out(`Successfully cancelled partition reassignment${plural(moving)} for: ${namesText(moving)}\n`)
  } else out('None of the specified partition reassignments are active.\n')
  const moves = (await replicaMoves(admin, places)).filter(isUnderWay)
  if (moves.length > 0) {
    const back = moves.map(({ topic, partition, broker, current }) => ({ topic, partition, broker, path: current! }))
    await beginMoves(admin, back, options.integer('timeout') ?? TIMEOUT_MS, out)
    // Without the end of the line, as Kafka's.
  } else out('None of the specified partition moves are active.')
  if (!options.has('preserve-throttles')) await clearThrottles(admin, placements, out)
}

async function list({ admin }: Client, { out }: Surroundings): Promise<void> {
  const moving = await admin.listPartitionReassignments(null)
  if (moving.length === 0) {
    out('No partition reassignments found.\n')
    return
  }
  const part = (what: string, ids: readonly number[]): string => (ids.length === 0 ? '' : ` ${what}: ${ids.join(',')}.`)
  const lines = moving.toSorted(compare).map((each) => {
    const changes = part('adding', each.adding) + part('removing', each.removing)
    return `${nameOf(each)}: replicas: ${each.replicas.join(',')}.${changes}\n`
  })
  out(`Current partition reassignments:\n${lines.join('')}`)
}

/** All of them: nobody knows which brokers a move has involved. */
async function clearThrottles(admin: Admin, placements: readonly Placement[], out: Surroundings['out']): Promise<void> {
  const live = (await admin.describeCluster()).brokers.map(({ id }) => id)
  const brokers = hashOrder([...new Set([...live, ...placements.flatMap(({ replicas }) => replicas)])], (id) => id)
  out(`Clearing broker-level throttles on broker${plural(brokers)} ${brokers.join(',')}\n`)
  const nothing = (names: readonly string[]): Record<string, null> =>
    Object.fromEntries(names.map((name) => [name, null]))
  await alter(admin, 'broker', brokers.map(String), nothing([...BROKER_RATES, DIRECTORY_RATE]))
  const topics = hashOrder([...new Set(placements.map(({ topic }) => topic))], hashCode)
  out(`Clearing topic-level throttles on topic${plural(topics)} ${topics.join(',')}\n`)
  await alter(admin, 'topic', topics, nothing([LEADERS, FOLLOWERS]))
}

/** Null: no longer set. Throws Kafka's sentence. */
async function alter(
  admin: Admin,
  type: 'broker' | 'topic',
  names: readonly string[],
  values: Readonly<Record<string, string | null>>,
): Promise<void> {
  const changes = Object.entries(values).map(([name, value]) =>
    value === null ? { name, operation: 'delete' as const } : { name, operation: 'set' as const, value },
  )
  if (names.length === 0) return
  const outcomes = await admin.incrementalAlterConfigs(names.map((name) => ({ type, name, changes })))
  const refused = outcomes.find(({ error }) => error !== 'NONE')
  if (refused !== undefined) throw new Error(exceptionOf(refused))
}

/** Where the partitions of topics are. Throws a sentence where one is not there. */
async function placed(admin: Admin, topics: readonly string[]): Promise<Placement[]> {
  if (topics.length === 0) return []
  return (await admin.describeTopics(topics)).flatMap((topic) => {
    if (topic.error === 'UNKNOWN_TOPIC_OR_PARTITION') {
      throw new Error(exceptionOf({ error: topic.error, message: `Topic ${topic.name} not found.` }))
    }
    if (topic.error !== 'NONE') throw new Error(exceptionOf(topic))
    return topic.partitions.map(({ partition, replicas }) => ({ topic: topic.name, partition, replicas }))
  })
}

async function placedAt(admin: Admin, wanted: readonly TopicPartition[]): Promise<Placement[]> {
  const all = await placed(admin, [...new Set(wanted.map(({ topic }) => topic))])
  const missing = wanted.filter((want) => !all.some((each) => compare(each, want) === 0))
  if (missing.length > 0) {
    const message = `Unable to find partition: ${missing.map(nameOf).join(', ')}`
    throw new Error(exceptionOf({ error: 'UNKNOWN_TOPIC_OR_PARTITION', message }))
  }
  return all.filter((each) => wanted.some((want) => compare(each, want) === 0))
}

function failuresText(failed: readonly (TopicPartition & Outcome)[]): string {
  return failed
    .toSorted(compare)
    .map((each) => `${nameOf(each)}: ${sentenceOf(each)}`)
    .join('\n')
}

function namesText(partitions: readonly TopicPartition[]): string {
  return partitions.toSorted(compare).map(nameOf).join(',')
}

function plural(items: readonly unknown[]): string {
  return items.length === 1 ? '' : 's'
}

function brokerId(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new Error(`For input string: "${text}"`)
  return Number(text)
}
