// The words of a fault plan as people read and type them: the simulator's types, one line of text for each fault, and
// durations such as `10s`.

import type { NodeId } from '../base/index.ts'
import { unreachable } from '../base/index.ts'
import type { Direction, Fault, FaultPlan, PlannedFault, Verb } from '../sim/index.ts'

export type { Direction, Fault, FaultPlan, NodeId, PlannedFault, Verb }

/** `kill 2`, `slow 1 (300 ms ± 100 ms) for 4 s`. */
export function textOf(fault: Fault): string {
  switch (fault.verb) {
    case 'kill':
    case 'power-loss':
    case 'stop':
    case 'restart':
    case 'reset':
    case 'half-open':
    case 'flip-bit':
    case 'replace-disk':
      return `${fault.verb} ${fault.node}`
    case 'kill-all':
    case 'power-loss-all':
    case 'heal':
      return fault.verb
    case 'kill-at':
      return `kill-at ${fault.node} (after ${fault.calls} calls)`
    case 'pause':
    case 'hide':
    case 'lying-sync':
      return `${fault.verb} ${fault.node}${lasting(fault.ms)}`
    case 'slow-cpu':
    case 'slow-disk':
      return `${fault.verb} ${fault.node} (${fault.factor} times)${lasting(fault.ms)}`
    case 'isolate':
      return `isolate ${fault.node}${fault.direction === 'both' ? '' : ` (${fault.direction} only)`}${lasting(fault.ms)}`
    case 'cut':
      return `cut ${fault.from} ${fault.oneWay ? '→' : '↔'} ${fault.to}${lasting(fault.ms)}`
    case 'detain':
      return `detain ${fault.from} → ${fault.to} (${fault.what}, lost after ${seconds(fault.lostMs)})${lasting(fault.ms)}`
    case 'slow':
      return `slow ${fault.node} (${fault.latencyMs} ± ${fault.jitterMs} ms${fault.bandwidth > 0 ? `, ${fault.bandwidth} bytes/s` : ''})${lasting(fault.ms)}`
    case 'fail-disk':
      return `fail-disk ${fault.node} (${fault.operation})`
    case 'fill-disk':
      return `fill-disk ${fault.node} (${fault.freeBytes} bytes left)${lasting(fault.ms)}`
    case 'skew-clock':
      return `skew-clock ${fault.node} (${fault.jumpMs} ms, ${fault.driftPpm} ppm)`
    default:
      return unreachable(fault)
  }
}

function lasting(ms: number): string {
  return Number.isFinite(ms) ? ` for ${seconds(ms)}` : ''
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

/** The nodes that a fault is about; empty: all. */
export function nodesOf(fault: Fault): readonly NodeId[] {
  if ('node' in fault) return [fault.node]
  return fault.verb === 'cut' || fault.verb === 'detain' ? [fault.from, fault.to] : []
}

/** How long it lasts by itself; null: until it is undone, or it is over at once. */
export function lengthOf(fault: Fault): number | null {
  return 'ms' in fault && Number.isFinite(fault.ms) ? fault.ms : null
}

/** Verbs that only the simulator has, with what comes nearest on real processes. */
export const SIMULATED_ONLY: Readonly<Partial<Record<Verb, string>>> = {
  'kill-at': 'a real process cannot be killed at its n-th port call; "kill" strikes anywhere',
  'power-loss': 'nobody can take a real machine\'s page cache away from one process; "kill" keeps it',
  'power-loss-all': 'nobody can take a real machine\'s page cache away; "kill-all" keeps it',
  detain:
    'nobody can keep what is under way on one real connection and deliver it after that connection has gone; "slow" delays whole ways, "reset" breaks them',
  'lying-sync': 'a real disk that lies about fsync is not to be had by command',
  'flip-bit': 'a bit of a log in use is flipped in the simulator only',
}

/** Milliseconds of `500ms`, `10s`, `2m` or a number of seconds; null where it is none. */
export function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|min)?$/.exec(text.trim())
  if (match === null) return null
  const unit = { ms: 1, s: 1000, m: 60_000, min: 60_000 }[match[2] ?? 's']!
  return Number(match[1]) * unit
}
