// The six ports of one node on the real world, and the one call that cuts them all.

import type { Ports } from '../base/index.ts'
import { SystemClock } from './clock.ts'
import { SystemDisk } from './disk.ts'
import { SystemNetwork } from './network.ts'
import { PoolOffload } from './offload.ts'
import { SystemRandom } from './random.ts'
import { LevelTables } from './tables.ts'

export interface SystemPortsOptions {
  /** Where the node's tables live; created when the first one is opened. */
  readonly tablesDirectory: string
  /** Let the process end although an alarm is set. Default false. */
  readonly unref?: boolean
}

export interface SystemPorts extends Ports {
  /** Resets connections, stops listening, closes files, releases locks, silences alarms. From this call on the ports are
   *  as those of a dead process: nothing is written, no callback is called, no promise settles. Idempotent. */
  close(): Promise<void>
}

export function createPorts(options: SystemPortsOptions): SystemPorts {
  const clock = new SystemClock({ unref: options.unref ?? false })
  const disk = new SystemDisk()
  const network = new SystemNetwork()
  const tables = new LevelTables(options.tablesDirectory)
  let closed: Promise<void> | null = null
  const close = async (): Promise<void> => {
    clock.close()
    network.close()
    await Promise.all([disk.close(), tables.close()])
  }
  return {
    clock,
    random: new SystemRandom(),
    disk,
    network,
    tables,
    offload: new PoolOffload(),
    close: () => {
      closed ??= close()
      return closed
    },
  }
}
