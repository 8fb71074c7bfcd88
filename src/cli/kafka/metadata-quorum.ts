// kafka-metadata-quorum: the metadata quorum described. Its controllers are not added or removed by requests in this version.

import type { QuorumDescription, ReplicaState } from '../../client/index.ts'
import type { Flag, Options } from './parser.ts'
import { UsageProblem } from './parser.ts'
import { BOOTSTRAP, COMMAND_CONFIG, commandConfig, refuseControllers, type Tool } from './tool.ts'

const COLUMNS = [
  'NodeId',
  'DirectoryId',
  'LogEndOffset',
  'Lag',
  'LastFetchTimestamp',
  'LastCaughtUpTimestamp',
  'Status',
]
const NO_DIRECTORY = 'A'.repeat(22)
const CHANGES: readonly string[] = ['add-controller', 'remove-controller']

const FLAGS: readonly Flag[] = [
  BOOTSTRAP,
  COMMAND_CONFIG,
  { name: 'bootstrap-controller', argument: 'required', about: 'not here: brokers ask the controllers' },
  { name: 'status', about: 'describe: leader, lag and members' },
  { name: 'replication', about: 'describe: how far each replica is' },
  { name: 'human-readable', about: 'describe --replication: times as how long ago' },
]

export const metadataQuorum: Tool = {
  flags: FLAGS,
  about: 'This tool describes kraft metadata quorum status.',
  run: async (options, surroundings) => {
    const wrong = wrongIn(options)
    if (wrong !== null) {
      surroundings.err(wrong)
      return 1
    }
    const client = await surroundings.connect(options.value('bootstrap-server')!, commandConfig(options, surroundings))
    const quorum = await client.admin.describeQuorum()
    if (options.has('replication')) {
      const now = options.has('human-readable') ? Date.now() : null
      surroundings.out(replicationText(quorum, now))
    } else surroundings.out(statusText((await client.admin.describeCluster()).clusterId, quorum))
    return 0
  },
}

/** Throws where the words cannot be read; a sentence for those that cannot be together. */
function wrongIn(options: Options): string | null {
  const [verb, ...more] = options.words
  refuseControllers(options)
  if (!options.has('bootstrap-server')) {
    throw new UsageProblem('one of the arguments --bootstrap-server --bootstrap-controller is required')
  }
  if (verb === undefined) throw new UsageProblem('too few arguments')
  if (CHANGES.includes(verb)) {
    return `${verb}: controllers of this version cannot be added or removed by requests; format the nodes with other --initial-controllers`
  }
  if (verb !== 'describe') {
    throw new UsageProblem(`invalid choice: '${verb}' (choose from 'describe', 'add-controller', 'remove-controller')`)
  }
  if (more.length > 0) throw new UsageProblem(`unrecognized arguments: '${more.join(' ')}'`)
  const [status, replication] = [options.has('status'), options.has('replication')]
  if (status && replication) {
    return 'Only one of --status or --replication should be specified with describe sub-command'
  }
  if (!status && !replication) return 'One of --status or --replication must be specified with describe sub-command'
  return status && options.has('human-readable')
    ? 'The option --human-readable is only supported along with --replication'
    : null
}

export function statusText(clusterId: string, quorum: QuorumDescription): string {
  const leader = leaderOf(quorum)
  const last = quorum.voters.reduce((least, voter) => (voter.logEndOffset < least.logEndOffset ? voter : least))
  const rows = [
    ['ClusterId', clusterId],
    ['LeaderId', quorum.leaderId],
    ['LeaderEpoch', quorum.leaderEpoch],
    ['HighWatermark', quorum.highWatermark],
    ['MaxFollowerLag', leader.logEndOffset - last.logEndOffset],
    ['MaxFollowerLagTimeMs', lagTimeMs(leader, last)],
    ['CurrentVoters', membersText(quorum, quorum.voters)],
    ['CurrentObservers', membersText(quorum, quorum.observers)],
  ]
  return rows.map(([name, value]) => `${`${name}:`.padEnd(24)}${value}\n`).join('')
}

/** −1: not known. */
function lagTimeMs(leader: ReplicaState, last: ReplicaState): number {
  if (last.id === leader.id) return 0
  if (leader.lastCaughtUpTimestamp === -1 || last.lastCaughtUpTimestamp === -1) return -1
  return leader.lastCaughtUpTimestamp - last.lastCaughtUpTimestamp
}

function membersText({ nodes }: QuorumDescription, replicas: readonly ReplicaState[]): string {
  const texts = replicas.map(({ id, directoryId }) => {
    const listeners = nodes.find((node) => node.id === id)?.listeners ?? []
    const endpoints = listeners.map(
      ({ name, host, port }) => `"${name}://${host.includes(':') ? `[${host}]` : host}:${port}"`,
    )
    const directory = directoryId === NO_DIRECTORY ? 'null' : `"${directoryId}"`
    const tail = endpoints.length === 0 ? '' : `, "endpoints": [${endpoints.join(', ')}]`
    return `{"id": ${id}, "directoryId": ${directory}${tail}}`
  })
  return `[${texts.join(', ')}]`
}

/** `now`: times are printed as how long before it; null: as they are. */
export function replicationText(quorum: QuorumDescription, now: number | null): string {
  const leader = leaderOf(quorum)
  const row = (replica: ReplicaState, status: string): string[] => [
    String(replica.id),
    replica.directoryId,
    String(replica.logEndOffset),
    String(leader.logEndOffset - replica.logEndOffset),
    timeText(replica.lastFetchTimestamp, now, 'last fetch'),
    timeText(replica.lastCaughtUpTimestamp, now, 'last caught up'),
    status,
  ]
  const rows = [
    row(leader, 'Leader'),
    ...quorum.voters.filter((voter) => voter !== leader).map((voter) => row(voter, 'Follower')),
    ...quorum.observers.map((observer) => row(observer, 'Observer')),
  ]
  const all = [COLUMNS, ...rows]
  const widths = COLUMNS.map((_, i) => Math.max(...all.map((cells) => cells[i]!.length)))
  return all.map((cells) => `${cells.map((cell, i) => `${cell.padEnd(widths[i]!)}\t`).join('')}\n`).join('')
}

function timeText(at: number, now: number | null, what: string): string {
  if (at === -1 || now === null) return String(at)
  if (at <= 0 || at > now) {
    throw new Error(
      `Error while computing relative time, possible drift in system clock.\nCurrent timestamp is ${now}, ${what} timestamp is ${at}`,
    )
  }
  return `${now - at} ms ago`
}

function leaderOf({ leaderId, voters }: QuorumDescription): ReplicaState {
  const leader = voters.find(({ id }) => id === leaderId)
  if (leader === undefined) throw new Error(`No voter leads the quorum (leader ${leaderId}): ask again in a moment`)
  return leader
}
