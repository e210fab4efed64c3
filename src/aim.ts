import { kindOf } from './alike.js'
import { bySame, byText } from './by-text.js'
import { madeFrom } from './made-from.js'
import { type HostPlan, idOf, nextRecord, planHost, type Recall } from './plan.js'
import { resources } from './resources/index.js'
import type { RunMemory } from './script/act.js'
import { lookBody } from './script/look.js'
import { wideBody } from './script/wide.js'
import { toSeen } from './seen.js'
import type { MadeFrom } from './shown.js'
import type { HostRecord, HostWant, RecordItem, Section, Seen, Step } from './types.js'

/** What one host is to be brought to: how it is looked at, what differs from it, and what the host remembers afterwards. Pure. */
export interface Aim {
  /** The body of a look; it changes nothing on the host. */
  readonly look: () => string
  readonly seen: (sections: readonly Section[]) => Seen
  /** `now` is an ISO time. */
  readonly plan: (seen: Seen, now: string) => HostPlan
  /** Only where a plan was approved: what of it no longer holds, so that the host is stale. */
  readonly moved?: (seen: Seen, plan: HostPlan) => readonly string[]
  readonly madeFrom: (seen: Seen, plan: HostPlan) => MadeFrom
  readonly record: (run: string, seen: Seen, steps: readonly Step[], now: string) => HostRecord
  readonly memory: (seen: Seen, steps: readonly Step[]) => RunMemory
}

/** Hosts of which the same is wanted are looked at alike. */
const lookOnce = byText((want) => lookBody(JSON.parse(want) as HostWant, resources))

const lookOf = bySame((kind: HostWant): string => lookOnce(JSON.stringify(kind)))

/** The usual aim: what the playbooks want of the host. */
export function aimOf(want: HostWant, recall: Recall = {}): Aim {
  return {
    look: () => lookOf(kindOf(want)),
    seen: (sections) => toSeen(sections, want.profile),
    plan: (seen, now) => planHost(want, seen, now, recall),
    madeFrom: (seen, plan) => madeFrom(want, seen, plan.steps),
    record: (run, seen, steps, now) => nextRecord(run, want, seen, steps, now, recall),
    memory: (seen, steps) => ({ changes: steps.map((step) => step.changes), previous: previousItems(seen, steps) }),
  }
}

/** The same aim, whose looks read more than they are asked for, for `report --outliers --wide`. */
export const widely = (aim: Aim): Aim => ({ ...aim, look: () => `${aim.look()}\n${wideBody}` })

/** What the record holds of the things that steps change: a rollback gives it back. */
export function previousItems(seen: Seen, steps: readonly Step[]): RunMemory['previous'] {
  const previous: Record<string, Record<string, RecordItem | null>> = {}
  for (const change of steps.flatMap((step) => step.changes)) {
    const id = idOf(change)
    previous[change.resource] ??= {}
    previous[change.resource]![id] = seen.facts.record?.items[change.resource]?.[id] ?? null
  }
  return previous
}
