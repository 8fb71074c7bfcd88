// One broker process of `odradek up`: odradek-node.mjs PROPERTIES-FILE. Plain JavaScript, so that a checkout whose modules
// are compiled already (`odradek up` has seen to it) never loads the TypeScript stripper, which would stay in memory.

import { existsSync } from 'node:fs'

const sources = new URL('../src/launcher/node-main.ts', import.meta.url)
const program = existsSync(sources) ? sources : new URL('../dist/src/launcher/node-main.js', import.meta.url)
const { nodeMain } = await import(program.href)
await nodeMain(process.argv[2])
