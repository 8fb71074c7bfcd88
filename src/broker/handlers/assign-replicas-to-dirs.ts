// AssignReplicasToDirs (73, version 0, controller listener): a broker tells in which log directory its replicas lie
// (KIP-858). Errors: per partition, and top-level for the broker itself.

import { type AssignReplicasToDirsRequest, type AssignReplicasToDirsResponse, apis } from '../../wire/index.ts'
import type { Handler } from '../types.ts'
import { decidedByController } from './forwarded.ts'

export const assignReplicasToDirs: Handler<typeof AssignReplicasToDirsRequest, typeof AssignReplicasToDirsResponse> =
  decidedByController(apis.AssignReplicasToDirs)
