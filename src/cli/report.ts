import type { HostMemory, RunDocument } from '../history/document.js'
import { recallAll } from '../history/memory.js'
import { readRuns } from '../history/runs.js'
import { pageOf } from '../report/html/page.js'
import { junitOf } from '../report/junit.js'
import { markdownOf } from '../report/markdown.js'
import { metricsOf } from '../report/metrics.js'
import { outliersOf, sayOutliers } from '../report/outliers.js'
import { encodeBytes, printable } from '../text.js'
import type { Console } from './console.js'
import { formOf, Mistake, type ReportOptions } from './options.js'
import { putWhole } from './put.js'
import { stateOf } from './record.js'

/** `holdfast report`: the history in the form that is asked for, on stdout or in a file; no host is contacted. */
export async function report(options: ReportOptions, console: Console): Promise<number> {
  const state = historyOf(options)
  if (options.wide && !options.outliers) throw new Mistake('--wide is about --outliers: give both')
  if (options.outliers) refuseWithOutliers(options)
  if (options.outliers) return tellOutliers(recallAll(state), options, console)
  const runs = readRuns(state, options.last)
  if (runs.length === 0) throw new Mistake(`there is no run in the history (${state}); plan, apply and watch write it`)
  writeReport(runs, options, console)
  return 0
}

/** The folder of the history; a Mistake where nothing says which it is. */
function historyOf(options: ReportOptions): string {
  try {
    return stateOf(options)
  } catch (error) {
    const why = error instanceof Mistake && options.inventory === undefined
    throw why
      ? new Mistake('there is no run history here: name its folder with --state, or with -i the inventory beside which it stands')
      : error
  }
}

/** Writes runs, at least one, in the form that is asked for, on stdout or into a file. */
export function writeReport(
  runs: readonly RunDocument[],
  options: Pick<ReportOptions, 'format' | 'json' | 'run' | 'out'>,
  console: Console,
): void {
  put(textOf(runs, options), options.out, console)
}

function put(text: string, file: string | undefined, { out }: Console): void {
  if (file === undefined) out.write(encodeBytes(text))
  else putWhole('report', file, text)
}

/** What would be asked for in vain. */
function refuseWithOutliers({ format, run, last }: ReportOptions): void {
  if (format !== undefined && format !== 'json') throw new Mistake(`--outliers has no form ${format}: it is text, or --format json`)
  if (run !== undefined || last !== undefined)
    throw new Mistake(`--outliers is about what hosts hold, not about runs: leave --${run === undefined ? 'last' : 'run'} out`)
}

function tellOutliers(memories: readonly HostMemory[], options: ReportOptions, console: Console): number {
  const { wide = false, out } = options
  if (memories.length === 0 && !wide)
    throw new Mistake('no host was looked at yet, as far as the history knows: holdfast plan does, and changes nothing')
  if (wide && memories.every((memory) => memory.wide === undefined))
    throw new Mistake('no host was looked at with --wide yet; holdfast plan --wide does, and changes nothing')
  const outliers = outliersOf(memories, wide)
  const text =
    formOf(options) === 'json' ? `${JSON.stringify({ outliers }, null, 2)}\n` : printable(sayOutliers(outliers), { newlines: true })
  put(text, out, console)
  return 0
}

function textOf(runs: readonly RunDocument[], { run, ...options }: Pick<ReportOptions, 'format' | 'json' | 'run'>): string {
  const format = formOf(options)
  if (format === 'html') return pageOf(runs, new Date())
  if (format === 'metrics') return metricsOf(runs)
  if (format === 'prometheus') return metricsOf(runs, 'prometheus')
  const meant = run === undefined ? runs.at(-1)! : runs.find((each) => each.run === run)
  if (!meant) throw new Mistake(`there is no run ${run} in the history; the newest is ${runs.at(-1)!.run}`)
  if (format === 'junit') return junitOf(meant)
  if (format === 'markdown') return markdownOf(meant)
  return `${JSON.stringify(run === undefined ? { runs } : meant, null, 2)}\n`
}
