import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type RunDocument, readDocument } from './document.js'
import { readPart } from './journal.js'
import { readText } from './state.js'

/** How much of the history is kept. */
export interface Retention {
  readonly runs: number
  readonly days: number
}

/** The runs of a state folder, oldest first, at most the `last` ones; those that cannot be read are left out. */
export function readRuns(state: string, last = Number.POSITIVE_INFINITY): readonly RunDocument[] {
  const runs = join(state, 'runs')
  const names = list(runs).filter((name) => /\.(json|part)$/.test(name))
  const newest = names.slice(Math.max(0, names.length - last))
  return newest.flatMap((name) => {
    const text = readText(join(runs, name)) ?? ''
    return (name.endsWith('.part') ? readPart(text)?.document : readDocument(text)) ?? []
  })
}

/** Deletes the runs beyond the retention; a run's file name begins with its time: `20260112T021500Z-4f2a9c.json`. */
export function prune(state: string, { runs, days }: Retention, now: Date): void {
  const folder = join(state, 'runs')
  const names = list(folder).filter((name) => name.endsWith('.json'))
  const oldest = stampOf(new Date(now.getTime() - days * 86_400_000))
  for (const [at, name] of names.entries()) if (names.length - at > runs || name < oldest) rmSync(join(folder, name), { force: true })
}

/** The first part of a run's id: `20260112T021500Z`. */
export const stampOf = (time: Date): string => time.toISOString().replace(/[-:]|\.\d+/g, '')

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted()
  } catch {
    return []
  }
}
