// All mutants, and what could not become one.

import { answers } from './answers.ts'
import { broker } from './broker.ts'
import { compaction } from './compaction.ts'
import { controller } from './controller.ts'
import { groups } from './groups.ts'
import { idempotence } from './idempotence.ts'
import { isrElr } from './isr-elr.ts'
import { moves } from './moves.ts'
import { partition } from './partition.ts'
import { quorum } from './quorum.ts'
import { storage } from './storage.ts'
import type { Mutant } from './types.ts'

export { notPlantable } from './not-plantable.ts'
export type { Edit, Mutant, NotPlantable } from './types.ts'

export interface Theme {
  readonly name: string
  readonly mutants: readonly Mutant[]
}

export const themes: readonly Theme[] = [
  { name: 'Partitions', mutants: partition },
  { name: 'ISR and ELR', mutants: isrElr },
  { name: 'Quorum', mutants: quorum },
  { name: 'Storage', mutants: storage },
  { name: 'Acknowledgements and idempotence', mutants: idempotence },
  { name: 'Controller', mutants: controller },
  { name: 'Reassignments', mutants: moves },
  { name: 'Requests', mutants: broker },
  { name: 'Groups and offsets', mutants: groups },
  { name: 'Compaction', mutants: compaction },
  { name: 'Answers and settings', mutants: answers },
]

export const mutants: readonly Mutant[] = themes.flatMap((theme) => theme.mutants)
