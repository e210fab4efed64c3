import { idOf } from './plan.js'
import { resources } from './resources/index.js'
import type { Change, HostWant } from './types.js'

/** The names of the plays that something was changed for, in either layer. What no play names any more was changed for none. */
export function changedPlays(want: HostWant, changes: readonly Change[]): ReadonlySet<string> {
  const touched = new Set(changes.map((change) => `${change.resource} ${idOf(change)}`))
  const plays = resources.flatMap((resource) => {
    const wanted = want.resources[resource.name]
    const items = wanted === undefined ? [] : resource.items(wanted as never)
    return items.filter((item) => touched.has(`${resource.name} ${item.id}`)).flatMap((item) => item.play ?? [])
  })
  return new Set(plays)
}
