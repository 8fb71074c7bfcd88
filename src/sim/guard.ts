// The fence around a simulation: while one is open, real time, chance, timers, files and sockets that are reached for
// from our own rooms throw and name the caller. World rooms (`src/io`, `src/sim`) and everybody else's code pass.
// Caught by stack, so a call through a library on behalf of a room is caught too.

import childProcess from 'node:child_process'
import crypto from 'node:crypto'
import dns from 'node:dns'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import { performance } from 'node:perf_hooks'
import process from 'node:process'
import timers from 'node:timers'
import zlib from 'node:zlib'
import { Bug } from '../base/index.ts'

const realSetImmediate = globalThis.setImmediate
const RealDate = globalThis.Date

/** How many immediates are asked for at a time: they share one look of the loop at its sockets. */
const BATCH = 64
/** Immediates asked for and not yet called: those that a run leaves over serve the next one. */
let asked = 0
/** Runs in progress; nearly always one. */
const running: (() => void)[] = []
let turn = 0

/**
 * Calls `step` again and again until it answers something or throws. Between two calls every microtask and nextTick
 * drains, as Node does between two immediates.
 */
export function realSteps<T>(step: () => T | null): Promise<T> {
  return new Promise((resolve, reject) => {
    const take = (): void => {
      let answer: T | null = null
      try {
        answer = step()
      } catch (error) {
        running.splice(running.indexOf(take), 1)
        reject(error)
        return
      }
      if (answer === null) return
      running.splice(running.indexOf(take), 1)
      resolve(answer)
    }
    running.push(take)
    ask()
  })
}

function ask(): void {
  while (asked < BATCH) {
    asked++
    realSetImmediate(called)
  }
}

function called(): void {
  asked--
  if (running.length === 0) return
  if (turn >= running.length) turn = 0
  running[turn++]!()
  if (asked === 0 && running.length > 0) ask()
}

const OUR_ROOMS = /^(?:src|raft|replication|cluster)[/\\]/
/** The world itself: it calls everybody, so it is guilty only of what it reaches for with its own hands. */
const THE_WORLD = /^src[/\\](?:sim|io)[/\\]/
/** What runs around simulations and not inside them. */
const OUTSIDE = /^src[/\\]sim[/\\]explore[/\\]/
const SIMULATOR = /^src[/\\]sim[/\\]/
const FENCE = /^src[/\\]sim[/\\]guard\./
/** This checkout or package: a user's own `src` is not ours. */
const HOME = new URL('../..', import.meta.url).pathname

/** The innermost frame that belongs to one of our rooms, or null. The simulator's own and `src/io`'s count where nobody
 *  else's code was called by them: the real world's ports may be at work beside a simulation. */
export function guiltyFrame(stack: string): string | null {
  let own: string | null = null
  let others = false
  for (const line of stack.split('\n').slice(1)) {
    const at = line.indexOf(HOME)
    const path = at < 0 ? '' : line.slice(at + HOME.length)
    if (FENCE.test(path)) continue
    if (!OUR_ROOMS.test(path) || OUTSIDE.test(path)) others = true
    else if (!THE_WORLD.test(path)) return place(path)
    else if (!others) {
      own ??= place(path)
      if (SIMULATOR.test(path)) return own
    }
  }
  return null
}

/** `raft/core/step.ts:3:5` without the bracket that ends a frame. */
function place(path: string): string {
  return path.replace(/\)$/, '')
}

function forbid(name: string): void {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 50
  const holder: { stack?: string } = {}
  Error.captureStackTrace(holder, forbid)
  Error.stackTraceLimit = limit
  const frame = guiltyFrame(holder.stack ?? '')
  if (frame !== null) {
    throw new Bug(`${name} called at ${frame} inside a simulation: time, chance and the outside come by the ports`)
  }
}

function all(on: object, of: string, names: readonly string[]): Patch[] {
  return names.map((name) => ({ on, name, label: of === '' ? name : `${of}.${name}` }))
}

type Patch = { readonly on: object; readonly name: string; readonly label: string }

const PATCHES: readonly Patch[] = [
  ...all(globalThis, '', ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask']),
  ...all(timers, 'timers', ['setTimeout', 'setInterval', 'setImmediate']),
  ...all(timers.promises, 'timers.promises', ['setTimeout', 'setInterval', 'setImmediate']),
  ...all(Math, 'Math', ['random']),
  ...all(performance, 'performance', ['now']),
  ...all(process, 'process', ['hrtime', 'nextTick']),
  ...all(globalThis.crypto, 'crypto', ['getRandomValues', 'randomUUID']),
  ...all(crypto, 'crypto', ['randomBytes', 'randomFillSync', 'randomFill', 'randomInt', 'randomUUID']),
  ...all(fs, 'fs', ['open', 'openSync', 'read', 'readSync', 'write', 'writeSync', 'readFile', 'readFileSync']),
  ...all(fs, 'fs', ['writeFile', 'writeFileSync', 'stat', 'statSync', 'existsSync', 'mkdirSync', 'readdirSync']),
  ...all(fs.promises, 'fs.promises', ['open', 'readFile', 'writeFile', 'stat', 'mkdir', 'readdir', 'rename', 'rm']),
  ...all(net, 'net', ['connect', 'createConnection', 'createServer']),
  ...all(dns, 'dns', ['lookup']),
  ...all(dns.promises, 'dns.promises', ['lookup']),
  ...all(zlib, 'zlib', ['gzip', 'gunzip', 'deflate', 'inflate', 'zstdCompress', 'zstdDecompress', 'createGzip']),
  ...all(childProcess, 'child_process', ['spawn', 'exec', 'execFile', 'fork']),
]

/** Handles that no simulated run has: sockets, listeners, look-ups, child processes, threads. */
const REAL_RESOURCES: ReadonlySet<string> = new Set([
  'TCPSocketWrap',
  'TCPServerWrap',
  'TCPConnectWrap',
  'UDPWrap',
  'GetAddrInfoReqWrap',
  'ProcessWrap',
  'Worker',
])

/** How many real resources the process has open now; a run in which the number grows has leaked out of its ports. */
export function realResources(): readonly string[] {
  return process.getActiveResourcesInfo().filter((each) => REAL_RESOURCES.has(each))
}

let installed = 0
let undo: (() => void)[] = []

/** Puts the fence up; the returned call takes it down again. Several simulations share it. */
export function guard(): () => void {
  if (installed++ === 0) install()
  let up = true
  return () => {
    if (!up) return
    up = false
    if (--installed === 0) uninstall()
  }
}

function install(): void {
  for (const { on, name, label } of PATCHES) {
    const own = Object.getOwnPropertyDescriptor(on, name)
    const real: unknown = Reflect.get(on, name)
    if (typeof real !== 'function') continue
    const fenced = function (this: unknown, ...args: unknown[]): unknown {
      forbid(label)
      return Reflect.apply(real, this, args)
    }
    // What hangs on the function itself (`hrtime.bigint`, `setTimeout`'s promisified form) stays reachable, guarded too.
    for (const key of Reflect.ownKeys(real)) {
      if (key === 'length' || key === 'name' || key === 'prototype') continue
      Object.defineProperty(fenced, key, Object.getOwnPropertyDescriptor(real, key)!)
    }
    if (name === 'hrtime') {
      const bigint = process.hrtime.bigint
      Object.defineProperty(fenced, 'bigint', {
        configurable: true,
        writable: true,
        value: () => {
          forbid('process.hrtime.bigint')
          return bigint()
        },
      })
    }
    // Assigned wherever it can be: to define `Math.random` anew would make all of `Math` a dictionary to V8, for ever, and
    // every `Math.max` and `Math.imul` of the process a look-up.
    if (own?.writable === true) {
      Reflect.set(on, name, fenced)
      undo.push(() => Reflect.set(on, name, real))
      continue
    }
    Object.defineProperty(on, name, { configurable: true, enumerable: true, writable: true, value: fenced })
    undo.push(() => {
      if (own === undefined) Reflect.deleteProperty(on, name)
      else Object.defineProperty(on, name, own)
    })
  }
  globalThis.Date = fencedDate()
  undo.push(() => {
    globalThis.Date = RealDate
  })
  syncBuiltinESMExports()
}

function uninstall(): void {
  for (const each of undo.reverse()) each()
  undo = []
  syncBuiltinESMExports()
}

function fencedDate(): DateConstructor {
  return new Proxy(RealDate, {
    construct(target, args, newTarget) {
      if (args.length === 0) forbid('new Date()')
      return Reflect.construct(target, args, newTarget)
    },
    get(target, key) {
      if (key !== 'now') return Reflect.get(target, key)
      return () => {
        forbid('Date.now')
        return target.now()
      }
    },
  })
}
