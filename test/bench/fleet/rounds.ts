import { median } from '../numbers.js'
import type { Measured } from './measure.js'

/** The runs of one number of hosts, by the round that they were played in. */
export interface Played {
  readonly hosts: number
  readonly rounds: readonly (readonly Measured[])[]
}

/** What one host more takes in one round: the median of its runs less that of one host's, by the hosts less one. */
export const perHost = ({ hosts, rounds }: Played, ones: Played, round: number, of: (run: Measured) => number): number =>
  (median((rounds[round] ?? []).map(of)) - median(ones.rounds[round]!.map(of))) / Math.max(1, hosts - 1)

/** The median over the rounds in which it was played. */
export const perHostOf = (played: Played, ones: Played, of: (run: Measured) => number): number =>
  median(roundsOf(played).map((round) => perHost(played, ones, round, of)))

/** What one host more takes, by what it takes in a smaller fleet: the median of the quotients of one round. */
export const growthOf = (played: Played, small: Played, ones: Played, of: (run: Measured) => number): number =>
  median(roundsOf(played).map((round) => perHost(played, ones, round, of) / perHost(small, ones, round, of)))

const roundsOf = ({ rounds }: Played): readonly number[] => [...rounds.keys()].filter((round) => rounds[round]!.length > 0)

/** How often each number of hosts is played in a round, in turns: a run of few hosts is short, and a moment's noise is much of it. */
export const turns = 5

/** What is played in one turn of a round: the small fleets in each, the large ones in the middle, the very large ones in the first round only. */
export const isPlayed = (hosts: number, round: number, turn: number): boolean =>
  hosts <= 200 || (turn === turns >> 1 && (hosts <= 1000 || round === 0))
