// Produces whose clients still wait, and whether their node still has a reason to let them: one that leads none of their
// partitions any more, or has committed what was sent, has nothing to wait for, and must say so (P18). Looks only while the
// node hears requests, so that a process that sleeps owes nothing. Does not judge how long a leader may wait for others:
// that is the client's time-out.

import type { NodeId } from '../../base/index.ts'
import type { Findings, LogModel } from '../../check/index.ts'
import type { TappedEnd } from '../tap.ts'

interface Waiting {
  readonly end: TappedEnd
  readonly models: readonly LogModel[]
  /** Looks in a row that found nothing to wait for in any of them. */
  idle: number
}

/** Between two looks at one node, milliseconds. */
const LOOK_MS = 250
/** So many looks in a row are too many: five seconds in which the node did other work. */
const MOST_LOOKS = 20

export class Owed {
  readonly #mayWait: (node: NodeId, model: LogModel, request: object) => boolean
  readonly #findings: Findings
  /** By node, in the order of their arrival. */
  readonly #waiting: Map<NodeId, Map<object, Waiting>> = new Map()
  readonly #lookedAt: Map<NodeId, number> = new Map()

  constructor(mayWait: (node: NodeId, model: LogModel, request: object) => boolean, findings: Findings) {
    this.#mayWait = mayWait
    this.#findings = findings
  }

  /** `request` names it until it is answered. */
  asked(node: NodeId, end: TappedEnd, request: object, models: readonly LogModel[]): void {
    let waiting = this.#waiting.get(node)
    if (waiting === undefined) {
      waiting = new Map()
      this.#waiting.set(node, waiting)
    }
    waiting.set(request, { end, models, idle: 0 })
  }

  answered(node: NodeId, request: object): void {
    this.#waiting.get(node)?.delete(request)
  }

  /** The process is no more. */
  ended(node: NodeId): void {
    this.#waiting.delete(node)
  }

  /** The node does something at `now` milliseconds. */
  look(node: NodeId, now: number): void {
    const all = this.#waiting.get(node)
    if (all === undefined || all.size === 0 || now - (this.#lookedAt.get(node) ?? Number.NEGATIVE_INFINITY) < LOOK_MS)
      return
    this.#lookedAt.set(node, now)
    const behind = new Set<TappedEnd>()
    for (const [request, waiting] of all) {
      const { end, models } = waiting
      if (end.closed) {
        all.delete(request)
        continue
      }
      // Answers go out in the order of their requests: only the first of a connection is owed.
      if (behind.has(end)) continue
      behind.add(end)
      waiting.idle = models.some((model) => this.#mayWait(node, model, request)) ? 0 : waiting.idle + 1
      if (waiting.idle < MOST_LOOKS) continue
      all.delete(request)
      const names = models.map((model) => model.name).join(', ')
      const text = `node ${node} leaves a produce to ${names} unanswered, though it leads none of them any more or has committed what was sent`
      this.#findings.violated('P18', text, { node, ...(models[0] === undefined ? {} : { partition: models[0].name }) })
    }
  }
}
