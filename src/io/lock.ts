// The lock of a log directory: a file `.lock` that names the process holding it. Node has no flock, so a lock left by a
// dead process is told from a living one by the process's start time: a reused pid does not count. A directory that a
// running Apache Kafka has locked (a POSIX lock on the same file) is refused on Linux too. Two containers that share a
// volume but not their processes cannot see each other: do not do that.

import { randomUUID } from 'node:crypto'
import fsp from 'node:fs/promises'
import path from 'node:path'
import process from 'node:process'
import { StorageError } from '../base/index.ts'

const NAME = '.lock'
/** A takeover is three system calls; a marker older than this was left by a crash. */
const TAKEOVER_STALE_MS = 10_000

interface Holder {
  readonly pid: number
  /** Clock ticks from boot to the process's start, or '' where the system does not tell. */
  readonly start: string
  readonly boot: string
}

/** Directories locked by this process, whichever of its nodes holds them. */
const heldHere = new Set<string>()

export class DiskLocks {
  readonly #releases: Set<() => Promise<void>> = new Set()

  async take(directory: string): Promise<() => Promise<void>> {
    const real = await fsp.realpath(directory)
    if (heldHere.has(real)) throw locked(directory, 'another node of this process')
    heldHere.add(real)
    try {
      await takeFile(real, directory)
    } catch (error) {
      heldHere.delete(real)
      throw error
    }
    const release = async (): Promise<void> => {
      if (!this.#releases.delete(release)) return
      // The file stays, as Kafka's does, without a holder: deleting it could take away a successor's.
      await fsp.writeFile(path.join(real, NAME), '').catch(() => {})
      heldHere.delete(real)
    }
    this.#releases.add(release)
    return release
  }

  async releaseAll(): Promise<void> {
    await Promise.all([...this.#releases].map((release) => release()))
  }
}

async function takeFile(real: string, shown: string): Promise<void> {
  const file = path.join(real, NAME)
  const marker = path.join(real, `${NAME}.takeover`)
  await excludeOthers(marker, shown)
  try {
    const holder = parse(await readOrNull(file))
    if (holder !== null && (await isAlive(holder))) throw locked(shown, `process ${holder.pid}`)
    if (await kernelLocked(file)) throw locked(shown, 'another program, perhaps Apache Kafka')
    const temporary = path.join(real, `${NAME}.${randomUUID()}`)
    await fsp.writeFile(temporary, print(await self()))
    await fsp.rename(temporary, file)
  } finally {
    await fsp.rm(marker, { force: true })
  }
}

/** Between looking at a stale lock and replacing it nobody else may do the same. */
async function excludeOthers(marker: string, shown: string): Promise<void> {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      await (await fsp.open(marker, 'wx')).close()
      return
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error
      const stat = await fsp.stat(marker).catch(() => null)
      if (stat !== null && Date.now() - stat.mtimeMs < TAKEOVER_STALE_MS)
        throw locked(shown, 'a process that is starting')
      await fsp.rm(marker, { force: true })
    }
  }
  throw locked(shown, 'a process that is starting')
}

async function isAlive(holder: Holder): Promise<boolean> {
  const here = await self()
  if (holder.boot !== here.boot) return false
  // This process's own lock would be in `heldHere`; one that is not was left by a node that was killed inside it.
  if (holder.pid === here.pid && holder.start === here.start) return false
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    // EPERM: it lives and is somebody else's.
    if (hasCode(error, 'ESRCH')) return false
  }
  const start = await startOf(holder.pid)
  return start === '' || holder.start === '' || start === holder.start
}

let own: Promise<Holder> | null = null

function self(): Promise<Holder> {
  own ??= (async () => ({
    pid: process.pid,
    start: await startOf(process.pid),
    boot: ((await readOrNull('/proc/sys/kernel/random/boot_id')) ?? '').trim(),
  }))()
  return own
}

/** Field 22 of /proc/PID/stat; the command in field 2 may hold blanks and parentheses. A zombie holds nothing. */
async function startOf(pid: number): Promise<string> {
  const stat = await readOrNull(`/proc/${pid}/stat`)
  if (stat === null) return ''
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? 'zombie' : (fields[19] ?? '')
}

/** Whether any process holds a kernel lock on the file, as Java's FileChannel.lock does. */
async function kernelLocked(file: string): Promise<boolean> {
  const locks = await readOrNull('/proc/locks')
  const stat = await fsp.stat(file).catch(() => null)
  if (locks === null || stat === null) return false
  const inode = `:${stat.ino}`
  return locks.split('\n').some((line) => line.split(/\s+/).some((field) => field.endsWith(inode)))
}

function print(holder: Holder): string {
  return `pid=${holder.pid}\nstart=${holder.start}\nboot=${holder.boot}\n`
}

/** Null for an empty file (released, or Kafka's) and for anything that is not ours. */
function parse(text: string | null): Holder | null {
  const match = /^pid=(\d+)\nstart=(.*)\nboot=(.*)\n$/.exec(text ?? '')
  return match === null ? null : { pid: Number(match[1]), start: match[2]!, boot: match[3]! }
}

async function readOrNull(file: string): Promise<string | null> {
  try {
    return await fsp.readFile(file, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'EACCES') || hasCode(error, 'ESRCH')) return null
    throw error
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

function locked(directory: string, holder: string): StorageError {
  return new StorageError(directory, 'ELOCKED', `${directory} is in use by ${holder}`)
}
