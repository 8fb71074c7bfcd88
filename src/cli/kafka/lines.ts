// Bytes to lines as Java's `BufferedReader.readLine` cuts them: after \n, \r\n or \r, and nowhere else. Each byte is looked at
// once and copied at most a few times, however long its line and small the pieces are. Of a line over the limit nothing is
// kept but its length.

const LF = 0x0a
const CR = 0x0d
const EMPTY = Buffer.alloc(0)

/** A line that was longer than the limit. */
export interface LongLine {
  readonly bytes: number
}

export async function* linesIn(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number = Number.POSITIVE_INFINITY,
): AsyncGenerator<string | LongLine> {
  const begun = new Line(maxBytes)
  let afterCr = false
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    let from: number = afterCr && bytes[0] === LF ? 1 : 0
    afterCr = false
    const [lf, cr] = [new Finder(bytes, LF), new Finder(bytes, CR)]
    for (
      let end = Math.min(lf.from(from), cr.from(from));
      end < bytes.length;
      end = Math.min(lf.from(from), cr.from(from))
    ) {
      begun.add(bytes.subarray(from, end))
      yield begun.take()
      from = end + 1
      if (bytes[end] === LF) continue
      afterCr = from === bytes.length
      if (bytes[from] === LF) from++
    }
    begun.add(bytes.subarray(from))
  }
  if (begun.length > 0) yield begun.take()
}

/** Where a byte comes next; looks at no byte twice. */
class Finder {
  readonly #bytes: Buffer
  readonly #wanted: number
  #next = -1

  constructor(bytes: Buffer, wanted: number) {
    this.#bytes = bytes
    this.#wanted = wanted
  }

  /** `from` never goes back. The length of all where there is none. */
  from(from: number): number {
    if (this.#next < from) {
      const at = this.#bytes.indexOf(this.#wanted, from)
      this.#next = at < 0 ? this.#bytes.length : at
    }
    return this.#next
  }
}

/** What has come of a line so far: a copy, or a small part would keep the whole piece that it came in. */
class Line {
  readonly #maxBytes: number
  #kept: Buffer = EMPTY
  length = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  add(part: Buffer): void {
    const length = this.length + part.length
    if (length > this.#maxBytes) this.#kept = EMPTY
    else {
      if (length > this.#kept.length) {
        const larger = Buffer.allocUnsafe(Math.max(length, 2 * this.#kept.length))
        this.#kept.copy(larger, 0, 0, this.length)
        this.#kept = larger
      }
      part.copy(this.#kept, this.length)
    }
    this.length = length
  }

  /** The line; another begins. */
  take(): string | LongLine {
    const bytes = this.length
    this.length = 0
    return bytes > this.#maxBytes ? { bytes } : this.#kept.toString('utf8', 0, bytes)
  }
}
