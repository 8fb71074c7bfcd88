// Holds the sources against the table of the house (scripts/rooms/table.ts): forbidden imports, ways past a door,
// cycles, banned names, default exports. One line per finding; exits 1 if there is any.
//
//   node scripts/rooms.ts [ROOT]

import { CHECKOUT, checkRooms, print } from './rooms/check.ts'

const findings = checkRooms(process.argv[2] ?? CHECKOUT)
for (const finding of findings) process.stdout.write(`${print(finding)}\n`)
process.stdout.write(findings.length === 0 ? 'the house is in order\n' : `${findings.length} findings\n`)
process.exitCode = findings.length === 0 ? 0 : 1
