import type { HostResult, ShownRun } from '../shown.js'
import type { HostReport, RunReport } from '../types.js'

/** The document of plan and apply (schemas/report.schema.json), with a final newline; a byte that is no UTF-8 stays an escaped lone surrogate. */
export const jsonOf = (run: ShownRun): string => `${JSON.stringify(reportOf(run), null, 2)}\n`

/** A run without what only people are shown. */
export function reportOf({ run, command, shard, hosts, summary }: ShownRun): RunReport & Pick<ShownRun, 'shard'> {
  return { run, command, ...(shard && { shard: { number: shard.number, of: shard.of } }), hosts: hosts.map(hostOf), summary }
}

function hostOf({ host, outcome, reason, version, changes, warnings, seconds, timing }: HostResult): HostReport {
  return {
    host,
    outcome,
    ...(reason === undefined ? {} : { reason }),
    ...(version === undefined ? {} : { version }),
    changes,
    ...(warnings?.length ? { warnings } : {}),
    ...(seconds === undefined ? {} : { seconds }),
    ...(timing === undefined ? {} : { timing }),
  }
}
