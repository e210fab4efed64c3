import { type Aim, aimOf } from './aim.js'
import { type HostPlan, idOf, type Recall } from './plan.js'
import { resources } from './resources/index.js'
import type { Cause, HostWant } from './types.js'

/** The usual aim, narrowed by the first plan to the keys and rules whose differences have one of these causes; nothing is removed then. */
export function onlyCauses(causes: readonly Cause[], want: HostWant, recall: Recall): Aim {
  let aim = aimOf(want, recall)
  let narrowed = false
  return {
    look: () => aim.look(),
    seen: (sections) => aim.seen(sections),
    plan(seen, now) {
      const plan = aim.plan(seen, now)
      if (narrowed || plan.refused.length > 0) return plan
      narrowed = true
      aim = aimOf(narrowWant(want, plan, causes), recall)
      return aim.plan(seen, now)
    },
    madeFrom: (seen, plan) => aim.madeFrom(seen, plan),
    record: (run, seen, steps, now) => aim.record(run, seen, steps, now),
    memory: (seen, steps) => aim.memory(seen, steps),
  }
}

/** The part of a want whose differences in the plan have one of these causes. */
export function narrowWant(want: HostWant, { steps }: Pick<HostPlan, 'steps'>, causes: readonly Cause[]): HostWant {
  const meant = steps.flatMap((step) => step.changes).filter((change) => causes.includes(change.cause))
  const narrowed = resources.flatMap((resource) => {
    const wanted = want.resources[resource.name]
    const ids = new Set(meant.filter((change) => change.resource === resource.name).map(idOf))
    return wanted === undefined || ids.size === 0 ? [] : [[resource.name, resource.narrow(wanted as never, ids)] as const]
  })
  return { ...want, resources: Object.fromEntries(narrowed), mayRemove: false, prune: false }
}
