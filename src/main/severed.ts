// Ports that can be cut: what SIGKILL is to a process, `sever` is to a node that shares its process with others. After
// it nothing the node does reaches the world, nothing of the world reaches the node: timers do not fire, promises of the
// ports stay unsettled, sockets are reset, locks are released as the death of a process would release them.

import type {
  Alarm,
  Clock,
  Connection,
  ConnectionEvents,
  Disk,
  DiskFile,
  Listener,
  Network,
  Offload,
  Ports,
  Table,
  TableEntry,
  Tables,
} from '../base/index.ts'

export interface SeverablePorts extends Ports {
  /** Cuts every port at once; resolves when the operating system has let go of sockets, files and locks. */
  sever(): Promise<void>
}

const never: Promise<never> = new Promise(() => undefined)

export function severable(ports: Ports, crashed: (error: unknown) => void): SeverablePorts {
  let severed = false
  /** Runs a callback of the node. What it throws is a bug of the node, never of the port that called. */
  const enter = (callback: () => void): void => {
    if (severed) return
    try {
      callback()
    } catch (error) {
      crashed(error)
    }
  }
  const cuts = new Set<() => void>()
  const releases = new Set<() => Promise<void>>()
  const arrived = <T>(value: T): T | Promise<never> => (severed ? never : value)
  const failed = (error: unknown): Promise<never> => {
    if (severed) return never
    throw error
  }
  /** Settles as the port does, unless the node is dead by then. Two promises a call and no function, for every read and
   *  write of a node goes through here. */
  const guard = <T>(call: () => Promise<T>): Promise<T> => {
    if (severed) return never
    try {
      return call().then<T, never>(arrived, failed)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  const clock: Clock = {
    monotonic: () => ports.clock.monotonic(),
    wall: () => ports.clock.wall(),
    alarm: (fire): Alarm => {
      const alarm = ports.clock.alarm(() => enter(fire))
      cuts.add(() => alarm.clear())
      return {
        set: (at) => {
          if (!severed) alarm.set(at)
        },
        clear: () => alarm.clear(),
      }
    },
  }

  const guardEvents = (events: ConnectionEvents, forget: () => void): ConnectionEvents => ({
    connected: () => enter(() => events.connected?.()),
    data: (chunk) => {
      // As `enter`, without a function for every chunk.
      if (severed) return
      try {
        events.data(chunk)
      } catch (error) {
        crashed(error)
      }
    },
    space: () => (severed ? null : (events.space?.() ?? null)),
    drained: () => enter(() => events.drained()),
    closed: (error) => {
      forget()
      enter(() => events.closed(error))
    },
  })

  const guardConnection = (connection: Connection): Connection => ({
    get remote() {
      return connection.remote
    },
    get local() {
      return connection.local
    },
    get unsent() {
      return connection.unsent
    },
    write: (chunks) => (severed ? true : connection.write(chunks)),
    pause: () => connection.pause(),
    resume: () => connection.resume(),
    close: () => {
      if (!severed) connection.close()
    },
    destroy: () => {
      if (!severed) connection.destroy()
    },
  })

  const network: Network = {
    connect: (to, events) => {
      const cut = (): void => connection.destroy()
      const connection = ports.network.connect(
        to,
        guardEvents(events, () => cuts.delete(cut)),
      )
      if (severed) connection.destroy()
      else cuts.add(cut)
      return guardConnection(connection)
    },
    listen: (at, accept) =>
      guard(async (): Promise<Listener> => {
        const listener = await ports.network.listen(at, (connection) => {
          if (severed) {
            connection.destroy()
            return { data: () => undefined, drained: () => undefined, closed: () => undefined }
          }
          const cut = (): void => connection.destroy()
          cuts.add(cut)
          return guardEvents(accept(guardConnection(connection)), () => cuts.delete(cut))
        })
        const release = (): Promise<void> => listener.close()
        releases.add(release)
        if (severed) await release()
        return {
          endpoint: listener.endpoint,
          close: () => {
            releases.delete(release)
            return guard(() => listener.close())
          },
        }
      }),
  }

  const guardFile = (file: DiskFile): DiskFile => {
    const release = (): Promise<void> => file.close()
    releases.add(release)
    if (severed) void release()
    return {
      get path() {
        return file.path
      },
      get size() {
        return file.size
      },
      append: (chunks, appended) => {
        if (severed) return
        file.append(chunks, (error) => {
          if (!severed) appended(error)
        })
      },
      read: (position, length) => guard(() => file.read(position, length)),
      sync: () => guard(() => file.sync()),
      truncate: (size) => guard(() => file.truncate(size)),
      close: () => {
        releases.delete(release)
        return guard(() => file.close())
      },
    }
  }

  const disk: Disk = {
    open: (path, options) => guard(async () => guardFile(await ports.disk.open(path, options))),
    readFile: (path) => guard(() => ports.disk.readFile(path)),
    writeFileAtomic: (path, bytes) => guard(() => ports.disk.writeFileAtomic(path, bytes)),
    list: (directory) => guard(() => ports.disk.list(directory)),
    makeDirectory: (path) => guard(() => ports.disk.makeDirectory(path)),
    rename: (from, to) => guard(() => ports.disk.rename(from, to)),
    remove: (path) => guard(() => ports.disk.remove(path)),
    syncDirectory: (path) => guard(() => ports.disk.syncDirectory(path)),
    setModified: (path, at) => guard(() => ports.disk.setModified(path, at)),
    space: (directory) => guard(() => ports.disk.space(directory)),
    lock: (directory) =>
      guard(async () => {
        const unlock = await ports.disk.lock(directory)
        releases.add(unlock)
        if (severed) await unlock()
        return () => {
          releases.delete(unlock)
          return guard(unlock)
        }
      }),
    join: (...parts) => ports.disk.join(...parts),
  }

  async function* guardPages(pages: AsyncIterable<readonly TableEntry[]>): AsyncGenerator<readonly TableEntry[]> {
    try {
      for await (const page of pages) yield severed ? await never : page
    } catch (error) {
      await failed(error)
    }
    // Nor that there are no more.
    if (severed) await never
  }

  const guardTable = (table: Table): Table => ({
    get: (key) => guard(() => table.get(key)),
    batch: (operations, options) => guard(() => table.batch(operations, options)),
    pages: (range) => (severed ? silent() : guardPages(table.pages(range))),
    clear: () => guard(() => table.clear()),
  })

  const tables: Tables = {
    open: (name) => guard(async () => guardTable(await ports.tables.open(name))),
    close: () => guard(() => ports.tables.close()),
  }

  const offload: Offload = { run: (job) => guard(() => ports.offload.run(job)) }

  return {
    clock,
    random: ports.random,
    disk,
    network,
    tables,
    offload,
    sever: async () => {
      severed = true
      for (const cut of [...cuts]) cut()
      cuts.clear()
      const pending = [...releases, () => ports.tables.close()]
      releases.clear()
      await Promise.allSettled(pending.map((release) => release()))
    },
  }
}

/** The iteration of a dead node: it neither yields nor ends. */
function silent(): AsyncIterable<never> {
  return { [Symbol.asyncIterator]: () => ({ next: () => never }) }
}
