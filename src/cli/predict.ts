import { readRuns } from '../history/runs.js'
import type { LoadedHost } from '../load/load.js'
import { idOf } from '../plan.js'
import { predictUpgrade, sayPrediction, upgradesOf } from '../report/upgrades.js'
import { resources } from '../resources/index.js'
import type { HostResult } from '../shown.js'
import type { Change, HostWant } from '../types.js'

/** `plan --predict-upgrade`: each host's result with every upgrade that its peers have had and it has not. */
export function withPredictions(results: readonly HostResult[], hosts: readonly LoadedHost[], state: string): readonly HostResult[] {
  const upgrades = upgradesOf(readRuns(state))
  const known = new Map(hosts.map((host) => [host.target.host, host]))
  return results.map((result) => {
    const loaded = known.get(result.host)
    if (!loaded || result.version === undefined) return result
    return { ...result, predictions: predictUpgrade(result, loaded.groups, upgrades, wanted(loaded.want)) }
  })
}

/** The same results with a warning for every prediction, for people. */
export function withForetold(results: readonly HostResult[], state: string): readonly HostResult[] {
  const none = upgradesOf(readRuns(state)).length === 0 ? ['predicted: nothing; the history holds no upgrade yet'] : []
  return results.map((result) =>
    result.predictions ? { ...result, warnings: [...(result.warnings ?? []), ...result.predictions.map(sayPrediction), ...none] } : result,
  )
}

function wanted(want: HostWant): (change: Change) => boolean {
  const names = resources.flatMap((resource) => {
    const own = want.resources[resource.name]
    return own === undefined ? [] : resource.items(own as never).map(({ id }) => `${resource.name} ${id}`)
  })
  const ids = new Set(names)
  return (change) => ids.has(`${change.resource} ${idOf(change)}`)
}
