// Where kafka-consumer-groups --reset-offsets puts a group: which partitions, and the offset of each. Commits nothing itself.

import type { Client, CommittedOffset, OffsetSpec, TopicPartition } from '../../client/index.ts'
import { stamp } from '../../launcher/index.ts'
import { hashOrder, partitionHash } from './java.ts'
import type { Flag, Options } from './parser.ts'
import { UsageProblem } from './parser.ts'
import type { Surroundings } from './tool.ts'

export const SCENARIOS: readonly Flag[] = [
  { name: 'to-offset', argument: 'required', type: 'integer', about: 'reset: to this offset' },
  { name: 'from-file', argument: 'required', about: 'reset: to the offsets of a CSV file' },
  { name: 'to-datetime', argument: 'required', about: 'reset: to the first record since YYYY-MM-DDTHH:mm:SS.sss' },
  { name: 'by-duration', argument: 'required', about: 'reset: to the first record since PnDTnHnMnS ago' },
  { name: 'to-earliest', about: 'reset: to the first record' },
  { name: 'to-latest', about: 'reset: to the end' },
  { name: 'to-current', about: 'reset: to what is committed' },
  { name: 'shift-by', argument: 'required', type: 'integer', about: 'reset: by so many forward, or back' },
]

export type Placed = TopicPartition & { readonly offset: number }

/** In the order in which Kafka's tool prints them. */
export async function resetOffsets(
  group: string,
  options: Options,
  client: Client,
  surroundings: Surroundings,
): Promise<Placed[]> {
  const placed = options.has('from-file')
    ? await fromFile(group, options, client, surroundings)
    : await byScenario(group, await partitionsOf(group, options, client), options, client, surroundings)
  return hashOrder(placed, partitionHash)
}

/** `topic`, `topic:0,1`; all partitions of a topic whose numbers are not given. */
export async function namedPartitions(texts: readonly string[], { admin }: Client): Promise<TopicPartition[]> {
  const named = texts.filter((text) => text.includes(':')).flatMap(withPartitions)
  const whole = texts.filter((text) => !text.includes(':'))
  const described = await admin.describeTopics(whole)
  return [
    ...named,
    ...described.flatMap((topic) =>
      topic.error === 'NONE'
        ? topic.partitions.map(({ partition }) => ({ topic: topic.name, partition }))
        : [{ topic: topic.name, partition: -1 }],
    ),
  ]
}

function withPartitions(text: string): TopicPartition[] {
  const [topic, partitions, ...more] = text.split(':')
  if (more.length > 0 || partitions === undefined || !/^\d+(,\d+)*$/.test(partitions)) {
    throw new UsageProblem(`Invalid topic arg '${text}', expected topic name and partitions`)
  }
  return partitions.split(',').map((partition) => ({ topic: topic!, partition: Number(partition) }))
}

async function partitionsOf(group: string, options: Options, client: Client): Promise<TopicPartition[]> {
  if (options.has('all-topics')) return client.groups.offsets(group)
  if (!options.has('topic')) throw new UsageProblem('One of the reset scopes should be defined: --all-topics, --topic.')
  const partitions = await namedPartitions(options.values('topic'), client)
  const missing = partitions.find(({ partition }) => partition < 0)
  if (missing !== undefined) throw new Error(`topic ${missing.topic} does not exist`)
  return partitions
}

async function byScenario(
  group: string,
  partitions: readonly TopicPartition[],
  options: Options,
  client: Client,
  surroundings: Surroundings,
): Promise<Placed[]> {
  const all = (at: OffsetSpec): Promise<Placed[]> => offsetsAt(partitions, at, client)
  const offset = options.integer('to-offset')
  if (offset !== undefined)
    return inRange(
      partitions.map((at) => ({ ...at, offset })),
      client,
      surroundings,
    )
  if (options.has('to-earliest')) return all('earliest')
  if (options.has('to-latest')) return all('latest')
  const shift = options.integer('shift-by')
  if (shift !== undefined) {
    const committed = await client.groups.offsets(group)
    const shifted = partitions.map((at) => ({ ...at, offset: committedOf(committed, at) + shift }))
    return inRange(shifted, client, surroundings)
  }
  const time = options.value('to-datetime')
  if (time !== undefined) return since(timeOf(time), partitions, client, surroundings)
  const duration = options.value('by-duration')
  if (duration !== undefined) return since(Date.now() - durationMs(duration), partitions, client, surroundings)
  if (options.has('to-current')) {
    const committed = await client.groups.offsets(group)
    const ends = await all('latest')
    return ends.map((at) => committed.find((each) => isSame(each, at)) ?? at).map(place)
  }
  const names = [
    'from-file',
    'shift-by',
    'to-offset',
    'to-earliest',
    'to-current',
    'to-latest',
    'by-duration',
    'to-datetime',
  ]
  throw new UsageProblem(
    `Option '[reset-offsets]' requires one of the following scenarios: [${names.map((name) => `[${name}]`).join(', ')}]`,
  )
}

/** Lines of `topic,partition,offset`, before them the group where several are reset. */
async function fromFile(
  group: string,
  options: Options,
  client: Client,
  surroundings: Surroundings,
): Promise<Placed[]> {
  const rows = surroundings
    .read(options.value('from-file')!)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => line.split(',').map((cell) => cell.trim().replace(/^"(.*)"$/, '$1')))
  const single = options.values('group').length === 1
  const placed = rows.flatMap((row) => {
    const [topic, partition, offset] = single ? row : row.slice(1)
    if (row.length !== (single ? 3 : 4) || !/^\d+$/.test(partition!) || !/^-?\d+$/.test(offset!)) {
      throw new Error(`${row.join(',')}: ${single ? '' : 'group,'}topic,partition,offset is expected in a reset file`)
    }
    return single || row[0] === group ? [{ topic: topic!, partition: Number(partition), offset: Number(offset) }] : []
  })
  if (placed.length === 0) surroundings.out(`\nError: No reset plan for group ${group} found\n`)
  return inRange(placed, client, surroundings)
}

async function offsetsAt(partitions: readonly TopicPartition[], at: OffsetSpec, { admin }: Client): Promise<Placed[]> {
  const found = await admin.listOffsets(partitions.map((each) => ({ ...place({ ...each, offset: 0 }), at })))
  for (const { topic, partition, error } of found) {
    if (error !== 'NONE') throw new Error(`${topic}-${partition}: ${error}`)
  }
  return found.map(place)
}

async function since(
  timestamp: number,
  partitions: readonly TopicPartition[],
  client: Client,
  { out }: Surroundings,
): Promise<Placed[]> {
  const found = await offsetsAt(partitions, timestamp, client)
  const ends = await offsetsAt(partitions, 'latest', client)
  return found.map((at, i) => {
    if (at.offset >= 0) return at
    out(`\nWarn: Partition ${at.partition} from topic ${at.topic} is empty. Falling back to latest known offset.\n`)
    return ends[i]!
  })
}

/** No group is put where there are no records. */
async function inRange(wanted: readonly Placed[], client: Client, { err }: Surroundings): Promise<Placed[]> {
  const starts = await offsetsAt(wanted, 'earliest', client)
  const ends = await offsetsAt(wanted, 'latest', client)
  return wanted.map((at, i) => {
    const [start, end] = [starts[i]!.offset, ends[i]!.offset]
    const nearest = Math.max(start, Math.min(end, at.offset))
    if (nearest !== at.offset) {
      const bound = at.offset > end ? 'higher than latest' : 'lower than earliest'
      err(
        `${stamp(new Date())} WARN New offset (${at.offset}) is ${bound} offset for topic partition ${at.topic}-${at.partition}. Value will be set to ${nearest} (org.apache.kafka.tools.consumer.group.ConsumerGroupCommand)`,
      )
    }
    return { ...at, offset: nearest }
  })
}

function committedOf(committed: readonly CommittedOffset[], at: TopicPartition): number {
  const found = committed.find((each) => isSame(each, at))
  if (found !== undefined) return found.offset
  throw new UsageProblem(
    `Cannot shift offset for partition ${at.topic}-${at.partition} since there is no current committed offset`,
  )
}

/** In UTC where no zone is given. */
export function timeOf(text: string): number {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,3})?(Z|[+-]\d\d(?::?\d\d)?)?$/.exec(text)
  const zone = match?.[3] ?? 'Z'
  const full = zone.length === 3 ? `${zone}:00` : zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')
  const time = match === null ? Number.NaN : Date.parse(`${match[1]}${match[2] ?? ''}${full}`)
  if (Number.isNaN(time)) throw new Error(`--to-datetime ${text}: YYYY-MM-DDTHH:mm:SS.sss is expected`)
  return time
}

/** Of ISO 8601, as far as Java's `Duration` reads it: days, hours, minutes and seconds. */
export function durationMs(text: string): number {
  const match = /^([+-]?)P(?:(-?\d+)D)?(?:T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?\d+(?:\.\d{1,9})?)S)?)?$/i.exec(text)
  const parts = match?.slice(2).filter((part) => part !== undefined) ?? []
  if (match === null || parts.length === 0) throw new Error(`--by-duration ${text}: PnDTnHnMnS is expected, as PT1H30M`)
  const [days, hours, minutes, seconds] = match.slice(2).map((part) => Number(part ?? 0))
  const ms = (((days! * 24 + hours!) * 60 + minutes!) * 60 + seconds!) * 1000
  return match[1] === '-' ? -ms : ms
}

function place({ topic, partition, offset }: Placed): Placed {
  return { topic, partition, offset }
}

function isSame(a: TopicPartition, b: TopicPartition): boolean {
  return a.topic === b.topic && a.partition === b.partition
}
