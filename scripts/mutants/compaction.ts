// The log cleaner: what it may let go, when, and how what it made takes the place of what was there.

import type { Mutant } from './types.ts'

export const compaction: readonly Mutant[] = [
  {
    name: 'last-of-a-key-dropped',
    title: 'The cleaner drops what the map names as the last of its key, too.',
    source: 'D5',
    file: 'src/log/cleaner/retention.ts',
    find: 'if (header.baseOffset + record.offsetDelta < last ||',
    replace: 'if (header.baseOffset + record.offsetDelta <= last ||',
    expect: ['D5', 'G5'],
  },
]
