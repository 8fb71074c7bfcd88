// Bugs of the list that our code cannot have in that form, each with the reason.

import type { NotPlantable } from './types.ts'

export const notPlantable: readonly NotPlantable[] = [
  {
    source: 'S7 Kip320FirstTry',
    title: 'A high watermark learned on an old epoch',
    reason:
      'A leader refuses other epochs and a follower drops answers to questions of another epoch; with both guards gone it is `zombie-fetch`.',
  },
]
