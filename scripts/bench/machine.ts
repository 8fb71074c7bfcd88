// What a run was made on: without it no figure means anything.

import { execFileSync } from 'node:child_process'
import os from 'node:os'
import { GB } from './metrics.ts'
import type { Machine } from './types.ts'

export function machineOf(root: string, java: string | null): Machine {
  const cpus = os.cpus()
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown CPU',
    cores: cpus.length,
    memoryGb: os.totalmem() / GB,
    kernel: `${os.type()} ${os.release()}`,
    node: process.versions.node,
    java,
    commit: commitOf(root),
    loadBefore: os.loadavg()[0]!,
  }
}

/** Null where the sources are no checkout. */
function commitOf(root: string): string | null {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return null
  }
}
