// The diagram of a group's states, drawn from the room's table; docs/groups.md carries it.

import { transitions } from '../../src/groups/index.ts'

const BEGIN = /<!-- states: [^\n]*-->\n/
const END = '<!-- /states -->'

export function statesDiagram(): string {
  const rows = transitions.map(({ from, to, when }) => `  ${from} --> ${to}: ${when}`)
  return ['```mermaid', 'stateDiagram-v2', '  [*] --> Empty', ...rows, '  Dead --> [*]', '```', ''].join('\n')
}

/** The page with the diagram as the table has it. */
export function withDiagram(page: string): string {
  const begin = BEGIN.exec(page)
  const end = page.indexOf(END)
  if (begin === null || end < begin.index) throw new Error('docs/groups.md has lost the marks of its diagram of states')
  return page.slice(0, begin.index + begin[0].length) + statesDiagram() + page.slice(end)
}
