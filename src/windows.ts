/** A weekly time in which changes may be made: `Sat 02:00-04:00 Asia/Tokyo`. */
export interface ChangeWindow {
  /** As it was written. */
  readonly text: string
  /** Days on which it opens; 0 = Sunday. */
  readonly days: readonly number[]
  /** Minutes since midnight; an end at or before the start is on the next day. */
  readonly start: number
  readonly end: number
  /** Name in the IANA data base. */
  readonly zone: string
}

const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const form = /^(?:(\S+)\s+)?(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})(?:\s+(\S+))?$/

/** Reads a window: days (`Sat`, `Mon-Fri`, `Sat,Sun`, `daily`; without any: daily), times, zone (without one: `zone`). A sentence where it is none. */
export function readWindow(text: string, zone: string): ChangeWindow | string {
  const found = form.exec(text.trim())
  if (!found) return `"${text}" is no change window; write it as Sat 02:00-04:00 Asia/Tokyo`
  const [, daysText = 'daily', ...rest] = found
  const [h1, m1, h2, m2] = rest.slice(0, 4).map(Number) as [number, number, number, number]
  const days = readDays(daysText)
  const named = rest[4] ?? zone
  if (days === undefined) return `"${daysText}" names no days; write Sat, Mon-Fri, Sat,Sun or daily`
  if (h1 > 23 || m1 > 59 || m2 > 59 || h2 * 60 + m2 > 1440) return `"${text}" holds a time that no clock shows`
  if (!isZone(named)) return `"${named}" is no time zone; write a name as Asia/Tokyo, Europe/Berlin or UTC`
  return { text: text.trim(), days, start: h1 * 60 + m1, end: h2 * 60 + m2, zone: named }
}

function readDays(text: string): readonly number[] | undefined {
  if (/^(daily|\*)$/i.test(text)) return [0, 1, 2, 3, 4, 5, 6]
  const parts = text.split(',').map((part) => {
    const [first, last = first, ...more] = part.split('-').map((name) => dayNames.indexOf(name.slice(0, 3).toLowerCase()))
    if (first === undefined || last === undefined || first < 0 || last < 0 || more.length > 0) return undefined
    return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, at) => (first + at) % 7)
  })
  return parts.includes(undefined) ? undefined : [...new Set(parts.flatMap((part) => part ?? []))]
}

/** True for a time zone that this system knows. */
export function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** One opening of a window, in milliseconds since the epoch; `until` is no more in it. */
export interface Opening {
  readonly from: number
  readonly until: number
  readonly window: ChangeWindow
}

/** The opening that `now` lies in; where several do, the one that ends last. */
export function openingAt(windows: readonly ChangeWindow[], now: number): Opening | undefined {
  return openings(windows, now, -1, 0)
    .filter(({ from, until }) => from <= now && now < until)
    .toSorted((a, b) => b.until - a.until)[0]
}

/** The next opening that begins after `now`; undefined without windows. */
export function nextOpening(windows: readonly ChangeWindow[], now: number): Opening | undefined {
  return openings(windows, now, -1, 15)
    .filter(({ from }) => from > now)
    .toSorted((a, b) => a.from - b.from)[0]
}

const day = 86_400_000

/** The openings that begin on the days around `now`, in each window's own calendar. */
function openings(windows: readonly ChangeWindow[], now: number, first: number, last: number): readonly Opening[] {
  return windows.flatMap((window) => {
    const today = Math.floor(wallTime(now, window.zone) / day)
    return Array.from({ length: last - first + 1 }, (_, at) => today + first + at).flatMap((date) => {
      if (!window.days.includes((date + 4) % 7)) return [] // day 0 of the epoch was a Thursday
      const from = reached(date * day + window.start * 60_000, window.zone)
      const until = reached((window.end > window.start ? date : date + 1) * day + window.end * 60_000, window.zone)
      return from < until ? [{ from, until, window }] : []
    })
  })
}

/**
 * The first instant at which the zone's clock shows that wall time or a later one (both as milliseconds, the wall time as if it were UTC):
 * a time that a clock put forward leaves out is reached when it is put forward, one that comes twice is reached the first time.
 */
function reached(wall: number, zone: string): number {
  const offsets = [wall - day, wall + day].map((instant) => wallTime(instant, zone) - instant)
  const candidates = offsets.map((offset) => wall - offset).toSorted((a, b) => a - b)
  const exact = candidates.find((instant) => wallTime(instant, zone) === wall)
  if (exact !== undefined) return exact
  let [before, after] = [candidates[0]! - day, candidates.at(-1)! + day]
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (wallTime(middle, zone) >= wall) after = middle
    else before = middle
  }
  return after
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** What the zone's clock shows at an instant, as the milliseconds that UTC's clock would show it at. */
export function wallTime(instant: number, zone: string): number {
  const format = formats.get(zone) ?? new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', ...fields })
  formats.set(zone, format)
  const part = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]))
  const seconds = Date.UTC(part.year!, part.month! - 1, part.day!, part.hour!, part.minute!, part.second!)
  return seconds + (((instant % 1000) + 1000) % 1000)
}

const fields = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const
