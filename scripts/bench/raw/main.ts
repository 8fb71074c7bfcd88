// The raw client as a process of its own, so that its CPU can be told apart: a task as JSON in, an outcome as JSON out.

import { messageOf } from '../../../src/base/index.ts'
import { load, type Task } from './load.ts'

try {
  const outcome = await load(JSON.parse(process.argv[2] ?? '') as Task)
  process.stdout.write(`${JSON.stringify(outcome)}\n`)
} catch (error) {
  process.stderr.write(`the raw client failed: ${messageOf(error)}\n`)
  process.exitCode = 1
}
