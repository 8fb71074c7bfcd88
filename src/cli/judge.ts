// Reads a history of any size, line by line, and prints the verdict. Holds one line of it at a time; what the checker
// keeps of it is a few numbers an operation.

import fs from 'node:fs'
import process from 'node:process'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { messageOf } from '../base/index.ts'
import {
  type CheckOptions,
  decodeHistoryLine,
  formatHistoryReport,
  HistoryChecker,
  HistoryError,
} from '../check/index.ts'
import type { CheckArguments } from './commands/check.ts'
import { pairs, STANDARD_INPUT } from './options.ts'
import { explain, note, print, printJson } from './output.ts'

const EXIT_ANOMALY = 1
const EXIT_UNREADABLE = 2
const MAX_LINE_CHARACTERS = 64 * 2 ** 20
const GZIP_MAGIC = [0x1f, 0x8b]

export async function judge(args: CheckArguments): Promise<void> {
  const name = args.history === STANDARD_INPUT ? 'standard input' : args.history
  try {
    const checker = new HistoryChecker(optionsOf(args))
    const lines = await readLines(args.history, (text, at) => checker.add(decodeHistoryLine(text, at), at))
    if (lines === 0) throw new Error('it is empty; a history has one JSON object a line, see docs/history.md')
    const report = checker.report()
    if (args.json) printJson(report)
    else print(formatHistoryReport(report))
    if (!report.valid) process.exitCode = EXIT_ANOMALY
  } catch (error) {
    note(`odradek: ${name}: ${explain(error)}`)
    process.exitCode = EXIT_UNREADABLE
  }
}

function optionsOf(args: CheckArguments): CheckOptions {
  if (!Number.isSafeInteger(args.max) || args.max < 1) throw new Error(`--max ${args.max}: it is a number from 1 on`)
  const deletedBelow: Record<string, number> = {}
  for (const [key, text] of pairs(args['deleted-below'], 'deleted-below')) {
    const offset = text === 'Infinity' ? Number.POSITIVE_INFINITY : Number(text)
    if (!(offset >= 0)) throw new Error(`--deleted-below ${key}=${text}: an offset is a number from 0 on, or Infinity`)
    deletedBelow[key] = offset
  }
  return { maxPerName: args.max, deletedBelow }
}

/** Answers with the number of lines that were not empty. */
async function readLines(path: string, take: (text: string, at: number) => void): Promise<number> {
  const source = path === STANDARD_INPUT ? process.stdin : fs.createReadStream(path, { highWaterMark: 2 ** 20 })
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const first = await chunks.next()
  if (first.done === true) return 0
  const all = rejoin(first.value, chunks)
  if (!GZIP_MAGIC.every((byte, i) => first.value[i] === byte)) return splitLines(all, take)
  let lines = 0
  await pipeline(Readable.from(all), createGunzip(), async (bytes: AsyncIterable<Buffer>) => {
    lines = await splitLines(bytes, take)
  })
  return lines
}

async function* rejoin(first: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first
  for (;;) {
    const next = await rest.next()
    if (next.done === true) return
    yield next.value
  }
}

async function splitLines(chunks: AsyncIterable<Buffer>, take: (text: string, at: number) => void): Promise<number> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  let at = 0
  let taken = 0
  const line = (text: string): void => {
    if (text.trim() !== '') {
      take(text, at)
      taken += 1
    }
    at += 1
  }
  for await (const chunk of chunks) {
    const text = rest + decode(decoder, chunk, at)
    let from = 0
    for (let end = text.indexOf('\n', from); end >= 0; end = text.indexOf('\n', from)) {
      line(text.slice(from, end))
      from = end + 1
    }
    rest = text.slice(from)
    if (rest.length > MAX_LINE_CHARACTERS) {
      throw new HistoryError(at, `is longer than ${MAX_LINE_CHARACTERS} characters; is this one JSON object a line?`)
    }
  }
  line(rest + decode(decoder, null, at))
  return taken
}

function decode(decoder: InstanceType<typeof TextDecoder>, chunk: Buffer | null, at: number): string {
  try {
    return chunk === null ? decoder.decode() : decoder.decode(chunk, { stream: true })
  } catch (error) {
    throw new HistoryError(at, `or one soon after it is not UTF-8 (${messageOf(error)}); is this a history?`)
  }
}
