// Request and response headers.
// Field tables of Kafka 4.3.1, one literal a message; `../types.ts` says what each attribute means and how to add a
// version. Nothing here decides or computes.

import type { Message } from '../types.ts'

export const RequestHeader = {
  name: 'RequestHeader',
  versions: '1-2',
  flexible: '2+',
  fields: {
    requestApiKey: { type: 'int16', versions: '0+' },
    requestApiVersion: { type: 'int16', versions: '0+' },
    correlationId: { type: 'int32', versions: '0+' },
    clientId: { type: 'string', versions: '1+', nullable: '1+', flexible: 'none' },
  },
} as const
export type RequestHeader = Message<typeof RequestHeader>

export const ResponseHeader = {
  name: 'ResponseHeader',
  versions: '0-1',
  flexible: '1+',
  fields: { correlationId: { type: 'int32', versions: '0+' } },
} as const
export type ResponseHeader = Message<typeof ResponseHeader>
