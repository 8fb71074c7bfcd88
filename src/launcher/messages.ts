// What the launcher and its nodes say to each other (over a pipe that both hold), and what `odradek node` says to a
// running `odradek up` (over its control socket): msgpack behind a length of four bytes. Ours alone, so no version: both
// ends come from the same installation.

import { pack, unpack } from 'msgpackr'
import type { NodeId } from '../base/index.ts'

/** From a node to its launcher. */
export type NodeMessage =
  | { readonly kind: 'ready' }
  /** It was told to stop, by whom ever. */
  | { readonly kind: 'stopping' }
  /** Something an operator wants to know, one line. */
  | { readonly kind: 'event'; readonly text: string }
  /** The node cannot start or go on; it ends after this. */
  | { readonly kind: 'failed'; readonly sentence: string }

/** From the launcher to a node: the whole cluster stops, so nobody can take over what it leads. */
export interface LauncherMessage {
  readonly kind: 'stop-all'
}

export type NodeState = 'starting' | 'ready' | 'stopping' | 'down'

export interface NodeStatus {
  readonly id: NodeId
  readonly state: NodeState
  /** Null when it is down. */
  readonly pid: number | null
  readonly clientAddress: string
  readonly logFile: string
  /** Milliseconds since it was started; null when it is down. */
  readonly uptimeMs: number | null
  /** How it ended last; null when it has not. */
  readonly ended: string | null
}

/** What `odradek node` asks. */
export type ControlRequest =
  | { readonly kind: 'list' }
  | { readonly kind: 'stop' | 'kill'; readonly id: NodeId }
  | { readonly kind: 'start'; readonly id: NodeId; readonly wait: boolean }

export type ControlResponse =
  | { readonly kind: 'nodes'; readonly pid: number; readonly nodes: readonly NodeStatus[] }
  | { readonly kind: 'done'; readonly text: string; readonly pid: number | null }
  | { readonly kind: 'refused'; readonly sentence: string }

const LENGTH = 4
/** Far above anything either side sends. */
const LARGEST = 1 << 20

export function frame(message: NodeMessage | LauncherMessage | ControlRequest | ControlResponse): Uint8Array {
  const body = pack(message)
  const out = Buffer.allocUnsafe(LENGTH + body.length)
  out.writeUInt32BE(body.length, 0)
  body.copy(out, LENGTH)
  return out
}

/** A reader of frames from chunks as they come. Throws RangeError on a length that nobody here writes. */
export function unframe<T>(receive: (message: T) => void): (chunk: Buffer) => void {
  let held: Buffer = Buffer.alloc(0)
  return (chunk) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    while (held.length >= LENGTH) {
      const length = held.readUInt32BE(0)
      if (length > LARGEST) throw new RangeError(`a message of ${length} bytes`)
      if (held.length < LENGTH + length) return
      const body = held.subarray(LENGTH, LENGTH + length)
      held = held.subarray(LENGTH + length)
      receive(unpack(body) as T)
    }
  }
}
