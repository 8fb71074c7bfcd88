// What a hunt for mutants found, as a table for the documentation and as lines for the terminal. Every figure comes from
// the run.

import type { Hunt } from './hunt.ts'
import { notPlantable, themes } from './index.ts'

export function line({ mutant, outcome, seeds, crashes, seconds }: Hunt): string {
  const cost = `${seconds.toFixed(1)} s${crashes > 0 ? `, ${crashes} of ${seeds} seeds crashed` : ''}`
  switch (outcome.kind) {
    case 'killed':
      return `killed    ${mutant.name}: ${plural(seeds, 'seed')}, by ${outcome.by} (${cost})`
    case 'survived':
      return `SURVIVED  ${mutant.name}: ${plural(seeds, 'seed')} (${cost}); ${mutant.source}`
    case 'not-compiled':
      return `NOT BUILT ${mutant.name}: ${outcome.errors[0]}`
  }
}

/** `N passed, M failed`, median and worst over those that were killed. */
export function summary(hunts: readonly Hunt[]): string {
  const killed = hunts.filter(({ outcome }) => outcome.kind === 'killed')
  const seeds = killed.map((each) => each.seeds).sort((a, b) => a - b)
  const figures =
    seeds.length === 0 ? '' : `; seeds until killed: median ${median(seeds)}, worst ${seeds[seeds.length - 1]}`
  return `${killed.length} passed, ${hunts.length - killed.length} failed${figures}`
}

function median(ascending: readonly number[]): number {
  return ascending[Math.floor((ascending.length - 1) / 2)]!
}

export function documentation(hunts: readonly Hunt[], options: { readonly seeds: number }): string {
  const found = new Map(hunts.map((each) => [each.mutant.name, each]))
  const parts = [
    '# Mutants',
    '',
    'Bugs that others have had, planted one at a time into a copy of this tree (`scripts/mutants/`), and how many seeds of',
    'the simulator it took until a checker named what was wrong. A crash, a type error or a changed trace does not count.',
    `Written by \`npm run mutants -- --docs\`, which looked at no more than ${options.seeds} seeds for each; do not edit.`,
    '',
    `${summary(hunts)}.`,
  ]
  for (const theme of themes) {
    parts.push(
      '',
      `## ${theme.name}`,
      '',
      '| mutant | what it does | source | seeds | killed by | seconds |',
      '|---|---|---|--:|---|--:|',
    )
    for (const mutant of theme.mutants) {
      const hunt = found.get(mutant.name)
      if (hunt === undefined) continue
      const { outcome, seeds, seconds } = hunt
      const by = outcome.kind === 'killed' ? outcome.by : `**${outcome.kind}**`
      const cells = [`\`${mutant.name}\``, mutant.title, mutant.source, String(seeds), by, seconds.toFixed(1)]
      parts.push(`| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    }
  }
  parts.push('', '## What cannot be planted here', '', '| source | bug | why |', '|---|---|---|')
  for (const { source, title, reason } of notPlantable) parts.push(`| ${source} | ${title} | ${reason} |`)
  return `${parts.join('\n')}\n`
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}
