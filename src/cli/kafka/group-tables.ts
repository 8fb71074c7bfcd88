// What kafka-consumer-groups prints of groups. Columns are to the left, as wide as their widest cell or Kafka's least width;
// each row begins a line instead of ending one, since Kafka's do.

import type { GroupDescription, TopicPartition } from '../../client/index.ts'

const ABSENT = '-'

export interface OffsetRow {
  readonly topic: string
  readonly partition: number
  readonly leaderEpoch: number | null
  readonly offset: number | null
  readonly end: number | null
  readonly member: { readonly memberId: string; readonly host: string; readonly clientId: string } | null
}

interface Column {
  readonly head: string
  /** 0: as wide as the cell. */
  readonly least: number
  /** Else it does not grow with its cells. */
  readonly grows?: true
}

export function offsetsText(group: string, rows: readonly OffsetRow[], verbose: boolean): string {
  const columns: readonly Column[] = [
    { head: 'GROUP', least: 15, grows: true },
    { head: 'TOPIC', least: 15, grows: true },
    { head: 'PARTITION', least: 10 },
    ...(verbose ? [{ head: 'LEADER-EPOCH', least: 15 }] : []),
    { head: 'CURRENT-OFFSET', least: 15 },
    { head: 'LOG-END-OFFSET', least: 15 },
    { head: 'LAG', least: 15 },
    { head: 'CONSUMER-ID', least: 15, grows: true },
    { head: 'HOST', least: 15, grows: true },
    { head: 'CLIENT-ID', least: 0 },
  ]
  const cells = rows.map(({ topic, partition, leaderEpoch, offset, end, member }) => [
    group,
    topic,
    partition,
    ...(verbose ? [leaderEpoch] : []),
    offset,
    end,
    offset === null || end === null ? null : end - offset,
    member?.memberId ?? null,
    member?.host ?? null,
    member?.clientId ?? null,
  ])
  return `${tableText(columns, cells)}\n`
}

export function membersText({ group, members }: GroupDescription, verbose: boolean): string {
  const named = members.some(({ instanceId }) => instanceId !== null)
  const columns: readonly Column[] = [
    { head: 'GROUP', least: 15, grows: true },
    { head: 'CONSUMER-ID', least: 15, grows: true },
    ...(named ? [{ head: 'GROUP-INSTANCE-ID', least: 17, grows: true } as const] : []),
    { head: 'HOST', least: 15, grows: true },
    { head: 'CLIENT-ID', least: 15, grows: true },
    { head: '#PARTITIONS', least: 15 },
    ...(verbose
      ? ([
          { head: 'CURRENT-EPOCH', least: 15 },
          { head: 'CURRENT-ASSIGNMENT', least: 20, grows: true },
          { head: 'TARGET-EPOCH', least: 15 },
          { head: 'TARGET-ASSIGNMENT', least: 20, grows: true },
        ] as const)
      : []),
  ]
  const cells = members.map((member) => [
    group,
    member.memberId,
    ...(named ? [member.instanceId ?? ''] : []),
    member.host,
    member.clientId,
    member.assignment.length,
    ...(verbose ? [null, assignmentText(member.assignment), null, null] : []),
  ])
  // Without the columns of --verbose the last one keeps the space before the next.
  const text = tableText(columns, cells)
  return `${verbose ? text : text.replaceAll('\n', ' \n').replace(/^ /, '').concat(' ')}\n`
}

export function stateText(
  { group, state, protocol, coordinator, members }: GroupDescription,
  verbose: boolean,
): string {
  const { host, port, id } = coordinator
  const columns: readonly Column[] = [
    { head: 'GROUP', least: 15, grows: true },
    { head: 'COORDINATOR (ID)', least: 25, grows: true },
    { head: 'ASSIGNMENT-STRATEGY', least: 20 },
    { head: 'STATE', least: 20 },
    ...(verbose
      ? [
          { head: 'GROUP-EPOCH', least: 15 },
          { head: 'TARGET-ASSIGNMENT-EPOCH', least: 25 },
        ]
      : []),
    { head: '#MEMBERS', least: 0 },
  ]
  const epochs = verbose ? [null, null] : []
  const row = [group, `${host}:${port}  (${id})`, protocol || null, state, ...epochs, members.length]
  return `${tableText(columns, [row])}\n`
}

export function resetText(
  rows: readonly (TopicPartition & { readonly group: string; readonly offset: number })[],
): string {
  const columns: readonly Column[] = [
    { head: 'GROUP', least: 15, grows: true },
    { head: 'TOPIC', least: 15, grows: true },
    { head: 'PARTITION', least: 10 },
    { head: 'NEW-OFFSET', least: 0 },
  ]
  const cells = rows.map(({ group, topic, partition, offset }) => [group, topic, partition, offset])
  return `${tableText(columns, cells)}\n`
}

export function deletedText(
  rows: readonly { readonly topic: string; readonly partition: number; readonly status: string }[],
): string {
  const columns: readonly Column[] = [
    { head: 'TOPIC', least: 15, grows: true },
    { head: 'PARTITION', least: 10 },
    { head: 'STATUS', least: 15 },
  ]
  const cells = rows.map(({ topic, partition, status }) => [topic, partition < 0 ? null : partition, status])
  return `${tableText(columns, cells)}\n`
}

/** Names, with types and states where they were asked for. */
export function listText(rows: readonly (readonly string[])[], heads: readonly string[]): string {
  const width = Math.max(15, ...rows.map(([group]) => group!.length)) + 10
  return [heads, ...rows]
    .map(([group, ...others]) => [group!.padEnd(width), ...others.map((each) => each.padEnd(20))].join(' '))
    .map((line) => `${line}\n`)
    .join('')
}

function tableText(columns: readonly Column[], rows: readonly (readonly (string | number | null)[])[]): string {
  const cells = rows.map((row) => row.map((cell) => (cell === null ? ABSENT : String(cell))))
  const widths = columns.map(({ least, grows }, i) =>
    grows ? Math.max(least, ...cells.map((row) => row[i]!.length)) : least,
  )
  const line = (row: readonly string[]): string => `\n${row.map((cell, i) => cell.padEnd(widths[i]!)).join(' ')}`
  return [columns.map(({ head }) => head), ...cells].map(line).join('')
}

/** `topic:0,1;other:2`. */
function assignmentText(assignment: readonly TopicPartition[]): string | null {
  const topics = [...new Set(assignment.map(({ topic }) => topic))].sort()
  if (topics.length === 0) return null
  return topics
    .map((name) => {
      const partitions = assignment.filter(({ topic }) => topic === name).map(({ partition }) => partition)
      return `${name}:${partitions.sort((a, b) => a - b).join(',')}`
    })
    .join(';')
}
