// What one group has committed of one key, as a register: which writes of an offset may still stand, given what is known to
// have come after something. Keeps of each offset only those writes that no other makes superfluous, so that a group which
// commits one offset a million times costs no more than one that goes on. Judges nothing (commits.ts).

/** As an offset: nothing is committed. */
export const NONE = -1

export interface Write {
  /** −1: the state in which each register begins. */
  readonly op: number
  /** NONE: it is deleted. */
  readonly offset: number
  readonly generation: number
  /** Indices of lines. Infinite where nobody knows whether it has taken effect. */
  readonly invoked: number
  readonly completed: number
  /** A member was told it: proof that it stood, and no commit. */
  readonly shown: boolean
}

/** What came after something else for certain: the two that say so of the most. */
export interface Floor {
  readonly byTime: Write | null
  readonly byGeneration: Write | null
}

const NOTHING: Floor = { byTime: null, byGeneration: null }
const BEFORE_ALL: Write = { op: -1, offset: NONE, generation: -1, invoked: -1, completed: -1, shown: false }

export class Register {
  floor: Floor = NOTHING
  readonly #offsets: Map<number, Offset> = new Map([[NONE, new Offset(BEFORE_ALL)]])
  readonly #ended = new Ended()

  invoked(write: Write): void {
    const offset = this.offset(write.offset)
    if (offset === undefined) this.#offsets.set(write.offset, new Offset(write))
    else offset.add(write)
  }

  refused(write: Write): void {
    const offset = this.#offsets.get(write.offset) ?? new Offset(null)
    this.#offsets.set(write.offset, offset)
    offset.refused = write
  }

  acknowledged(write: Write): void {
    this.#ended.add(write)
    this.floor = raised(this.floor, write)
  }

  shown(write: Write): void {
    this.invoked(write)
    this.floor = raised(this.floor, write)
  }

  offset(offset: number): Offset | undefined {
    return this.#offsets.get(offset)
  }

  /** `floor`, and what has been acknowledged since in a generation that was over when this one began. */
  floorOf(generation: number, floor: Floor): Floor {
    return this.#ended.before(generation).reduce(raised, floor)
  }
}

/** The writes of one offset. */
class Offset {
  /** The last of those that never stood. */
  refused: Write | null = null
  /** Of those that may. */
  last: Write | null
  /** Of two, the one that completed later or is of a later generation holds longer: completions go up, generations down. */
  readonly #longest: Write[]

  constructor(first: Write | null) {
    this.last = first
    this.#longest = first === null ? [] : [first]
  }

  add(write: Write): void {
    this.last = write
    const all = this.#longest
    const at = firstIndex(all, (other) => other.completed >= write.completed)
    const same = all[at]
    if (same !== undefined && rank(same) >= rank(write)) return
    let from = at
    while (from > 0 && rank(all[from - 1]!) <= rank(write)) from -= 1
    all.splice(from, (same?.completed === write.completed ? at + 1 : at) - from, write)
  }

  mayStand({ byTime, byGeneration }: Floor): boolean {
    const since = byTime?.invoked ?? Number.NEGATIVE_INFINITY
    const write = this.#longest[firstIndex(this.#longest, ({ completed }) => completed >= since)]
    return write !== undefined && rank(write) >= (byGeneration?.generation ?? Number.NEGATIVE_INFINITY)
  }
}

/** What was acknowledged, by generation. */
class Ended {
  /** One of each generation, going up. */
  readonly #generations: Write[] = []
  /** Going up: of all up to its generation, each was invoked last. */
  readonly #latest: Write[] = []

  add(write: Write): void {
    if (write.generation < 0) return
    const { generation, invoked } = write
    const place = firstIndex(this.#generations, (other) => other.generation >= generation)
    if (this.#generations[place]?.generation !== generation) this.#generations.splice(place, 0, write)
    const all = this.#latest
    const from = firstIndex(all, (other) => other.generation >= generation)
    if (from > 0 && all[from - 1]!.invoked >= invoked) return
    if (all[from]?.generation === generation && all[from].invoked >= invoked) return
    let until = from
    while (until < all.length && all[until]!.invoked <= invoked) until += 1
    all.splice(from, until - from, write)
  }

  /** The newest generation's, and what was invoked last. */
  before(generation: number): Write[] {
    const isLater = (write: Write): boolean => write.generation >= generation
    const found = [this.#generations, this.#latest].map((all) => all[firstIndex(all, isLater) - 1])
    return found.filter((write) => write !== undefined)
  }
}

/** What has certainly replaced a commit before the offsets were asked for; null: it may still have stood. */
export function replacer(write: Write, { byTime, byGeneration }: Floor): Write | null {
  if (byTime !== null && byTime.invoked > write.completed) return byTime
  return byGeneration !== null && rank(write) < byGeneration.generation ? byGeneration : null
}

function raised(floor: Floor, write: Write): Floor {
  return {
    byTime: floor.byTime === null || write.invoked > floor.byTime.invoked ? write : floor.byTime,
    byGeneration:
      floor.byGeneration === null || write.generation > floor.byGeneration.generation ? write : floor.byGeneration,
  }
}

/** No generation ends what was committed in none. */
function rank({ generation }: Write): number {
  return generation < 0 ? Number.POSITIVE_INFINITY : generation
}

/** Of a list whose first elements are not it, and all others are. */
function firstIndex(all: readonly Write[], is: (write: Write) => boolean): number {
  let [from, until] = [0, all.length]
  while (from < until) {
    const middle = (from + until) >>> 1
    if (is(all[middle]!)) until = middle
    else from = middle + 1
  }
  return from
}
