// The worlds on which every law of the ports is checked: the real one, and simulated ones of several seeds.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock, Ports } from '../../src/base/index.ts'
import { createPorts } from '../../src/io/index.ts'
import { createSimulation } from '../../src/sim/index.ts'

export interface World {
  readonly ports: Ports
  /** An empty directory that exists. */
  readonly directory: string
  /** Where this world's listeners can be reached by itself. */
  readonly host: string
  /** The ports of another process on the same disk; the first one's are cut. */
  restart(): Promise<Ports>
  /** Runs a law: in a simulation somebody must turn the world. */
  run<T>(law: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

export type WorldFactory = () => Promise<World>

export async function realWorld(): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'odradek-law-'))
  const open = (): ReturnType<typeof createPorts> => createPorts({ tablesDirectory: join(directory, 'tables') })
  let ports = open()
  const all = join(directory, 'data')
  await ports.disk.makeDirectory(all)
  return {
    ports,
    directory: all,
    host: '127.0.0.1',
    restart: async () => {
      await ports.close()
      ports = open()
      return ports
    },
    run: (law) => law(),
    close: async () => {
      await ports.close()
      await rm(directory, { recursive: true })
    },
  }
}

export function simulatedWorld(seed: number): WorldFactory {
  return async () => {
    const simulation = createSimulation({ seed })
    const ports = simulation.addNode('node')
    await simulation.wait(ports.disk.makeDirectory('/data'))
    return {
      ports,
      directory: '/data',
      host: '127.0.0.1',
      restart: async () => {
        simulation.kill('node')
        return simulation.restart('node')
      },
      run: (law) => simulation.wait(law()),
      close: async () => simulation.close(),
    }
  }
}

/** In every law book: which world, by what name. */
export const WORLDS: readonly (readonly [string, WorldFactory])[] = [
  ['the real world', realWorld],
  ...[1, 2, 3, 4].map((seed) => [`a simulated world, seed ${seed}`, simulatedWorld(seed)] as const),
]

/** Sets up a world, runs one law in it, and takes it down. */
export function law(open: WorldFactory, body: (world: World) => Promise<void>): () => Promise<void> {
  return async () => {
    const world = await open()
    try {
      await world.run(() => body(world))
    } finally {
      await world.close()
    }
  }
}

export function delay(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.alarm(resolve).set(clock.monotonic() + ms)
  })
}

export function text(bytes: Uint8Array | null | undefined): string | null {
  return bytes === null || bytes === undefined ? null : new TextDecoder().decode(bytes)
}

export function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}
