// `node scripts/diagrams.ts`: draws the diagrams in docs/ anew from the tables in the code. A test holds the one against the
// other.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withDiagram } from '../test/support/group-states.ts'

const page = join(import.meta.dirname, '..', 'docs', 'groups.md')
writeFileSync(page, withDiagram(readFileSync(page, 'utf8')))
