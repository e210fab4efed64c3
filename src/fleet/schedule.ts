import { Cron } from 'croner'

/** When runs are due. All times are milliseconds since the epoch. */
export interface Schedule {
  /** When the first run is due after a start at `now`. */
  first(now: number): number
  /** When the run after that of `due` is due, later than `now`; times that went by in the meantime are left out. */
  next(due: number, now: number): number
  /** The usual time between two runs. */
  readonly period: number
}

/** A run at once, then one each `period` milliseconds, counted from the start of a run. */
export const everyPeriod = (period: number): Schedule => ({
  first: (now) => now,
  // a clock that was put back must not make the next run late by hours
  next: (due, now) => Math.min(due + (Math.floor(Math.max(0, now - due) / period) + 1) * period, now + period),
  period,
})

/** Runs at the times of a cron expression (five fields, or six with seconds) in a zone; throws a TypeError with croner's sentence. */
export function byCron(expression: string, zone: string): Schedule {
  const cron = new Cron(expression, { timezone: zone, paused: true })
  const after = (time: number): number => cron.nextRun(new Date(time))?.getTime() ?? Number.POSITIVE_INFINITY
  const [first, second] = cron.nextRuns(2).map((date) => date.getTime())
  if (first === undefined) throw new TypeError(`"${expression}" names no time that is to come`)
  return { first: after, next: (_, now) => after(now), period: (second ?? first + 86_400_000) - first }
}
