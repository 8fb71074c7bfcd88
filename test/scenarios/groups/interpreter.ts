// `groups`: one shard of the group coordinator, its clocks and its log. Commands are requests of clients and what the log says;
// every answer, append and note is printed as it comes. Appends are committed at once unless the story says `hold`. A member
// made by request 3 of client `a` is called `a-3`.

import { type GroupConfig, type GroupEffect, type GroupRecord, phaseOf } from '../../../src/groups/index.ts'
import { errorName } from '../../../src/wire/index.ts'
import { long, type Position, short, subscription, TestShard, topicsOf, uuidOf } from '../../support/group-shard.ts'
import { type Command, type Interpreter, msOf, type Scenario } from '../runner.ts'

export const groupsInterpreter: Interpreter = (first) => new GroupsScenario(first)

class GroupsScenario implements Scenario {
  #test: TestShard
  #epoch = 0
  #holding = false

  constructor(first: Command) {
    this.#test = new TestShard(configOf(first))
    if (!first.args.includes('unloaded')) this.#test.load(0)
  }

  run(command: Command): string[] {
    const asked = this.#ask(command)
    if (asked !== null) return this.#print(asked)
    switch (command.name) {
      case 'hold':
        this.#holding = true
        return []
      case 'committed': {
        const upTo = command.args[0]
        this.#holding = upTo !== undefined
        return this.#print(this.#test.commit(upTo === undefined ? Number.MAX_SAFE_INTEGER : Number(upTo)))
      }
      case 'failed': {
        const [append, error] = command.args
        return this.#print(this.#test.fail(Number(append), error ?? '', command.args.includes('written')))
      }
      case 'advance':
        return this.#advance(msOf(command.args[0] ?? ''))
      case 'delete-topic':
        return this.#print(
          this.#test.happen({
            kind: 'topics-deleted',
            topics: [{ name: command.args[0] ?? '', topicId: topicIdOf(command) }],
          }),
        )
      case 'load':
        this.#epoch = Number(command.options.get('epoch'))
        return this.#printed(this.#test.happen({ kind: 'load', epoch: this.#epoch }))
      case 'replay':
        return this.#printed(
          this.#test.happen({ kind: 'replay', epoch: epochOf(command), records: this.#test.committedRecords() }),
        )
      case 'loaded':
        return this.#printed(this.#test.happen({ kind: 'loaded', epoch: epochOf(command) }))
      case 'load-failed':
        return this.#printed(this.#test.happen({ kind: 'load-failed', epoch: epochOf(command), reason: 'offline' }))
      case 'unload': {
        const epoch = command.options.get('epoch')
        return this.#printed(this.#test.happen({ kind: 'unload', epoch: epoch === undefined ? null : Number(epoch) }))
      }
      case 'failover': {
        // Another process, which knows only what is committed; what is not is cut off.
        this.#epoch += 2
        this.#holding = false
        const told = this.#print(this.#test.happen({ kind: 'unload', epoch: this.#epoch - 1 }))
        this.#test = this.#test.successor(configOf(command))
        return [...told, ...this.#print(this.#test.load(this.#epoch))]
      }
      default:
        throw new Error(`no such command: ${command.line}`)
    }
  }

  /** Null where the command is no request. */
  #ask(command: Command): GroupEffect[] | null {
    const groupId = command.args[0] ?? 'g'
    const member = {
      groupId,
      memberId: long(text(command, 'member', '')),
      groupInstanceId: command.options.get('instance') ?? null,
    }
    const generationId = Number(text(command, 'generation', '-1'))
    const version = command.options.get('version')
    const options = {
      clientId: text(command, 'client', 'c'),
      ...(version === undefined ? {} : { version: Number(version) }),
    }
    const test = this.#test
    switch (command.name) {
      case 'join':
        return test.ask('JoinGroup', { ...member, ...joinOf(command) }, options)
      case 'sync':
        return test.ask('SyncGroup', { ...member, generationId, ...syncOf(command) }, options)
      case 'heartbeat':
        return test.ask('Heartbeat', { ...member, generationId }, options)
      case 'leave': {
        const reason = command.options.get('reason') ?? null
        const { memberId, groupInstanceId } = member
        const leaving = words(text(command, 'members', text(command, 'member', ''))).map((id) => ({
          memberId: long(id),
          groupInstanceId,
          reason,
        }))
        const members = leaving.length > 0 ? leaving : [{ memberId: '', groupInstanceId, reason }]
        return test.ask('LeaveGroup', { groupId, memberId, members }, options)
      }
      case 'commit': {
        const topics = topicsOf(positionsOf(command), command.options.get('metadata') ?? null, topicIdOf(command))
        const retentionTimeMs = command.options.has('retention') ? msOf(text(command, 'retention', '')) : -1
        const body = { ...member, generationIdOrMemberEpoch: generationId, retentionTimeMs, topics }
        return test.ask('OffsetCommit', body, options)
      }
      case 'fetch': {
        const topics = command.args.length > 1 ? topicsOf(positionsOf(command), null, topicIdOf(command)) : null
        return test.ask('OffsetFetch', { groupId, topics, requireStable: command.options.has('stable') }, options)
      }
      case 'delete-offsets':
        return test.ask('OffsetDelete', { groupId, topics: topicsOf(positionsOf(command)) }, options)
      case 'describe':
        return test.ask('DescribeGroups', { groupId }, options)
      case 'delete':
        return test.ask('DeleteGroups', { groupId }, options)
      case 'list': {
        const statesFilter = words(text(command, 'states', ''))
        return test.ask('ListGroups', { statesFilter, typesFilter: words(text(command, 'types', '')) }, options)
      }
      default:
        return null
    }
  }

  #advance(ms: number): string[] {
    const until = this.#test.now + ms
    const lines: string[] = []
    for (let due = this.#test.deadline(); due !== null && due <= until; due = this.#test.deadline()) {
      this.#test.now = Math.max(this.#test.now, due)
      lines.push(...this.#print(this.#test.happen({ kind: 'tick' })))
    }
    this.#test.now = until
    return lines
  }

  #printed(effects: readonly GroupEffect[]): string[] {
    const { kind, epoch } = phaseOf(this.#test.shard)
    return [...this.#print(effects), `${kind} epoch=${epoch}`]
  }

  /** And commits what was appended, unless it is held. */
  #print(effects: readonly GroupEffect[]): string[] {
    return effects.flatMap((effect) => {
      const lines = printEffect(effect).map(short)
      if (effect.kind !== 'append' || this.#holding) return lines
      return [...lines, ...this.#print(this.#test.commit(effect.append))]
    })
  }
}

function printEffect(effect: GroupEffect): string[] {
  if (effect.kind === 'note') return [`${effect.groupId}: ${effect.text}`]
  if (effect.kind === 'append') return effect.records.map((record) => `append ${effect.append}: ${printRecord(record)}`)
  return [`#${effect.token} ${printAnswer(effect)}`]
}

function printRecord(record: GroupRecord): string {
  if (record.type === 'OffsetCommit') {
    const { group, topic, partition } = record.key
    if (record.value === null) return `offset ${group} ${topic}-${partition} gone`
    const { version, body } = record.value
    return `offset ${group} ${topic}-${partition}=${body.offset}${version === 4 ? '' : ` version=${version}`}`
  }
  if (record.type !== 'GroupMetadata') return record.type
  if (record.value === null) return `group ${record.key.group} gone`
  const { generation, protocol, leader, members } = record.value.body
  const who = members.map((one) => `${one.memberId}:${textOf(one.assignment)}`).join(' ')
  return `group ${record.key.group} generation=${generation} protocol=${protocol} leader=${leader} members=(${who})`
}

function printAnswer(answer: Extract<GroupEffect, { kind: 'answer' }>): string {
  switch (answer.api) {
    case 'JoinGroup': {
      const { errorCode, generationId, memberId, leader, protocolName, members, skipAssignment } = answer.response
      if (errorCode !== 0) return `${errorName(errorCode)}${memberId === '' ? '' : ` member=${memberId}`}`
      const others = members.length === 0 ? '' : ` members=(${members.map((one) => one.memberId).join(' ')})`
      const skip = skipAssignment ? ' skip-assignment' : ''
      return `joined member=${memberId} generation=${generationId} leader=${leader} protocol=${protocolName}${others}${skip}`
    }
    case 'SyncGroup': {
      const { errorCode, assignment } = answer.response
      return errorCode === 0 ? `assigned ${textOf(assignment)}` : errorName(errorCode)
    }
    case 'LeaveGroup': {
      const { errorCode, members } = answer.response
      const each = members.map((one) => ` ${one.groupInstanceId ?? one.memberId}:${errorName(one.errorCode)}`)
      return `${errorName(errorCode)}${each.join('')}`
    }
    case 'OffsetCommit':
      return answer.response.topics
        .flatMap(({ name, partitions }) =>
          partitions.map(({ partitionIndex, errorCode }) => `${name}-${partitionIndex}:${errorName(errorCode)}`),
        )
        .join(' ')
    case 'OffsetFetch': {
      const each = answer.response.topics.flatMap(({ name, partitions }) =>
        partitions.map((one) => ` ${name}-${one.partitionIndex}=${one.committedOffset}`),
      )
      return `${errorName(answer.response.errorCode)}${each.join('')}`
    }
    case 'OffsetDelete': {
      const { errorCode, topics } = answer.response
      const each = topics.flatMap(({ name, partitions }) =>
        partitions.map((one) => ` ${name}-${one.partitionIndex}:${errorName(one.errorCode)}`),
      )
      return `${errorName(errorCode)}${each.join('')}`
    }
    case 'DescribeGroups': {
      const { errorCode, groupState, protocolType, protocolData, members } = answer.response
      const who = members.map((one) => `${one.memberId}:${textOf(one.memberAssignment)}`).join(' ')
      return `${errorName(errorCode)} ${groupState} type=${protocolType} protocol=${protocolData} members=(${who})`
    }
    case 'ListGroups':
      return `${errorName(answer.response.errorCode)}${answer.response.groups
        .map((one) => ` ${one.groupId}:${one.groupState}:${one.groupType}:${one.protocolType}`)
        .join('')}`
    default:
      return errorName(answer.response.errorCode)
  }
}

/** `protocols=(range roundrobin)`, `topics=(a b)`: each protocol's metadata subscribes to these. */
function joinOf(command: Command) {
  const protocolType = text(command, 'type', 'consumer')
  const metadata =
    protocolType === 'consumer'
      ? subscription(words(text(command, 'topics', 't')))
      : new TextEncoder().encode(text(command, 'topics', ''))
  return {
    protocolType,
    protocols: words(text(command, 'protocols', 'range')).map((name) => ({ name, metadata })),
    sessionTimeoutMs: msOf(text(command, 'session', '10s')),
    rebalanceTimeoutMs: command.options.get('version') === '0' ? -1 : msOf(text(command, 'rebalance', '60s')),
    reason: command.options.get('reason') ?? null,
  }
}

/** `assign=(a-1:t0 b-2:t1)`. */
function syncOf(command: Command) {
  return {
    protocolType: command.options.get('type') ?? null,
    protocolName: command.options.get('protocol') ?? null,
    assignments: words(text(command, 'assign', '')).map((pair) => {
      const [memberId, assignment] = pair.split(':')
      return { memberId: long(memberId ?? ''), assignment: new TextEncoder().encode(assignment ?? '') }
    }),
  }
}

/** `(t-0:5 t-1:7)`; without offsets for those that only name partitions. */
function positionsOf(command: Command): Position[] {
  return words(command.args[1] ?? '').map((word) => {
    const match = /^(.+)-(\d+)(?::(-?\d+))?$/.exec(word)
    if (match === null) throw new Error(`"${word}" is not a partition`)
    return { topic: match[1]!, partition: Number(match[2]), offset: Number(match[3] ?? -1) }
  })
}

function topicIdOf(command: Command): string {
  return uuidOf(Number(text(command, 'topic-id', '0')))
}

function epochOf(command: Command): number {
  return Number(command.options.get('epoch'))
}

function words(list: string): string[] {
  return list.split(/\s+/).filter((word) => word !== '')
}

function text(command: Command, name: string, otherwise: string): string {
  return command.options.get(name) ?? otherwise
}

function configOf(command: Command): Partial<GroupConfig> {
  return {
    ...option(command, 'delay', (text) => ({ initialRebalanceDelayMs: msOf(text) })),
    ...option(command, 'min-session', (text) => ({ minSessionTimeoutMs: msOf(text) })),
    ...option(command, 'max-size', (text) => ({ maxSize: Number(text) })),
    ...option(command, 'metadata-max', (text) => ({ offsetMetadataMaxBytes: Number(text) })),
    ...option(command, 'retention', (text) => ({ offsetsRetentionMs: msOf(text) })),
    ...option(command, 'check', (text) => ({ offsetsRetentionCheckIntervalMs: msOf(text) })),
  }
}

function option<T>(command: Command, name: string, read: (text: string) => T): T | null {
  const value = command.options.get(name)
  return value === undefined ? null : read(value)
}

function textOf(bytes: Uint8Array): string {
  return `"${new TextDecoder().decode(bytes)}"`
}
