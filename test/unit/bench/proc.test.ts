import { describe, expect, it } from 'vitest'
import { difference, ofAll, parseRss, parseStat } from '../../../scripts/bench/proc.ts'

const STAT =
  '4242 (a (b) c) S 1 4242 4242 0 -1 4194304 900 800 0 0 1234 567 89 10 20 0 7 0 100 200 300 18446744073709551615'

describe('/proc', () => {
  it('tells CPU of a process and of the children it has waited for, whatever its name is', () => {
    expect(parseStat(STAT)).toEqual({ own: { user: 12.34, system: 5.67 }, children: { user: 0.89, system: 0.1 } })
  })

  it('tells resident memory, unless a process has none', () => {
    expect(parseRss('Name:\tnode\nVmHWM:\t  99999 kB\nVmRSS:\t   92160 kB\nThreads:\t11\n')).toBe(90)
    expect(parseRss('Name:\tkthreadd\n')).toBeNull()
  })

  it('has figures of all processes or of none', () => {
    expect(ofAll([1, 2], (pid) => pid * 10)).toEqual([10, 20])
    expect(ofAll([1, 2], (pid) => (pid === 2 ? null : pid))).toBeNull()
  })

  it('subtracts', () => {
    expect(difference({ user: 5, system: 3 }, { user: 2, system: 3 })).toEqual({ user: 3, system: 0 })
  })
})
