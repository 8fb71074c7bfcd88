// odradek quorum: the metadata quorum's leader, voters and observers.

import type { CommandModule } from 'yargs'
import type { QuorumDescription, ReplicaState } from '../../client/index.ts'
import type { ClientArguments } from '../options.ts'
import { clientOptions, jsonOption, withClient } from '../options.ts'
import { duration, print, printJson, table } from '../output.ts'

export const quorumCommand: CommandModule<object, ClientArguments & { readonly json: boolean }> = {
  command: 'quorum',
  describe: 'show the metadata quorum',
  builder: (args) => jsonOption(clientOptions(args)).example('$0 quorum --json', '') as never,
  handler: (args) =>
    withClient(args, async ({ admin }) => {
      const quorum = await admin.describeQuorum()
      if (args.json) printJson(quorum)
      else print(textOf(quorum))
    }),
}

function textOf(quorum: QuorumDescription): string {
  const endOf = (id: number): number => quorum.voters.find((voter) => voter.id === id)?.logEndOffset ?? -1
  const leaderEnd = endOf(quorum.leaderId)
  const now = Date.now()
  const row = (replica: ReplicaState, role: string): (string | number | null)[] => [
    replica.id,
    replica.id === quorum.leaderId ? 'leader' : role,
    replica.logEndOffset,
    leaderEnd < 0 || replica.logEndOffset < 0 ? null : leaderEnd - replica.logEndOffset,
    replica.id === quorum.leaderId || replica.lastFetchTimestamp <= 0
      ? null
      : `${duration(Math.max(0, now - replica.lastFetchTimestamp))} ago`,
    replica.directoryId,
  ]
  const rows = [
    ...quorum.voters.map((voter) => row(voter, 'voter')),
    ...quorum.observers.map((observer) => row(observer, 'observer')),
  ]
  const leader = quorum.leaderId < 0 ? 'no leader is known' : `leader ${quorum.leaderId}`
  return `${leader}, epoch ${quorum.leaderEpoch}, high watermark ${quorum.highWatermark}\n${table(['NODE', 'ROLE', 'END', 'LAG', 'LAST FETCH', 'DIRECTORY'], rows)}`
}
