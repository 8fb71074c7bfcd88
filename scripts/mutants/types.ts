// A mutant: one bug that others have had, planted into our code as a change of text. Data only; scripts/mutants/run.ts
// plants it. Invariant: every `find` occurs exactly once in its file (test/unit/mutants.test.ts holds the code to it, so
// that whoever changes a guard hears of the mutant that proves the guard).

/** A change of one file's text. */
export interface Edit {
  /** From the root of the tree. */
  readonly file: string
  /** Exact; must occur exactly once. */
  readonly find: string
  readonly replace: string
}

export interface Mutant extends Edit {
  readonly name: string
  /** What the mutated code does wrong, in one sentence. */
  readonly title: string
  /** Whose story it is: the reference's number, a ticket, a paper's section. */
  readonly source: string
  /** Where the same bug has more than one guard here, the others; an assertion would only turn it into a crash. */
  readonly also?: readonly Edit[]
  /** Invariants and anomalies that plausibly kill it. */
  readonly expect?: readonly string[]
}

/** A bug of the list that cannot be planted here, and why. */
export interface NotPlantable {
  readonly source: string
  readonly title: string
  readonly reason: string
}
