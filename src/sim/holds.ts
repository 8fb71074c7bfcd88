// Connections whose bytes are held on their way, in one direction, until somebody lets them go: all between two hosts, some
// by chance, or from the next request of a kind on the one that it is sent on, by chance with all others. Looks at a request's first bytes and at nothing else of
// what is said.

import { apis } from '../wire/index.ts'
import { oneIn } from './chance.ts'
import type { End } from './end.ts'
import { ARRIVAL } from './kernel.ts'
import type { SimInternet } from './network.ts'
import type { Detained } from './plan.ts'
import { once, type Undo } from './undo.ts'

interface Trap {
  readonly from: string
  readonly to: string
  readonly apiKey: number
  readonly spring: (end: End) => void
}

/** A request's size comes first, then its API key. */
const API_KEY_AT = 4

export class Holds {
  readonly #internet: SimInternet
  readonly #traps: Set<Trap> = new Set()

  constructor(internet: SimInternet) {
    this.#internet = internet
  }

  /** Whether `wrote` is to be told. */
  get waiting(): boolean {
    return this.#traps.size > 0
  }

  /** After `lostUs` who opened what is held hears that it is lost and may connect anew; what was asked arrives all the same,
   *  and what was answered finds nobody. */
  begin(from: string, to: string, what: Detained, lostUs: number): Undo {
    const held: End[] = []
    let over = false
    const hold = (ends: readonly End[]): void => {
      held.push(...ends)
      for (const end of ends) end.hold()
      this.#internet.kernel.schedule(lostUs, ARRIVAL, null, () => {
        if (!over) for (const end of ends) (end.answering ? end.peer : end)?.cutOff()
      })
    }
    let trap: Trap | null = null
    if (what === 'all' || what === 'some') {
      const { random } = this.#internet
      hold(this.#internet.connections(from, to).filter(() => what === 'all' || oneIn(random, 2)))
    } else {
      const spring = (end: End): void => {
        // What else the two say to each other may pass it, or stand still as well.
        const alone = oneIn(this.#internet.random, 2)
        hold(alone ? [end] : [end, ...this.#internet.connections(from, to).filter((each) => each !== end)])
      }
      trap = { from, to, apiKey: apis[what].key, spring }
      this.#traps.add(trap)
    }
    return once(() => {
      over = true
      if (trap !== null) this.#traps.delete(trap)
      for (const end of held) end.letGo()
    })
  }

  /** The owner of an end that it has opened itself is about to send this. */
  wrote(end: End, chunk: Uint8Array): void {
    const apiKey = chunk.length < API_KEY_AT + 2 ? -1 : (chunk[API_KEY_AT]! << 8) | chunk[API_KEY_AT + 1]!
    for (const trap of this.#traps) {
      if (trap.apiKey !== apiKey) continue
      // A request from one to the other, or the answer to one that the other asks.
      const held = end.host === trap.from ? end : end.peer
      if (held?.host !== trap.from || held.peerHost !== trap.to) continue
      this.#traps.delete(trap)
      trap.spring(held)
    }
  }
}
