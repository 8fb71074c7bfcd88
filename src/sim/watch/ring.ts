// The newest so many things, oldest first. Forgets the older ones without moving the others.

export class Ring<T> {
  readonly #most: number
  readonly #items: T[] = []
  #oldest = 0

  constructor(most: number) {
    this.#most = most
  }

  push(item: T): void {
    if (this.#items.length < this.#most) {
      this.#items.push(item)
      return
    }
    this.#items[this.#oldest] = item
    this.#oldest = (this.#oldest + 1) % this.#most
  }

  list(): readonly T[] {
    return [...this.#items.slice(this.#oldest), ...this.#items.slice(0, this.#oldest)]
  }
}
