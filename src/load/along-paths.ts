import type { Problem } from '../types.js'
import type { Inventory } from './inventory.js'
import type { LoadedHost, Run } from './load.js'
import { readPaths } from './paths.js'
import { partIn, pathProblems, uncovered } from './paths-check.js'
import type { Play } from './playbook.js'
import { summed, type Told } from './told.js'

/** A run whose hosts know their part in the inventory's paths; or what on a path is wrong. A run of a part of the fleet is told of no gaps. */
export function alongPaths(inventory: Inventory, plays: readonly Play[], run: Run): { readonly problems: readonly Problem[] } | Run {
  const told: Told[] = []
  const paths = readPaths(inventory, (problem) => told.push({ problem }))
  if (paths.length === 0 && told.length === 0) return run
  const wants = new Map(run.hosts.map(({ want }) => [want.host, want]))
  told.push(...pathProblems(paths, wants, plays).map((problem) => ({ problem })))
  if (told.length > 0) return { problems: summed(told) }
  const hosts = run.hosts.map((host): LoadedHost => {
    const part = partIn(paths, host.want.host, wants)
    return part === undefined ? host : { ...host, want: { ...host.want, resources: { ...host.want.resources, paths: part } } }
  })
  const whole = run.hosts.every(({ want }) => want.mayRemove)
  return { ...run, hosts, notes: [...run.notes, ...(whole ? uncovered(paths, wants) : [])] }
}
