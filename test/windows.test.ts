import { describe, expect, it } from 'vitest'
import { type ChangeWindow, nextOpening, openingAt, readWindow } from '../src/windows.js'

const read = (text: string): ChangeWindow => {
  const window = readWindow(text, 'UTC')
  if (typeof window === 'string') throw new Error(window)
  return window
}
const at = (text: string): number => Date.parse(text)
const iso = (time: number | undefined): string | undefined =>
  time === undefined ? undefined : new Date(time).toISOString().replace(':00.000Z', 'Z')

describe('a change window', () => {
  it.each([
    ['Sat 02:00-04:00 Asia/Tokyo', [6], 120, 240, 'Asia/Tokyo'],
    ['sat,Sun 2:00-4:00', [6, 0], 120, 240, 'UTC'],
    ['Fri-Mon 22:30 - 01:00 Europe/Berlin', [5, 6, 0, 1], 1350, 60, 'Europe/Berlin'],
    ['daily 00:00-24:00', [0, 1, 2, 3, 4, 5, 6], 0, 1440, 'UTC'],
    ['03:15-03:45 America/New_York', [0, 1, 2, 3, 4, 5, 6], 195, 225, 'America/New_York'],
    ['Saturday 02:00-04:00', [6], 120, 240, 'UTC'],
  ])('%s', (text, days, start, end, zone) => expect(read(text)).toMatchObject({ days, start, end, zone }))

  it.each([
    ['sometimes', 'is no change window'],
    ['Xat 02:00-04:00', 'names no days'],
    ['Sat-Sun-Mon 02:00-04:00', 'names no days'],
    ['Sat 25:00-26:00', 'no clock shows'],
    ['Sat 02:60-04:00', 'no clock shows'],
    ['Sat 02:00-24:01', 'no clock shows'],
    ['Sat 02:00-04:00 Asia/Tokio', 'is no time zone'],
    ['', 'is no change window'],
  ])('%j is refused', (text, sentence) => expect(readWindow(text, 'UTC')).toContain(sentence))

  // 2026-01-17 was a Saturday. Berlin: 2026-03-29 02:00 -> 03:00 (01:00Z), 2026-10-25 03:00 -> 02:00 (01:00Z), both Sundays.
  it.each([
    ['Sat 02:00-04:00 Asia/Tokyo', '2026-01-16T16:59:59Z', undefined],
    ['Sat 02:00-04:00 Asia/Tokyo', '2026-01-16T17:00:00Z', '2026-01-16T17:00Z/2026-01-16T19:00Z'],
    ['Sat 02:00-04:00 Asia/Tokyo', '2026-01-16T18:59:59.999Z', '2026-01-16T17:00Z/2026-01-16T19:00Z'],
    ['Sat 02:00-04:00 Asia/Tokyo', '2026-01-16T19:00:00Z', undefined],
    ['Sat 02:00-04:00 Asia/Tokyo', '2026-01-17T17:30:00Z', undefined],
    ['Fri 23:00-01:00 UTC', '2026-01-17T00:30:00Z', '2026-01-16T23:00Z/2026-01-17T01:00Z'],
    ['Fri 23:00-01:00 UTC', '2026-01-16T00:30:00Z', undefined],
    ['daily 00:00-24:00 UTC', '2026-01-17T12:00:00Z', '2026-01-17T00:00Z/2026-01-18T00:00Z'],
    // put forward: an hour is missing
    ['Sun 01:00-04:00 Europe/Berlin', '2026-03-29T01:30:00Z', '2026-03-29T00:00Z/2026-03-29T02:00Z'],
    ['Sun 02:00-03:00 Europe/Berlin', '2026-03-29T00:59:59Z', undefined],
    ['Sun 02:00-03:00 Europe/Berlin', '2026-03-29T01:00:00Z', undefined],
    ['Sun 02:30-03:30 Europe/Berlin', '2026-03-29T01:00:00Z', '2026-03-29T01:00Z/2026-03-29T01:30Z'],
    // put back: an hour comes twice
    ['Sun 02:00-04:00 Europe/Berlin', '2026-10-25T01:30:00Z', '2026-10-25T00:00Z/2026-10-25T03:00Z'],
    ['Sun 02:10-02:40 Europe/Berlin', '2026-10-25T00:20:00Z', '2026-10-25T00:10Z/2026-10-25T00:40Z'],
    ['Sun 02:10-02:40 Europe/Berlin', '2026-10-25T01:20:00Z', undefined],
    ['Sun 02:30-03:30 Europe/Berlin', '2026-10-25T01:10:00Z', '2026-10-25T00:30Z/2026-10-25T02:30Z'],
    // half an hour put forward, on Lord Howe; a day left out, on Samoa (2011-12-30)
    ['Sun 02:10-02:20 Australia/Lord_Howe', '2026-10-03T15:30:00Z', undefined],
    ['Fri 02:00-04:00 Pacific/Apia', '2011-12-30T10:00:00Z', undefined],
  ])('%s at %s is %s', (text, now, open) => {
    const opening = openingAt([read(text)], at(now))
    expect(opening && `${iso(opening.from)}/${iso(opening.until)}`).toBe(open)
  })

  it.each([
    [['Sat 02:00-04:00 Asia/Tokyo'], '2026-01-16T17:00:00Z', '2026-01-23T17:00Z'],
    [['Sat 02:00-04:00 Asia/Tokyo', 'Wed 01:00-02:00 UTC'], '2026-01-16T17:00:00Z', '2026-01-21T01:00Z'],
    [['Sun 02:15-02:45 Europe/Berlin'], '2026-03-28T12:00:00Z', '2026-04-05T00:15Z'], // there is no 02:15 on 29 March
    [[], '2026-01-16T17:00:00Z', undefined],
  ])('%j after %s opens next at %s', (texts, now, next) => {
    expect(iso(nextOpening(texts.map(read), at(now))?.from)).toBe(next)
  })

  it('of two that overlap the longer counts', () => {
    const windows = ['Sat 02:00-04:00', 'Sat 03:00-05:00'].map(read)
    expect(iso(openingAt(windows, at('2026-01-17T03:30:00Z'))?.until)).toBe('2026-01-17T05:00Z')
  })
})
