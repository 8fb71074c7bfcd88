// What is going on: one line that is written over on a terminal, with the seconds it has taken; elsewhere only what stays.

interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const EVERY_MS = 500

export class Live {
  readonly #screen: Screen
  readonly #timer: NodeJS.Timeout | null
  #standing: string | null = null
  #since = performance.now()

  constructor(screen: Screen) {
    this.#screen = screen
    this.#timer = screen.isTTY === true ? setInterval(() => this.#draw(), EVERY_MS).unref() : null
  }

  doing(what: string): void {
    this.#standing = what
    this.#since = performance.now()
    this.#draw()
  }

  /** A line that stays, above the live one. */
  say(line: string): void {
    this.#clear()
    this.#screen.write(`${line}\n`)
    this.#draw()
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#clear()
    this.#standing = null
  }

  #clear(): void {
    if (this.#screen.isTTY === true && this.#standing !== null) this.#screen.write('\r\x1b[2K')
  }

  #draw(): void {
    if (this.#screen.isTTY !== true || this.#standing === null) return
    const seconds = ((performance.now() - this.#since) / 1000).toFixed(0)
    this.#clear()
    this.#screen.write(`${this.#standing} · ${seconds} s`.slice(0, (this.#screen.columns ?? 80) - 1))
  }
}
