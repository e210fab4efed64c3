import { actScript, changesLive } from '../script/act.js'
import { settleScript } from '../script/settle.js'
import type { HostResult } from '../shown.js'
import type { Section } from '../types.js'
import { aftermath, isLost, readEnd } from './aftermath.js'
import { lockSentence, readNote, words } from './says.js'
import type { Session } from './session.js'
import { runScript, sectionOf, sectionsOf } from './trips.js'
import { readVerdict, unrehearsed } from './verdict.js'
import { ended, pause, type Task, warned } from './way.js'

/** Act, then settle on a new connection; where only boot differs, settle alone on the one that is open. */
export async function carryOut(task: Task, session: Session): Promise<HostResult> {
  const { way, input } = task
  const { options } = way
  const seconds = (from: number) => Date.now() + from * 1000
  if (!changesLive(input.effects)) return settle(task, session, seconds(options.commandTimeout))
  options.onStage(way.item.target.host, 'act')
  try {
    const sections = await runScript(session, way.item.target, options.lockTimeout + options.commandTimeout, (mark) =>
      actScript(input, mark),
    )
    session.close()
    const verdict = readVerdict(sections, input.rehearsal.reach)
    const told = { ...task, base: warned(task.base, [...verdict.warnings, ...unrehearsed(input.effects)]) }
    const stop = stoppedAct(told, sections, verdict.refused)
    if (stop !== undefined) return stop
    const applied = sectionOf(sections, 'applied')
    if (applied === undefined) return aftermath(told, Date.now(), 'the undo fired while the changes were being made')
    return await settle(told, undefined, seconds(options.confirmTimeout - (Number(applied) || 0)))
  } catch (error) {
    // The connection or the script went while act ran: what it did is unknown, a new connection will tell.
    if (!isLost(error)) throw error
    session.close()
    return settle(task, undefined, seconds(options.confirmTimeout), error.message)
  }
}

/** Why act gave up by itself, if it did; a host is then in its old state unless the sentence says otherwise. */
function stoppedAct({ way, base }: Task, sections: readonly Section[], refused: readonly string[]): HostResult | undefined {
  const locked = sectionOf(sections, 'locked')
  if (locked !== undefined) return ended(way, 'failed', { ...base, reason: lockSentence(locked, way.options.lockTimeout) })
  const stale = sectionOf(sections, 'stale')
  if (stale !== undefined) return staleHost(way, base, stale)
  if (refused.length > 0) return ended(way, 'failed', { ...base, reason: `${refused.join('\n')} (live: old, boot: old)` })
  const failed = sectionOf(sections, 'failed')
  const undone = sectionOf(sections, 'undone')
  if (failed === undefined || (undone === undefined && sectionOf(sections, 'fired') !== undefined)) return undefined
  if (undone === undefined) return ended(way, 'failed', { ...base, reason: `${words(failed)} (nothing was changed; live: old, boot: old)` })
  const note = readNote(undone)
  return ended(way, 'failed', {
    ...base,
    reason: `${words(failed)} (undone and verified on the host: ${note.state}, boot: old)`,
  })
}

function staleHost(way: Task['way'], base: Task['base'], stale: string): HostResult {
  return ended(way, 'stale', { ...base, reason: `moved since it was looked at: ${words(stale)}; nothing was changed` })
}

/**
 * Confirms on a new connection, tried again until shortly before the undo fires. Once a host said that it is confirmed there is no hurry any
 * more: then the end is waited for.
 */
async function settle(task: Task, open: Session | undefined, deadline: number, lost?: string): Promise<HostResult> {
  const { way, input } = task
  const { item, options } = way
  options.onStage(item.target.host, 'settle')
  const record = way.aim.record(options.run, task.seen, task.plan.steps, new Date().toISOString())
  let [session, until, why, confirmed] = [open, deadline, lost ?? 'no answer', open !== undefined]
  while (Date.now() < until - 1000 && !options.signal.aborted) {
    try {
      session ??= await options.connect(item.target)
      const abort = session.close
      options.signal.addEventListener('abort', abort)
      const patience = confirmed ? options.commandTimeout : Math.max(3, Math.min(options.commandTimeout, (until - Date.now()) / 2000))
      const sections = await runScript(session, item.target, patience, (mark) => settleScript(input, record, way.aim.look(), mark)).finally(
        () => options.signal.removeEventListener('abort', abort),
      )
      const stale = sectionOf(sections, 'stale')
      if (stale !== undefined) return staleHost(way, task.base, stale)
      const locked = sectionOf(sections, 'locked')
      if (locked !== undefined) return ended(way, 'failed', { ...task.base, reason: lockSentence(locked, options.lockTimeout) })
      const end = readEnd(task, sections, lost ?? 'the undo fired before the confirmation')
      if (end !== undefined) return end
    } catch (error) {
      if (!isLost(error)) throw error
      why = error.message
      if (!confirmed && sectionOf(sectionsOf(error), 'confirmed') !== undefined) {
        confirmed = true
        until = Date.now() + options.commandTimeout * 1000
      }
    } finally {
      session?.close()
      session = undefined
    }
    await pause(500)
  }
  return aftermath(
    task,
    deadline,
    confirmed ? `the end of it was not seen (${why})` : `it was not confirmed in time over a new connection (${why})`,
  )
}
