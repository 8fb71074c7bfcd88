// CPU seconds and memory of processes as Linux tells them in /proc. Elsewhere there are none, and figures are left out;
// nothing is guessed.

import { readFileSync } from 'node:fs'
import type { Cpu } from './types.ts'

/** USER_HZ: 100 on every Linux that Node runs on. */
const TICKS_A_SECOND = 100

/** Where `/proc/PID/stat` counts from: what comes after the name, which may hold spaces and parentheses. */
const USER = 11
const SYSTEM = 12
const CHILDREN_USER = 13
const CHILDREN_SYSTEM = 14

export interface Times {
  readonly own: Cpu
  /** Of children that have ended and were waited for, and of theirs. */
  readonly children: Cpu
}

export function parseStat(text: string): Times {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const seconds = (at: number): number => Number(fields[at]) / TICKS_A_SECOND
  return {
    own: { user: seconds(USER), system: seconds(SYSTEM) },
    children: { user: seconds(CHILDREN_USER), system: seconds(CHILDREN_SYSTEM) },
  }
}

/** Resident memory in MB; null where the text does not tell it. */
export function parseRss(status: string): number | null {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(status)
  return match === null ? null : Number(match[1]) / 1024
}

export function difference(after: Cpu, before: Cpu): Cpu {
  return { user: after.user - before.user, system: after.system - before.system }
}

/** Null where the kernel does not tell, or no such process lives. */
export function timesOf(pid: number | 'self'): Times | null {
  const text = read(`/proc/${pid}/stat`)
  return text === null ? null : parseStat(text)
}

export function rssOf(pid: number): number | null {
  const text = read(`/proc/${pid}/status`)
  return text === null ? null : parseRss(text)
}

/** One answer a process; null if any is missing. */
export function ofAll<T>(pids: readonly number[], of: (pid: number) => T | null): readonly T[] | null {
  const all = pids.map(of)
  return all.every((each) => each !== null) ? (all as T[]) : null
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return null
    throw error
  }
}
