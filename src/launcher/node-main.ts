// A broker process of `odradek up`, which bin/odradek-node.mjs starts: its properties file as argument, a pipe to the
// launcher as file descriptor 3, its log as standard output. Ends by itself when the launcher is gone: nobody would be
// left to stop it.

import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import { messageOf } from '../base/index.ts'
import type { OdradekNode, StopOptions } from '../main/index.ts'
import { loadNodeConfig } from './load.ts'
import { createLogger } from './logging.ts'
import type { LauncherMessage, NodeMessage } from './messages.ts'
import { frame, unframe } from './messages.ts'
import { runNode } from './process.ts'

const LAUNCHER_FD = 3
/** How often changes worth telling are looked for. */
const WATCH_MS = 500

/** Ends the process when the node has ended. */
export async function nodeMain(propertiesFile: string): Promise<void> {
  const launcher = new net.Socket({ fd: LAUNCHER_FD, readable: true, writable: true })
  const tell = (message: NodeMessage): void => {
    if (launcher.writable) launcher.write(frame(message))
  }

  const stopped = new Promise<StopOptions>((resolve) => {
    const stop = (handOver: boolean): void => {
      tell({ kind: 'stopping' })
      resolve({ handOver })
    }
    process.once('SIGTERM', () => stop(true))
    // Ctrl-C reaches the whole process group; the launcher decides what it means.
    process.on('SIGINT', () => undefined)
    launcher.on('error', () => undefined)
    // A launcher that is gone takes the whole cluster with it.
    launcher.on('close', () => stop(false))
    launcher.on(
      'data',
      unframe<LauncherMessage>(() => stop(false)),
    )
  })

  try {
    const config = loadNodeConfig(fs.readFileSync(propertiesFile, 'utf8'), new Map(), os.hostname())
    const logger = createLogger({ level: process.env.ODRADEK_LOG_LEVEL ?? 'info', format: 'text', write: writeLog })
    await runNode({
      config,
      logger,
      stopped,
      onReady: (node) => {
        tell({ kind: 'ready' })
        watch(node, tell)
      },
    })
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    tell({ kind: 'failed', sentence: messageOf(error) })
    process.exitCode = 1
  }
  launcher.end(() => process.exit())
}

/** A log that cannot be written (its disk is full) must not end a broker whose data lies elsewhere. */
function writeLog(line: string): void {
  try {
    fs.writeSync(1, line)
  } catch {
    // There is no other place to tell it.
  }
}

/** What an operator wants to know of a running node and no other node tells. */
function watch(node: OdradekNode, tell: (message: NodeMessage) => void): void {
  let wasController = false
  setInterval(() => {
    const { quorum, nodeId } = node.observe()
    const isController = quorum.leaderId === nodeId && quorum.role === 'leader'
    if (isController && !wasController)
      tell({ kind: 'event', text: `is the active controller (epoch ${quorum.epoch})` })
    wasController = isController
  }, WATCH_MS).unref()
}
