// DeleteTopics (20, versions 1–6, both listeners): decided by the active controller. Version 6 names topics by name or by
// id (KIP-516); answers from 5 on carry a message.

import { apis, type DeleteTopicsRequest, type DeleteTopicsResponse } from '../../wire/index.ts'
import type { Handler } from '../types.ts'
import { decidedByController } from './forwarded.ts'

export const deleteTopics: Handler<typeof DeleteTopicsRequest, typeof DeleteTopicsResponse> = decidedByController(
  apis.DeleteTopics,
)
