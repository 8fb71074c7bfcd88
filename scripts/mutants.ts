// Plants every mutant of scripts/mutants/ into a copy of the tree and lives seeds of the simulator on it until a named
// invariant or anomaly kills it. The unmutated tree is lived first and must be clean. Exits 1 if a mutant survives, does
// not compile, or its text is not found.
//
//   npm run mutants -- [--only NAME[,NAME…]] [--from NAME] [--seeds MOST] [--first SEED] [--jobs N]
//                      [--resume FILE] [--json] [--docs]
//
// `--resume` keeps what was found in a file, a line a mutant, and does not hunt again what was killed there with the same
// text. `--docs` writes docs/mutants.md.

import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Hunt, Hunter } from './mutants/hunt.ts'
import { type Mutant, mutants } from './mutants/index.ts'
import { documentation, line, summary } from './mutants/report.ts'
import { Results } from './mutants/results.ts'
import { Tree } from './mutants/tree.ts'

const root: string = dirname(import.meta.dirname)
const BASELINE_SEEDS = 5

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    from: { type: 'string' },
    seeds: { type: 'string', default: '1000' },
    first: { type: 'string', default: '1' },
    jobs: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
    resume: { type: 'string' },
    docs: { type: 'boolean', default: false },
  },
})

function chosen(): readonly Mutant[] {
  const only = values.only?.split(',')
  for (const name of [...(only ?? []), ...(values.from === undefined ? [] : [values.from])]) {
    if (!mutants.some((mutant) => mutant.name === name)) throw new Error(`there is no mutant ${name}`)
  }
  const from = mutants.findIndex((mutant) => mutant.name === values.from)
  return mutants.slice(Math.max(0, from)).filter((mutant) => only === undefined || only.includes(mutant.name))
}

function count(name: 'seeds' | 'first' | 'jobs'): number {
  const value = Number(values[name])
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} ${values[name]}: an integer from 1 on`)
  return value
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)

async function main(): Promise<boolean> {
  const wanted = chosen()
  const results = await Results.read(values.resume)
  const queue = wanted.filter((mutant) => results.killed(mutant) === null)
  const options = { firstSeed: count('first'), seeds: count('seeds') }
  if (values.docs && wanted.length < mutants.length)
    throw new Error('--docs needs every mutant, so no --only nor --from')
  const clean = await Tree.copy(root)
  const hunter = new Hunter(clean)
  const trees: Tree[] = []
  try {
    const problems = await hunter.baseline({ ...options, seeds: BASELINE_SEEDS })
    if (problems.length > 0) {
      say(`The unmutated tree is not clean, so nothing that a mutant does would mean anything:\n${problems.join('\n')}`)
      return false
    }
    while (trees.length < Math.min(count('jobs'), queue.length)) trees.push(await clean.twin())
    const hunts: Hunt[] = wanted.flatMap((mutant) => results.killed(mutant) ?? [])
    const order = new Map(wanted.map((mutant, i) => [mutant, i]))
    const work = async (tree: Tree): Promise<void> => {
      for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
        const found = await hunter.hunt(tree, mutant, options)
        hunts.push(found)
        await results.add(found)
        if (!values.json) say(line(found))
      }
    }
    await Promise.all(trees.map(work))
    hunts.sort((a, b) => order.get(a.mutant)! - order.get(b.mutant)!)
    if (values.json) {
      for (const { mutant, ...rest } of hunts)
        say(JSON.stringify({ name: mutant.name, source: mutant.source, ...rest }))
    }
    if (values.docs) {
      await mkdir(join(root, 'docs'), { recursive: true })
      await writeFile(join(root, 'docs', 'mutants.md'), documentation(hunts, options))
    }
    for (const words of hunter.unclean.values()) say(`fails without a mutant, too: ${words[0]}`)
    say(summary(hunts))
    return hunter.unclean.size === 0 && hunts.every(({ outcome }) => outcome.kind === 'killed')
  } finally {
    for (const tree of [clean, ...trees]) await tree.remove()
  }
}

process.exitCode = (await main()) ? 0 : 1
