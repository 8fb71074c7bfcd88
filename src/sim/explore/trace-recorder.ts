// Writes down what a tap hears: port calls, disk operations, alarms, and every Kafka message where it is sent and where it
// arrives. Holds it in memory, since nothing may touch a real file while a world turns. Of chance nothing is written down.

import type { LifeReport } from '../life/types.ts'
import type { Tap, TappedEnd, TappedProcess } from '../tap.ts'
import { Conversations, type Heard } from './conversations.ts'
import { packEntry, packHeader, type TraceEntry, type TraceKind } from './trace-entry.ts'

type Open = { -readonly [K in keyof TraceEntry]: TraceEntry[K] }

export class TraceRecorder implements Tap {
  readonly #entries: { readonly at: number; readonly packed: Uint8Array }[] = []
  readonly #conversations = new Conversations()
  /** The last call: what it is about comes after it. */
  #open: Open | null = null

  /** The file's bytes, with what the report tells (its notables, if they were kept) put among the rest by time. */
  finish(report: LifeReport): Uint8Array[] {
    this.#close()
    const notes = (report.notables ?? []).map((notable) => ({
      at: notable.at,
      packed: packEntry({
        at: notable.at,
        kind: 'note',
        node: notable.node === null ? null : `node${notable.node}`,
        what: notable.text,
        partitions: notable.partition === null ? [] : [notable.partition],
        detail: [
          ...(notable.offset === undefined ? [] : [`offset ${notable.offset}`]),
          ...(notable.epoch === undefined ? [] : [`epoch ${notable.epoch}`]),
        ].join(', '),
        correlation: null,
        bytes: null,
      }),
    }))
    // The sort is stable: a note comes after what was seen at its instant, its cause among it.
    const all = [...this.#entries, ...notes].sort((a, b) => a.at - b.at)
    return [packHeader(report.seed, report.hash), ...all.map(({ packed }) => packed)]
  }

  called(at: number, process: TappedProcess, operation: string): void {
    this.#close()
    if (operation.startsWith('random.')) return
    const isDisk = operation.startsWith('disk.') || operation.startsWith('file.')
    // What is written to the network is told as messages.
    if (operation === 'net.write') return
    this.#open = blank(at, isDisk ? 'disk' : 'call', process.name, operation)
  }

  about(what: string | number): void {
    const open = this.#open
    if (open === null) return
    if (typeof what === 'number' && open.kind === 'disk') {
      open.bytes = what
      return
    }
    // An alarm's instant is microseconds, as is everything in the world.
    const text = typeof what === 'number' ? `at ${what / 1000} ms` : what
    open.detail = open.detail === '' ? text : `${open.detail} ${text}`
    if (open.kind === 'disk') open.partitions = partitionsOf(text)
  }

  rang(at: number, process: TappedProcess): void {
    this.#close()
    this.#add(blank(at, 'timer', process.name, 'alarm'))
  }

  ended(at: number, process: TappedProcess): void {
    this.#close()
    this.#add(blank(at, 'end', process.name, `process ${process.incarnation} ended`))
  }

  wrote(at: number, end: TappedEnd, chunks: readonly Uint8Array[]): void {
    this.#close()
    for (const chunk of chunks) this.#heard(at, 'send', end, this.#conversations.wrote(end, chunk))
  }

  read(at: number, end: TappedEnd, bytes: Uint8Array): void {
    this.#close()
    this.#heard(at, 'receive', end, this.#conversations.read(end, bytes))
  }

  #heard(at: number, kind: TraceKind, end: TappedEnd, messages: readonly Heard[]): void {
    for (const { what, partitions, correlation, bytes } of messages) {
      const detail = `${kind === 'send' ? 'to' : 'from'} ${end.peerHost}`
      this.#add({ ...blank(at, kind, end.host, what), partitions, detail, correlation, bytes })
    }
  }

  #close(): void {
    if (this.#open !== null) this.#add(this.#open)
    this.#open = null
  }

  #add(entry: TraceEntry): void {
    this.#entries.push({ at: entry.at, packed: packEntry(entry) })
  }
}

function blank(atUs: number, kind: TraceKind, node: string, what: string): Open {
  return { at: atUs / 1000, kind, node, what, partitions: [], detail: '', correlation: null, bytes: null }
}

/** `/data/topic-0/00000000000000000000.log`. */
function partitionsOf(path: string): readonly string[] {
  const name = /\/([\w.-]+-\d+)\/[^/]*$/.exec(path)?.[1] ?? /\/([\w.-]+-\d+)$/.exec(path)?.[1]
  return name === undefined ? [] : [name]
}
