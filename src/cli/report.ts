import type { HostMemory, RunDocument } from '../history/document.js'
import { recallAll } from '../history/memory.js'
import { readRuns } from '../history/runs.js'
import { writeWhole } from '../history/state.js'
import { pageOf } from '../report/html/page.js'
import { junitOf } from '../report/junit.js'
import { markdownOf } from '../report/markdown.js'
import { metricsOf } from '../report/metrics.js'
import { outliersOf, sayOutliers } from '../report/outliers.js'
import { encodeBytes, printable } from '../text.js'
import type { Console } from './console.js'
import { Mistake, type ReportOptions } from './options.js'
import { stateOf } from './record.js'

/** `holdfast report`: the history in the form that is asked for, on stdout or in a file; no host is contacted. */
export async function report(options: ReportOptions, console: Console): Promise<number> {
  const state = stateOf(options)
  if (options.wide && !options.outliers) throw new Mistake('--wide is about --outliers: give both')
  if (options.outliers) return tellOutliers(recallAll(state), options, console)
  const runs = readRuns(state, options.last)
  if (runs.length === 0) throw new Mistake(`there is no run in the history (${state}); plan, apply and watch write it`)
  writeReport(runs, options, console)
  return 0
}

/** Writes runs, at least one, in the form that is asked for, on stdout or into a file. */
export function writeReport(runs: readonly RunDocument[], options: Pick<ReportOptions, 'format' | 'run' | 'out'>, console: Console): void {
  const text = textOf(runs, options)
  if (options.out === undefined) console.out.write(encodeBytes(text))
  else keep(options.out, text)
}

function tellOutliers(memories: readonly HostMemory[], { format, wide = false }: ReportOptions, console: Console): number {
  if (wide && memories.every((memory) => memory.wide === undefined))
    throw new Mistake('no host was looked at with --wide yet; holdfast plan --wide does, and changes nothing')
  const outliers = outliersOf(memories, wide)
  const text = format === 'json' ? `${JSON.stringify({ outliers }, null, 2)}\n` : printable(sayOutliers(outliers), { newlines: true })
  console.out.write(text)
  return 0
}

function textOf(runs: readonly RunDocument[], { format, run }: Pick<ReportOptions, 'format' | 'run'>): string {
  if (format === 'html') return pageOf(runs, new Date())
  if (format === 'metrics') return metricsOf(runs)
  if (format === 'prometheus') return metricsOf(runs, 'prometheus')
  const meant = run === undefined ? runs.at(-1)! : runs.find((each) => each.run === run)
  if (!meant) throw new Mistake(`there is no run ${run} in the history; the newest is ${runs.at(-1)!.run}`)
  if (format === 'junit') return junitOf(meant)
  if (format === 'markdown') return markdownOf(meant)
  return `${JSON.stringify(run === undefined ? { runs } : meant, null, 2)}\n`
}

/** Whole or not at all: a textfile collector reads at any time. What is there keeps its folder, and may be read by others. */
function keep(file: string, text: string): void {
  try {
    writeWhole(file, text, 0o644)
  } catch (error) {
    throw new Mistake(`the report cannot be written to ${file}: ${(error as Error).message}`)
  }
}
