import { describe, expect, it } from 'vitest'
import { type Case, full, groupsOf, nameOf, quick, usual } from './cases.js'
import { median, ratioOf, rowsOf } from './numbers.js'
import { numberOf, pageOf, timeOf, titleOf } from './page.js'
import type { Outcome, Played } from './play.js'
import { plotOf } from './plot.js'
import { firstDifference, withThings } from './state.js'
import { targetsOf } from './targets.js'

const played = (round: number, wallMs: number, complaint?: string): Played => ({
  ...{ round, wallMs, code: 0, cpuMs: wallMs / 2, peakMb: 70, bytes: 1000, execs: 1, connections: 1 },
  ...(complaint === undefined ? {} : { complaint }),
})

const caseNamed = (name: string): Case => [...usual, ...full].find((one) => one.name === name)!

/** A case whose runs took so many milliseconds, round by round. */
const outcomeOf = (name: string, walls: Readonly<Record<string, readonly number[]>>): Outcome => ({
  case: caseNamed(name),
  runs: new Map(Object.entries(walls).map(([who, times]) => [who as 'ssh', times.map((wall, round) => played(round, wall))])),
})

describe('numbers', () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
    [[7], 7],
    [[], Number.NaN],
  ])('the median of %j is %d', (values, middle) => expect(median(values)).toBe(middle))

  it('ratios are of the same round, and the median of them', () => {
    const outcome = outcomeOf('plan-50-3+3', { holdfast: [100, 200, 400], ssh: [200, 800, 800] })
    expect(ratioOf(outcome, 'holdfast', 'ssh')).toBe(0.5)
    expect(ratioOf(outcome, 'ssh', 'holdfast')).toBe(2)
    expect(ratioOf(outcome, 'ansible', 'holdfast')).toBeUndefined()
  })

  it('a run that did not do the work counts nowhere, and is shown', () => {
    const runs = new Map([
      ['holdfast' as const, [played(0, 100), played(1, 1, 'it did nothing')]],
      ['ansible' as const, [played(0, 5, 'a | b\n<c>')]],
    ])
    const outcome: Outcome = { case: caseNamed('converge-50-3+3'), runs }
    const rows = rowsOf(outcome)
    expect(rows.map(({ contender, runs: count, wallMs }) => [contender, count, wallMs])).toEqual([
      ['holdfast', 1, 100],
      ['ansible', 0, Number.NaN],
      ['mitogen', 0, Number.NaN],
    ])
    expect(ratioOf(outcome, 'holdfast', 'ansible')).toBeUndefined()
    const page = pageOf({ date: '', machine: {}, targets: targetsOf([outcome], []), rows, notes: [] }, [outcome])
    expect(page).toContain('| 1, 1 did not count: it did nothing |')
    expect(page).toContain('| ansible | does not count: a \\| b &lt;c> |')
    expect(page).toContain('| mitogen | does not count: it was not run |')
  })
})

describe('targets', () => {
  const measured = (outcomes: readonly Outcome[], fleet: Parameters<typeof targetsOf>[1] = []) =>
    targetsOf(outcomes, fleet).filter(({ isMet }) => isMet !== undefined)
  const row = (hosts: number, cpuGrowth: number, rssMb: number) => ({
    ...{ hosts, cpuGrowth, rssMb, forks: 50, fleet: 'in sync', wallMsPerHost: 10, cpuMsPerHost: 5, wallGrowth: 1 },
  })

  it('without their cases are neither met nor missed', () => {
    expect(measured([])).toEqual([])
    expect(targetsOf([], []).length).toBe(11)
  })

  it.each([
    ['plan-50-3+3', { holdfast: [100], ssh: [200] }, 0.5, true],
    ['plan-50-3+3', { holdfast: [101], ssh: [200] }, 0.505, false],
    ['plan-50-3+3', { holdfast: [100], ansible: [2499] }, 100 / 2499, false],
    ['converge-50-3+3', { holdfast: [100], ansible: [1200] }, 1 / 12, true],
    ['plan-1-3+3', { holdfast: [121], ssh: [100] }, 1.21, false],
  ])('%s %j gives %d', (name, walls, value, isMet) => {
    const found = measured([outcomeOf(name, walls)])
    expect(found.map((one) => [one.measured, one.isMet])).toEqual([[value, isMet]])
  })

  it('of delay are the excess over the run without it', () => {
    const near = outcomeOf('plan-10-3+3', { holdfast: [200], ssh: [300] })
    const far = outcomeOf('plan-10-3+3-100ms', { holdfast: [1300], ssh: [1300] })
    expect(measured([near, far]).map((one) => [one.measured, one.isMet])).toEqual([
      [1100, false],
      [1.1, false],
    ])
  })

  it('of size compare 1,000 rules with 10, and 200 hosts with 50', () => {
    const few = outcomeOf('plan-10-20+10', { holdfast: [100] })
    const many = outcomeOf('plan-10-20+1000', { holdfast: [150, 9999, 9999] }) // rounds without a fellow
    const fifty = outcomeOf('plan-50-3+3', { holdfast: [1000] })
    const hundreds = outcomeOf('plan-200-3+3', { holdfast: [4000] })
    expect(measured([few, many, fifty, hundreds]).map((one) => [one.measured, one.isMet])).toEqual([
      [10, false],
      [1.5, true],
    ])
  })

  it('of the simulated fleet are read from its rows', () => {
    expect(measured([], [row(50, 1, 90), row(200, 1, 100), row(1000, 1.2, 150)]).map((one) => [one.measured, one.isMet])).toEqual([
      [150, true],
      [1, true],
      [1.2, false],
    ])
  })
})

describe('state', () => {
  const fresh =
    'net.ipv4.tcp_rfc1337 = 0\nnet.core.somaxconn = 128\n*filter\n:INPUT DROP\n-A INPUT -i lo -j ACCEPT\n-A OUTPUT -j ACCEPT\nCOMMIT\n'

  it('wanted is what was there with other values, and the rules at the end of INPUT', () => {
    expect(withThings(fresh, { keys: 1, rules: 1 })).toBe(
      fresh
        .replace('rfc1337 = 0', 'rfc1337 = 1')
        .replace('-j ACCEPT\n-A OUTPUT', '-j ACCEPT\n-A INPUT -s 192.0.2.0/24 -p tcp -m tcp --dport 10001 -j ACCEPT\n-A OUTPUT'),
    )
  })

  it.each([
    ['a\nb', 'a\nb', undefined],
    ['a\nb', 'a\nc', 'line 2: wanted "b", is "c"'],
    ['a\nb', 'a', 'line 2: wanted "b", is "(end)"'],
    ['a', 'a\nb', 'line 2: wanted "(end)", is "b"'],
  ])('%j and %j: %s', (wanted, seen, difference) => expect(firstDifference(wanted, seen)).toBe(difference))
})

describe('the page and the plot', () => {
  it.each([
    [86.6, '87 ms'],
    [3210, '3.21 s'],
    [32_040, '32.0 s'],
  ])('%d ms are %s', (ms, text) => expect(timeOf(ms)).toBe(text))
  it.each([
    [0.04, '0.04'],
    [1 / 12, '0.0833'],
    [1234.5, '1235'],
    [8, '8'],
  ])('%d is %s', (value, text) => expect(numberOf(value)).toBe(text))

  it('a case in words', () => {
    expect(titleOf(caseNamed('plan-10-3+3-100ms'))).toBe('nothing to do, 10 hosts, 3 keys + 3 rules, 100 ms away')
  })

  it('every bar has its number, ten times the time one power further', () => {
    const outcome = outcomeOf('plan-50-3+3', { holdfast: [100], ssh: [1000], ansible: [10_000] })
    const svg = plotOf([outcome.case], rowsOf(outcome))
    expect([...svg.matchAll(/<text x="[\d.]+" y="\d+">(.+?)<\/text>/g)].map(([, text]) => text)).toEqual(['100 ms', '1.00 s', '10.0 s'])
    const [one, two, three] = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width))
    expect(three! - two!).toBeCloseTo(two! - one!, 0)
    expect(two).toBeGreaterThan(one! + 50)
  })

  it('cases that a target compares are played in the same rounds, every case once', () => {
    for (const matrix of [usual, quick, full]) {
      const groups = groupsOf(matrix)
      expect(new Set(groups.flat())).toEqual(new Set(matrix))
      expect(groups.flat().length).toBe(matrix.length)
    }
    expect(
      groupsOf(usual)
        .filter((group) => group.length > 1)
        .map((group) => group.map(({ name }) => name)),
    ).toEqual([
      ['plan-10-3+3', 'plan-10-3+3-20ms', 'plan-10-3+3-100ms'],
      ['plan-50-3+3', 'plan-200-3+3'],
      ['plan-10-20+10', 'plan-10-20+1000'],
    ])
  })

  it('the cases are told apart by their names', () => {
    for (const matrix of [usual, quick, full]) {
      expect(new Set(matrix.map(({ name }) => name)).size).toBe(matrix.length)
      for (const one of matrix) expect(one.name).toBe(nameOf(one.task, one.hosts, one.things, one.delayMs))
    }
  })
})
