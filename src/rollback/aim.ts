import { type Aim, previousItems } from '../aim.js'
import { toSeen } from '../seen.js'
import type { HostRecord, HostWant, RecordItem, Seen } from '../types.js'
import { rollbackBody } from './look.js'
import { planRollback } from './reverse.js'
import type { HostRun } from './runs.js'

/** The aim of taking a run back: what it changed is as before, as far as it still is the run's. `later` are the host's later runs. */
export function rollbackAim(chosen: HostRun, later: readonly HostRun[], want: HostWant): Aim {
  return {
    look: () => rollbackBody(chosen, want),
    seen: (sections) => toSeen(sections, undefined),
    plan: (seen) => planRollback(chosen, later, seen),
    madeFrom: (seen) => ({ init: seen.facts.init, parts: {} }),
    record: (run, seen, _, now) => recordBefore(chosen, run, seen, now),
    memory: (seen, steps) => ({
      changes: steps.map((step) => step.changes),
      previous: previousItems(seen, steps),
      rollbackOf: chosen.run,
    }),
  }
}

/** The record without what the run wrote into it, so that the next apply does not call it drift. */
function recordBefore({ previous }: HostRun, run: string, seen: Seen, now: string): HostRecord {
  const old = seen.facts.record
  const items: Record<string, Record<string, RecordItem>> = { ...old?.items }
  for (const [resource, before] of Object.entries(previous)) {
    const known: Record<string, RecordItem> = { ...items[resource] }
    for (const [id, item] of Object.entries(before)) {
      if (item !== null && item.want !== known[id]?.want) known[id] = item
      else delete known[id]
    }
    items[resource] = known
  }
  return { format: 1, run, at: now, ...(old?.version === undefined ? {} : { version: old.version }), bootId: seen.facts.bootId, items }
}
