import type { FleetHost } from '../engine.js'
import { rollbackAim } from '../rollback/aim.js'
import { listBody } from '../rollback/look.js'
import { type HostRun, readRuns } from '../rollback/runs.js'
import type { HostResult } from '../shown.js'
import { type ConvergeOptions, converge, wentWrong } from './converge.js'
import { runLook } from './trips.js'

/** What a host keeps of the runs that changed it, or why that is not known. */
export type Listed = { readonly runs: readonly HostRun[]; readonly damaged: readonly string[] } | { readonly failure: HostResult }

/** One exec that changes nothing. */
export async function listRuns(item: FleetHost, options: ConvergeOptions): Promise<Listed> {
  try {
    const session = await options.connect(item.target)
    const abort = (): void => session.close()
    options.signal.addEventListener('abort', abort)
    try {
      return readRuns(await runLook(session, item.target, options.commandTimeout, listBody()))
    } finally {
      options.signal.removeEventListener('abort', abort)
      session.close()
    }
  } catch (error) {
    return { failure: wentWrong(item, error) }
  }
}

/** Takes the run `id` back on one host, guarded as an apply is; a host that keeps nothing of it is as it should be. */
export async function rollbackHost(item: FleetHost, options: ConvergeOptions, id: string): Promise<HostResult> {
  options.onStage(item.target.host, 'look')
  const listed = await listRuns(item, options)
  if ('failure' in listed) return listed.failure
  const { host } = item.target
  if (listed.damaged.includes(id))
    return { host, outcome: 'failed', changes: [], reason: `what the host keeps of the run ${id} is damaged; nothing was changed` }
  const at = listed.runs.findIndex(({ run }) => run === id)
  const chosen = listed.runs[at]
  if (chosen === undefined) return { host, outcome: 'in-sync', changes: [], warnings: [`the host keeps nothing of the run ${id}`] }
  return converge(item, options, rollbackAim(chosen, listed.runs.slice(0, at), item.want))
}
