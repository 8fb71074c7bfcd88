// Keys and values of control records.
// Field tables of Kafka 4.3.1, one literal a message; `../types.ts` says what each attribute means and how to add a
// version. Nothing here decides or computes.

import type { Message } from '../types.ts'

export const ControlRecordTypeSchema = {
  name: 'ControlRecordTypeSchema',
  versions: '0',
  flexible: 'none',
  fields: { type: { type: 'int16', versions: '0+' } },
} as const
export type ControlRecordTypeSchema = Message<typeof ControlRecordTypeSchema>

export const EndTxnMarker = {
  name: 'EndTxnMarker',
  versions: '0',
  flexible: 'none',
  fields: { coordinatorEpoch: { type: 'int32', versions: '0+' } },
} as const
export type EndTxnMarker = Message<typeof EndTxnMarker>

export const LeaderChangeMessage = {
  name: 'LeaderChangeMessage',
  versions: '0-1',
  flexible: '0+',
  fields: {
    version: { type: 'int16', versions: '0+' },
    leaderId: { type: 'int32', versions: '0+' },
    voters: {
      type: '[]',
      versions: '0+',
      fields: { voterId: { type: 'int32', versions: '0+' }, voterDirectoryId: { type: 'uuid', versions: '1+' } },
    },
    grantingVoters: {
      type: '[]',
      versions: '0+',
      fields: { voterId: { type: 'int32', versions: '0+' }, voterDirectoryId: { type: 'uuid', versions: '1+' } },
    },
  },
} as const
export type LeaderChangeMessage = Message<typeof LeaderChangeMessage>

export const SnapshotHeaderRecord = {
  name: 'SnapshotHeaderRecord',
  versions: '0',
  flexible: '0+',
  fields: { version: { type: 'int16', versions: '0+' }, lastContainedLogTimestamp: { type: 'int64', versions: '0+' } },
} as const
export type SnapshotHeaderRecord = Message<typeof SnapshotHeaderRecord>

export const SnapshotFooterRecord = {
  name: 'SnapshotFooterRecord',
  versions: '0',
  flexible: '0+',
  fields: { version: { type: 'int16', versions: '0+' } },
} as const
export type SnapshotFooterRecord = Message<typeof SnapshotFooterRecord>

export const KRaftVersionRecord = {
  name: 'KRaftVersionRecord',
  versions: '0',
  flexible: '0+',
  fields: { version: { type: 'int16', versions: '0+' }, kRaftVersion: { type: 'int16', versions: '0+' } },
} as const
export type KRaftVersionRecord = Message<typeof KRaftVersionRecord>

export const VotersRecord = {
  name: 'VotersRecord',
  versions: '0',
  flexible: '0+',
  fields: {
    version: { type: 'int16', versions: '0+' },
    voters: {
      type: '[]',
      versions: '0+',
      fields: {
        voterId: { type: 'int32', versions: '0+' },
        voterDirectoryId: { type: 'uuid', versions: '0+' },
        endpoints: {
          type: '[]',
          versions: '0+',
          fields: {
            name: { type: 'string', versions: '0+' },
            host: { type: 'string', versions: '0+' },
            port: { type: 'uint16', versions: '0+' },
          },
        },
        kRaftVersionFeature: {
          type: 'struct',
          versions: '0+',
          fields: {
            minSupportedVersion: { type: 'int16', versions: '0+' },
            maxSupportedVersion: { type: 'int16', versions: '0+' },
          },
        },
      },
    },
  },
} as const
export type VotersRecord = Message<typeof VotersRecord>
