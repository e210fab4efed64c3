import { describe, expect, it } from 'vitest'
import { byCron, everyPeriod } from '../../src/fleet/schedule.js'

const at = (text: string): number => Date.parse(text)
const iso = (time: number): string => new Date(time).toISOString().replace('.000Z', 'Z')
const minute = 60_000

describe('a schedule', () => {
  it.each([
    // due, now, next
    [0, 0, 15],
    [0, 14, 15],
    [0, 15, 30],
    [0, 44, 45],
    [0, 45, 60],
    [100, 40, 55], // the clock was put back by an hour
  ])('each 15 minutes: due at %i, now %i, next at %i', (due, now, next) => {
    const schedule = everyPeriod(15 * minute)
    expect(schedule.next(due * minute, now * minute) / minute).toBe(next)
    expect(schedule.first(7)).toBe(7)
  })

  it.each([
    ['*/15 * * * *', 'UTC', '2026-01-12T02:15:00Z', '2026-01-12T02:30:00Z'],
    ['0 2 * * 6', 'Asia/Tokyo', '2026-01-12T02:15:00Z', '2026-01-16T17:00:00Z'],
    ['30 1 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', '2026-03-29T00:30:00Z'],
    // 02:30 is left out on the day on which the clock is put forward; it is run when the clock is
    ['30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', '2026-03-29T01:00:00Z'],
    ['30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', '2026-10-25T00:30:00Z'],
    ['30 2 * * *', 'Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z'],
  ])('%s in %s after %s: %s', (expression, zone, now, next) => {
    expect(iso(byCron(expression, zone).next(0, at(now)))).toBe(next)
    expect(iso(byCron(expression, zone).first(at(now)))).toBe(next)
  })

  it.each([['nonsense'], ['61 * * * *'], ['* * * * * * * *'], ['0 0 31 2 *']])('%s is refused', (expression) => {
    expect(() => byCron(expression, 'UTC')).toThrow()
  })
})
