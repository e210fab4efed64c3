import type { OwnTiming } from '../report/timing.js'

const name = 'holdfast: files'

/** The files are being read and checked. */
export async function readingFiles<T>(work: Promise<T>): Promise<T> {
  const start = performance.now()
  try {
    return await work
  } finally {
    performance.measure(name, { start, end: performance.now() })
  }
}

/** What this process used until now. */
export function ownTiming(): OwnTiming {
  const { user, system } = process.cpuUsage()
  const files = performance.getEntriesByName(name).at(-1)?.duration
  return { ...(files !== undefined && { files }), processor: (user + system) / 1000, peak: process.resourceUsage().maxRSS * 1024 }
}
