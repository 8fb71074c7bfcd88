// AlterClientQuotas (49, versions 0–1, both listeners): limits of users, client ids and addresses (KIP-546). Decided by the
// active controller; brokers hold clients to them as soon as the metadata says so.

import { type AlterClientQuotasRequest, type AlterClientQuotasResponse, apis } from '../../wire/index.ts'
import type { Handler } from '../types.ts'
import { decidedByController } from './forwarded.ts'

export const alterClientQuotas: Handler<typeof AlterClientQuotasRequest, typeof AlterClientQuotasResponse> =
  decidedByController(apis.AlterClientQuotas)
