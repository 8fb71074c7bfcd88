// Runs every text scenario and compares it with what the file expects.

import { basename, dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { interpreters } from './interpreters.ts'
import { parseCommand, runScenario, scenarioFiles } from './runner.ts'

const root = import.meta.dirname

for (const path of scenarioFiles(root)) {
  test(`${basename(dirname(path))}: ${basename(path, '.txt')}`, async () => {
    const result = await runScenario(path, interpreters)
    expect(result.after).toBe(result.before)
  })
}

test('a command line is taken apart into name, arguments and options', () => {
  expect(parseCommand('  append acks=all isr=(1 2) (3 4) x ')).toEqual({
    line: 'append acks=all isr=(1 2) (3 4) x',
    name: 'append',
    args: ['3 4', 'x'],
    options: new Map([
      ['acks', 'all'],
      ['isr', '1 2'],
    ]),
  })
  expect(() => parseCommand('a (1 2')).toThrow('unbalanced')
})

test('a story that tells something else than its file does not pass', async () => {
  const echo = async () => () => ({ run: (command: { line: string }) => [command.line] })
  const result = await runScenario(join(root, 'runner-self-check.text'), { echo })
  expect(result.before).toContain('something else')
  expect(result.after).toBe(result.before.replace('something else', 'say this'))
})
