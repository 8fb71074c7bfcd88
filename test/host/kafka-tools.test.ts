// Programs named as Kafka's as processes: a signal ends one that waits for a broker which never answers.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import path from 'node:path'
import process from 'node:process'
import { expect, test } from 'vitest'

const PROGRAM = path.join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts')

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends kafka-topics with %i, and nothing is said', async (signal, code) => {
  const broker = net.createServer().listen(0, '127.0.0.1')
  await once(broker, 'listening')
  const { port } = broker.address() as AddressInfo
  const words = ['kafka-topics', '--list', '--bootstrap-server', `127.0.0.1:${port}`]
  const child = spawn(process.execPath, [PROGRAM, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  for (const output of [child.stdout, child.stderr]) output.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  const [socket] = (await once(broker, 'connection')) as [net.Socket]
  // The end of a killed client is none in order.
  socket.on('error', () => undefined)
  child.kill(signal)
  expect((await once(child, 'exit'))[0]).toBe(code)
  expect(printed).toBe('')
  socket.destroy()
  broker.close()
})
