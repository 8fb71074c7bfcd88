// What a log shares with the others of its directory, and who it is.

import type { Uuid } from '../base/index.ts'
import type { LogCleaner } from './cleaner/cleaner.ts'
import type { IndexCache } from './index-cache.ts'
import type { Janitor } from './janitor.ts'
import type { TailBudget } from './tail-cache.ts'
import type { LogPorts } from './types.ts'

export interface LogSurroundings {
  readonly ports: LogPorts
  readonly tailBudget: TailBudget
  readonly indexCache: IndexCache
  readonly janitor: Janitor
  /** Null: nothing is compacted. */
  readonly cleaner: LogCleaner | null
  readonly failed: (error: Error) => void
  /** Asked to make a lowered recovery point or a raised log start durable before files change. */
  readonly checkpoint: () => Promise<void>
  /** Called when a log has been closed. */
  readonly closed: () => Promise<void>
}

export interface LogIdentity {
  readonly topic: string
  readonly partition: number
  readonly topicId: Uuid
  readonly path: string
}
