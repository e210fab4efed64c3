import { isOfShard, type Shard } from '../shard.js'
import type { HostWant, Problem } from '../types.js'
import type { ChangeWindow } from '../windows.js'
import type { Access } from './access.js'
import { familyOfAddress, isHostName } from './addresses.js'
import { alongPaths } from './along-paths.js'
import { changeWindows } from './change-windows.js'
import { sortProblems } from './check.js'
import { type Files, folderOf, join, piped, relative } from './files.js'
import { groupAddresses } from './group-addresses.js'
import { hostVariables } from './host-vars.js'
import { type Host, type Inventory, readInventory } from './inventory.js'
import { matchPattern } from './patterns.js'
import { isPicked, type Play, readPlaybooks, splitTags } from './playbook.js'
import { inventories, playbookFolders } from './playbook-folders.js'
import { type FoundProfile, findProfile } from './profile.js'
import type { Names } from './rule.js'
import { scopeOf, type World } from './scope.js'
import { limitHosts, unknownTags } from './selection.js'
import { toTarget } from './target.js'
import { summed, type Told } from './told.js'
import type { Vars } from './vars.js'
import { type WantRun, wantOf } from './want.js'

export interface LoadInput {
  /** Inventory files or folders. */
  readonly inventory: readonly string[]
  readonly playbooks: readonly string[]
  /** --limit: a host pattern; `@FILE` stands for the patterns in a file. */
  readonly limit?: string
  readonly tags?: readonly string[]
  /** -e key=value: they win over every other variable. */
  readonly extraVars?: Readonly<Record<string, unknown>>
  readonly prune?: boolean
  /** Also the hosts that no play names. */
  readonly everyHost?: boolean
  /** --shard: only its hosts; nothing is removed then. */
  readonly shard?: Shard
  readonly files: Files
  /** The addresses of a name, on the controller; an empty list or an error: it cannot be resolved. */
  readonly lookup: (name: string) => Promise<readonly string[]>
  /** Who logs in where the inventory does not say. */
  readonly user: string
  /** How hosts are reached where the inventory does not say: what `ansible.cfg` means as variables. */
  readonly connection?: Vars
  /** Stands for `~` in key files. */
  readonly home: string
  /** Folder of the profiles that come with the package. */
  readonly shippedProfiles: string
  /** Folder that relative paths start from, absolute; without it a playbook by an absolute path keeps that as its origin. */
  readonly cwd?: string
}

export interface LoadedHost {
  readonly target: Access
  readonly want: HostWant
  readonly groups: readonly string[]
  /** When the schedule may change it; none = at any time. */
  readonly windows?: readonly ChangeWindow[]
}

/** A run that can begin: the hosts that its plays name, in the inventory's order. */
export interface Run {
  readonly hosts: readonly LoadedHost[]
  /** What a person should know of how the files were read: `proxy.example is 192.0.2.1`. */
  readonly notes: readonly string[]
  /** Of a shard: the hosts of all shards, by name. */
  readonly fleet?: readonly string[]
}

/** Reads inventory and playbooks into what every host should hold, or all problems at once; no host is contacted. */
export async function loadRun(input: LoadInput): Promise<{ readonly problems: readonly Problem[] } | Run> {
  const folders = playbookFolders(input.playbooks)
  const { inventory, problems: first } = readInventory(input.inventory, input.files, folders)
  const originOf = origins(input, inventory)
  const { plays, problems: second, unsound } = readPlaybooks([...new Set(input.playbooks)], originOf, input.files)
  const tags = unknownTags(splitTags(input.tags ?? []), plays, unsound)
  const files: Read = {
    input,
    inventory,
    inventoryOf: inventories(input, inventory, folders),
    plays,
    // another time something else may come by stdin: what came by it before is no reason to remove anything
    playbooks: [...new Set(input.playbooks)].filter((path) => path !== '-').map(originOf),
  }
  const run = await assembleResolved(files, new Map())
  const before = [...first, ...second, ...tags]
  // A part that has a problem already needs no second one.
  const after =
    'problems' in run
      ? run.problems.filter((problem) => !before.some(({ file, path }) => problem.file === file && problem.path === path && path !== ''))
      : []
  return before.length + after.length > 0 ? { problems: sortProblems([...before, ...after]) } : run
}

interface Read {
  readonly input: LoadInput
  readonly inventory: Inventory
  readonly inventoryOf: (play: Play) => Inventory
  readonly plays: readonly Play[]
  readonly playbooks: readonly string[]
}

type Resolved = Map<string, readonly string[] | null>

/** Assembles, looks up the names that were met, and assembles again, until none is missing: so all the rest can be plain functions. */
async function assembleResolved(read: Read, resolved: Resolved): Promise<{ readonly problems: readonly Problem[] } | Run> {
  const missing = new Set<string>()
  const names: Names = (name) => {
    if (!resolved.has(name)) missing.add(name)
    return resolved.get(name)
  }
  const loaded = assemble(read, names)
  if (missing.size === 0)
    return 'problems' in loaded
      ? loaded
      : alongPaths(read.inventory, read.plays, {
          ...loaded,
          notes: [...notesOf(resolved), ...read.input.playbooks.filter((path) => path === '-').map(() => pipedNote)],
        })
  await lookUp([...missing], resolved, read.input.lookup)
  return assembleResolved(read, resolved)
}

/** Looks names up on the controller, 20 at once, into `resolved`; null: it cannot be looked up. */
export async function lookUp(names: readonly string[], resolved: Resolved, lookup: LoadInput['lookup']): Promise<void> {
  const queue = [...names]
  const work = async (): Promise<void> => {
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) resolved.set(name, await resolve(name, lookup))
  }
  await Promise.all(Array.from({ length: 20 }, work))
}

async function resolve(name: string, lookup: LoadInput['lookup']): Promise<readonly string[] | null> {
  if (!isHostName(name)) return null
  try {
    const found = (await lookup(name)).filter((address) => familyOfAddress(address))
    return found.length > 0 ? [...new Set(found)].sort() : null
  } catch {
    return null
  }
}

const pipedNote = 'a playbook from stdin removes nothing: what it does not name any more stays on the hosts; one in a file removes it'

function notesOf(resolved: Resolved): readonly string[] {
  return [...resolved]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, found]) => (found ? `${name} is ${found.join(', ')}` : `${name} could not be looked up here: it is left to the hosts`))
}

function assemble(
  { input, inventory, inventoryOf, plays, playbooks }: Read,
  names: Names,
): { readonly problems: readonly Problem[] } | Omit<Run, 'notes'> {
  const told: Told[] = []
  const extraVars = input.extraVars ?? {}
  const world: World = { inventory, extraVars, addresses: groupAddresses(inventory, extraVars, names) }
  const tags = splitTags(input.tags ?? [])
  const named = new Map(plays.map((play) => [play, hostsOf(play, inventory, told)]))
  const limit = input.limit === undefined ? undefined : limitHosts(input.limit, inventory, input.files)
  told.push(...(limit?.problems ?? []).map((problem) => ({ problem })))
  const run: WantRun = {
    world,
    worldOf: (play) => ({ ...world, inventory: inventoryOf(play) }),
    names,
    playbooks,
    mayRemove: limit === undefined && tags.length === 0 && input.shard === undefined,
    prune: input.prune ?? false,
    nobody: false,
    shared: new Map(),
    filters: new Map(),
    known: input.files.known,
    profile: profiles(input, told),
    tell: (problem, host, play) => told.push({ problem, host, of: play ? (named.get(play)?.size ?? 0) : 0 }),
  }
  const fleet: string[] = []
  const hosts = [...inventory.hosts.values()].flatMap((host) => {
    hostVariables(host, scopeOf(host, world), (problem) => run.tell(problem, host.name, undefined))
    const own = plays.filter((play) => isPicked(play, tags) && named.get(play)?.has(host.name))
    if ((own.length === 0 && input.everyHost !== true) || limit?.hosts.has(host.name) === false) return []
    fleet.push(host.name)
    return input.shard && !isOfShard(host.name, input.shard) ? [] : [loadHost(host, own, input, run)]
  })
  for (const play of plays) if (isPicked(play, tags) && named.get(play)?.size === 0) readForNobody(play, run)
  const problems = summed(told)
  return problems.length > 0 ? { problems } : { hosts, ...(input.shard && { fleet }) }
}

/** Reads a play that names no host for the mistakes that it has whoever it is for. */
function readForNobody(play: Play, run: WantRun): void {
  const host: Host = { name: '', vars: new Map(), groups: [], document: play.document, path: [] }
  wantOf(host, [play], { ...run, nobody: true })
}

function loadHost(host: Host, plays: readonly Play[], input: LoadInput, run: WantRun): LoadedHost {
  const defaults = { user: input.user, home: input.home, folder: run.world.inventory.folder, connection: input.connection }
  const target = toTarget(host, scopeOf(host, run.world), defaults, (name, message) => {
    const { document, path } = host.vars.get(name) ?? input.connection?.get(name) ?? host
    run.tell(document.problem(path, `${name} ${message}`), host.name, undefined)
  })
  const windows = changeWindows(host, scopeOf(host, run.world), (problem) => run.tell(problem, host.name, undefined))
  return { target, want: wantOf(host, plays, run), groups: host.groups, ...(windows.length > 0 && { windows }) }
}

function hostsOf(play: Play, inventory: Inventory, told: Told[]): ReadonlySet<string> {
  if (play.written.hosts.length === 0) return new Set()
  const match = matchPattern(play.written.hosts, inventory)
  for (const { part, message } of match.wrong)
    told.push({ problem: play.document.problem([play.index, 'hosts'], message, { needle: part }) })
  return match.hosts
}

function origins({ cwd }: LoadInput, { folder }: Inventory): (path: string) => string {
  const whole = (path: string): string => (cwd === undefined ? path : join(cwd, path))
  return (path) => (path === '-' ? piped : relative(whole(folder), whole(path)))
}

function profiles(input: LoadInput, told: Told[]): WantRun['profile'] {
  const known = new Map<string, FoundProfile>()
  return (name, play) => {
    const folder = folderOf(play.document.file)
    const key = `${folder}\0${name}`
    const found = known.get(key) ?? findProfile(name, folder, input.shippedProfiles, input.files)
    if (!known.has(key)) told.push(...found.problems.map((problem) => ({ problem })))
    known.set(key, found)
    return 'profile' in found ? found.profile : { wrong: found.wrong }
  }
}
