// The law book of `Disk`.

import { describe, expect, test } from 'vitest'
import type { DiskFile } from '../../src/base/index.ts'
import { bytes, law, text, type WorldFactory } from './worlds.ts'

export function append(file: DiskFile, ...chunks: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    file.append(chunks.map(bytes), (error) => (error === null ? resolve() : reject(error)))
  })
}

export function diskLaws(open: WorldFactory): void {
  describe('Disk', () => {
    test(
      'a missing file is ENOENT without create, null to readFile, and nothing to remove',
      law(open, async (w) => {
        const at = w.ports.disk.join(w.directory, 'absent')
        await expect(w.ports.disk.open(at)).rejects.toMatchObject({ name: 'StorageError', code: 'ENOENT', path: at })
        expect(await w.ports.disk.readFile(at)).toBeNull()
        await w.ports.disk.remove(at)
        expect(await w.ports.disk.list(at)).toEqual([])
      }),
    )

    test(
      'a file cannot be created where there is no directory',
      law(open, async (w) => {
        const at = w.ports.disk.join(w.directory, 'no', 'file')
        await expect(w.ports.disk.open(at, { create: true })).rejects.toMatchObject({ code: 'ENOENT' })
        await expect(w.ports.disk.writeFileAtomic(at, bytes('x'))).rejects.toMatchObject({ code: 'ENOENT' })
      }),
    )

    test(
      'a directory is not a file',
      law(open, async (w) => {
        await expect(w.ports.disk.open(w.directory)).rejects.toMatchObject({ code: 'EISDIR' })
        await expect(w.ports.disk.readFile(w.directory)).rejects.toMatchObject({ code: 'EISDIR' })
      }),
    )

    test(
      'space is that of the file system, which has room',
      law(open, async (w) => {
        const { totalBytes, usableBytes } = await w.ports.disk.space(w.directory)
        expect(usableBytes).toBeGreaterThan(0)
        expect(totalBytes).toBeGreaterThanOrEqual(usableBytes)
        const absent = w.ports.disk.join(w.directory, 'absent')
        await expect(w.ports.disk.space(absent)).rejects.toMatchObject({ code: 'ENOENT', path: absent })
      }),
    )

    test(
      'appends are seen in order, with the size at once',
      law(open, async (w) => {
        const at = w.ports.disk.join(w.directory, 'log')
        const file = await w.ports.disk.open(at, { create: true })
        const order: number[] = []
        const done = new Promise<void>((resolve) => {
          for (let i = 0; i < 20; i++) {
            file.append([bytes(`${i % 10}`), bytes(''), bytes('.')], (error) => {
              expect(error).toBeNull()
              if (order.push(i) === 20) resolve()
            })
            expect(file.size).toBe((i + 1) * 2)
          }
        })
        await done
        expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i))
        expect(text(await file.read(0, 1000))).toBe('0.1.2.3.4.5.6.7.8.9.'.repeat(2))
        expect(text(await file.read(38, 10))).toBe('9.')
        expect((await file.read(40, 10)).length).toBe(0)
        expect(text(await w.ports.disk.readFile(at))).toHaveLength(40)
        await file.close()
      }),
    )

    test(
      'more chunks than one system call takes',
      law(open, async (w) => {
        const file = await w.ports.disk.open(w.ports.disk.join(w.directory, 'chunks'), { create: true })
        await append(file, ...Array.from({ length: 2_500 }, (_, i) => `${i},`))
        const all = text(await file.read(0, file.size))
        expect(all).toBe(Array.from({ length: 2_500 }, (_, i) => `${i},`).join(''))
        await file.close()
      }),
    )

    test(
      'an opened file goes on where it ended',
      law(open, async (w) => {
        const at = w.ports.disk.join(w.directory, 'log')
        const first = await w.ports.disk.open(at, { create: true })
        await append(first, 'one')
        await first.sync()
        await first.close()
        const second = await w.ports.disk.open(at)
        expect(second.size).toBe(3)
        await append(second, 'two')
        expect(text(await second.read(0, 10))).toBe('onetwo')
        await second.close()
        await expect(second.read(0, 1)).rejects.toMatchObject({ code: 'EBADF' })
      }),
    )

    test(
      'truncate cuts, never grows, and appends follow the cut',
      law(open, async (w) => {
        const file = await w.ports.disk.open(w.ports.disk.join(w.directory, 'log'), { create: true })
        file.append([bytes('abcdef')], () => {})
        await file.truncate(4)
        expect(file.size).toBe(4)
        await file.truncate(100)
        expect(file.size).toBe(4)
        const cut = file.truncate(2)
        const appended = append(file, 'XY')
        await cut
        await appended
        expect(file.size).toBe(4)
        expect(text(await file.read(0, 100))).toBe('abXY')
        await file.sync()
        await file.close()
      }),
    )

    test(
      'writeFileAtomic replaces whole and leaves no temporary',
      law(open, async (w) => {
        const at = w.ports.disk.join(w.directory, 'checkpoint')
        const mutable = bytes('first, longer')
        const written = w.ports.disk.writeFileAtomic(at, mutable)
        mutable.fill(0)
        await written
        expect(text(await w.ports.disk.readFile(at))).toBe('first, longer')
        await w.ports.disk.writeFileAtomic(at, bytes('second'))
        expect(text(await w.ports.disk.readFile(at))).toBe('second')
        expect((await w.ports.disk.list(w.directory)).map((entry) => entry.name)).toEqual(['checkpoint'])
      }),
    )

    test(
      'directories nest, list in name order, and go as a whole',
      law(open, async (w) => {
        const { disk } = w.ports
        await disk.makeDirectory(disk.join(w.directory, 'b', 'deep'))
        await disk.makeDirectory(disk.join(w.directory, 'b', 'deep'))
        await disk.writeFileAtomic(disk.join(w.directory, 'a'), bytes('12345'))
        await disk.writeFileAtomic(disk.join(w.directory, 'b', 'deep', 'x'), bytes('1'))
        const entries = await disk.list(w.directory)
        expect(entries.map(({ name, directory, size }) => [name, directory, directory ? 0 : size])).toEqual([
          ['a', false, 5],
          ['b', true, 0],
        ])
        await disk.remove(disk.join(w.directory, 'b'))
        expect((await disk.list(w.directory)).map((entry) => entry.name)).toEqual(['a'])
      }),
    )

    test(
      'rename moves files over files and directories with what is in them',
      law(open, async (w) => {
        const { disk } = w.ports
        const at = (name: string): string => disk.join(w.directory, name)
        await disk.writeFileAtomic(at('from'), bytes('new'))
        await disk.writeFileAtomic(at('to'), bytes('old'))
        await disk.rename(at('from'), at('to'))
        await disk.syncDirectory(w.directory)
        expect(text(await disk.readFile(at('to')))).toBe('new')
        expect(await disk.readFile(at('from'))).toBeNull()
        await disk.makeDirectory(at('t-0'))
        await disk.writeFileAtomic(at('t-0/log'), bytes('x'))
        await disk.rename(at('t-0'), at('t-0.gone-delete'))
        expect(text(await disk.readFile(at('t-0.gone-delete/log')))).toBe('x')
        await expect(disk.rename(at('nothing'), at('else'))).rejects.toMatchObject({ code: 'ENOENT' })
      }),
    )

    test(
      'an open file stays readable when it has been renamed or removed',
      law(open, async (w) => {
        const { disk } = w.ports
        const at = disk.join(w.directory, 'log')
        const file = await disk.open(at, { create: true })
        await append(file, 'kept')
        await disk.rename(at, `${at}.deleted`)
        expect(text(await file.read(0, 4))).toBe('kept')
        await disk.remove(`${at}.deleted`)
        expect(text(await file.read(0, 4))).toBe('kept')
        await file.close()
      }),
    )

    test(
      'modification times are kept to the millisecond',
      law(open, async (w) => {
        const { disk } = w.ports
        const at = disk.join(w.directory, 'old')
        await disk.writeFileAtomic(at, bytes('x'))
        await disk.setModified(at, 1_600_000_000_123)
        expect((await disk.list(w.directory))[0]).toMatchObject({ modified: 1_600_000_000_123 })
      }),
    )

    test(
      'a locked directory is ELOCKED until released, and after the death of its holder',
      law(open, async (w) => {
        const release = await w.ports.disk.lock(w.directory)
        await expect(w.ports.disk.lock(w.directory)).rejects.toMatchObject({ name: 'StorageError', code: 'ELOCKED' })
        await release()
        await w.ports.disk.lock(w.directory)
        const next = await w.restart()
        const again = await next.disk.lock(w.directory)
        await again()
      }),
    )

    test(
      'what was appended survives the process',
      law(open, async (w) => {
        const at = w.ports.disk.join(w.directory, 'log')
        const file = await w.ports.disk.open(at, { create: true })
        await append(file, 'in the page cache')
        const next = await w.restart()
        expect(text(await next.disk.readFile(at))).toBe('in the page cache')
      }),
    )
  })
}
