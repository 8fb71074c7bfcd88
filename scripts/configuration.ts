// `node scripts/configuration.ts`: writes the tables in docs/configuration.md anew from what the code says of each
// configuration. A test holds the one against the other.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withTables } from '../test/support/configuration-page.ts'

const page = join(import.meta.dirname, '..', 'docs', 'configuration.md')
writeFileSync(page, withTables(readFileSync(page, 'utf8')))
