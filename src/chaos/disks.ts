// A full disk: a file beside a broker's log directory that takes what is left of its file system. Only a small file system
// is filled, and never the one that holds the rest of the machine.

import fs from 'node:fs'
import path from 'node:path'
import { ConfigError } from '../base/index.ts'
import type { Undo } from './types.ts'

const FILLER = '.chaos-filler'
/** A larger one belongs to more than a broker. */
const LARGEST_BYTES = 2 * 1024 ** 3
const CHUNK_BYTES = 1024 * 1024

/** Null where the disk of this log directory may be filled; else why not. */
export function diskRefusal(logDirectory: string): string | null {
  const home = homeOf(logDirectory)
  if (!fs.existsSync(home)) return `${home} does not exist`
  const { bsize, blocks } = fs.statfsSync(home)
  const isOwn = fs.statSync(home).dev !== fs.statSync('/').dev
  if (isOwn && bsize * blocks <= LARGEST_BYTES) return null
  return `${home} lies on a file system of ${Math.round((bsize * blocks) / 1024 ** 3)} GiB that others use too: mount a small one there before the cluster is made (mount -t tmpfs -o size=512m tmpfs ${home})`
}

/** Leaves so many bytes free. */
export async function fillDisk(logDirectory: string, freeBytes: number): Promise<Undo> {
  const refused = diskRefusal(logDirectory)
  if (refused !== null) throw new ConfigError(refused)
  const home = homeOf(logDirectory)
  const file = path.join(home, FILLER)
  const handle = fs.openSync(file, 'w')
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES)
    for (;;) {
      const { bsize, bavail } = fs.statfsSync(home)
      const wanted = Math.min(CHUNK_BYTES, bsize * bavail - freeBytes)
      if (wanted <= 0) break
      fs.writeSync(handle, chunk, 0, wanted)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    fs.closeSync(handle)
  }
  return async () => freeDisk(logDirectory)
}

export function freeDisk(logDirectory: string): void {
  fs.rmSync(path.join(homeOf(logDirectory), FILLER), { force: true })
}

export function isFilled(logDirectory: string): boolean {
  return fs.existsSync(path.join(homeOf(logDirectory), FILLER))
}

/** The broker's own directory: Kafka takes every directory inside a log directory for a partition's. */
function homeOf(logDirectory: string): string {
  return path.dirname(logDirectory)
}
