// Holds a tree of source files against the table of the house. Every finding names the place, what is forbidden there
// and what to do instead.

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { type Import, lineOf, type Source, scan } from './scan.ts'
import {
  ALLOWED_BUILTINS,
  BANNED_NAMES,
  EXEMPTIONS,
  type Exemption,
  NEIGHBOURHOODS,
  ROOMS,
  type Room,
  SYNCHRONOUS_ZLIB,
} from './table.ts'

export interface Finding {
  /** Relative to the root. */
  readonly file: string
  readonly line: number
  readonly forbidden: string
  readonly remedy: string
}

export interface House {
  readonly rooms: Readonly<Record<string, Room>>
  readonly exemptions: readonly Exemption[]
}

export const HOUSE: House = { rooms: ROOMS, exemptions: EXEMPTIONS }

interface Edge {
  readonly from: string
  readonly to: string
  readonly line: number
  readonly typeOnly: boolean
}

/** Findings in order of files and lines; empty where the house is in order. */
export function checkRooms(root: string, house: House = HOUSE): Finding[] {
  return new Inspection(root, house).run()
}

export function print(finding: Finding): string {
  return `${finding.file}:${finding.line}: ${finding.forbidden}. Remedy: ${finding.remedy}.`
}

class Inspection {
  readonly #root: string
  readonly #house: House
  readonly #findings: Finding[] = []
  readonly #edges: Edge[] = []
  readonly #exemptionsUsed: Set<string> = new Set()

  constructor(root: string, house: House) {
    this.#root = root
    this.#house = house
  }

  run(): Finding[] {
    const files = NEIGHBOURHOODS.flatMap((each) => sourceFiles(this.#root, each))
    for (const file of files) this.#file(file)
    this.#cyclesBetweenFiles(files)
    this.#cyclesBetweenRooms()
    this.#staleExemptions(new Set(files))
    return this.#findings.sort((a, b) => compare(a.file, b.file) || a.line - b.line)
  }

  #find(file: string, line: number, forbidden: string, remedy: string): void {
    this.#findings.push({ file, line, forbidden, remedy })
  }

  #file(file: string): void {
    const name = roomOf(file)
    const room = name === null ? undefined : this.#house.rooms[name]
    if (name === null || room === undefined) {
      this.#find(
        file,
        1,
        'it belongs to no room of the table',
        'move it into a room, or add the room to scripts/rooms/table.ts and ARCHITECTURE.md',
      )
      return
    }
    const source = scan(readFileSync(join(this.#root, file), 'utf8'))
    for (const each of source.imports) this.#import(file, name, room, each)
    for (const line of source.defaultExports) {
      this.#find(file, line, 'a default export', 'export it by its name')
    }
    this.#names(file, room, source)
  }

  #import(file: string, name: string, room: Room, each: Import): void {
    const { specifier, line } = each
    if (specifier === '') {
      this.#find(
        file,
        line,
        'an import whose target is computed',
        'import a literal path, so that the house can be checked',
      )
    } else if (specifier.startsWith('.')) {
      const target = posix.normalize(posix.join(posix.dirname(file), specifier))
      this.#edges.push({ from: file, to: target, line, typeOnly: each.typeOnly })
      this.#crossing(file, name, room, each, target)
    } else if (specifier.startsWith('node:')) this.#builtin(file, room, each)
    else this.#package(file, name, room, each)
  }

  #crossing(file: string, name: string, room: Room, each: Import, target: string): void {
    const other = roomOf(target)
    if (other === name) return
    if (other === null) {
      if (NEIGHBOURHOODS.some((each) => target.startsWith(`${each}/`)) || /^(?:scripts|test)\//.test(target)) {
        this.#find(
          file,
          each.line,
          `${name} imports ${target}, which belongs to no room`,
          'import only the doors of rooms',
        )
      }
      return
    }
    if (target !== `${other}/index.ts`) {
      this.#find(
        file,
        each.line,
        `${name} reaches past the door of ${other} (${target})`,
        `import ${other}/index.ts, and let the room export there what others need`,
      )
    }
    const whole = room.may.includes(other) || room.may.includes('*')
    const types = room.mayTypes?.includes(other) === true
    const names = room.mayNames?.[other]
    const named = names !== undefined && each.names.length > 0 && each.names.every((value) => names.includes(value))
    if (whole || (types && (each.typeOnly || named))) return
    if (types) {
      this.#find(
        file,
        each.line,
        `${name} imports values of ${other}; only its types are allowed`,
        'use `import type`, or let a room that may do it hand the value in',
      )
    } else {
      this.#find(
        file,
        each.line,
        `${name} may not import ${other}`,
        `${name} may import: ${allowed(room)}; otherwise let src/main connect the two`,
      )
    }
  }

  #builtin(file: string, room: Room, each: Import): void {
    if (room.kind === 'world' || each.typeOnly) return
    const { specifier, line } = each
    if (!ALLOWED_BUILTINS.includes(specifier)) {
      if (this.#exempt(file, specifier)) return
      this.#find(file, line, `${specifier} in a ${room.kind} room`, 'reach the world by a port (src/base/ports.ts)')
    } else if (specifier === 'node:zlib') {
      for (const name of each.names) {
        if (name === 'default' || name === '*' || SYNCHRONOUS_ZLIB.test(name)) continue
        this.#find(file, line, `asynchronous zlib (${name}) in a ${room.kind} room`, 'use the Offload port')
      }
    }
  }

  #package(file: string, name: string, room: Room, each: Import): void {
    const parts = each.specifier.split('/')
    const packageName = parts.slice(0, each.specifier.startsWith('@') ? 2 : 1).join('/')
    if (room.packages?.includes(packageName) === true || each.typeOnly) return
    this.#find(
      file,
      each.line,
      `${name} may not import the package ${packageName}`,
      'use the room that owns it, or add it to scripts/rooms/table.ts with a reason',
    )
  }

  #names(file: string, room: Room, source: Source): void {
    const virtual = room.virtual !== undefined && !room.virtual.but.some((path) => file.startsWith(path))
    for (const banned of BANNED_NAMES) {
      if (!banned.kinds.includes(room.kind) && !(virtual && banned.virtual)) continue
      for (const match of source.code.matchAll(banned.pattern)) {
        if (this.#exempt(file, banned.name)) continue
        this.#find(
          file,
          lineOf(source.code, match.index),
          `${banned.name} in a ${virtual ? 'simulated' : room.kind} room`,
          banned.remedy,
        )
      }
    }
    if (room.kind === 'world') return
    for (const match of source.code.matchAll(/(?<![\w$.])zlib\s*\.\s*(\w+)/g)) {
      if (SYNCHRONOUS_ZLIB.test(match[1]!)) continue
      this.#find(
        file,
        lineOf(source.code, match.index),
        `asynchronous zlib (${match[1]}) in a ${room.kind} room`,
        'use the Offload port',
      )
    }
  }

  #exempt(file: string, name: string): boolean {
    const exemption = this.#house.exemptions.find((each) => each.file === file && each.names.includes(name))
    if (exemption !== undefined) this.#exemptionsUsed.add(`${file} ${name}`)
    return exemption !== undefined
  }

  #staleExemptions(files: ReadonlySet<string>): void {
    for (const { file, names } of this.#house.exemptions) {
      for (const name of names) {
        if (this.#exemptionsUsed.has(`${file} ${name}`)) continue
        if (!files.has(file) && this.#house === HOUSE) {
          this.#find(file, 1, 'an exemption for a file that is not there', 'remove it from scripts/rooms/table.ts')
        } else if (files.has(file)) {
          this.#find(file, 1, `an exemption for ${name} that covers nothing`, 'remove it from scripts/rooms/table.ts')
        }
      }
    }
  }

  /** Types are gone at run time, so only values can make files wait for each other. */
  #cyclesBetweenFiles(files: readonly string[]): void {
    const next = new Map<string, Edge[]>(files.map((file) => [file, []]))
    for (const edge of this.#edges) if (!edge.typeOnly && next.has(edge.to)) next.get(edge.from)?.push(edge)
    for (const cycle of cyclesOf(next)) {
      const path = [...cycle.map((edge) => edge.from), cycle[0]!.from].join(' → ')
      this.#find(cycle[0]!.from, cycle[0]!.line, `a cycle of files: ${path}`, 'move what both need into a third file')
    }
  }

  #cyclesBetweenRooms(): void {
    const next = new Map<string, Edge[]>()
    const places = new Map<string, Edge>()
    for (const edge of this.#edges) {
      const from = roomOf(edge.from)
      const to = roomOf(edge.to)
      // What the table allows as types only is a name for data, no dependency of one room's working on the other's.
      if (from === null || to === null || from === to) continue
      if (edge.typeOnly && this.#house.rooms[from]?.mayTypes?.includes(to) === true) continue
      if (places.has(`${from} ${to}`)) continue
      places.set(`${from} ${to}`, edge)
      next.set(from, [...(next.get(from) ?? []), { ...edge, from, to }])
    }
    for (const cycle of cyclesOf(next)) {
      const place = places.get(`${cycle[0]!.from} ${cycle[0]!.to}`)!
      const path = [...cycle.map((edge) => edge.from), cycle[0]!.from].join(' → ')
      this.#find(
        place.from,
        place.line,
        `a cycle of rooms: ${path}`,
        'let src/main connect them, or move the shared type down',
      )
    }
  }
}

function allowed(room: Room): string {
  const types = (room.mayTypes ?? []).map((each) => `${each} (types)`)
  return [...room.may, ...types].join(', ') || 'nothing'
}

/** `src/wire` for `src/wire/messages/produce.ts`; null for what lies in no room. */
function roomOf(file: string): string | null {
  const parts = file.split('/')
  return parts.length >= 3 && NEIGHBOURHOODS.includes(parts[0]!) ? `${parts[0]}/${parts[1]}` : null
}

function sourceFiles(root: string, directory: string): string[] {
  const out: string[] = []
  let entries: { name: string; isDirectory(): boolean }[]
  try {
    entries = readdirSync(join(root, directory), { withFileTypes: true })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
  for (const entry of entries.sort((a, b) => compare(a.name, b.name))) {
    const path = posix.join(directory, entry.name)
    if (entry.isDirectory()) out.push(...sourceFiles(root, path))
    else if (/\.[cm]?[jt]sx?$/.test(entry.name)) out.push(path)
  }
  return out
}

/** One cycle for every edge that closes one in a depth-first walk. */
function cyclesOf(next: ReadonlyMap<string, readonly Edge[]>): Edge[][] {
  const cycles: Edge[][] = []
  const done = new Set<string>()
  const path: Edge[] = []
  const onPath = new Map<string, number>()
  const walk = (node: string): void => {
    onPath.set(node, path.length)
    for (const edge of next.get(node) ?? []) {
      const at = onPath.get(edge.to)
      if (at !== undefined) cycles.push([...path.slice(at), edge])
      else if (!done.has(edge.to)) {
        path.push(edge)
        walk(edge.to)
        path.pop()
      }
    }
    onPath.delete(node)
    done.add(node)
  }
  for (const node of next.keys()) if (!done.has(node)) walk(node)
  return cycles
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The checkout that this file lies in. */
export const CHECKOUT: string = join(dirname(new URL(import.meta.url).pathname), '..', '..')
