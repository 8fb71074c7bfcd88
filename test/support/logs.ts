// What tests of the log share: a configuration with small segments, ports on a disk in memory with a clock that is moved
// by hand, and batches of records that can be told apart.

import type { Alarm, Clock, Logger, Random } from '../../src/base/index.ts'
import { SeededRandom } from '../../src/base/index.ts'
import type { LogConfig, LogPorts } from '../../src/log/index.ts'
import { buildBatch } from '../../src/wire/index.ts'
import { MemoryDisk } from './memory-disk.ts'
import { plainOffload } from './plain-offload.ts'

export const START: number = 1_700_000_000_000

export class HandClock implements Clock {
  now: number = START
  readonly #alarms = new Set<{ at: number; fire: () => void }>()

  monotonic(): number {
    return this.now
  }

  wall(): number {
    return this.now
  }

  alarm(fire: () => void): Alarm {
    const alarm = { at: Number.POSITIVE_INFINITY, fire }
    this.#alarms.add(alarm)
    return {
      set: (at) => {
        alarm.at = at
      },
      clear: () => {
        alarm.at = Number.POSITIVE_INFINITY
      },
    }
  }

  async advance(ms: number): Promise<void> {
    this.now += ms
    for (const alarm of this.#alarms) {
      if (alarm.at > this.now) continue
      alarm.at = Number.POSITIVE_INFINITY
      alarm.fire()
    }
    await settled()
  }
}

/** Lets everything that is under way on a disk in memory come to its end. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
}

export interface TestPorts extends LogPorts {
  readonly disk: MemoryDisk
  readonly clock: HandClock
  readonly logged: string[]
}

export function testPorts(disk: MemoryDisk = new MemoryDisk(), clock: HandClock = new HandClock()): TestPorts {
  const logged: string[] = []
  const log = (_fields: object, message: string): void => {
    logged.push(message)
  }
  const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger }
  const random: Random = new SeededRandom(1)
  return { disk, clock, offload: plainOffload, random, logger, logged }
}

export function logConfig(changes: Partial<LogConfig> = {}): LogConfig {
  return {
    segmentBytes: 1024 * 1024,
    segmentMs: 7 * 24 * 3600 * 1000,
    segmentIndexBytes: 10 * 1024 * 1024,
    indexIntervalBytes: 4096,
    retentionBytes: -1,
    retentionMs: -1,
    cleanupDelete: true,
    cleanupCompact: false,
    deleteRetentionMs: 24 * 3600 * 1000,
    minCompactionLagMs: 0,
    maxCompactionLagMs: Number.MAX_SAFE_INTEGER,
    minCleanableDirtyRatio: 0.5,
    maxMessageBytes: 1_048_588,
    messageTimestampType: 'CreateTime',
    messageTimestampBeforeMaxMs: Number.MAX_SAFE_INTEGER,
    messageTimestampAfterMaxMs: Number.MAX_SAFE_INTEGER,
    compressionType: 'producer',
    fileDeleteDelayMs: 1000,
    producerIdExpirationMs: 24 * 3600 * 1000,
    flush: 'os',
    ...changes,
  }
}

export interface Numbered {
  readonly count?: number
  readonly timestamp?: number
  readonly valueSize?: number
  readonly producer?: { readonly id: number; readonly epoch: number; readonly sequence: number }
  readonly tag?: number
}

/** A batch of `count` records a millisecond apart. */
export function batchOf(options: Numbered = {}): Uint8Array {
  const { count = 1, timestamp = START, valueSize = 20, producer, tag = 0 } = options
  return buildBatch({
    ...(producer === undefined
      ? {}
      : { producerId: producer.id, producerEpoch: producer.epoch, baseSequence: producer.sequence }),
    records: Array.from({ length: count }, (_, i) => ({
      timestamp: timestamp + i,
      key: Uint8Array.of(tag & 255, i & 255),
      value: new Uint8Array(valueSize).fill(tag & 255),
    })),
  })
}
