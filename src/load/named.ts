import { isOfShard } from '../shard.js'
import type { Problem } from '../types.js'
import { changeWindows } from './change-windows.js'
import { groupAddresses } from './group-addresses.js'
import { hostVariables } from './host-vars.js'
import { type Host, type Inventory, readInventory } from './inventory.js'
import { type LoadedHost, type LoadInput, lookUp, type Run } from './load.js'
import { matchPattern } from './patterns.js'
import { playbookFolders } from './playbook-folders.js'
import type { Names } from './rule.js'
import { scopeOf, type World } from './scope.js'
import { limitHosts } from './selection.js'
import { toTarget } from './target.js'
import { summed, type Told } from './told.js'
import { wantNothing } from './want-nothing.js'
import { readHostReach } from './want-reach.js'

export interface NamedInput
  extends Pick<LoadInput, 'inventory' | 'limit' | 'shard' | 'extraVars' | 'files' | 'lookup' | 'user' | 'home' | 'connection'> {
  /** Ansible host patterns; a host that one of them names is meant. */
  readonly patterns: readonly string[]
}

/** The hosts that patterns name, as the inventory describes them: no play is read, so nothing is wanted but what they must reach. */
export async function loadNamed(input: NamedInput): Promise<{ readonly problems: readonly Problem[] } | Run> {
  const { inventory, problems } = readInventory(input.inventory, input.files, playbookFolders([]))
  if (problems.length > 0) return { problems }
  const resolved = new Map<string, readonly string[] | null>()
  for (;;) {
    const missing = new Set<string>()
    const names: Names = (name) => {
      if (!resolved.has(name)) missing.add(name)
      return resolved.get(name)
    }
    const found = assemble(input, inventory, names)
    if (missing.size === 0) return found
    await lookUp([...missing], resolved, input.lookup)
  }
}

function assemble(input: NamedInput, inventory: Inventory, names: Names): { readonly problems: readonly Problem[] } | Run {
  const told: Told[] = []
  const extraVars = input.extraVars ?? {}
  const world: World = { inventory, extraVars, addresses: groupAddresses(inventory, extraVars, names) }
  const match = matchPattern(input.patterns, inventory)
  for (const { part, message } of match.wrong)
    told.push({ problem: { file: 'PATTERN', line: 1, column: 1, path: '', message, excerpt: part } })
  const limit = input.limit === undefined ? undefined : limitHosts(input.limit, inventory, input.files)
  told.push(...(limit?.problems ?? []).map((problem) => ({ problem })))
  const { shard } = input
  const meant = [...inventory.hosts.values()].filter(({ name }) => match.hosts.has(name) && (limit?.hosts.has(name) ?? true))
  const ours = shard ? meant.filter(({ name }) => isOfShard(name, shard)) : meant
  const hosts = ours.map((host) => loadHost(host, world, names, input, (problem) => told.push({ problem, host: host.name, of: 0 })))
  return told.length > 0 ? { problems: summed(told) } : { hosts, notes: [], ...(shard && { fleet: meant.map(({ name }) => name) }) }
}

function loadHost(
  host: Host,
  world: World,
  names: Names,
  { user, home, connection }: NamedInput,
  tell: (problem: Problem) => void,
): LoadedHost {
  const scope = scopeOf(host, world)
  hostVariables(host, scope, tell)
  const target = toTarget(host, scope, { user, home, folder: world.inventory.folder, connection }, (name, message) => {
    const { document, path } = host.vars.get(name) ?? connection?.get(name) ?? host
    tell(document.problem(path, `${name} ${message}`))
  })
  const windows = changeWindows(host, scope, tell)
  const want = wantNothing(host.name, readHostReach(host, scope, names, tell))
  return { target, want, groups: host.groups, ...(windows.length > 0 && { windows }) }
}
