import { describe, expect, it } from 'vitest'
import { commonOpening } from '../../src/cli/at-window.js'
import { type ChangeWindow, readWindow } from '../../src/windows.js'

const read = (text: string): ChangeWindow => {
  const window = readWindow(text, 'UTC')
  if (typeof window === 'string') throw new Error(window)
  return window
}
const now = Date.parse('2026-01-12T12:00:00Z') // a Monday

describe('the window of a kept plan', () => {
  it.each([
    [[[], []], '2026-01-12T12:00'],
    [[['Sat 02:00-04:00'], []], '2026-01-17T02:00'],
    [[['Sat 02:00-04:00'], ['Sat 03:00-05:00']], '2026-01-17T03:00'],
    [[['Sat 02:00-04:00', 'Sun 01:00-02:00'], ['daily 01:00-02:00']], '2026-01-18T01:00'],
    [[['Mon 11:00-13:00'], []], '2026-01-12T12:00'],
    [[['Mon 10:00-12:01'], []], '2026-01-19T10:00'], // a minute is not enough
    [[['Sat 02:00-04:00'], ['Sun 02:00-04:00']], undefined],
  ])('of hosts with %j opens at %s', (texts, at) => {
    const found = commonOpening(
      texts.map((each) => each.map(read)),
      now,
      90_000,
    )
    expect(found === undefined ? undefined : new Date(found).toISOString().slice(0, 16)).toBe(at)
  })
})
