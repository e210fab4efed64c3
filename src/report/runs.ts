import type { HostRun } from '../rollback/runs.js'
import { wrap } from './columns.js'
import { paint, type Style, show } from './style.js'

/** What a host keeps of the runs that changed it; `reason`: why that is not known. */
export interface ShownRuns {
  readonly host: string
  readonly runs: readonly HostRun[]
  readonly damaged: readonly string[]
  readonly reason?: string
}

/** The runs that hosts keep, as people read them: the last first, each with who, when and what it changed. */
export function runsText(hosts: readonly ShownRuns[], style: Style): string {
  const blocks = hosts.map(({ host, runs, damaged, reason }) => [
    paint(show(host, style), 'bold', style),
    ...(reason === undefined ? [] : wrap(show(reason, style), style.width, '  ')),
    ...(reason === undefined && runs.length + damaged.length === 0 ? ['  keeps no runs'] : []),
    ...runs.flatMap((run) => runLines(run, style)),
    ...damaged.map((run) => `  ${show(run, style)}  damaged: it cannot be taken back`),
  ])
  return `${blocks.map((block) => block.join('\n')).join('\n\n')}\n`
}

function runLines({ run, at, who, rollbackOf, changes }: HostRun, style: Style): readonly string[] {
  const what = rollbackOf === undefined ? '' : `  took back ${rollbackOf}`
  const places = [...new Set(changes.flat().map(({ layer, at: place }) => `${layer} ${place}`))]
  return [`  ${show(`${run}  ${at}  ${who}${what}`, style)}`, ...wrap(show(places.join(', '), style), style.width, '      ')]
}

/** The document of rollback --list (schemas/report.schema.json). */
export function runsJson(hosts: readonly ShownRuns[]): string {
  const document = {
    hosts: hosts.map(({ host, runs, damaged, reason }) => ({
      host,
      ...(reason === undefined ? {} : { reason }),
      runs: runs.map(({ run, at, who, rollbackOf, changes }) => ({
        run,
        at,
        who,
        ...(rollbackOf === undefined ? {} : { rollbackOf }),
        changes: changes.flat(),
      })),
      ...(damaged.length === 0 ? {} : { damaged }),
    })),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
