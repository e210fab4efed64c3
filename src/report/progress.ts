import type { HostResult } from '../shown.js'
import type { Outcome } from '../types.js'
import { widthOf } from './columns.js'
import { firstLine } from './recap.js'
import { type Style, show } from './style.js'

/** Where people are told how a run goes on, beside its report: always stderr. */
export interface Progress {
  batch(number: number, of: number): void
  stage(host: string, stage: string): void
  done(result: HostResult): void
  /** Something that belongs to no host, for the person who watches. */
  say(text: string): void
  /** Leaves the terminal as it was. Only after it may other text be printed. */
  end(): Promise<void>
}

export interface ProgressOptions {
  readonly hosts: number
  /** `row`: one line of a terminal that is drawn anew; `lines`: one per finished host; `none`. */
  readonly form: 'row' | 'lines' | 'none'
  readonly style: Style
  readonly stream: NodeJS.WriteStream
}

/** Tells how a run goes on, in the form that suits where it goes. */
export async function startProgress(options: ProgressOptions): Promise<Progress> {
  if (options.form === 'row') return await startRow(options)
  return {
    batch: () => {},
    stage: () => {},
    done: options.form === 'lines' ? (result) => writeLine(result, options) : () => {},
    say: (text) => sayTo(options, text),
    end: async () => {},
  }
}

function sayTo({ stream, style }: ProgressOptions, text: string): void {
  stream.write(`holdfast: ${show(text, style)}\n`)
}

function writeLine({ host, outcome, reason }: HostResult, { stream, style }: ProgressOptions): void {
  stream.write(`${show(host, style)}: ${outcome}${reason ? ` (${firstLine(reason, style)})` : ''}\n`)
}

/** How a run stands, in one line; the widest part, the active hosts, is cut to the width. */
export interface RowState {
  readonly active: ReadonlyMap<string, string>
  readonly counts: Readonly<Partial<Record<Outcome, number>>>
  readonly batch: string
  readonly hosts: number
  /** What was said last. */
  readonly said?: string
}

/** `batch 2/5  12/50 done, 1 failed: web3 (act), web4 (look)`. */
export function rowOf({ active, counts, batch, hosts, said }: RowState, style: Style): string {
  const done = Object.values(counts).reduce((sum, count) => sum + count, 0)
  const bad = (['failed', 'unreachable', 'rolled-back', 'unsettled', 'stale'] as const).filter((outcome) => counts[outcome])
  const names = [...active].slice(0, 5).map(([host, stage]) => `${show(host, style)} (${stage})`)
  const more = active.size > 5 ? [`${active.size - 5} more`] : []
  const head = [
    `${said ? `${show(said, style)}  ` : ''}${batch}${done}/${hosts} done`,
    ...bad.map((outcome) => `${counts[outcome]} ${outcome}`),
  ].join(', ')
  return cut(`${head}${names.length > 0 ? `: ${[...names, ...more].join(', ')}` : ''}`, style.width - 4)
}

function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let kept = ''
  for (const mark of text) {
    if (widthOf(kept + mark) > width - 3) break
    kept += mark
  }
  return `${kept}...`
}

/** One row for the whole run: with one per host, listr2 9 took 236 s of CPU for 1000 hosts. */
async function startRow(options: ProgressOptions): Promise<Progress> {
  const { hosts, style, stream } = options
  const { DefaultRenderer, Listr, ListrLogger, ProcessOutput } = await import('listr2')
  // listr2 asks stdout whether it is a terminal, and takes over both streams, the first to draw on
  const renderer = class extends DefaultRenderer {
    static override nonTTY = true
  }
  const logger = new ListrLogger({ useIcons: true, processOutput: new ProcessOutput(stream, process.stdout) })
  const state = { active: new Map<string, string>(), counts: {} as Partial<Record<Outcome, number>>, batch: '', hosts, said: '' }
  let finish = (): void => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const tasks = new Listr(
    {
      title: rowOf(state, style),
      task: async (_, task) => {
        const timer = setInterval(() => {
          task.title = rowOf(state, style)
        }, 100)
        await finished.finally(() => clearInterval(timer))
      },
    },
    { renderer, rendererOptions: { logger, clearOutput: true }, registerSignalListeners: false },
  )
  const drawn = tasks.run()
  return {
    batch: (number, of) => {
      state.batch = of > 1 ? `batch ${number}/${of}  ` : ''
    },
    stage: (host, stage) => state.active.set(host, stage),
    done: ({ host, outcome }) => {
      state.active.delete(host)
      state.counts[outcome] = (state.counts[outcome] ?? 0) + 1
    },
    say: (text) => {
      state.said = text
      sayTo(options, text) // listr2 holds it back until the row is gone
    },
    end: async () => {
      finish()
      await drawn
    },
  }
}
