// Every law of the six ports on every body of them.

import { describe } from 'vitest'
import { diskLaws } from './disk.ts'
import { networkLaws } from './network.ts'
import { clockLaws, offloadLaws, randomLaws } from './small.ts'
import { tablesLaws } from './tables.ts'
import { WORLDS } from './worlds.ts'

describe.each(WORLDS)('%s', (_name, open) => {
  diskLaws(open)
  tablesLaws(open)
  networkLaws(open)
  clockLaws(open)
  randomLaws(open)
  offloadLaws(open)
})
