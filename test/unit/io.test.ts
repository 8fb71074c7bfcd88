// What the real bodies of the ports do beyond the laws: the directory lock across processes, cut ports, bounds.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import fsp, { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createPorts, decompressSync, PoolOffload } from '../../src/io/index.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'odradek-io-'))
})
afterEach(async () => {
  await rm(directory, { recursive: true })
})

const HOLDER = `
  import { SystemDisk } from ${JSON.stringify(new URL('../../src/io/index.ts', import.meta.url).href)}
  await new SystemDisk().lock(process.argv[1])
  console.log('locked')
  setInterval(() => {}, 1000)
`

describe('the lock of a directory', () => {
  test('is held by a living process and given up by a killed one', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    const ports = createPorts({ tablesDirectory: join(directory, 'tables') })
    await expect(ports.disk.lock(directory)).rejects.toMatchObject({
      code: 'ELOCKED',
      message: `${directory} is in use by process ${child.pid}`,
    })
    child.kill('SIGKILL')
    await once(child, 'exit')
    const release = await ports.disk.lock(directory)
    await release()
    await ports.close()
  })

  test('a process id that is another process by now does not hold it', async () => {
    await writeFile(join(directory, '.lock'), (await lockText()).replace(/start=\d+/, 'start=1'))
    const ports = createPorts({ tablesDirectory: join(directory, 'tables') })
    await ports.disk.lock(directory)
    await ports.close()
  })

  test("an empty .lock, as Kafka's is, does not hold it", async () => {
    await writeFile(join(directory, '.lock'), '')
    const ports = createPorts({ tablesDirectory: join(directory, 'tables') })
    await ports.disk.lock(directory)
    await ports.close()
  })

  /** What this process would write, with the parent's id, which is alive. */
  async function lockText(): Promise<string> {
    const ports = createPorts({ tablesDirectory: join(directory, 'tables') })
    await ports.disk.lock(directory)
    const text = await readFile(join(directory, '.lock'), 'utf8')
    await ports.close()
    return text.replace(/pid=\d+/, `pid=${process.ppid}`)
  }
})

test('closed ports are those of a dead process: nothing is written, called or settled', async () => {
  const ports = createPorts({ tablesDirectory: join(directory, 'tables') })
  const file = await ports.disk.open(join(directory, 'log'), { create: true })
  const heard: string[] = []
  ports.clock.alarm(() => heard.push('alarm')).set(ports.clock.monotonic() + 1)
  const listener = await ports.network.listen({ host: '127.0.0.1', port: 0 }, () => {
    throw new Error('accepted')
  })
  ports.network.connect(listener.endpoint, {
    connected: () => heard.push('connected'),
    data: () => heard.push('data'),
    drained: () => heard.push('drained'),
    closed: () => heard.push('closed'),
  })
  file.append([Buffer.from('seen')], () => {})
  file.read(0, 1).then(
    () => heard.push('read'),
    () => heard.push('read'),
  )
  const closing = ports.close()
  file.append([Buffer.from('too late')], () => heard.push('appended'))
  ports.disk.writeFileAtomic(join(directory, 'late'), Buffer.from('x')).finally(() => heard.push('written'))
  await closing
  await new Promise((resolve) => {
    setTimeout(resolve, 30)
  })
  expect(heard).toEqual([])
  expect(await readFile(join(directory, 'log'), 'utf8')).toBe('seen')
  await expect(readFile(join(directory, 'late'))).rejects.toMatchObject({ code: 'ENOENT' })
})

describe('an append that the system takes in parts (S67)', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  test('is completed', async () => {
    const ports = createPorts({ tablesDirectory: join(directory, 'tables') })
    const file = await ports.disk.open(join(directory, 'log'), { create: true })
    const { writevSync, writeSync } = fs
    vi.spyOn(fs, 'writevSync').mockImplementation((fd, chunks, position) => {
      // Seven bytes of all that was offered.
      const all = Buffer.concat(chunks.map((each) => Buffer.from(each.buffer, each.byteOffset, each.byteLength)))
      return writevSync(fd, [all.subarray(0, 7)], position)
    })
    vi.spyOn(fs, 'writeSync').mockImplementation(((fd: number, bytes: Buffer, from: number, n: number, at: number) =>
      writeSync(fd, bytes, from, Math.min(n, 2), at)) as typeof fs.writeSync)
    const errors: unknown[] = []
    file.append(['abc', 'defghi', 'jkl', 'm'].map(Buffer.from as (text: string) => Buffer), (error) =>
      errors.push(error),
    )
    file.append([Buffer.from('nopq')], (error) => errors.push(error))
    expect(errors).toEqual([null, null])
    expect(Buffer.from(await file.read(0, 100)).toString()).toBe('abcdefghijklmnopq')
    await ports.close()
  })

  test('and fails on a full disk: the file takes appends again only after a cut', async () => {
    const ports = createPorts({ tablesDirectory: join(directory, 'tables') })
    const path = join(directory, 'log')
    const file = await ports.disk.open(path, { create: true })
    file.append([Buffer.from('good')], (error) => expect(error).toBeNull())
    const { writeSync } = fs
    let calls = 0
    vi.spyOn(fs, 'writeSync').mockImplementation(((fd: number, bytes: Buffer, from: number, n: number, at: number) => {
      if (calls++ > 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
      return writeSync(fd, bytes, from, Math.min(n, 2), at)
    }) as typeof fs.writeSync)
    const errors: (Error | null)[] = []
    file.append([Buffer.from('bad')], (error) => errors.push(error))
    vi.restoreAllMocks()
    file.append([Buffer.from('after')], (error) => errors.push(error))
    expect(errors).toHaveLength(2)
    expect(errors[0]).toMatchObject({ name: 'StorageError', code: 'ENOSPC', path })
    expect(errors[0]?.message).toBe(`cannot append to ${path}: no space left on the device (ENOSPC)`)
    expect(errors[1]).toBe(errors[0])
    expect(file.size).toBe(4)
    await file.truncate(4)
    file.append([Buffer.from('!')], (error) => expect(error).toBeNull())
    expect(await readFile(path, 'utf8')).toBe('good!')
    await ports.close()
  })
})

describe('what a compressed frame claims', () => {
  test('an lz4 bomb is refused before it is opened, a full block within the limit is not', async () => {
    const offload = new PoolOffload()
    const zeros = new Uint8Array(3_000_000)
    const bytes = await offload.run({ kind: 'compress', codec: 'lz4', bytes: zeros })
    expect(bytes.length).toBeLessThan(20_000)
    await expect(offload.run({ kind: 'decompress', codec: 'lz4', bytes, limit: 2_999_999 })).rejects.toThrow(RangeError)
    expect((await offload.run({ kind: 'decompress', codec: 'lz4', bytes, limit: 3_000_000 })).length).toBe(3_000_000)
  })

  test('a snappy block that claims more than it can hold is malformed', () => {
    const lie = Uint8Array.of(0xff, 0xff, 0xff, 0x7f, 0, 1, 2)
    expect(() => decompressSync('snappy', lie, 2 ** 31)).toThrow(/claims more/)
    expect(() => decompressSync('snappy', lie, 1_000)).toThrow(RangeError)
  })

  test('every single-byte change of an lz4 frame is opened alike or refused, never beyond the limit', async () => {
    const offload = new PoolOffload()
    const plain = new Uint8Array(2_000).map((_, i) => i % 50)
    const good = await offload.run({ kind: 'compress', codec: 'lz4', bytes: plain })
    for (let i = 0; i < good.length; i++) {
      for (const flip of [1, 0x40, 0xff]) {
        const bad = Uint8Array.from(good)
        bad[i]! ^= flip
        const outcome = await offload.run({ kind: 'decompress', codec: 'lz4', bytes: bad, limit: 4_000 }).then(
          (out) => out.length,
          (error: unknown) => error,
        )
        if (typeof outcome === 'number') expect(outcome).toBeLessThanOrEqual(4_000)
        else expect(outcome).toBeInstanceOf(Error)
      }
    }
  })
})

describe('an outgoing connection whose owner has a place for the bytes', () => {
  test('reads into it, once it has heard from the peer, and asks for it anew each time', async () => {
    const ports = createPorts({ tablesDirectory: join(tmpdir(), 'never-opened') })
    const sent = Uint8Array.from({ length: 600_000 }, (_, i) => (i * 31) & 255)
    const got = new Uint8Array(sent.length)
    let at = 0
    let inPlace = 0
    let early = 0
    const nothing = (): void => undefined
    try {
      const listener = await ports.network.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
        connection.write([sent])
        return { data: nothing, drained: nothing, closed: nothing }
      })
      await new Promise<void>((resolve) => {
        ports.network.connect(listener.endpoint, {
          space: () => {
            if (at === 0) early++
            return got.subarray(at)
          },
          data: (chunk) => {
            if (chunk.buffer === got.buffer) inPlace++
            else got.set(chunk, at)
            at += chunk.length
            if (at === sent.length) resolve()
          },
          drained: nothing,
          closed: nothing,
        })
      })
    } finally {
      await ports.close()
    }
    expect(Buffer.compare(got, sent)).toBe(0)
    expect(inPlace).toBeGreaterThan(0)
    expect(early).toBe(0)
  })
})

describe('a file that is replaced whole (S69, S70)', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  test('is on disk before it takes the name, and its name before anybody hears of it', async () => {
    const ports = createPorts({ tablesDirectory: join(directory, 'tables') })
    const steps: string[] = []
    const { open, rename } = fsp
    vi.spyOn(fsp, 'open').mockImplementation(async (...args) => {
      const handle = await open(...args)
      const name = args[0] === directory ? 'the directory' : String(args[0]).slice(directory.length + 1)
      const sync = handle.sync.bind(handle)
      handle.sync = async () => {
        const { size } = await handle.stat()
        steps.push(`sync ${name}${name === 'the directory' ? '' : ` of ${size} bytes`}`)
        await sync()
      }
      return handle
    })
    vi.spyOn(fsp, 'rename').mockImplementation(async (from, to) => {
      steps.push('rename')
      await rename(from, to)
    })
    await ports.disk.writeFileAtomic(join(directory, 'checkpoint'), Buffer.from('whole'))
    steps.push('told')
    expect(steps).toEqual(['sync checkpoint.tmp of 5 bytes', 'rename', 'sync the directory', 'told'])
    await ports.close()
  })
})

describe('tables that cannot be read any more', () => {
  test.each(['CURRENT', 'MANIFEST'])('are begun anew (%s damaged)', async (damaged) => {
    const tables = join(directory, 'tables')
    const first = createPorts({ tablesDirectory: tables })
    const table = await first.tables.open('t')
    await table.batch([{ kind: 'put', key: 'k', value: Uint8Array.of(1) }], { sync: true })
    await first.close()
    const name = (await fsp.readdir(tables)).find((each) => each.startsWith(damaged))!
    await writeFile(join(tables, name), 'these are no bytes of leveldb')
    const second = createPorts({ tablesDirectory: tables })
    const again = await second.tables.open('t')
    expect(await again.get('k')).toBeUndefined()
    await again.batch([{ kind: 'put', key: 'k', value: Uint8Array.of(2) }])
    expect([...(await again.get('k'))!]).toEqual([2])
    await second.close()
  })

  test('are kept where only the directory refuses', async () => {
    const tables = join(directory, 'tables')
    const first = createPorts({ tablesDirectory: tables })
    const table = await first.tables.open('t')
    await table.batch([{ kind: 'put', key: 'k', value: Uint8Array.of(1) }], { sync: true })
    // A second process: the database is locked, which is no reason to destroy it.
    const second = createPorts({ tablesDirectory: tables })
    await expect(second.tables.open('t')).rejects.toThrow(tables)
    expect([...(await table.get('k'))!]).toEqual([1])
    await Promise.all([first.close(), second.close()])
  })
})
