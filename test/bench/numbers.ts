import type { ContenderName } from './contenders.js'
import type { Outcome, Played } from './play.js'

/** What is measured of a run. */
export const measures = ['wallMs', 'cpuMs', 'peakMb', 'bytes', 'execs', 'connections'] as const
export type Measure = (typeof measures)[number]

/** A contender's line of a case: the medians of the runs that count. */
export interface Row extends Readonly<Record<Measure, number>> {
  readonly case: string
  readonly contender: ContenderName
  readonly runs: number
  /** Of each run that counts, in milliseconds. */
  readonly walls: readonly number[]
  /** The median of this wall by holdfast's of the same round. */
  readonly ratio?: number
  /** Why runs did not count. */
  readonly complaints: readonly string[]
}

/** The middle value, or the mean of the two in the middle; NaN of none. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

const counting = (runs: readonly Played[]): readonly Played[] => runs.filter(({ complaint }) => complaint === undefined)

/** The runs of one contender in one case. */
export interface Runs {
  readonly outcome: Outcome | undefined
  readonly name: ContenderName
}

const countingOf = ({ outcome, name }: Runs): readonly Played[] => counting(outcome?.runs.get(name) ?? [])

/** What two runs of the same round come to, as a median over the rounds; undefined without a round of both. */
export const pairedOf = (one: Runs, other: Runs, compare: (run: Played, base: Played) => number): number | undefined => {
  const bases = new Map(countingOf(other).map((run) => [run.round, run]))
  const found = countingOf(one).flatMap((run) => {
    const base = bases.get(run.round)
    return base ? [compare(run, base)] : []
  })
  return found.length === 0 ? undefined : median(found)
}

/** By how much one contender's wall exceeds another's, paired by round: the median of the quotients. */
export const ratioOf = (outcome: Outcome, name: ContenderName, other: ContenderName): number | undefined =>
  pairedOf({ outcome, name }, { outcome, name: other }, (run, base) => run.wallMs / base.wallMs)

/** The rows of a case, in the order of its contenders. */
export const rowsOf = (outcome: Outcome): readonly Row[] =>
  outcome.case.contenders.map((contender) => {
    const played = outcome.runs.get(contender) ?? []
    const runs = counting(played)
    const ratio = contender === 'holdfast' ? undefined : ratioOf(outcome, contender, 'holdfast')
    return {
      case: outcome.case.name,
      contender,
      runs: runs.length,
      walls: runs.map(({ wallMs }) => Math.round(wallMs)),
      ...(Object.fromEntries(measures.map((what) => [what, median(runs.map((run) => run[what]))])) as Record<Measure, number>),
      ...(ratio === undefined ? {} : { ratio }),
      complaints: played.flatMap(({ complaint }) => complaint ?? []),
    }
  })
