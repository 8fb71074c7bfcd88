import { describe, expect, it } from 'vitest'
import { CASES } from '../../../scripts/bench/cases.ts'
import { HELP, parseOptions } from '../../../scripts/bench/options.ts'

const names = (args: readonly string[]): readonly string[] => parseOptions(args)!.cases.map(({ name }) => name)

describe('the command line of the benchmark', () => {
  it('asks for everything by default, five rounds of it, Kafka warmed with 5 GB', () => {
    const options = parseOptions([])!
    expect(options).toMatchObject({ quick: false, rounds: 5, json: null, minutes: null })
    expect(options.systems).toEqual(['odradek', 'kafka', 'limit'])
    expect(options.cases).toEqual(CASES)
    expect(options.size.warmGb).toBe(5)
  })

  it('does less when it is to be quick, and ends', () => {
    const [quick, full] = [parseOptions(['--quick'])!, parseOptions([])!]
    expect(quick.rounds).toBe(1)
    expect(quick.minutes).toBeLessThan(6)
    expect(quick.size.records1k).toBeLessThan(full.size.records1k)
    expect(parseOptions(['--quick', '--rounds', '3', '--minutes', '9', '--warm-gb', '1'])).toMatchObject({
      rounds: 3,
      minutes: 9,
      size: { warmGb: 1 },
    })
  })

  it('leaves what takes long out of a quick run, unless it is asked for', () => {
    expect(names(['--quick'])).not.toContain('partitions-1000')
    expect(names(['--quick'])).toContain('produce-1k')
    expect(names([])).toContain('partitions-1000')
    expect(names(['--quick', '--case', 'partitions-1000'])).toEqual(['partitions-1000'])
  })

  it('keeps the order of turns whatever the order of the words', () => {
    expect(parseOptions(['--system', 'limit', '--system', 'odradek'])!.systems).toEqual(['odradek', 'limit'])
    expect(names(['--case', 'produce-100b', '--case', 'start'])).toEqual(['start', 'produce-100b'])
  })

  it.each([
    [['--system', 'pulsar'], /there is no system "pulsar": the systems are odradek, kafka, limit/],
    [['--case', 'fast'], /there is no case "fast": the cases are start, idle/],
    [['--rounds', '0'], /--rounds 0: a number greater than 0/],
    [['--rounds', '1.5'], /--rounds 1\.5: an integer/],
    [['--minutes', 'ten'], /--minutes ten/],
    [['--nothing'], /--nothing/],
  ])('refuses %j by a sentence', (args, words) => {
    expect(() => parseOptions(args)).toThrow(words)
  })

  it('explains every case', () => {
    expect(parseOptions(['--help'])).toBeNull()
    for (const { name, measures } of CASES) expect(HELP).toContain(`${name.padEnd(16)} ${measures}`)
    expect(new Set(CASES.map(({ name }) => name)).size).toBe(CASES.length)
  })
})
