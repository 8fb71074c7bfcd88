// Places in a group that are not what an id of a member says: of static members (KIP-345), who keep theirs under another id when
// they come back, and of those who have none and commit all the same. Remembers what coordinators have said of them; judges
// nothing (groups.ts).

export class Places {
  /** By id of a static member: its instance. */
  readonly #instances: Map<string, string> = new Map()
  /** By instance: the id under which it was let in last. */
  readonly #holders: Map<string, string> = new Map()
  /** By id of one whose place another took: who, and in which generation. */
  readonly #replaced: Map<string, { readonly by: string; readonly generation: number }> = new Map()
  /** By coordinator: the generation with which it was content last. */
  readonly #content: Map<string, number> = new Map()
  /** By coordinator: when it took a commit of nobody, and in which generation it had members before that. */
  readonly #outsiders: Map<string, { readonly order: number; readonly generation: number }> = new Map()

  known(member: string, instance: string): void {
    this.#instances.set(member, instance)
  }

  /** True where it takes the place of another id. */
  admitted(member: string, instance: string, generation: number): boolean {
    const before = this.#holders.get(instance)
    this.#holders.set(instance, member)
    if (before === undefined || before === member) return false
    this.#replaced.set(before, { by: member, generation })
    return true
  }

  /** Who had taken a member's place when generation `settled` was in the log. One that is replaced in a rebalance is there
   *  when that is over. */
  replacedBy(member: string, settled: number): string | null {
    const replaced = this.#replaced.get(member)
    return replaced !== undefined && replaced.generation <= settled ? replaced.by : null
  }

  /** Whoever has an instance is one owner, whatever his id. */
  whoIs(member: string): string {
    const instance = this.#instances.get(member)
    return instance === undefined ? member : `instance ${instance}`
  }

  /** With which generation a coordinator has been content so far; null: it has not said. */
  contentWith(coordinator: string): number | null {
    return this.#content.get(coordinator) ?? null
  }

  /** It has taken a commit of nobody, asked for when it was content with `generation`. */
  outsider(coordinator: string, generation: number, order: number): void {
    this.#outsiders.set(coordinator, { order, generation })
  }

  /** Whether it took a commit of nobody between two words to members of this generation: the group was not empty then, for
   *  an empty one begins another generation. `order`: when it was asked. */
  content(coordinator: string, generation: number, order: number): boolean {
    const taken = this.#outsiders.get(coordinator)
    this.#content.set(coordinator, generation)
    if (taken === undefined || taken.generation !== generation || order < taken.order) return false
    this.#outsiders.delete(coordinator)
    return true
  }
}
