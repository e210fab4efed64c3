import { median } from '../numbers.js'
import type { Measured } from './measure.js'

/** The runs of one number of hosts, by the round that they were played in. */
export interface Played {
  readonly hosts: number
  readonly rounds: readonly (readonly Measured[])[]
}

/** What one host more takes in one round, between two sizes: the medians of their runs. */
const between = (small: Played, large: Played, round: number, of: (run: Measured) => number): number =>
  (median(large.rounds[round]!.map(of)) - median(small.rounds[round]!.map(of))) / Math.max(1, large.hosts - small.hosts)

/** What one host more takes beyond one host: the median over the rounds in which it was played. */
export const perHostOf = (played: Played, ones: Played, of: (run: Measured) => number): number =>
  median(roundsOf(played).map((round) => between(ones, played, round, of)))

/**
 * How far from linear: what one host more takes beyond `middle`, by what it takes between `small` and `middle`; the median of the quotients of
 * one round. Neither holds the start, nor the time in which a single host is waited for.
 */
export const growthOf = (played: Played, small: Played, middle: Played, of: (run: Measured) => number): number =>
  played.hosts <= middle.hosts
    ? 1
    : median(roundsOf(played).map((round) => between(middle, played, round, of) / between(small, middle, round, of)))

const roundsOf = ({ rounds }: Played): readonly number[] => [...rounds.keys()].filter((round) => rounds[round]!.length > 0)

/** How often each number of hosts is played in a round, in turns: a run of few hosts is short, and a moment's noise is much of it. */
export const turns = 5

/** What is played in one turn of a round: the small fleets in each, the large ones in the middle, the very large ones in the first round only. */
export const isPlayed = (hosts: number, round: number, turn: number): boolean =>
  hosts <= 200 || (turn === turns >> 1 && (hosts <= 1000 || round === 0))
