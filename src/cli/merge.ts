import { exitCode } from '../fleet/exit.js'
import { givenRuns } from '../history/given-runs.js'
import { mergeRuns } from '../history/merge.js'
import { show } from '../report/style.js'
import { plural } from '../text.js'
import type { Console } from './console.js'
import { type MergeOptions, Mistake } from './options.js'
import { writeReport } from './report.js'

/** `holdfast report merge`: the runs of several controllers as one report; the exit code is that of one run over all hosts, 3 where a shard is missing. */
export async function merge(paths: readonly string[], options: MergeOptions, console: Console): Promise<number> {
  const since = options.since === undefined ? '' : new Date(Date.now() - options.since).toISOString()
  const given = paths.flatMap((path) => runsOf(path))
  const runs = given.filter(({ began }) => began >= since)
  if (runs.length === 0) throw new Mistake(`none of the ${given.length} runs in ${paths.join(', ')} began since ${since}`)
  const { document, notes, missing } = mergeRuns(runs)
  writeReport([document], { ...options, run: document.run }, console)
  const counts = Object.entries(document.summary).map(([outcome, count]) => `${count} ${outcome}`)
  const total = `${plural(document.hosts.length, 'host')}, runs merged: ${document.merged?.length}: ${counts.join(', ') || 'none'}`
  for (const note of [...notes, total]) console.err.write(`note: ${show(note, console.err.style)}\n`)
  return exitCode({ hosts: document.hosts }) || (missing.length > 0 ? 3 : 0)
}

function runsOf(path: string): NonNullable<ReturnType<typeof givenRuns>> {
  const runs = givenRuns(path)
  if (runs === undefined) throw new Mistake(`${path} cannot be read; name state folders (.holdfast), or files of runs`)
  if (runs.length === 0) throw new Mistake(`there is no run in ${path}; name state folders (.holdfast), or what --json printed`)
  return runs
}
