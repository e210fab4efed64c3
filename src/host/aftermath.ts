import { changesLive } from '../script/act.js'
import { aftermathScript } from '../script/settle.js'
import type { HostResult } from '../shown.js'
import type { Section } from '../types.js'
import { layerState, readNote, statesSentence, words } from './says.js'
import { ConnectionLost, Unreachable } from './session.js'
import { EndedEarly, runScript, sectionOf } from './trips.js'
import { changesOf, ended, pause, type Task, warned } from './way.js'

/** Seconds in which the host must be reached again, and the undo must have ended, after it was due. */
const patience = 60

/** An error after which it is unknown what a script did. */
export function isLost(error: unknown): error is Error {
  return error instanceof ConnectionLost || error instanceof Unreachable || error instanceof EndedEarly
}

/** Gets in again once the undo is due, and says what the host then holds: never a guess. `deadline` is when it fires at the latest. */
export async function aftermath(task: Task, deadline: number, why: string): Promise<HostResult> {
  const { way } = task
  const { item, options } = way
  options.onStage(item.target.host, 'undo')
  const guarded = changesLive(task.input.effects)
  const until = Math.max(Date.now(), deadline) + patience * 1000
  let last = why
  for (let wait = guarded ? deadline + 1000 - Date.now() : 0; Date.now() < until; wait = 1000) {
    await orAborted(pause(wait), options.signal)
    if (options.signal.aborted) return abandoned(task, guarded)
    const session = await options.connect(item.target).catch((error: unknown) => {
      if (!isLost(error)) throw error
      last = error.message
    })
    if (session === undefined) continue
    try {
      const sections = await runScript(session, item.target, options.commandTimeout, (mark) =>
        aftermathScript(task.input, way.aim.look(), mark),
      )
      const end = readEnd(task, sections, why)
      if (end !== undefined) return end
      last = 'its lock is still held'
    } catch (error) {
      if (!isLost(error)) throw error
      last = error.message
    } finally {
      session.close()
    }
  }
  const due = guarded ? `the undo is due since ${new Date(deadline).toISOString()}, but ` : ''
  return ended(way, 'unreachable', { ...task.base, reason: `${why}; ${due}nothing could be verified (${words(last)})` })
}

function abandoned({ way, base, input }: Task, guarded: boolean): HostResult {
  const then = guarded
    ? `unless it was confirmed the host undoes it by itself within ${input.confirmTimeout} s`
    : 'boot files may be half written'
  return ended(way, 'failed', { ...base, reason: `stopped while under way: ${then}; run plan to see how it stands` })
}

async function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  let stop = (): void => {}
  const aborted = new Promise<void>((resolve) => {
    stop = resolve
    signal.addEventListener('abort', stop, { once: true })
  })
  await Promise.race([work, aborted])
  signal.removeEventListener('abort', stop)
}

/** What settle's or aftermath's sections say of the end; undefined: there is none yet. */
export function readEnd(task: Task, sections: readonly Section[], why: string): HostResult | undefined {
  if (sectionOf(sections, 'waiting') !== undefined) return undefined
  const gone = sectionOf(sections, 'gone')
  if (gone !== undefined) return gone === '' ? forgotten(task, sections, why) : undone(task, sections, gone, why)
  const failed = sectionOf(sections, 'failed')
  return failed === undefined ? settled(task, sections) : uncommitted(task, sections, failed)
}

function planNow({ way }: Task, sections: readonly Section[]) {
  return way.aim.plan(way.aim.seen(sections), new Date().toISOString())
}

/** The undo ran. Where act itself had given up, the run failed; else it rolled back. What could not be put back makes it a failure, too. */
function undone(task: Task, sections: readonly Section[], note: string, why: string): HostResult {
  const { state, complete, why: own } = readNote(note)
  const now = planNow(task, sections)
  const looked = `on the host: ${state}; looked again: ${statesSentence(task.plan, now)}`
  if (own !== undefined || !complete)
    return ended(task.way, 'failed', {
      ...task.base,
      reason: `${own ?? why} (undone ${looked})`,
    })
  return ended(task.way, 'rolled-back', { ...task.base, changes: changesOf(task.plan), reason: `${why} (undone ${looked})` })
}

/** The host knows nothing of this try: it never came to a change, or a restart made it forget. A look tells how it stands. */
function forgotten(task: Task, sections: readonly Section[], why: string): HostResult {
  const { way, plan, base } = task
  const seen = way.aim.seen(sections)
  const now = way.aim.plan(seen, new Date().toISOString())
  const restarted = seen.facts.bootId !== task.seen.facts.bootId
  const states = statesSentence(plan, now)
  if (restarted && now.refused.length === 0 && now.steps.length === 0)
    return ended(
      way,
      'changed',
      warned({ ...base, changes: changesOf(plan) }, [
        'the host was restarted before the end was seen; looked again: nothing differs any more',
      ]),
    )
  const old = (['live', 'boot'] as const).every((layer) => ['old', 'untouched'].includes(layerState(plan, now, layer)))
  const reason = `${restarted ? 'the host was restarted before the run was settled' : `the run made no change there: ${why}`} (looked again: ${states})`
  if (restarted && old) return ended(way, 'rolled-back', { ...base, changes: changesOf(plan), reason })
  return ended(way, 'failed', { ...base, reason })
}

/** Boot files could not be put in place: those done were put back, and live was undone. */
function uncommitted(task: Task, sections: readonly Section[], failed: string): HostResult {
  const lines = failed.split('\n')
  const kept = lines.flatMap((line) => (line.startsWith('kept ') ? [line.slice(5)] : []))
  const said = words(lines.filter((line) => !line.startsWith('kept ')).join('\n'))
  const note = sectionOf(sections, 'undone')
  const live = note === undefined ? 'live: old' : readNote(note).state
  const boot = kept.length === 0 ? 'boot: old' : `boot: mixed (not put back: ${words(kept.join(', '))})`
  return ended(task.way, 'failed', {
    ...task.base,
    reason: `${said} (${live}, ${boot}; looked again: ${statesSentence(task.plan, planNow(task, sections))})`,
  })
}

function settled(task: Task, sections: readonly Section[]): HostResult {
  const { way, plan } = task
  const seen = way.aim.seen(sections)
  const after = way.aim.plan(seen, new Date().toISOString())
  const unrecorded = sectionOf(sections, 'unrecorded')
  const complaint = sectionOf(sections, 'complaint')
  const base = {
    ...warned(task.base, unrecorded === undefined ? [] : [words(unrecorded)]),
    plan: { steps: plan.steps },
    ...(seen.facts.record === undefined ? {} : { record: seen.facts.record }),
  }
  if (complaint !== undefined)
    return ended(way, 'failed', {
      ...base,
      reason: `${words(complaint)} (after the boot files were in place; ${statesSentence(plan, after)})`,
    })
  if (after.refused.length > 0) return ended(way, 'unsettled', { ...base, reason: after.refused.join('\n') })
  if (after.steps.length === 0) return ended(way, plan.steps.length === 0 ? 'in-sync' : 'changed', { ...base, changes: changesOf(plan) })
  return ended(way, 'unsettled', {
    ...base,
    changes: changesOf(after),
    reason: `the changes were made and confirmed, yet this still differs (${statesSentence(plan, after)})`,
  })
}
