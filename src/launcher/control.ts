// The control socket of a running `odradek up`: one request a connection, one answer. Only this user can reach it.

import fs from 'node:fs'
import net from 'node:net'
import { ConfigError, messageOf } from '../base/index.ts'
import type { Layout } from './layout.ts'
import type { ControlRequest, ControlResponse } from './messages.ts'
import { frame, unframe } from './messages.ts'

export interface ControlServer {
  close(): void
}

/** Throws ConfigError when another `up` answers on the socket; a dead one's socket is taken over. */
export async function serveControl(
  layout: Layout,
  answer: (request: ControlRequest) => Promise<ControlResponse>,
): Promise<ControlServer> {
  const running = await ask(layout, { kind: 'list' }).catch(() => null)
  if (running?.kind === 'nodes') {
    throw new ConfigError(
      `Another odradek up (process ${running.pid}) runs the cluster in ${layout.data}. Stop it first, or choose another directory with --data.`,
    )
  }
  fs.mkdirSync(layout.data, { recursive: true })
  fs.rmSync(layout.controlSocket, { force: true })
  const server = net.createServer((socket) => {
    socket.on('error', () => socket.destroy())
    const receive = unframe<ControlRequest>((request) => {
      answer(request)
        .catch((error: unknown): ControlResponse => ({ kind: 'refused', sentence: messageOf(error) }))
        .then((response) => socket.end(frame(response)))
    })
    socket.on('data', (chunk: Buffer) => {
      try {
        receive(chunk)
      } catch {
        socket.destroy()
      }
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(layout.controlSocket, resolve)
  })
  fs.chmodSync(layout.controlSocket, 0o600)
  return {
    close: () => {
      server.close()
      fs.rmSync(layout.controlSocket, { force: true })
    },
  }
}

/** Throws ConfigError when no `up` runs the cluster in that directory. */
export function ask(layout: Layout, request: ControlRequest): Promise<ControlResponse> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(layout.controlSocket)
    let answered = false
    const nobody = (): void => {
      reject(
        new ConfigError(
          `No odradek up runs the cluster in ${layout.data}. Start it with "odradek up", or say where it is with --data.`,
        ),
      )
    }
    const receive = unframe<ControlResponse>((response) => {
      answered = true
      socket.destroy()
      resolve(response)
    })
    socket.on('connect', () => socket.write(frame(request)))
    socket.on('data', (chunk: Buffer) => {
      try {
        receive(chunk)
      } catch (error) {
        reject(error)
      }
    })
    socket.on('error', nobody)
    socket.on('close', () => {
      if (!answered) nobody()
    })
  })
}
