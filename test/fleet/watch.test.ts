import { describe, expect, it } from 'vitest'
import { byCron, everyPeriod, type Schedule } from '../../src/fleet/schedule.js'
import { type Clock, keepWatch, machineClock } from '../../src/fleet/watch.js'

const minute = 60_000
const iso = (time: number): string => new Date(time).toISOString().slice(0, 16)

/** A clock that passes when it is waited for; `sets` moves it, by the steady minute at which it is set. */
function fakeClock(start: string, sets: Readonly<Record<number, number>> = {}): Clock & { pass(milliseconds: number): void } {
  let [wall, steady] = [Date.parse(start), 0]
  const pass = (milliseconds: number): void => {
    for (const [at, by] of Object.entries(sets))
      if (steady < Number(at) * minute && steady + milliseconds >= Number(at) * minute) wall += by * minute
    wall += milliseconds
    steady += milliseconds
  }
  return { now: () => wall, steady: () => steady, pass, wait: async (milliseconds) => pass(milliseconds) }
}

async function watched(schedule: Schedule, clock: ReturnType<typeof fakeClock>, takes: readonly number[], jitter = 0, random = 0) {
  const stop = new AbortController()
  const runs: string[] = []
  const said: string[] = []
  const run = async (): Promise<void> => {
    runs.push(iso(clock.now()))
    clock.pass((takes[runs.length - 1] ?? 0) * minute)
    if (runs.length === takes.length) stop.abort()
  }
  const waited: string[] = []
  const waits = (due: number): void => void waited.push(iso(due))
  await keepWatch({ schedule, jitter, clock, run, stop: stop.signal, say: (text) => said.push(text), waits, random: () => random })
  return { runs, said, waited }
}

describe('the watch', () => {
  it('runs each period from its start on', async () => {
    const { runs, said, waited } = await watched(everyPeriod(15 * minute), fakeClock('2026-01-12T02:00:00Z'), [1, 14, 0])
    expect(runs).toEqual(['2026-01-12T02:00', '2026-01-12T02:15', '2026-01-12T02:30'])
    expect({ said, waited }).toEqual({ said: [], waited: ['2026-01-12T02:15', '2026-01-12T02:30'] })
  })

  it('never overlaps: what fell due while a run lasted is left out, and said', async () => {
    const { runs, said } = await watched(everyPeriod(15 * minute), fakeClock('2026-01-12T02:00:00Z'), [40, 0])
    expect(runs).toEqual(['2026-01-12T02:00', '2026-01-12T02:45'])
    expect(said).toEqual([expect.stringContaining('what was due since 2026-01-12T02:15:00.000Z is left out')])
  })

  it('adds its jitter to each due time, and not to the next period', async () => {
    const { runs, waited } = await watched(everyPeriod(15 * minute), fakeClock('2026-01-12T02:00:00Z'), [0, 0, 0], 10 * minute, 0.5)
    expect(runs).toEqual(['2026-01-12T02:05', '2026-01-12T02:20', '2026-01-12T02:35'])
    expect(waited).toEqual(runs)
  })

  it('a clock put back by a day does not silence it for a day', async () => {
    const { runs, said } = await watched(everyPeriod(60 * minute), fakeClock('2026-01-12T02:00:00Z', { 30: -1440 }), [0, 0, 0])
    expect(runs).toEqual(['2026-01-12T02:00', '2026-01-11T03:30', '2026-01-11T04:30'])
    expect(said).toEqual(['the clock was set back by 86400 s'])
  })

  it('a clock put forward makes it run at once, and once', async () => {
    const { runs, said } = await watched(byCron('0 * * * *', 'UTC'), fakeClock('2026-01-12T02:10:00Z', { 20: 600 }), [0, 0])
    expect(runs).toEqual(['2026-01-12T12:30', '2026-01-12T13:00'])
    expect(said).toEqual(['the clock was set forward by 36000 s'])
  })

  it('a month of hours in Berlin has 743 of them in March', async () => {
    const clock = fakeClock('2026-02-28T22:59:00Z')
    const { runs } = await watched(byCron('0 * * * *', 'Europe/Berlin'), clock, Array(743).fill(0))
    expect([runs[0], runs.at(-1), new Set(runs).size]).toEqual(['2026-02-28T23:00', '2026-03-31T21:00', 743])
  })

  it('stops while it waits', async () => {
    const stop = new AbortController()
    let runs = 0
    setTimeout(() => stop.abort(), 30)
    const run = async (): Promise<void> => void runs++
    await keepWatch({ schedule: everyPeriod(1e9), jitter: 0, clock: machineClock, run, stop: stop.signal, say: () => {} })
    expect(runs).toBe(1)
  })
})
