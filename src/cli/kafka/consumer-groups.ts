// kafka-consumer-groups: list, describe, delete, reset and delete offsets. Like Kafka's it ends with 0 where a group refuses:
// what it says is on standard output.

import type { Client, GroupDescription } from '../../client/index.ts'
import { exceptionOf, exceptionOfError, sentenceOf } from './exceptions.ts'
import {
  deletedText,
  listText,
  membersText,
  type OffsetRow,
  offsetsText,
  resetText,
  stateText,
} from './group-tables.ts'
import type { Flag, Options } from './parser.ts'
import { refuseTogether, requireFlags, UsageProblem } from './parser.ts'
import { namedPartitions, type Placed, resetOffsets, SCENARIOS } from './reset-offsets.ts'
import { BOOTSTRAP, COMMAND_CONFIG, commandConfig, type Surroundings, type Tool } from './tool.ts'

const ACTIONS: readonly string[] = ['list', 'describe', 'delete', 'reset-offsets', 'delete-offsets']
const STATES: readonly string[] =
  'Stable CompletingRebalance Empty Dead Reconciling PreparingRebalance Assigning'.split(' ')
const TYPES: readonly string[] = ['Classic', 'Consumer']
const TIMEOUT_MS = 5_000

const FLAGS: readonly Flag[] = [
  BOOTSTRAP,
  COMMAND_CONFIG,
  { name: 'group', argument: 'required', about: 'a group; may be given several times' },
  { name: 'all-groups', about: 'every group of consumers' },
  { name: 'topic', argument: 'required', about: 'a topic, or topic:0,1; may be given several times' },
  { name: 'all-topics', about: 'reset: every topic that the group has committed for' },
  { name: 'list', about: 'list groups' },
  { name: 'describe', about: 'show offsets and lag, or --members, or --state' },
  { name: 'delete', about: 'delete groups that nobody is in' },
  { name: 'reset-offsets', about: 'put a group that nobody is in elsewhere' },
  { name: 'delete-offsets', about: 'forget what a group has committed for topics' },
  { name: 'dry-run', about: 'reset: only show it' },
  { name: 'execute', about: 'reset: do it' },
  { name: 'export', about: 'reset: print CSV' },
  ...SCENARIOS,
  { name: 'members', about: 'describe: the members' },
  { name: 'offsets', about: 'describe: the offsets, as without it' },
  { name: 'state', argument: 'optional', about: 'describe: the state; list: with states, or only those: stable,empty' },
  { name: 'type', argument: 'optional', about: 'list: with types, or only those: classic,consumer' },
  { name: 'verbose', about: 'describe: more of it' },
  { name: 'timeout', argument: 'required', type: 'integer', about: 'milliseconds to wait for an answer' },
]

export const consumerGroups: Tool = {
  flags: FLAGS,
  about:
    'This tool helps to list all consumer groups, describe a consumer group, delete consumer group info, or reset consumer group offsets.',
  run: async (options, surroundings) => {
    check(options, surroundings)
    const properties = commandConfig(options, surroundings)
    properties.set('request.timeout.ms', String(options.integer('timeout') ?? TIMEOUT_MS))
    const client = await surroundings.connect(options.value('bootstrap-server')!, properties)
    try {
      if (options.has('list')) await list(options, client, surroundings)
      else if (options.has('describe')) await describe(options, client, surroundings)
      else if (options.has('delete')) await remove(options, client, surroundings)
      else if (options.has('reset-offsets')) await reset(options, client, surroundings)
      else await forget(options, client, surroundings)
    } catch (error) {
      if (error instanceof UsageProblem) throw error
      problem(surroundings, `Executing consumer group command failed due to ${exceptionOfError(error)}`)
    }
    return 0
  },
}

function check(options: Options, { err }: Surroundings): void {
  requireFlags(options, 'bootstrap-server')
  if (ACTIONS.filter((action) => options.has(action)).length !== 1) {
    throw new UsageProblem(
      'Command must include exactly one action: --list, --describe, --delete, --reset-offsets, --delete-offsets',
    )
  }
  const scope = options.has('group') || options.has('all-groups')
  for (const action of ['describe', 'delete', 'reset-offsets']) {
    if (options.has(action) && !scope) {
      throw new UsageProblem(`Option [${action}] takes one of these options: [group], [all-groups]`)
    }
  }
  if (options.has('describe')) {
    if (['members', 'offsets', 'state'].filter((each) => options.has(each)).length > 1) {
      throw new UsageProblem('Option [describe] takes at most one of these options: [members], [offsets], [state]')
    }
    if ((options.value('state') ?? '') !== '') {
      throw new UsageProblem('Option [describe] does not take a value for [state]')
    }
  }
  if (options.has('delete') && options.has('topic')) {
    throw new UsageProblem('The consumer does not support topic-specific offset deletion from a consumer group.')
  }
  if (options.has('delete-offsets') && !(options.has('group') && options.has('topic'))) {
    throw new UsageProblem('Option [delete-offsets] takes the following options: [topic], [group]')
  }
  if (options.has('reset-offsets')) {
    if (options.has('dry-run') && options.has('execute')) {
      throw new UsageProblem('Option [reset-offsets] only accepts one of [execute] and [dry-run]')
    }
    if (!options.has('dry-run') && !options.has('execute')) {
      err(
        'WARN: No action will be performed as the --execute option is missing. In version 5.0, this command will require either --dry-run or --execute to be specified. You should add the --dry-run option explicitly if you are scripting this command and want to keep the current default behavior without prompting.',
      )
    }
    const scenarios = SCENARIOS.map(({ name }) => name)
    for (const name of scenarios) refuseTogether(options, name, scenarios)
  }
  refuseTogether(options, 'group', ['all-groups', 'list'])
  refuseTogether(options, 'topic', ['list', 'describe'])
}

async function groupsOf(options: Options, { groups }: Client): Promise<string[]> {
  if (!options.has('all-groups')) return [...options.values('group')]
  return (await groups.list()).filter(isOfConsumers).map(({ group }) => group)
}

/** A group that is empty may have no type yet. */
function isOfConsumers({ protocolType }: { readonly protocolType: string }): boolean {
  return protocolType === 'consumer' || protocolType === ''
}

async function list(options: Options, { groups }: Client, { out }: Surroundings): Promise<void> {
  const states = namesIn(options.value('state'), STATES, 'state')
  const types = namesIn(options.value('type'), TYPES, 'type')
  const found = (await groups.list({ states, types })).filter(isOfConsumers)
  const heads = ['GROUP', ...(options.has('type') ? ['TYPE'] : []), ...(options.has('state') ? ['STATE'] : [])]
  if (heads.length === 1) {
    for (const { group } of found) out(`${group}\n`)
    return
  }
  const rows = found.map(({ group, type, state }) => [
    group,
    ...(options.has('type') ? [type.charAt(0).toUpperCase() + type.slice(1)] : []),
    ...(options.has('state') ? [state] : []),
  ])
  out(listText(rows, heads))
}

/** Names in any letters, as Kafka writes them; none: all. */
function namesIn(text: string | undefined, names: readonly string[], what: string): string[] {
  if (text === undefined || text === '') return []
  return text.split(',').map((each) => {
    const found = names.find((name) => name.toLowerCase() === each.trim().toLowerCase())
    if (found !== undefined) return found
    throw new UsageProblem(`Invalid ${what} list '${text}'. Valid ${what}s are: ${names.join(', ')}`)
  })
}

async function describe(options: Options, client: Client, surroundings: Surroundings): Promise<void> {
  const { out } = surroundings
  const verbose = options.has('verbose')
  const groups = (await groupsOf(options, client)).sort()
  const described = await client.groups.describe(groups)
  const failed = described.find(({ error }) => error !== 'NONE')
  if (failed !== undefined) {
    problem(surroundings, `Executing consumer group command failed due to ${exceptionOf(failed)}`)
    return
  }
  for (const each of described) {
    if (options.has('members')) {
      tell(each, surroundings)
      out(membersText(each, verbose))
    } else if (options.has('state')) {
      if (tell(each, surroundings)) out(stateText(each, verbose))
    } else {
      const rows = await offsetRows(each, client)
      if (tell(each, surroundings) && rows.length > 0) out(offsetsText(each.group, rows, verbose))
    }
  }
}

/** Says what is special about the state of a group; false where there is nothing more to show. */
function tell({ group, state }: GroupDescription, surroundings: Surroundings): boolean {
  if (state === 'Dead') {
    problem(surroundings, `Consumer group '${group}' does not exist.`)
    return false
  }
  if (state === 'Empty') surroundings.err(`\nConsumer group '${group}' has no active members.`)
  if (['PreparingRebalance', 'CompletingRebalance', 'Assigning', 'Reconciling'].includes(state)) {
    surroundings.err(`\nWarning: Consumer group '${group}' is rebalancing.`)
  }
  return true
}

/** Of each member what it reads, the busiest first, then what nobody reads. */
async function offsetRows({ group, members }: GroupDescription, { admin, groups }: Client): Promise<OffsetRow[]> {
  const committed = await groups.offsets(group)
  const keyOf = (at: { readonly topic: string; readonly partition: number }): string => `${at.topic}-${at.partition}`
  const offsets = new Map(committed.map((at) => [keyOf(at), at]))
  const byPlace = <T extends { readonly topic: string; readonly partition: number }>(all: readonly T[]): T[] =>
    all.toSorted((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1))
  const read = members
    .toSorted((a, b) => b.assignment.length - a.assignment.length)
    .flatMap((member) => byPlace(member.assignment).map((at) => ({ ...at, member })))
  const taken = new Set(read.map(keyOf))
  const left = byPlace(committed.filter((at) => !taken.has(keyOf(at)))).map(({ topic, partition }) => ({
    topic,
    partition,
    member: null,
  }))
  const all = [...read, ...left]
  const ends = await admin.listOffsets(all.map(({ topic, partition }) => ({ topic, partition, at: 'latest' as const })))
  return all.map(({ topic, partition, member }, i) => {
    const at = offsets.get(keyOf({ topic, partition }))
    return {
      topic,
      partition,
      leaderEpoch: at === undefined || at.leaderEpoch < 0 ? null : at.leaderEpoch,
      offset: at?.offset ?? null,
      end: ends[i]!.error === 'NONE' ? ends[i]!.offset : null,
      member,
    }
  })
}

async function remove(options: Options, client: Client, surroundings: Surroundings): Promise<void> {
  const outcomes = await client.groups.delete(await groupsOf(options, client))
  const failed = outcomes.filter(({ error }) => error !== 'NONE')
  const done = outcomes.filter(({ error }) => error === 'NONE').map(({ group }) => `'${group}'`)
  if (failed.length === 0) {
    surroundings.out(`Deletion of requested consumer groups (${done.join(', ')}) was successful.\n`)
    return
  }
  problem(surroundings, 'Deletion of some consumer groups failed:')
  for (const each of failed) {
    surroundings.out(`* Group '${each.group}' could not be deleted due to: ${exceptionOf(each)}\n`)
  }
  if (done.length > 0) surroundings.out(`\nThese consumer groups were deleted successfully: ${done.join(', ')}\n`)
}

async function reset(options: Options, client: Client, surroundings: Surroundings): Promise<void> {
  const groups = await groupsOf(options, client)
  const described = await client.groups.describe(groups)
  const all: (Placed & { readonly group: string })[] = []
  for (const { group, state, error, message } of described) {
    // A group that is not there begins with this.
    if (error !== 'NONE' && error !== 'GROUP_ID_NOT_FOUND') throw new Error(exceptionOf({ error, message }))
    if (error === 'NONE' && state !== 'Empty' && state !== 'Dead') {
      problem(
        surroundings,
        `Assignments can only be reset if the group '${group}' is inactive, but the current state is ${state}.`,
      )
      continue
    }
    const placed = await resetOffsets(group, options, client, surroundings)
    if (options.has('execute')) {
      const outcomes = await client.groups.alterOffsets(group, placed)
      const refused = outcomes.find((each) => each.error !== 'NONE')
      if (refused !== undefined) throw new Error(exceptionOf(refused))
    }
    all.push(...placed.map((at) => ({ group, ...at })))
  }
  if (!options.has('export')) {
    surroundings.out(resetText(all))
    return
  }
  const isOne = options.values('group').length === 1
  const lines = all.map(({ group, topic, partition, offset }) =>
    [...(isOne ? [] : [group]), topic, partition, offset].join(','),
  )
  surroundings.out(`${lines.map((line) => `${line}\n`).join('')}\n`)
}

async function forget(options: Options, client: Client, surroundings: Surroundings): Promise<void> {
  const group = options.value('group')!
  const named = await namedPartitions(options.values('topic'), client)
  const missing = named.filter(({ partition }) => partition < 0)
  const present = named.filter(({ partition }) => partition >= 0)
  const { error, partitions } = await client.groups.deleteOffsets(group, present)
  const whole = error !== 'NONE' ? error : (partitions.find((each) => each.error !== 'NONE')?.error ?? 'NONE')
  if (whole === 'NONE') surroundings.out(`Request succeeded for deleting offsets from group ${group}.\n`)
  else if (error === 'NONE') problem(surroundings, 'Encountered some partition-level error, see the follow-up details.')
  else problem(surroundings, sentenceOf({ error, message: null }))
  const unknown = { error: 'UNKNOWN_TOPIC_OR_PARTITION', message: null } as const
  const rows = [...partitions, ...missing.map((at) => ({ ...at, ...unknown }))]
    .toSorted((a, b) => (`${a.topic}${a.partition}` < `${b.topic}${b.partition}` ? -1 : 1))
    .map((each) => ({
      topic: each.topic,
      partition: each.partition,
      status: each.error === 'NONE' ? 'Successful' : `Error: ${exceptionOf(each)}`,
    }))
  surroundings.out(deletedText(rows))
}

function problem({ out }: Surroundings, text: string): void {
  out(`\nError: ${text}\n`)
}
