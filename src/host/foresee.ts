import { actScript, changesLive } from '../script/act.js'
import { chainLibrary, rulesNow } from '../script/chains.js'
import { asFunction, prelude } from '../script/prelude.js'
import { rehearsal, toolsOf } from '../script/rehearse.js'
import { settleScript } from '../script/settle.js'
import type { HostResult } from '../shown.js'
import { words } from './says.js'
import type { Session } from './session.js'
import { runScript, sectionOf } from './trips.js'
import { readVerdict, unrehearsed } from './verdict.js'
import { changesOf, ended, type Task, warned } from './way.js'

/** plan: the same rehearsal that act makes, so that a lock-out is seen in the review already; it changes nothing, not even the loaded modules. */
export async function foresee(task: Task, session: Session): Promise<HostResult> {
  const { way, plan, input, seen } = task
  const { item, options } = way
  const pending = { ...task.base, plan: { ...task.base.plan, steps: plan.steps, scripts: scriptsOf(task) }, changes: changesOf(plan) }
  if (input.rehearsal.batches.length === 0) return ended(way, 'pending', pending)
  const spelling = sectionOf(seen.sections, 'spelling') ?? ''
  if (spelling.startsWith('table '))
    return ended(way, 'pending', warned(pending, [`not rehearsed: ${words(spelling.slice(6))}; apply rehearses, and its undo guards it`]))
  options.onStage(item.target.host, 'rehearse')
  const sections = await runScript(session, item.target, options.commandTimeout, (own) =>
    asFunction(
      [prelude(own), rulesNow(toolsOf(input.rehearsal)), chainLibrary, rehearsal(input.rehearsal), 'hf_rehearse_all; hf_s end'].join('\n'),
    ),
  )
  const verdict = readVerdict(sections, input.rehearsal.reach)
  const more = [...verdict.warnings, ...unrehearsed(input.effects)]
  const failed = sectionOf(sections, 'failed')
  const reasons = [...verdict.refused, ...(failed === undefined ? [] : [`the host refuses these rules: ${words(failed)}`])]
  if (reasons.length > 0) return ended(way, 'failed', { ...warned(task.base, more), reason: reasons.join('\n') })
  return ended(way, 'pending', warned(pending, more))
}

/** What would run, for --script. */
function scriptsOf({ way, plan, input, seen }: Task): readonly { readonly name: string; readonly text: string }[] {
  const mark = '@holdfast-shown'
  const shown = { ...input, attempt: 'shown' }
  const record = way.aim.record(input.run, seen, plan.steps, new Date(0).toISOString())
  return [
    ...(changesLive(input.effects) ? [{ name: 'act', text: actScript(shown, mark) }] : []),
    { name: 'settle', text: settleScript(shown, record, way.aim.look(), mark) },
  ]
}
