// SASL, ACLs, delegation tokens, SCRAM credentials, envelopes.
// Field tables of Kafka 4.3.1, one literal a message; `../types.ts` says what each attribute means and how to add a
// version. Nothing here decides or computes.

import type { Message } from '../types.ts'

export const SaslHandshakeRequest = {
  name: 'SaslHandshakeRequest',
  key: 17,
  versions: '0-1',
  flexible: 'none',
  fields: { mechanism: { type: 'string', versions: '0+' } },
} as const
export type SaslHandshakeRequest = Message<typeof SaslHandshakeRequest>

export const SaslHandshakeResponse = {
  name: 'SaslHandshakeResponse',
  key: 17,
  versions: '0-1',
  flexible: 'none',
  fields: { errorCode: { type: 'int16', versions: '0+' }, mechanisms: { type: '[]string', versions: '0+' } },
} as const
export type SaslHandshakeResponse = Message<typeof SaslHandshakeResponse>

export const SaslAuthenticateRequest = {
  name: 'SaslAuthenticateRequest',
  key: 36,
  versions: '0-2',
  flexible: '2+',
  fields: { authBytes: { type: 'bytes', versions: '0+' } },
} as const
export type SaslAuthenticateRequest = Message<typeof SaslAuthenticateRequest>

export const SaslAuthenticateResponse = {
  name: 'SaslAuthenticateResponse',
  key: 36,
  versions: '0-2',
  flexible: '2+',
  fields: {
    errorCode: { type: 'int16', versions: '0+' },
    errorMessage: { type: 'string', versions: '0+', nullable: '0+' },
    authBytes: { type: 'bytes', versions: '0+' },
    sessionLifetimeMs: { type: 'int64', versions: '1+', ignorable: true },
  },
} as const
export type SaslAuthenticateResponse = Message<typeof SaslAuthenticateResponse>

export const DescribeAclsRequest = {
  name: 'DescribeAclsRequest',
  key: 29,
  versions: '1-3',
  flexible: '2+',
  fields: {
    resourceTypeFilter: { type: 'int8', versions: '0+' },
    resourceNameFilter: { type: 'string', versions: '0+', nullable: '0+' },
    patternTypeFilter: { type: 'int8', versions: '1+', default: 3 },
    principalFilter: { type: 'string', versions: '0+', nullable: '0+' },
    hostFilter: { type: 'string', versions: '0+', nullable: '0+' },
    operation: { type: 'int8', versions: '0+' },
    permissionType: { type: 'int8', versions: '0+' },
  },
} as const
export type DescribeAclsRequest = Message<typeof DescribeAclsRequest>

export const DescribeAclsResponse = {
  name: 'DescribeAclsResponse',
  key: 29,
  versions: '1-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    errorMessage: { type: 'string', versions: '0+', nullable: '0+' },
    resources: {
      type: '[]',
      versions: '0+',
      fields: {
        resourceType: { type: 'int8', versions: '0+' },
        resourceName: { type: 'string', versions: '0+' },
        patternType: { type: 'int8', versions: '1+', default: 3 },
        acls: {
          type: '[]',
          versions: '0+',
          fields: {
            principal: { type: 'string', versions: '0+' },
            host: { type: 'string', versions: '0+' },
            operation: { type: 'int8', versions: '0+' },
            permissionType: { type: 'int8', versions: '0+' },
          },
        },
      },
    },
  },
} as const
export type DescribeAclsResponse = Message<typeof DescribeAclsResponse>

export const CreateAclsRequest = {
  name: 'CreateAclsRequest',
  key: 30,
  versions: '1-3',
  flexible: '2+',
  fields: {
    creations: {
      type: '[]',
      versions: '0+',
      fields: {
        resourceType: { type: 'int8', versions: '0+' },
        resourceName: { type: 'string', versions: '0+' },
        resourcePatternType: { type: 'int8', versions: '1+', default: 3 },
        principal: { type: 'string', versions: '0+' },
        host: { type: 'string', versions: '0+' },
        operation: { type: 'int8', versions: '0+' },
        permissionType: { type: 'int8', versions: '0+' },
      },
    },
  },
} as const
export type CreateAclsRequest = Message<typeof CreateAclsRequest>

export const CreateAclsResponse = {
  name: 'CreateAclsResponse',
  key: 30,
  versions: '1-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    results: {
      type: '[]',
      versions: '0+',
      fields: {
        errorCode: { type: 'int16', versions: '0+' },
        errorMessage: { type: 'string', versions: '0+', nullable: '0+' },
      },
    },
  },
} as const
export type CreateAclsResponse = Message<typeof CreateAclsResponse>

export const DeleteAclsRequest = {
  name: 'DeleteAclsRequest',
  key: 31,
  versions: '1-3',
  flexible: '2+',
  fields: {
    filters: {
      type: '[]',
      versions: '0+',
      fields: {
        resourceTypeFilter: { type: 'int8', versions: '0+' },
        resourceNameFilter: { type: 'string', versions: '0+', nullable: '0+' },
        patternTypeFilter: { type: 'int8', versions: '1+', default: 3 },
        principalFilter: { type: 'string', versions: '0+', nullable: '0+' },
        hostFilter: { type: 'string', versions: '0+', nullable: '0+' },
        operation: { type: 'int8', versions: '0+' },
        permissionType: { type: 'int8', versions: '0+' },
      },
    },
  },
} as const
export type DeleteAclsRequest = Message<typeof DeleteAclsRequest>

export const DeleteAclsResponse = {
  name: 'DeleteAclsResponse',
  key: 31,
  versions: '1-3',
  flexible: '2+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    filterResults: {
      type: '[]',
      versions: '0+',
      fields: {
        errorCode: { type: 'int16', versions: '0+' },
        errorMessage: { type: 'string', versions: '0+', nullable: '0+' },
        matchingAcls: {
          type: '[]',
          versions: '0+',
          fields: {
            errorCode: { type: 'int16', versions: '0+' },
            errorMessage: { type: 'string', versions: '0+', nullable: '0+' },
            resourceType: { type: 'int8', versions: '0+' },
            resourceName: { type: 'string', versions: '0+' },
            patternType: { type: 'int8', versions: '1+', default: 3 },
            principal: { type: 'string', versions: '0+' },
            host: { type: 'string', versions: '0+' },
            operation: { type: 'int8', versions: '0+' },
            permissionType: { type: 'int8', versions: '0+' },
          },
        },
      },
    },
  },
} as const
export type DeleteAclsResponse = Message<typeof DeleteAclsResponse>

export const CreateDelegationTokenRequest = {
  name: 'CreateDelegationTokenRequest',
  key: 38,
  versions: '1-3',
  flexible: '2+',
  fields: {
    ownerPrincipalType: { type: 'string', versions: '3+', nullable: '3+' },
    ownerPrincipalName: { type: 'string', versions: '3+', nullable: '3+' },
    renewers: {
      type: '[]',
      versions: '0+',
      fields: { principalType: { type: 'string', versions: '0+' }, principalName: { type: 'string', versions: '0+' } },
    },
    maxLifetimeMs: { type: 'int64', versions: '0+' },
  },
} as const
export type CreateDelegationTokenRequest = Message<typeof CreateDelegationTokenRequest>

export const CreateDelegationTokenResponse = {
  name: 'CreateDelegationTokenResponse',
  key: 38,
  versions: '1-3',
  flexible: '2+',
  fields: {
    errorCode: { type: 'int16', versions: '0+' },
    principalType: { type: 'string', versions: '0+' },
    principalName: { type: 'string', versions: '0+' },
    tokenRequesterPrincipalType: { type: 'string', versions: '3+' },
    tokenRequesterPrincipalName: { type: 'string', versions: '3+' },
    issueTimestampMs: { type: 'int64', versions: '0+' },
    expiryTimestampMs: { type: 'int64', versions: '0+' },
    maxTimestampMs: { type: 'int64', versions: '0+' },
    tokenId: { type: 'string', versions: '0+' },
    hmac: { type: 'bytes', versions: '0+' },
    throttleTimeMs: { type: 'int32', versions: '0+' },
  },
} as const
export type CreateDelegationTokenResponse = Message<typeof CreateDelegationTokenResponse>

export const RenewDelegationTokenRequest = {
  name: 'RenewDelegationTokenRequest',
  key: 39,
  versions: '1-2',
  flexible: '2+',
  fields: { hmac: { type: 'bytes', versions: '0+' }, renewPeriodMs: { type: 'int64', versions: '0+' } },
} as const
export type RenewDelegationTokenRequest = Message<typeof RenewDelegationTokenRequest>

export const RenewDelegationTokenResponse = {
  name: 'RenewDelegationTokenResponse',
  key: 39,
  versions: '1-2',
  flexible: '2+',
  fields: {
    errorCode: { type: 'int16', versions: '0+' },
    expiryTimestampMs: { type: 'int64', versions: '0+' },
    throttleTimeMs: { type: 'int32', versions: '0+' },
  },
} as const
export type RenewDelegationTokenResponse = Message<typeof RenewDelegationTokenResponse>

export const ExpireDelegationTokenRequest = {
  name: 'ExpireDelegationTokenRequest',
  key: 40,
  versions: '1-2',
  flexible: '2+',
  fields: { hmac: { type: 'bytes', versions: '0+' }, expiryTimePeriodMs: { type: 'int64', versions: '0+' } },
} as const
export type ExpireDelegationTokenRequest = Message<typeof ExpireDelegationTokenRequest>

export const ExpireDelegationTokenResponse = {
  name: 'ExpireDelegationTokenResponse',
  key: 40,
  versions: '1-2',
  flexible: '2+',
  fields: {
    errorCode: { type: 'int16', versions: '0+' },
    expiryTimestampMs: { type: 'int64', versions: '0+' },
    throttleTimeMs: { type: 'int32', versions: '0+' },
  },
} as const
export type ExpireDelegationTokenResponse = Message<typeof ExpireDelegationTokenResponse>

export const DescribeDelegationTokenRequest = {
  name: 'DescribeDelegationTokenRequest',
  key: 41,
  versions: '1-3',
  flexible: '2+',
  fields: {
    owners: {
      type: '[]',
      versions: '0+',
      nullable: '0+',
      fields: { principalType: { type: 'string', versions: '0+' }, principalName: { type: 'string', versions: '0+' } },
    },
  },
} as const
export type DescribeDelegationTokenRequest = Message<typeof DescribeDelegationTokenRequest>

export const DescribeDelegationTokenResponse = {
  name: 'DescribeDelegationTokenResponse',
  key: 41,
  versions: '1-3',
  flexible: '2+',
  fields: {
    errorCode: { type: 'int16', versions: '0+' },
    tokens: {
      type: '[]',
      versions: '0+',
      fields: {
        principalType: { type: 'string', versions: '0+' },
        principalName: { type: 'string', versions: '0+' },
        tokenRequesterPrincipalType: { type: 'string', versions: '3+' },
        tokenRequesterPrincipalName: { type: 'string', versions: '3+' },
        issueTimestamp: { type: 'int64', versions: '0+' },
        expiryTimestamp: { type: 'int64', versions: '0+' },
        maxTimestamp: { type: 'int64', versions: '0+' },
        tokenId: { type: 'string', versions: '0+' },
        hmac: { type: 'bytes', versions: '0+' },
        renewers: {
          type: '[]',
          versions: '0+',
          fields: {
            principalType: { type: 'string', versions: '0+' },
            principalName: { type: 'string', versions: '0+' },
          },
        },
      },
    },
    throttleTimeMs: { type: 'int32', versions: '0+' },
  },
} as const
export type DescribeDelegationTokenResponse = Message<typeof DescribeDelegationTokenResponse>

export const DescribeUserScramCredentialsRequest = {
  name: 'DescribeUserScramCredentialsRequest',
  key: 50,
  versions: '0',
  flexible: '0+',
  fields: {
    users: { type: '[]', versions: '0+', nullable: '0+', fields: { name: { type: 'string', versions: '0+' } } },
  },
} as const
export type DescribeUserScramCredentialsRequest = Message<typeof DescribeUserScramCredentialsRequest>

export const DescribeUserScramCredentialsResponse = {
  name: 'DescribeUserScramCredentialsResponse',
  key: 50,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    errorCode: { type: 'int16', versions: '0+' },
    errorMessage: { type: 'string', versions: '0+', nullable: '0+' },
    results: {
      type: '[]',
      versions: '0+',
      fields: {
        user: { type: 'string', versions: '0+' },
        errorCode: { type: 'int16', versions: '0+' },
        errorMessage: { type: 'string', versions: '0+', nullable: '0+' },
        credentialInfos: {
          type: '[]',
          versions: '0+',
          fields: { mechanism: { type: 'int8', versions: '0+' }, iterations: { type: 'int32', versions: '0+' } },
        },
      },
    },
  },
} as const
export type DescribeUserScramCredentialsResponse = Message<typeof DescribeUserScramCredentialsResponse>

export const AlterUserScramCredentialsRequest = {
  name: 'AlterUserScramCredentialsRequest',
  key: 51,
  versions: '0',
  flexible: '0+',
  fields: {
    deletions: {
      type: '[]',
      versions: '0+',
      fields: { name: { type: 'string', versions: '0+' }, mechanism: { type: 'int8', versions: '0+' } },
    },
    upsertions: {
      type: '[]',
      versions: '0+',
      fields: {
        name: { type: 'string', versions: '0+' },
        mechanism: { type: 'int8', versions: '0+' },
        iterations: { type: 'int32', versions: '0+' },
        salt: { type: 'bytes', versions: '0+' },
        saltedPassword: { type: 'bytes', versions: '0+' },
      },
    },
  },
} as const
export type AlterUserScramCredentialsRequest = Message<typeof AlterUserScramCredentialsRequest>

export const AlterUserScramCredentialsResponse = {
  name: 'AlterUserScramCredentialsResponse',
  key: 51,
  versions: '0',
  flexible: '0+',
  fields: {
    throttleTimeMs: { type: 'int32', versions: '0+' },
    results: {
      type: '[]',
      versions: '0+',
      fields: {
        user: { type: 'string', versions: '0+' },
        errorCode: { type: 'int16', versions: '0+' },
        errorMessage: { type: 'string', versions: '0+', nullable: '0+' },
      },
    },
  },
} as const
export type AlterUserScramCredentialsResponse = Message<typeof AlterUserScramCredentialsResponse>

export const EnvelopeRequest = {
  name: 'EnvelopeRequest',
  key: 58,
  versions: '0',
  flexible: '0+',
  fields: {
    requestData: { type: 'bytes', versions: '0+' },
    requestPrincipal: { type: 'bytes', versions: '0+', nullable: '0+' },
    clientHostAddress: { type: 'bytes', versions: '0+' },
  },
} as const
export type EnvelopeRequest = Message<typeof EnvelopeRequest>

export const EnvelopeResponse = {
  name: 'EnvelopeResponse',
  key: 58,
  versions: '0',
  flexible: '0+',
  fields: {
    responseData: { type: 'bytes', versions: '0+', nullable: '0+', default: null },
    errorCode: { type: 'int16', versions: '0+' },
  },
} as const
export type EnvelopeResponse = Message<typeof EnvelopeResponse>

export const DefaultPrincipalData = {
  name: 'DefaultPrincipalData',
  versions: '0',
  flexible: '0+',
  fields: {
    type: { type: 'string', versions: '0+' },
    name: { type: 'string', versions: '0+' },
    tokenAuthenticated: { type: 'bool', versions: '0+' },
  },
} as const
export type DefaultPrincipalData = Message<typeof DefaultPrincipalData>
