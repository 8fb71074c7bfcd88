// Chaos for a test or a program: a running cluster and one method a verb.
//
//   await using chaos = await startChaos({ brokers: 3 })
//   const kafka = new Kafka({ brokers: chaos.bootstrapServers.split(',') })
//   await chaos.kill(2)
//   await chaos.isolate(1, { ms: 3000 })
//   await chaos.heal()

import type { ComposeOptions } from './compose.ts'
import { openCompose } from './compose.ts'
import { drawPlan } from './plan.ts'
import { runChaos } from './run.ts'
import type { StartOptions } from './start.ts'
import { connectTarget, startTarget } from './start.ts'
import type { ChaosRun, Condition, RunOptions, Target, Undo } from './types.ts'
import type { Direction, Fault, FaultPlan, NodeId } from './words.ts'
import { lengthOf } from './words.ts'

/** Without `ms` a fault lasts until `heal`. */
export interface Lasting {
  readonly ms?: number
}

export type RunPlan = Omit<RunOptions, 'target' | 'plan'> &
  ({ readonly plan: FaultPlan } | { readonly seed: number; readonly durationMs: number })

export class Chaos implements AsyncDisposable {
  readonly target: Target
  readonly #open = new Set<{ readonly undo: Undo; timer: ReturnType<typeof setTimeout> | null }>()

  constructor(target: Target) {
    this.target = target
  }

  /** For any Kafka client on this machine. */
  get bootstrapServers(): string {
    return this.target.bootstrapServers
  }

  get nodes(): readonly NodeId[] {
    return this.target.nodes
  }

  /** SIGKILL. */
  kill(node: NodeId): Promise<void> {
    return this.inflict({ verb: 'kill', node })
  }

  killAll(): Promise<void> {
    return this.inflict({ verb: 'kill-all' })
  }

  /** Controlled shutdown; resolves when it is down. */
  stop(node: NodeId): Promise<void> {
    return this.inflict({ verb: 'stop', node })
  }

  /** Starts a dead node, with changed properties if any are given; resolves when it serves. */
  restart(node: NodeId, properties?: Readonly<Record<string, string>>): Promise<void> {
    return this.inflict({ verb: 'restart', node, ...(properties === undefined ? {} : { properties }) })
  }

  /** SIGSTOP, and SIGCONT at the end. */
  pause(node: NodeId, { ms = FOREVER }: Lasting = {}): Promise<void> {
    return this.inflict({ verb: 'pause', node, ms })
  }

  /** Every step takes `factor` times as long. */
  slowCpu(node: NodeId, { ms = FOREVER, factor = 10 }: Lasting & { readonly factor?: number } = {}): Promise<void> {
    return this.inflict({ verb: 'slow-cpu', node, factor, ms })
  }

  /** From the other nodes and from clients. */
  isolate(
    node: NodeId,
    { ms = FOREVER, direction = 'both' }: Lasting & { readonly direction?: Direction } = {},
  ): Promise<void> {
    return this.inflict({ verb: 'isolate', node, direction, ms })
  }

  /** What `from` sends to `to` is lost; without `oneWay`, also what `to` sends to `from`. */
  cut(
    from: NodeId,
    to: NodeId,
    { ms = FOREVER, oneWay = false }: Lasting & { readonly oneWay?: boolean } = {},
  ): Promise<void> {
    return this.inflict({ verb: 'cut', from, to, oneWay, ms })
  }

  /** Only clients cannot reach it. */
  hide(node: NodeId, { ms = FOREVER }: Lasting = {}): Promise<void> {
    return this.inflict({ verb: 'hide', node, ms })
  }

  /** Latency of a round trip, and bytes a second (0: unbounded), from and to a node. */
  slow(
    node: NodeId,
    options: Lasting & { readonly latencyMs?: number; readonly jitterMs?: number; readonly bandwidth?: number } = {},
  ): Promise<void> {
    const { ms = FOREVER, latencyMs = 500, jitterMs = 0, bandwidth = 0 } = options
    return this.inflict({ verb: 'slow', node, latencyMs, jitterMs, bandwidth, ms })
  }

  /** Every connection of a node ends, some in the midst of an answer. */
  reset(node: NodeId): Promise<void> {
    return this.inflict({ verb: 'reset', node })
  }

  /** Connections stay open at their other ends and nothing answers, until `heal`. */
  halfOpen(node: NodeId): Promise<void> {
    return this.inflict({ verb: 'half-open', node })
  }

  /** So much is left free on a node's own small file system. */
  fillDisk(
    node: NodeId,
    { ms = FOREVER, freeBytes = 0 }: Lasting & { readonly freeBytes?: number } = {},
  ): Promise<void> {
    return this.inflict({ verb: 'fill-disk', node, freeBytes, ms })
  }

  skewClock(
    node: NodeId,
    { jumpMs = 0, driftPpm = 0 }: { readonly jumpMs?: number; readonly driftPpm?: number },
  ): Promise<void> {
    return this.inflict({ verb: 'skew-clock', node, jumpMs, driftPpm })
  }

  /** Undoes everything but death. */
  async heal(): Promise<void> {
    for (const open of this.#open) {
      if (open.timer !== null) clearTimeout(open.timer)
      await open.undo()
    }
    this.#open.clear()
    await this.target.heal()
  }

  status(): Promise<readonly Condition[]> {
    return this.target.conditions()
  }

  /** Resolves when it has begun; what lasts for a time ends by itself. Rejects with a sentence where it cannot be done. */
  async inflict(fault: Fault): Promise<void> {
    const undo = await this.target.begin(fault)
    const open = { undo, timer: null as ReturnType<typeof setTimeout> | null }
    this.#open.add(open)
    const ms = lengthOf(fault)
    if (ms === null) return
    open.timer = setTimeout(() => {
      this.#open.delete(open)
      // A node that is gone by now needs no undoing, and `heal` takes away what is left.
      open.undo().catch(() => undefined)
    }, ms)
  }

  /** A checked workload under a plan, given or drawn. */
  run(options: RunPlan): Promise<ChaosRun> {
    const { target } = this
    const plan =
      'plan' in options
        ? options.plan
        : drawPlan({ ...options, nodes: target.nodes, refusal: (fault) => target.refusal(fault) })
    return runChaos({ ...options, target, plan })
  }

  /** Undoes everything; a cluster that was started for this ends. */
  async close(): Promise<void> {
    try {
      await this.heal()
    } finally {
      await this.target.close()
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

const FOREVER = Number.POSITIVE_INFINITY

/** A cluster of processes on this machine, behind proxies where Toxiproxy is there. */
export async function startChaos(options: StartOptions = {}): Promise<Chaos> {
  return new Chaos(await startTarget(options))
}

/** The cluster that an `odradek up` runs in a directory. */
export async function connectChaos(data: string): Promise<Chaos> {
  return new Chaos(await connectTarget(data))
}

/** The containers of a compose file. */
export async function composeChaos(options: ComposeOptions): Promise<Chaos> {
  return new Chaos(await openCompose(options))
}
