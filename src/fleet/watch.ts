import type { Schedule } from './schedule.js'

/** The time, and how to let it pass. */
export interface Clock {
  /** Milliseconds since the epoch, by a clock that people may set. */
  now(): number
  /** Milliseconds, by a clock that nobody sets. */
  steady(): number
  /** Lets at most that many milliseconds pass, fewer once the signal is aborted. */
  wait(milliseconds: number, stop: AbortSignal): Promise<void>
}

export interface WatchOrder {
  readonly schedule: Schedule
  /** At most this many milliseconds are added to each due time, so that many controllers do not start as one. */
  readonly jitter: number
  readonly clock: Clock
  /** One run; the next is not begun before it has ended. */
  readonly run: () => Promise<void>
  readonly stop: AbortSignal
  readonly say: (text: string) => void
  /** Hears when the next run is due, where it has to be waited for. */
  readonly waits?: (due: number) => void
  /** From 0 up to 1. */
  readonly random?: () => number
}

/** How long is waited at most before the clock is looked at again: one that was set must be noticed. */
const slice = 30_000
/** A clock that is being slewed is no clock that was set. */
const jump = 5_000

/** Runs when the schedule says, one after another, until it is stopped. */
export async function keepWatch({ schedule, jitter, clock, run, stop, say, waits, random = Math.random }: WatchOrder): Promise<void> {
  let due = schedule.first(clock.now())
  while (!stop.aborted) {
    const late = Math.floor(random() * jitter)
    if (due + late > clock.now()) waits?.(due + late)
    due = await untilDue(due, late, { schedule, clock, stop, say })
    if (stop.aborted) return
    const began = clock.now()
    await run()
    const missed = schedule.next(due, began)
    const now = clock.now()
    if (missed <= now) say(`the run of ${iso(began)} took longer than the time to the next: what was due since ${iso(missed)} is left out`)
    due = schedule.next(due, now)
  }
}

/** Waits for a due time; the one that it was moved to where the clock was set in the meantime. */
async function untilDue(
  first: number,
  late: number,
  { schedule, clock, stop, say }: Pick<WatchOrder, 'schedule' | 'clock' | 'stop' | 'say'>,
): Promise<number> {
  let due = first
  for (;;) {
    const [now, steady] = [clock.now(), clock.steady()]
    const left = due + late - now
    if (left <= 0 || stop.aborted) return due
    await clock.wait(Math.min(left, slice), stop)
    const set = clock.now() - now - (clock.steady() - steady)
    if (Math.abs(set) < jump) continue
    say(`the clock was set ${set > 0 ? 'forward' : 'back'} by ${Math.round(Math.abs(set) / 1000)} s`)
    if (set < 0) due = schedule.next(due, clock.now())
  }
}

const iso = (time: number): string => new Date(time).toISOString()

/** The machine's clock. */
export const machineClock: Clock = {
  now: () => Date.now(),
  steady: () => performance.now(),
  wait: (milliseconds, stop) =>
    new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        stop.removeEventListener('abort', end)
        resolve()
      }
      const timer = setTimeout(end, milliseconds)
      if (stop.aborted) end()
      else stop.addEventListener('abort', end)
    }),
}
