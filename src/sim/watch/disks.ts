// One node's disk, watched: what is written, cut, synced, renamed and lost becomes facts about logs, votes and markers.
// Reads batch headers only, as they pass; looks at whole files when a crash or a fault has changed them behind the
// node's back. Judges nothing itself: the models of `src/check` do.

import type { NodeId, Offset } from '../../base/index.ts'
import type { BatchFact, DerivedInvariants, Findings, LogModel } from '../../check/index.ts'
import { readBatchHeader } from '../../wire/index.ts'
import type { DiskDisturbance, DiskObserver } from '../disk-observer.ts'
import type { DiskState } from '../platter.ts'
import { checkDerived } from './derived.ts'
import type { DiskSink } from './disk-sink.ts'
import { logFact, wholeBatches } from './facts.ts'
import { votersOf } from './metadata.ts'
import { epochStartsOf, markerEpoch, textOf, topicIdOf, voteOf } from './texts.ts'

export const QUORUM_KEY = 'quorum'
const QUORUM_DIRECTORY = '__cluster_metadata-0'
const LOG_SUFFIX = '.log'
const INDEX_SUFFIX = '.index'

interface LogFile {
  readonly directory: string
  readonly base: Offset
  /** Bytes of whole batches seen. */
  parsed: number
  /** Cut below what was durable, and not synced since: the platter has the old bytes yet. */
  cutShort: boolean
}

interface LogDirectory {
  readonly key: string
  readonly model: LogModel
}

export class DiskWatch implements DiskObserver {
  readonly #node: NodeId
  readonly #disk: DiskState
  readonly #root: string
  readonly #sink: DiskSink
  readonly #findings: Findings
  readonly #files: Map<string, LogFile | null> = new Map()
  readonly #directories: Map<string, LogDirectory> = new Map()
  /** Offset indexes that were cut to nothing. */
  readonly #emptied: Set<string> = new Set()
  /** How many entries a leader-epoch checkpoint has. */
  readonly #epochs: Map<string, number> = new Map()
  /** Grows whenever batches are no longer where they were. */
  cuts = 0
  /** False while a power failure is looked at. */
  #powered = true
  /** Its bytes may not be what was written. */
  #untrusted = false
  /** The word of a clean stop is there. */
  #marker = false
  /** The file that failed last. */
  #failing = ''
  /** Where an fsync of this process failed: a later one answers yes, and writes nothing of what that one should have. */
  readonly #syncFailed: Set<string> = new Set()

  constructor(node: NodeId, disk: DiskState, root: string, sink: DiskSink, findings: Findings) {
    this.#node = node
    this.#disk = disk
    this.#root = root
    this.#sink = sink
    this.#findings = findings
    disk.observer = this
    this.#rescan('died')
  }

  close(): void {
    if (this.#disk.observer === this) this.#disk.observer = null
  }

  /** Holds the files beside each log of `which` against its batches; not on a disk whose bytes cannot be trusted. */
  checkDerived(checks: DerivedInvariants, which: (key: string) => boolean): void {
    if (this.#untrusted) return
    for (const [directory, { key, model }] of this.#directories)
      if (which(key)) checkDerived(this.#node, this.#disk, directory, model, checks)
  }

  created(path: string): void {
    this.#files.delete(path)
    this.#syncFailed.delete(path)
    const file = this.#newFile(path)
    if (file !== null) this.#directories.get(file.directory)?.model.begun(this.#node, file.base)
  }

  written(path: string, position: number, chunks: readonly Uint8Array[], bytes: number): void {
    const file = this.#files.get(path) ?? null
    if (this.#emptied.size > 0) this.#indexed(path)
    if (file === null) return
    if (file.cutShort) this.#writtenOverCut(file)
    const only = chunks[0]
    if (position === file.parsed && chunks.length === 1 && only !== undefined) {
      this.#take(path, file, bytes === only.length ? only : only.subarray(0, bytes), 0)
    } else {
      const all = this.#disk.written(path)
      if (all !== null) this.#take(path, file, all, file.parsed)
    }
  }

  cut(path: string, size: number): void {
    if (size === 0 && path.endsWith(INDEX_SUFFIX)) this.#emptied.add(path)
    const file = this.#files.get(path)
    const log = file === undefined || file === null ? undefined : this.#directories.get(file.directory)
    if (file === undefined || file === null || log === undefined) return
    this.#sink.cutting(this.#node, log.model, file.base, size)
    this.cuts++
    if (size < (log.model.log(this.#node).segment(file.base)?.durableSize ?? 0)) file.cutShort = true
    const batches = log.model.cut(this.#node, file.base, size)
    file.parsed = Math.min(file.parsed, size)
    this.#sink.cut(this.#node, log.key, batches.length, log.model.log(this.#node).endOffset)
  }

  synced(path: string, size: number): void {
    const file = this.#files.get(path)
    if (file === undefined || file === null) return
    file.cutShort = false
    if (!this.#syncFailed.has(path))
      this.#directories.get(file.directory)?.model.log(this.#node).segment(file.base)?.synced(size)
  }

  replaced(path: string, bytes: Uint8Array): void {
    this.#smallFile(path, bytes, false)
  }

  replacedDurably(path: string, bytes: Uint8Array): void {
    this.#smallFile(path, bytes, true)
  }

  directorySynced(path: string): void {
    if (!path.endsWith(`/${QUORUM_DIRECTORY}`)) return
    const bytes = this.#disk.look(`${path}/quorum-state`)
    if (bytes !== null) this.#smallFile(`${path}/quorum-state`, bytes, true)
  }

  renamed(from: string, to: string): void {
    if (from.endsWith(LOG_SUFFIX)) this.#fileGone(from)
    else if (from.endsWith('.log.swap')) this.#findings.marked('log: cleaned segment put in place')
    else if (to.endsWith('.checkpoint') && to.includes(`/${QUORUM_DIRECTORY}/`)) this.#snapshot(from, to)
    else if (this.#directories.has(from)) this.#directoryGone(from)
  }

  removed(path: string): void {
    if (path.endsWith(LOG_SUFFIX)) this.#fileGone(path)
    else if (path.endsWith('/.kafka_cleanshutdown')) this.#cleanMarker(null)
    else if (this.#directories.has(path)) this.#directoryGone(path)
  }

  disturbed(cause: DiskDisturbance): void {
    if (this.#disk.lying) this.#untrusted = true
    if (cause === 'replaced') {
      for (const log of this.#directories.values()) this.#found(log, new Map(), 'lost')
      this.#directories.clear()
      this.#files.clear()
      // It went with the disk that it lay on.
      if (this.#marker) this.#cleanMarker(null)
      this.#sink.replaced(this.#node)
      this.#findings.marked('disk: replaced')
    } else if (cause === 'died') this.#rescan('died')
    else this.#lost(cause)
    if (cause === 'sync-failed') this.#syncFailed.add(this.#failing)
  }

  flipped(path: string, byte: number, wrong: boolean): void {
    const file = this.#files.get(path)
    if (file === undefined || file === null) return
    this.#directories.get(file.directory)?.model.rotted(this.#node, file.base, byte, wrong)
  }

  /** A process of the node begins, on what is there. */
  opened(): void {
    // What a life before has cut, or could not sync, is not known to this one.
    this.#syncFailed.clear()
    for (const file of this.#files.values()) if (file !== null) file.cutShort = false
    for (const { model } of this.#directories.values()) model.opened(this.#node)
  }

  failed(path: string, code: string): void {
    this.#failing = path
    this.#findings.marked(code === 'ENOSPC' ? 'disk: full' : 'disk: failed')
  }

  #lost(cause: DiskDisturbance): void {
    this.#powered = cause === 'sync-failed'
    const ends = new Map<LogModel, Offset>()
    for (const { model } of this.#directories.values()) ends.set(model, model.log(this.#node).endOffset)
    this.#rescan('lost')
    this.#powered = true
    this.#sink.powerLost(this.#node, this.#disk.lying, ends)
  }

  #writtenOverCut(file: LogFile): void {
    file.cutShort = false
    const log = this.#directories.get(file.directory)
    if (log !== undefined) this.#sink.writtenOverCut(this.#node, log.model)
  }

  #take(path: string, file: LogFile, bytes: Uint8Array, from: number): void {
    const log = this.#directories.get(file.directory)
    if (log === undefined) return
    if (this.#marker) this.#sink.writtenUnderMarker(this.#node, log.model)
    for (let at = from; ; ) {
      const header = readBatchHeader(bytes, at)
      if (header === null) return
      if (log.key === QUORUM_KEY) this.#sink.quorumWrote(this.#node, header.partitionLeaderEpoch)
      log.model.written(this.#node, file.base, logFact(header, log.key === QUORUM_KEY ? bytes : null))
      const voters = log.key === QUORUM_KEY && header.control ? votersOf(bytes, header) : null
      if (voters !== null)
        this.#sink.quorumWroteVoters(this.#node, header.baseOffset, header.partitionLeaderEpoch, voters)
      at += header.size
      file.parsed += header.size
      if (header.size <= 0) throw new Error(`${path}: a batch of ${header.size} bytes`)
    }
  }

  /** An index that was emptied and is written with nothing done to its log between; else it was emptied by a cut. */
  #indexed(path: string): void {
    if (path.endsWith(LOG_SUFFIX)) this.#emptied.delete(`${path.slice(0, -LOG_SUFFIX.length)}${INDEX_SUFFIX}`)
    else if (this.#emptied.delete(path)) this.#findings.marked('log: index rebuilt')
  }

  #newFile(path: string): LogFile | null {
    const file = this.#classify(path)
    this.#files.set(path, file)
    return file
  }

  #classify(path: string): LogFile | null {
    if (!path.endsWith(LOG_SUFFIX)) return null
    const slash = path.lastIndexOf('/')
    const directory = path.slice(0, slash)
    const base = Number(path.slice(slash + 1, -LOG_SUFFIX.length))
    if (!Number.isSafeInteger(base) || this.#open(directory) === undefined) return null
    return { directory, base, parsed: 0, cutShort: false }
  }

  /** Whose log a directory holds; undefined where it says nothing of itself. */
  #open(directory: string): LogDirectory | undefined {
    const known = this.#directories.get(directory)
    if (known !== undefined) return known
    const name = directory.slice(this.#root.length + 1)
    const [at, index] = [name.lastIndexOf('-'), Number(name.slice(name.lastIndexOf('-') + 1))]
    let key = name === QUORUM_DIRECTORY ? QUORUM_KEY : null
    if (key === null && at > 0 && Number.isSafeInteger(index) && !this.#sink.isCleaned(name.slice(0, at))) {
      const metadata = this.#disk.look(`${directory}/partition.metadata`)
      const topicId = metadata === null ? null : topicIdOf(textOf(metadata))
      if (topicId !== null) key = `${topicId}:${index}`
    }
    if (key === null) return undefined
    const log = { key, model: this.#sink.model(key, name) }
    this.#directories.set(directory, log)
    return log
  }

  #fileGone(path: string): void {
    const file = this.#files.get(path)
    this.#files.delete(path)
    const log = file === undefined || file === null ? undefined : this.#directories.get(file.directory)
    if (file === undefined || file === null || log === undefined) return
    this.cuts++
    const where = log.model.dropped(this.#node, file.base)
    if (where === 'front') {
      this.#findings.marked(log.key === QUORUM_KEY ? 'quorum: log start advanced' : 'log: retention deleted')
    } else if (where === 'end') {
      if (log.key !== QUORUM_KEY && log.model.log(this.#node).segments.length === 0)
        this.#findings.marked('partition: truncated to nothing')
      this.#sink.cut(this.#node, log.key, 1, log.model.log(this.#node).endOffset)
    }
  }

  /** A deleted topic's directory, renamed out of the way. */
  #directoryGone(directory: string): void {
    const log = this.#directories.get(directory)
    this.cuts++
    this.#directories.delete(directory)
    for (const path of [...this.#files.keys()]) if (path.startsWith(`${directory}/`)) this.#files.delete(path)
    log?.model.logs.delete(this.#node)
  }

  #smallFile(path: string, bytes: Uint8Array, durable: boolean): void {
    const name = path.slice(path.lastIndexOf('/') + 1)
    if (name === 'quorum-state') {
      const vote = voteOf(textOf(bytes))
      if (vote !== null) this.#sink.voted(this.#node, vote, durable)
    } else if (name === 'partition.metadata') {
      const directory = path.slice(0, path.lastIndexOf('/'))
      if (!this.#directories.has(directory) && this.#open(directory) !== undefined) {
        for (const [known, file] of this.#files)
          if (file === null && known.startsWith(`${directory}/`)) this.#files.delete(known)
      }
    } else if (name === '.kafka_cleanshutdown') {
      // Renamed, it outlives the process; a power loss that takes the name again looks at the whole disk.
      if (!durable) this.#cleanMarker(bytes)
    } else if (name === 'leader-epoch-checkpoint') {
      if (!durable) this.#epochCheckpoint(path, textOf(bytes))
    } else if (name === 'meta.properties') this.#metaProperties(bytes)
    else if (name.endsWith('.snapshot') && !durable) this.#findings.marked('log: producer snapshot written')
  }

  #cleanMarker(bytes: Uint8Array | null): void {
    this.#marker = bytes !== null
    this.#sink.cleanMarker(this.#node, bytes === null ? null : markerEpoch(textOf(bytes)))
  }

  #epochCheckpoint(path: string, text: string): void {
    const log = this.#directories.get(path.slice(0, path.lastIndexOf('/')))
    const entries = epochStartsOf(text)
    if (entries.length < (this.#epochs.get(path) ?? 0)) this.#findings.marked('log: epochs cut')
    this.#epochs.set(path, entries.length)
    if (log !== undefined) this.#sink.epochs(this.#node, log.model, entries)
  }

  #metaProperties(bytes: Uint8Array): void {
    const id = /^directory\.id=(\S+)\s*$/m.exec(textOf(bytes))?.[1]
    if (id !== undefined) this.#sink.metaProperties(this.#node, id)
  }

  #snapshot(from: string, to: string): void {
    const match = /\/(\d+)-(\d+)\.checkpoint$/.exec(to)
    if (match === null) return
    const id = { endOffset: Number(match[1]), epoch: Number(match[2]) }
    // What a node stores of its own has a third number in the name that it is written under.
    const fetched = /\/\d+-\d+\.checkpoint\.part$/.test(from)
    const log = this.#open(to.slice(0, to.lastIndexOf('/')))?.model.log(this.#node)
    if (log !== undefined) log.covered = Math.max(log.covered, id.endOffset)
    const bytes = this.#disk.look(to)
    if (bytes !== null) this.#sink.snapshot(this.#node, id, fetched, bytes)
  }

  /** Looks at the whole disk again. */
  #rescan(cause: 'died' | 'lost'): void {
    const before = new Set(this.#directories.values())
    this.#files.clear()
    const found = new Map<string, Map<string, LogFile>>()
    for (const path of this.#disk.paths(this.#root)) {
      const slash = path.lastIndexOf('/')
      const name = path.slice(slash + 1)
      if (name === 'quorum-state' || name === 'meta.properties') this.#foundSmall(path, name)
      else if (name.endsWith('.checkpoint') && path.includes(`/${QUORUM_DIRECTORY}/`)) this.#foundSnapshot(path)
      const file = this.#newFile(path)
      if (file === null) continue
      let files = found.get(file.directory)
      if (files === undefined) {
        files = new Map()
        found.set(file.directory, files)
      }
      files.set(path, file)
    }
    const marker = this.#disk.look(`${this.#root}/.kafka_cleanshutdown`)
    this.#cleanMarker(marker)
    for (const [directory, files] of found) {
      const log = this.#directories.get(directory)!
      before.delete(log)
      this.#found(log, files, cause)
    }
    for (const log of before) this.#found(log, new Map(), cause)
  }

  #found(log: LogDirectory, files: ReadonlyMap<string, LogFile>, cause: 'died' | 'lost'): void {
    this.cuts++
    const segments: { base: Offset; facts: BatchFact[]; durable: number }[] = []
    let torn = false
    for (const [path, file] of [...files].sort((a, b) => a[1].base - b[1].base)) {
      // A bit that flipped is the node's to find: this is what it would have without.
      const bytes = this.#disk.written(path)!
      const durable = this.#disk.durableSize(path)
      const { headers, end } = wholeBatches(bytes, cause === 'lost' ? 0 : Number.POSITIVE_INFINITY)
      file.parsed = end
      if (end < bytes.length) torn = true
      segments.push({
        base: file.base,
        facts: headers.map((header) => logFact(header, log.key === QUORUM_KEY ? bytes.slice() : null)),
        durable,
      })
    }
    if (torn) this.#findings.marked('log: torn tail found')
    const lost = log.model.rescanned(this.#node, segments, cause, this.#powered)
    if (lost.length === 0 || cause === 'died') return
    let committed = 0
    for (const batch of lost) if (batch.committed) committed++
    this.#sink.lost(this.#node, log.key, lost.length, committed)
  }

  #foundSmall(path: string, name: string): void {
    const bytes = this.#disk.look(path)!
    if (name === 'meta.properties') this.#metaProperties(bytes)
    else {
      const vote = voteOf(textOf(bytes))
      if (vote !== null) this.#sink.foundVote(this.#node, vote)
    }
  }

  #foundSnapshot(path: string): void {
    const match = /\/(\d+)-\d+\.checkpoint$/.exec(path)
    const log = this.#open(path.slice(0, path.lastIndexOf('/')))?.model.log(this.#node)
    if (match !== null && log !== undefined) log.covered = Math.max(log.covered, Number(match[1]))
  }
}
