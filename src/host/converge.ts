import { type Aim, aimOf } from '../aim.js'
import type { FleetHost, Stage } from '../engine.js'
import type { HostPlan } from '../plan.js'
import { activeBackend } from '../resources/iptables/warnings.js'
import { actScript, changesLive, type ScriptInput } from '../script/act.js'
import { restoreBatches } from '../script/batches.js'
import { lookScript } from '../script/look.js'
import { asFunction, prelude } from '../script/prelude.js'
import { rehearsal } from '../script/rehearse.js'
import { settleScript } from '../script/settle.js'
import type { HostResult } from '../shown.js'
import { printable } from '../text.js'
import type { Change, Outcome, Seen, Target } from '../types.js'
import { ConnectionLost, NoShell, type Session, Unreachable } from './session.js'
import { runScript, sectionOf } from './trips.js'
import { readVerdict } from './verdict.js'

export interface ConvergeOptions {
  readonly run: string
  readonly apply: boolean
  /** Who holds the lock on a host, for whoever meets it: `kim@jump1`. */
  readonly who: string
  /** Seconds. */
  readonly confirmTimeout: number
  readonly lockTimeout: number
  readonly connectTimeout: number
  readonly commandTimeout: number
  readonly connect: (target: Target) => Promise<Session>
  readonly onStage: (host: string, stage: Stage) => void
  readonly signal: AbortSignal
}

/** One host's way through a run. */
interface Way {
  readonly item: FleetHost
  readonly options: ConvergeOptions
  readonly aim: Aim
  readonly input: (plan: HostPlan, seen: Seen) => ScriptInput
}

/** Look, and where that is asked for and needed act and settle. A host's failure is an outcome; only a bug rejects. */
export async function converge(item: FleetHost, options: ConvergeOptions, aim: Aim = aimOf(item.want)): Promise<HostResult> {
  const way: Way = {
    item,
    options,
    aim,
    input: (plan, seen) => ({
      run: options.run,
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
    return wentWrong(item, error)
  } finally {
    options.onStage(item.target.host, 'done')
  }
}

/** What went wrong on the way to or on a host is its outcome; anything else is a bug and thrown on. */
export function wentWrong(item: FleetHost, error: unknown): HostResult {
  const unreachable = error instanceof Unreachable || error instanceof ConnectionLost
  if (!unreachable && !(error instanceof NoShell) && !(error instanceof Error && error.message.startsWith('the script ended early')))
    throw error
  return ended(item, unreachable ? 'unreachable' : 'failed', { reason: error.message })
}

function ended(item: FleetHost, outcome: Outcome, more: Partial<HostResult> = {}): HostResult {
  return { host: item.target.host, outcome, changes: [], ...more }
}

async function oneTry(way: Way): Promise<HostResult> {
  const { item, options } = way
  options.onStage(item.target.host, 'connect')
  const session = await options.connect(item.target)
  const abort = () => session.close()
  options.signal.addEventListener('abort', abort)
  try {
    options.onStage(item.target.host, 'look')
    const sections = await runScript(session, item.target, options.commandTimeout, (mark) => lookScript(way.aim.look(), mark))
    const seen = way.aim.seen(sections)
    const plan = way.aim.plan(seen, new Date().toISOString())
    const basis = options.apply ? {} : { plan: { steps: plan.steps, madeFrom: way.aim.madeFrom(seen, plan) } }
    const base = { ...described(plan), ...basis, ...(plan.version === undefined ? {} : { version: plan.version }) }
    if (plan.refused.length > 0) return ended(item, 'failed', { ...base, reason: plan.refused.join('\n') })
    const record = seen.facts.record ?? way.aim.record(options.run, seen, [], new Date().toISOString())
    if (plan.steps.length === 0) return ended(item, 'in-sync', { ...base, record })
    const moved = way.aim.moved?.(seen, plan) ?? []
    if (moved.length > 0)
      return ended(item, 'stale', { ...base, reason: `moved since the plan was made: ${moved.join(', ')}; nothing was changed` })
    return options.apply ? await carryOut(way, session, seen, plan, base) : await foresee(way, session, seen, plan, base)
  } finally {
    options.signal.removeEventListener('abort', abort)
    session.close()
  }
}

function described(plan: HostPlan): Partial<HostResult> {
  return {
    ...(plan.warnings.length === 0 ? {} : { warnings: plan.warnings }),
    ...(plan.previousVersion === undefined ? {} : { previousVersion: plan.previousVersion }),
  }
}

function changesOf(plan: HostPlan): readonly Change[] {
  return plan.steps.flatMap((step) => step.changes)
}

/** plan: the same rehearsal that act makes, so that a lock-out is seen in the review already. */
async function foresee(way: Way, session: Session, seen: Seen, plan: HostPlan, base: Partial<HostResult>): Promise<HostResult> {
  const { item, options } = way
  const input = way.input(plan, seen)
  const mark = '@holdfast-shown'
  const scripts = [
    ...(changesLive(input.effects) ? [{ name: 'act', text: actScript(input, mark) }] : []),
    {
      name: 'settle',
      text: settleScript(input, way.aim.record(input.run, seen, plan.steps, new Date(0).toISOString()), way.aim.look(), mark),
    },
  ]
  const shown = { plan: { ...base.plan, steps: plan.steps, scripts } }
  const pending = { ...base, ...shown, changes: changesOf(plan) }
  if (input.rehearsal.batches.length === 0) return ended(item, 'pending', pending)
  options.onStage(item.target.host, 'rehearse')
  const sections = await runScript(session, item.target, options.commandTimeout, (own) =>
    asFunction([prelude(own), rehearsal(input.rehearsal), 'hf_rehearse_all; hf_s end'].join('\n')),
  )
  const verdict = readVerdict(sections, input.rehearsal.reach)
  const warnings = [...(base.warnings ?? []), ...verdict.warnings]
  const warned = warnings.length === 0 ? {} : { warnings }
  const failed = sectionOf(sections, 'failed')
  const reasons = [...verdict.refused, ...(failed === undefined ? [] : [`the host refuses these rules: ${failed}`])]
  if (reasons.length > 0) return ended(item, 'failed', { ...base, ...warned, reason: reasons.join('\n') })
  return ended(item, 'pending', { ...pending, ...warned })
}

async function carryOut(way: Way, session: Session, seen: Seen, plan: HostPlan, base: Partial<HostResult>): Promise<HostResult> {
  const { item, options } = way
  const input = way.input(plan, seen)
  if (!changesLive(input.effects)) return settle(way, session, seen, plan, base, Date.now() + options.commandTimeout * 1000)
  options.onStage(item.target.host, 'act')
  let deadline = Date.now() + options.confirmTimeout * 1000
  let verdict: readonly string[] = []
  try {
    const sections = await runScript(session, item.target, options.lockTimeout + options.commandTimeout, (mark) => actScript(input, mark))
    const read = readVerdict(sections, input.rehearsal.reach)
    verdict = read.warnings
    const stop = stoppedAct(way, sections, read.refused)
    if (stop !== undefined) return ended(item, stop.outcome, { ...base, reason: stop.reason })
  } catch (error) {
    // The connection went while act ran: what it did is unknown, a new one will tell.
    if (!(error instanceof ConnectionLost)) throw error
    deadline = Date.now() + options.confirmTimeout * 1000
  }
  session.close()
  const warnings = [...(base.warnings ?? []), ...verdict]
  return settle(way, undefined, seen, plan, { ...base, ...(warnings.length === 0 ? {} : { warnings }) }, deadline)
}

/** Why act did not come to its end, if it did not; the host is then in its old state unless the sentence says otherwise. */
function stoppedAct(
  way: Way,
  sections: Awaited<ReturnType<typeof runScript>>,
  refused: readonly string[],
): { outcome: Outcome; reason: string } | undefined {
  const section = (kind: string) => sectionOf(sections, kind)
  const locked = section('locked')
  if (locked !== undefined) return { outcome: 'failed', reason: lockSentence(locked, way.options.lockTimeout) }
  const stale = section('stale')
  if (stale !== undefined)
    return { outcome: 'stale', reason: `moved since it was looked at: ${printable(stale.split('\n').join(', '))}; nothing was changed` }
  if (refused.length > 0) return { outcome: 'failed', reason: refused.join('\n') }
  const failed = section('failed')
  const undone = section('undone')
  if (failed !== undefined)
    return {
      outcome: 'failed',
      reason: `${printable(failed)} (${undone === undefined ? 'live: old, boot: old; nothing was changed' : stateSentence(undone)})`,
    }
  if (section('fired') !== undefined) return { outcome: 'rolled-back', reason: 'the undo fired while the changes were being made' }
  return undefined
}

function lockSentence(owner: string, waited: number): string {
  const [pid, , , run, since, ...who] = owner.split(' ')
  return `another run holds the lock: ${printable(who.join(' ') || 'somebody')}, run ${printable(run ?? '?')} since ${printable(since ?? '?')} (process ${printable(pid ?? '?')} on the host); waited ${waited} s, nothing was changed`
}

/** `live: old, boot: old`, or what even the undo could not put back. */
function stateSentence(undone: string): string {
  const differs = undone
    .split('\n')
    .filter((line) => line.startsWith('differs '))
    .map((line) => line.slice(8))
  return differs.length === 0
    ? 'live: old, boot: old; verified on the host after the undo'
    : `live: mixed (${printable(differs.join(', '))}), boot: old`
}

/** Confirms on a new connection, tried again until shortly before the undo fires. */
async function settle(
  way: Way,
  open: Session | undefined,
  seen: Seen,
  plan: HostPlan,
  base: Partial<HostResult>,
  deadline: number,
): Promise<HostResult> {
  const { item, options } = way
  options.onStage(item.target.host, 'settle')
  const input = way.input(plan, seen)
  const record = way.aim.record(options.run, seen, plan.steps, new Date().toISOString())
  let lastError = ''
  while (Date.now() < deadline - 2000 && !options.signal.aborted) {
    const session = open ?? (await options.connect(item.target).catch((error: Error) => void (lastError = error.message)))
    if (session === undefined) {
      await pause(500)
      continue
    }
    try {
      const sections = await runScript(session, item.target, options.commandTimeout, (mark) =>
        settleScript(input, record, way.aim.look(), mark),
      )
      if (sectionOf(sections, 'waiting') !== undefined) {
        await pause(500)
        continue
      }
      return settled(way, sections, plan, base)
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error
      lastError = error.message
    } finally {
      session.close()
    }
  }
  return afterUndo(
    way,
    plan,
    base,
    deadline,
    options.signal.aborted ? 'stopped before it was confirmed' : `no new connection came through to confirm it (${lastError})`,
  )
}

function settled(way: Way, sections: Awaited<ReturnType<typeof runScript>>, plan: HostPlan, base: Partial<HostResult>): HostResult {
  const { item } = way
  const section = (kind: string) => sectionOf(sections, kind)
  const gone = section('gone')
  if (gone !== undefined && gone !== '')
    return ended(item, 'rolled-back', {
      ...base,
      changes: changesOf(plan),
      reason: `the undo fired before the confirmation (${stateSentence(gone)})`,
    })
  if (gone !== undefined)
    return ended(item, 'failed', {
      ...base,
      reason: 'the host knows nothing of this run: it never began, or the host was restarted in between (live: old, boot: old)',
    })
  const locked = section('locked')
  if (locked !== undefined) return ended(item, 'failed', { ...base, reason: lockSentence(locked, way.options.lockTimeout) })
  const stale = section('stale')
  if (stale !== undefined)
    return ended(item, 'stale', { ...base, reason: `moved since it was looked at: ${printable(stale)}; nothing was changed` })
  const failed = section('failed')
  if (failed !== undefined) {
    const undone = section('undone')
    return ended(item, 'failed', {
      ...base,
      reason: `${printable(failed)} (${undone === undefined ? 'live: old, boot: old' : stateSentence(undone)})`,
    })
  }
  const seen = way.aim.seen(sections)
  const after = way.aim.plan(seen, new Date().toISOString())
  const notes = ['unrecorded', 'complaint'].flatMap((kind) => section(kind) ?? [])
  const warnings = [...(base.warnings ?? []), ...notes.map((note) => printable(note))]
  const more = { ...base, ...(warnings.length === 0 ? {} : { warnings }), plan: { steps: plan.steps }, ...(seen.facts.record && { record: seen.facts.record }) }
  if (after.refused.length > 0) return ended(item, 'unsettled', { ...more, reason: after.refused.join('\n') })
  if (after.steps.length > 0)
    return ended(item, 'unsettled', {
      ...more,
      changes: changesOf(after),
      reason: 'the changes were made and confirmed, yet this still differs',
    })
  return ended(item, 'changed', { ...more, changes: changesOf(plan) })
}

/** Gets in again once the undo has fired, and says what the host then holds: never a guess. */
async function afterUndo(way: Way, plan: HostPlan, base: Partial<HostResult>, deadline: number, why: string): Promise<HostResult> {
  const { item, options } = way
  if (options.signal.aborted)
    return ended(item, 'rolled-back', {
      ...base,
      changes: changesOf(plan),
      reason: `${why}; the host undoes it by itself within ${options.confirmTimeout} s`,
    })
  options.onStage(item.target.host, 'undo')
  await pause(Math.max(0, deadline + 3000 - Date.now()))
  const until = Date.now() + 30_000
  for (let last = why; ; await pause(1000)) {
    if (Date.now() > until || options.signal.aborted)
      return ended(item, 'unreachable', {
        ...base,
        reason: `${why}; the undo is due since ${new Date(deadline).toISOString()}, but no connection comes through to verify it (${last})`,
      })
    try {
      const session = await options.connect(item.target)
      try {
        const sections = await runScript(session, item.target, options.commandTimeout, (mark) => lookScript(way.aim.look(), mark))
        return verified(way, plan, sections, base, why)
      } finally {
        session.close()
      }
    } catch (error) {
      last = (error as Error).message
    }
  }
}

function verified(
  way: Way,
  plan: HostPlan,
  sections: Awaited<ReturnType<typeof runScript>>,
  base: Partial<HostResult>,
  why: string,
): HostResult {
  const note = sections.find((section) => section.kind === 'file' && section.name.endsWith(`undone.${way.options.run}`))?.body
  const now = way.aim.plan(way.aim.seen(sections), new Date().toISOString())
  const text = (changes: readonly Change[]) =>
    JSON.stringify(changes.map(({ resource, layer, at, before, after }) => [resource, layer, at, before, after]))
  const same = text(changesOf(now)) === text(changesOf(plan))
  const state = note === undefined ? '' : `${stateSentence(note)}; `
  const seen = same
    ? 'looked again: the host holds what it held before'
    : 'looked again: the host does NOT hold quite what it held before, see `plan`'
  return ended(way.item, 'rolled-back', { ...base, changes: changesOf(plan), reason: `${why}; ${state}${seen}` })
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
