import { randomBytes } from 'node:crypto'
import { type Aim, aimOf } from '../aim.js'
import { alike } from '../alike.js'
import { bySame } from '../by-text.js'
import type { FleetHost } from '../engine.js'
import { heldOf } from '../held.js'
import type { HostPlan } from '../plan.js'
import { activeBackend } from '../resources/iptables/warnings.js'
import { restoreBatches } from '../script/batches.js'
import type { HostResult } from '../shown.js'
import type { HostRecord, HostWant, Section, Seen } from '../types.js'
import { wideOf } from '../wide.js'
import { carryOut } from './carry-out.js'
import { foresee } from './foresee.js'
import { withRivals } from './rivals.js'
import { words } from './says.js'
import { ConnectionLost, NoShell, Unreachable } from './session.js'
import { EndedEarly, runLook } from './trips.js'
import { type ConvergeOptions, ended, type Way, warned } from './way.js'

export type { ConvergeOptions } from './way.js'

/** Look, and where that is asked for and needed act and settle. A host's failure is an outcome; only a bug rejects. */
export async function converge(item: FleetHost, options: ConvergeOptions, aim: Aim = aimOf(item.want)): Promise<HostResult> {
  const way: Way = {
    item,
    options,
    aim,
    input: (plan, seen) => ({
      run: options.run,
      attempt: `${options.run}.${randomBytes(4).toString('hex')}`,
      who: options.who,
      effects: plan.steps.map((step) => step.effect),
      confirmTimeout: options.confirmTimeout,
      lockTimeout: options.lockTimeout,
      rehearsal: { batches: restoreBatches(plan.steps.map((step) => step.effect)), reach: item.want.reach },
      backend: activeBackend(seen) ?? 'legacy',
      memory: aim.memory(seen, plan.steps),
    }),
  }
  try {
    for (let attempt = 1; ; attempt++) {
      const result = await oneTry(way)
      // Direct apply: what moved between look and act is looked at again, twice; a host that keeps moving is stale.
      if (result.outcome !== 'stale' || aim.moved !== undefined || attempt === 3) return result
    }
  } catch (error) {
    return options.signal.aborted ? stoppedEarly(item, error) : wentWrong(item, error)
  } finally {
    options.onStage(item.target.host, 'done')
  }
}

/** What went wrong on the way to or on a host is its outcome; anything else is a bug and thrown on. */
export function wentWrong(item: FleetHost, error: unknown): HostResult {
  const unreachable = error instanceof Unreachable || error instanceof ConnectionLost
  if (!unreachable && !(error instanceof NoShell) && !(error instanceof EndedEarly)) throw error
  return ended({ item }, unreachable ? 'unreachable' : 'failed', { reason: error.message })
}

/** Told to stop before anything was carried out: later a task says itself how it stands. */
function stoppedEarly(item: FleetHost, error: unknown): HostResult {
  const { outcome } = wentWrong(item, error)
  return ended({ item }, outcome === 'unreachable' ? 'failed' : outcome, { reason: 'stopped while it was looked at; nothing was written' })
}

async function oneTry(way: Way): Promise<HostResult> {
  const { item, options } = way
  options.onStage(item.target.host, 'connect')
  const session = await options.connect(item.target)
  const abort = () => session.close()
  options.signal.addEventListener('abort', abort)
  try {
    options.onStage(item.target.host, 'look')
    const sections = await runLook(session, item.target, options.commandTimeout, way.aim.look(), options.apply ? 'again' : undefined)
    const seen = way.aim.seen(sections)
    const told = way.aim.plan(seen, new Date().toISOString())
    const plan = await withRivals(told, session, item.target, options.commandTimeout)
    const from = options.keeps ? { madeFrom: way.aim.madeFrom(seen, plan) } : {}
    const basis = options.apply ? {} : { plan: { steps: plan.steps, ...from } }
    const version = plan.version === undefined ? {} : { version: plan.version }
    const base = warned(
      { ...described(plan), ...basis, ...version, ...read(seen, item.want), ...remembered(seen.facts.record) },
      unfinished(sections),
    )
    if (plan.refused.length > 0) return ended(way, 'failed', { ...base, reason: plan.refused.join('\n') })
    const record = seen.facts.record ?? way.aim.record(options.run, seen, [], new Date().toISOString())
    // a run that a restart ended between its last boot file and its record: settle cleans up and records
    const leftovers = options.apply && sections.some((section) => section.kind === 'staged')
    if (plan.steps.length === 0 && !leftovers) return ended(way, 'in-sync', { ...base, record })
    const moved = way.aim.moved?.(seen, plan) ?? []
    if (moved.length > 0)
      return ended(way, 'stale', { ...base, reason: `moved since the plan was made: ${moved.join(', ')}; nothing was changed` })
    const task = { way, seen, plan, input: way.input(plan, seen), base }
    return options.apply ? await carryOut(task, session) : await foresee(task, session)
  } finally {
    options.signal.removeEventListener('abort', abort)
    session.close()
  }
}

/** What the look read beside what it was asked for. */
function read(seen: Seen, want: HostWant): Partial<HostResult> {
  const wide = wideOf(seen.sections, want)
  return { held: heldBy(alike(seen)), ...(wide && { wide }) }
}

const heldBy = bySame(({ sections }: Seen) => heldOf(sections))

const remembered = (record: HostRecord | undefined): Partial<HostResult> => (record === undefined ? {} : { before: record })

function described(plan: HostPlan): Partial<HostResult> {
  return {
    ...(plan.warnings.length === 0 ? {} : { warnings: plan.warnings }),
    ...(plan.previousVersion === undefined ? {} : { previousVersion: plan.previousVersion }),
  }
}

/** A run that is armed, or that died armed: its changes are live, and not confirmed. */
function unfinished(sections: readonly Section[]): readonly string[] {
  const armed = sections.find((section) => section.kind === 'armed')
  if (armed === undefined) return []
  const [, , , run = '?', since = '?', ...who] = armed.body.trim().split(' ')
  const whose = `run ${words(run)} of ${words(who.join(' ') || 'somebody')}, since ${words(since)}`
  return [
    armed.name === 'dead'
      ? `a run died before it was confirmed (${whose}): its changes are live, and nobody undoes them; the next apply that changes something undoes them first`
      : `another run is under way and not confirmed yet (${whose}): what is seen here may still be undone`,
  ]
}
