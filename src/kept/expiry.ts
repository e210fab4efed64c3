const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Milliseconds of `90m`, `4h`, `2d`; undefined for other text. */
export function readDuration(text: string): number | undefined {
  const found = /^([1-9]\d{0,5})([mhd])$/.exec(text)
  return found === null ? undefined : Number(found[1]) * units[found[2]!]!
}

/** Milliseconds since the epoch of an ISO 8601 moment that says its zone: `2026-01-12T06:00:00Z`, `2026-01-12T06:00+09:00`. */
export function readMoment(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined
  const moment = Date.parse(text)
  return Number.isNaN(moment) ? undefined : moment
}
