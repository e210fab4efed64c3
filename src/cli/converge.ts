import { randomBytes } from 'node:crypto'
import type { FleetHost } from '../engine.js'
import { exitCode } from '../fleet/exit.js'
import { type FleetRun, startFleet } from '../fleet/run.js'
import type { LoadedHost } from '../load/load.js'
import { jsonOf } from '../report/json.js'
import { type ProgressOptions, startProgress } from '../report/progress.js'
import { textOf } from '../report/text.js'
import { countOutcomes, type ShownRun } from '../shown.js'
import type { Console } from './console.js'
import { type Interrupts, listenForInterrupts } from './interrupt.js'
import { keepPlan, refuseUnwritable, writeScripts } from './kept.js'
import { loadHosts } from './load.js'
import { type FleetOptions, Mistake } from './options.js'
import type { Parts } from './parts.js'

/** `holdfast plan` and `holdfast apply`: the whole run, from the files to the exit code. */
export async function converge(
  asked: 'plan' | 'apply',
  playbooks: readonly string[],
  options: FleetOptions,
  parts: Parts,
  console: Console,
): Promise<number> {
  const command = options.check ? 'plan' : asked
  if (command === 'apply' && (options.script || options.out !== undefined))
    throw new Mistake('--script and --out belong to plan, or to apply --check')
  if (options.out !== undefined) refuseUnwritable(options.out)
  const loaded = await loadHosts(playbooks, options, parts, console)
  if (!loaded) return 1
  const hosts = loaded.map((host) => withBecome(host, options))
  const run = newRunId(new Date())
  const progress = await startProgress(progressOptions(hosts.length, options, console))
  const interrupts = listenForInterrupts(progress.say)
  try {
    const engine = await parts.engine({ run, apply: command === 'apply', options, say: progress.say })
    const { forks, serial, maxFailPercentage } = options
    const fleet = startFleet({
      hosts,
      forks,
      serial,
      ...(maxFailPercentage === undefined ? {} : { maxFailPercentage }),
      converge: engine,
      events: progress,
      stop: interrupts.stop,
      abort: interrupts.abort,
    })
    const bug = await endOf(fleet, interrupts)
    await progress.end()
    return conclude({ run, command, hosts: fleet.results(), summary: countOutcomes(fleet.results()) }, bug, interrupts, options, console)
  } finally {
    await progress.end()
    interrupts.end()
  }
}

/** `20260112T021500Z-4f2a9c`: sorts by time, and two of one second differ. */
const newRunId = (now: Date): string => `${now.toISOString().replace(/[-:]|\.\d+/g, '')}-${randomBytes(3).toString('hex')}`

/** --become holds for every host but those that log in as that user anyhow: an appliance's root has no sudo. */
function withBecome({ target, want }: LoadedHost, { become }: FleetOptions): FleetHost {
  return { target: { ...target, become: target.become || (become && target.user !== target.becomeUser) }, want }
}

function progressOptions(hosts: number, { json, verbose }: FleetOptions, { err: { stream, style, terminal } }: Console): ProgressOptions {
  const row = terminal && process.env.TERM !== 'dumb'
  return { hosts, style, stream, form: json && !verbose ? 'none' : row ? 'row' : 'lines' }
}

/** Waits for the run's end; an error that nobody expected, where there was one. */
async function endOf(fleet: FleetRun, { crashed }: Interrupts): Promise<unknown> {
  try {
    await Promise.race([fleet.done, crashed])
    return fleet.bug()
  } catch (error) {
    return error ?? new Error('something threw nothing')
  }
}

function conclude(shown: ShownRun, bug: unknown, interrupts: Interrupts, options: FleetOptions, console: Console): number {
  const { json, script, out } = options
  if (script) writeScripts(shown.hosts, json ? console.err : console.out)
  const people = json || script ? console.err : console.out
  people.write(textOf(shown, { ...people.style, diff: options.diff, verbose: options.verbose }))
  if (json) console.out.write(jsonOf(shown))
  if (bug !== undefined) console.err.write(`holdfast: this is a bug: ${bug instanceof Error ? (bug.stack ?? bug.message) : String(bug)}\n`)
  const failure = out === undefined ? undefined : keepPlan(out, shown)
  if (failure) console.err.write(`holdfast: ${failure}\n`)
  const signal = interrupts.signal()
  const code = exitCode({ hosts: shown.hosts, ...(bug === undefined ? {} : { bug }), ...(signal ? { signal } : {}) })
  return failure && (code === 0 || code === 2) ? 1 : code
}
