import { exitCode } from '../fleet/exit.js'
import { jsonOf } from '../report/json.js'
import { textOf } from '../report/text.js'
import { timingText } from '../report/timing.js'
import type { ShownRun } from '../shown.js'
import type { Console } from './console.js'
import { playbooksOf } from './files.js'
import { type Interrupts, listenForInterrupts } from './interrupt.js'
import { keepPlan, keptPlanOf, refuseKeeping, writeScripts } from './kept.js'
import { loadFleet } from './load.js'
import { type RunOrder, runOnce } from './one-run.js'
import { type FleetOptions, Mistake } from './options.js'
import { ownTiming } from './own-timing.js'
import type { Parts } from './parts.js'

/** `holdfast plan` and `holdfast apply`: the whole run, from the files to the exit code. */
export async function converge(
  asked: 'plan' | 'apply',
  playbooks: readonly string[],
  options: FleetOptions,
  parts: Parts,
  console: Console,
  tool: string,
): Promise<number> {
  const command = options.check ? 'plan' : asked
  if (command === 'apply' && (options.script || options.out !== undefined))
    throw new Mistake('--script and --out belong to plan, or to apply --check')
  if (options.allowedSigners !== undefined) throw new Mistake('--allowed-signers is about a kept plan: name its PLAN.json alone')
  if (options.cause && options.out !== undefined) throw new Mistake('--out keeps whole plans: give --cause to apply instead')
  if (options.atWindow) throw new Mistake('--at-window is about a kept plan: name its PLAN.json alone')
  refuseKeeping(options, Date.now())
  const loaded = await loadFleet(playbooks, options, parts, console)
  if (!loaded) return 1
  const interrupts = listenForInterrupts()
  try {
    const order = { command, playbooks: playbooksOf(playbooks), ...loaded, options, interrupts }
    const engine: RunOrder['engine'] = (given) => parts.engine({ ...given, apply: command === 'apply' })
    const { shown, bug, told } = await runOnce({ ...order, engine }, console)
    const kept =
      options.out === undefined
        ? undefined
        : await keepPlan(options.out, keptPlanOf(shown, loaded.hosts, options, tool, Date.now()), options.sign)
    const code = conclude(shown, bug, interrupts, options, console, kept)
    await told
    return code
  } finally {
    interrupts.end()
  }
}

/** Prints what became of a run; the exit code. `failure` is why something beside it failed. */
export function conclude(
  shown: ShownRun,
  bug: unknown,
  interrupts: Interrupts,
  options: FleetOptions,
  console: Console,
  failure?: string,
): number {
  const { json, script } = options
  if (script) writeScripts(shown.hosts, json ? console.err : console.out)
  const people = json || script ? console.err : console.out
  people.write(textOf(shown, { ...people.style, diff: options.diff, verbose: options.verbose }))
  if (options.timing) people.write(timingText(shown.hosts, ownTiming(), people.style))
  if (json) console.out.write(jsonOf(shown))
  if (bug !== undefined) console.err.write(`holdfast: this is a bug: ${bug instanceof Error ? (bug.stack ?? bug.message) : String(bug)}\n`)
  if (failure) console.err.write(`holdfast: ${failure}\n`)
  const signal = interrupts.signal()
  const code = exitCode({ hosts: shown.hosts, ...(bug === undefined ? {} : { bug }), ...(signal ? { signal } : {}) })
  return failure && (code === 0 || code === 2) ? 1 : code
}
