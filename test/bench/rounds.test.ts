import { describe, expect, it } from 'vitest'
import type { Measured } from './fleet/measure.js'
import { growthOf, isPlayed, type Played, perHostOf, turns } from './fleet/rounds.js'

const run = (wallMs: number): Measured => ({ wallMs, code: 0, cpuMs: 0, rssMb: 0, fds: 0, stdout: '', stderr: '' })
const played = (hosts: number, ...rounds: readonly (readonly number[])[]): Played => ({
  hosts,
  rounds: rounds.map((walls) => walls.map(run)),
})
const wall = ({ wallMs }: Measured): number => wallMs

describe('a simulated fleet', () => {
  // the second round is played on a machine that is half as fast; one run in each round is disturbed
  const ones = played(1, [100, 100, 900], [200, 200, 200])
  const small = played(51, [600, 5000, 600], [1200, 1200, 100])
  const middle = played(201, [2100, 2100, 2], [4200, 4200, 42_000])
  const large = played(1001, [10_900], [21_800])

  it('takes per host what the rounds took beyond one host, in the middle', () => {
    expect(perHostOf(small, ones, wall)).toBe(15)
    expect(perHostOf(large, ones, wall)).toBeCloseTo(16.2)
  })

  it('is compared within a round', () => {
    expect(growthOf(large, small, middle, wall)).toBeCloseTo(1.1)
    expect(growthOf(large, ones, small, wall)).toBeCloseTo(10_300 / 950 / 10)
    expect([small, middle].map((each) => growthOf(each, small, middle, wall))).toEqual([1, 1])
  })

  it('is compared in the rounds that it was played in', () => {
    expect(growthOf(played(1001, [], [21_800]), small, middle, wall)).toBeCloseTo(1.1)
  })

  it('is played once a round where it is large, once in all where it is very large', () => {
    const times = (hosts: number, round: number) =>
      Array.from({ length: turns }, (_, turn) => isPlayed(hosts, round, turn)).filter(Boolean).length
    expect([1, 50, 1000, 10_000].map((hosts) => [times(hosts, 0), times(hosts, 1)])).toEqual([
      [turns, turns],
      [turns, turns],
      [1, 1],
      [1, 0],
    ])
  })
})
