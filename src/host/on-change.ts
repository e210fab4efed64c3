import { changedPlays, playOf } from '../changed-plays.js'
import type { FleetHost } from '../engine.js'
import { onChangeScript } from '../script/on-change.js'
import type { HostResult } from '../shown.js'
import { printable } from '../text.js'
import type { HostWant, Section } from '../types.js'
import type { ConvergeOptions } from './converge.js'
import { runScript } from './trips.js'

/**
 * What became of a host, and of the commands that its plays want run after a change. They run once the host has settled, in the plays' order,
 * only for plays that changed something there. The first that fails makes the host `failed`: the changes stand, and no later one is run.
 */
export async function afterChange(item: FleetHost, options: ConvergeOptions, converged: HostResult): Promise<HostResult> {
  const { before, ...result } = converged
  if (result.outcome !== 'changed' || item.want.onChange.length === 0) return result
  const plays = changedPlays(item.want, result.changes, before)
  const due = item.want.onChange.filter((command) => plays.has(playOf(command)))
  if (due.length === 0) return result
  try {
    const session = await options.connect(item.target)
    try {
      const limit = due.reduce((sum, { timeout }) => sum + timeout + 5, options.commandTimeout)
      return judge(result, due, await runScript(session, item.target, limit, (mark) => onChangeScript(due, mark)))
    } finally {
      session.close()
    }
  } catch (error) {
    return failed(result, `on_change could not be run: ${(error as Error).message}`)
  }
}

type Due = HostWant['onChange']

function judge(result: HostResult, due: Due, sections: readonly Section[]): HostResult {
  const said = due.flatMap((command, index) => {
    const body = sections.find(({ kind, name }) => kind === 'on-change' && name === String(index))?.body
    return body === undefined ? [] : [{ command, ...readStatus(body) }]
  })
  const notes = said.map(
    ({ command, status, output }) => `on_change of ${sayPlay(command)}: ${sayStatus(status, command)}${output === '' ? '' : `: ${output}`}`,
  )
  const wrong = said.findIndex(({ status }) => status !== '0')
  const told: HostResult = { ...result, warnings: [...(result.warnings ?? []), ...notes.filter((_, index) => index !== wrong)] }
  return wrong < 0 ? told : failed(told, notes[wrong]!)
}

function readStatus(body: string): { readonly status: string; readonly output: string } {
  const [status = '', ...lines] = body.split('\n')
  return { status, output: printable(lines.join('\n').trimEnd(), { newlines: true }) }
}

function sayStatus(status: string, { timeout }: Due[number]): string {
  return status === 'late' ? `ended after ${timeout} s, its time limit` : status === '0' ? 'done' : `ended with ${status}`
}

const sayPlay = ({ play, run }: Due[number]): string => `"${printable(play)}" (${printable(run)})`

/** The plan's changes stand: only what should follow them did not come about. A later run has nothing to change, and so does not try again. */
function failed(result: HostResult, why: string): HostResult {
  return {
    ...result,
    outcome: 'failed',
    changes: [],
    reason: `${why}\nthe changes were made and confirmed (live: new, boot: new); run it by hand: a later run changes nothing and so does not run it`,
  }
}
