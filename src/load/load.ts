import type { HostWant, Problem, Profile, Target } from '../types.js'
import { familyOfAddress, isHostName } from './addresses.js'
import { sortProblems } from './check.js'
import { type Files, folderOf, relative } from './files.js'
import { hostVariables } from './host-vars.js'
import { type Host, type Inventory, readInventory } from './inventory.js'
import { matchPattern } from './patterns.js'
import { isPicked, type Play, readPlaybooks } from './playbook.js'
import { type FoundProfile, findProfile } from './profile.js'
import { noOverrides, scopeOf } from './scope.js'
import { toTarget } from './target.js'
import { type Run as WantRun, wantOf } from './want.js'

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
  /** The run sees only a part of the fleet (--shard): nothing is removed. */
  readonly partial?: boolean
  readonly files: Files
  /** The addresses of a name, on the controller; an empty list or an error: it cannot be resolved. */
  readonly lookup: (name: string) => Promise<readonly string[]>
  /** Who logs in where the inventory does not say. */
  readonly user: string
  /** Stands for `~` in key files. */
  readonly home: string
  /** Folder of the profiles that come with the package. */
  readonly shippedProfiles: string
}

export interface LoadedHost {
  readonly target: Target
  readonly want: HostWant
  readonly groups: readonly string[]
}

/** A run that can begin: the hosts that its plays name, in the inventory's order. */
export interface Run {
  readonly hosts: readonly LoadedHost[]
  /** What a person should know of how the files were read: `proxy.example is 192.0.2.1`. */
  readonly notes: readonly string[]
}

/** Reads inventory and playbooks into what every host should hold, or all problems at once; no host is contacted. */
export async function loadRun(input: LoadInput): Promise<{ readonly problems: readonly Problem[] } | Run> {
  const { inventory, problems: first } = readInventory(input.inventory, input.files)
  const { plays, problems: second } = readPlaybooks(input.playbooks, inventory.folder, input.files)
  if (first.length + second.length > 0) return { problems: sortProblems([...first, ...second]) }
  const names = new Map<string, readonly string[] | null>()
  for (let round = 0; ; round++) {
    const missing = new Set<string>()
    const ask = (name: string) => {
      if (!names.has(name)) missing.add(name)
      return names.get(name)
    }
    const loaded = assemble(input, inventory, plays, ask)
    if (missing.size === 0 || round > 20) return 'problems' in loaded ? loaded : { ...loaded, notes: notesOf(names) }
    await Promise.all([...missing].map(async (name) => names.set(name, await resolve(name, input.lookup))))
  }
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

function notesOf(names: ReadonlyMap<string, readonly string[] | null>): readonly string[] {
  return [...names].map(([name, found]) =>
    found ? `${name} is ${found.join(', ')}` : `${name} could not be looked up here: left to the hosts`,
  )
}

type Ask = WantRun['names']

function assemble(
  input: LoadInput,
  inventory: Inventory,
  plays: readonly Play[],
  names: Ask,
): { readonly problems: readonly Problem[] } | { readonly hosts: readonly LoadedHost[] } {
  const told: Told[] = []
  const picked = plays.filter((play) => isPicked(play, input.tags ?? []))
  const named = new Map(plays.map((play) => [play, hostsOf(play, inventory, told)]))
  const limit = limitOf(input, inventory, told)
  const run: WantRun = {
    inventory,
    playbooks: input.playbooks.map((path) => relative(inventory.folder, path)),
    extraVars: input.extraVars ?? {},
    mayRemove: input.limit === undefined && (input.tags ?? []).length === 0 && input.partial !== true,
    prune: input.prune ?? false,
    names,
    profile: profiles(input, told),
    tell: (problem, host, play) => told.push({ problem, host, of: play ? (named.get(play)?.size ?? 0) : inventory.hosts.size }),
  }
  const hosts: LoadedHost[] = []
  for (const host of inventory.hosts.values()) {
    const own = picked.filter((play) => named.get(play)?.has(host.name))
    hostVariables(host, scopeOf(host, inventory, { ...noOverrides, extra: run.extraVars }, names), (problem) =>
      told.push({ problem, host: host.name, of: inventory.hosts.size }),
    )
    if (own.length > 0 && limit(host.name)) hosts.push(loadHost(host, own, input, run))
  }
  return told.length > 0 ? { problems: summed(told) } : { hosts }
}

function loadHost(host: Host, plays: readonly Play[], input: LoadInput, run: WantRun): LoadedHost {
  const scope = scopeOf(host, run.inventory, { ...noOverrides, extra: run.extraVars }, run.names)
  const { folder } = run.inventory
  const target = toTarget(host, scope, { user: input.user, home: input.home, folder }, (name, message) => {
    const { document, path } = host.vars.get(name) ?? host
    run.tell(document.problem(path, `${name} ${message}`), host.name, undefined)
  })
  return { target, want: wantOf(host, plays, run), groups: host.groups }
}

interface Told {
  readonly problem: Problem
  readonly host?: string
  /** How many hosts the place speaks for. */
  readonly of?: number
}

/** One problem per place and sentence; where it concerns some of the hosts only, they are named. */
function summed(told: readonly Told[]): readonly Problem[] {
  const by = new Map<string, { readonly problem: Problem; readonly hosts: Set<string>; readonly of: number }>()
  for (const { problem, host, of = 0 } of told) {
    const key = `${problem.file}:${problem.line}:${problem.column} ${problem.message}`
    const entry = by.get(key) ?? { problem, hosts: new Set<string>(), of }
    if (host !== undefined) entry.hosts.add(host)
    by.set(key, entry)
  }
  return sortProblems(
    [...by.values()].map(({ problem, hosts, of }) =>
      hosts.size > 0 && hosts.size < of && problem.path.split('.').length > 1
        ? { ...problem, message: `${problem.message}${concerned([...hosts], problem.path)}` }
        : problem,
    ),
  )
}

function concerned(hosts: readonly string[], path: string): string {
  const [first = ''] = hosts
  if (path.split('.').includes(first)) return ''
  return hosts.length > 1 ? ` (for ${first} and ${hosts.length - 1} more)` : ` (for ${first})`
}

function hostsOf(play: Play, inventory: Inventory, told: Told[]): ReadonlySet<string> {
  const match = matchPattern(play.written.hosts, inventory)
  for (const { part, message } of match.wrong)
    told.push({ problem: play.document.problem([play.index, 'hosts'], message, { needle: part }) })
  return match.hosts
}

function limitOf({ limit, files }: LoadInput, inventory: Inventory, told: Told[]): (host: string) => boolean {
  if (limit === undefined) return () => true
  const wrong = (message: string) => told.push({ problem: { file: '--limit', line: 1, column: 1, path: '', message } })
  const parts = limit.split(',').flatMap((part) => {
    if (!part.trim().startsWith('@')) return [part]
    const text = files.read(part.trim().slice(1))
    if (text === undefined) wrong(`there is no file ${part.trim().slice(1)}`)
    return (text ?? '').split(/\r?\n/).filter((line) => line.trim() !== '')
  })
  const match = matchPattern(parts, inventory)
  for (const { message } of match.wrong) wrong(message)
  return (host) => match.hosts.has(host)
}

function profiles(input: LoadInput, told: Told[]): WantRun['profile'] {
  const known = new Map<string, FoundProfile>()
  return (name, play): Profile | { readonly wrong: string | undefined } => {
    const folder = folderOf(play?.document.file ?? input.inventory[0] ?? '.')
    const key = `${folder} ${name}`
    const found = known.get(key) ?? findProfile(name, folder, input.shippedProfiles, input.files)
    if (!known.has(key)) told.push(...found.problems.map((problem) => ({ problem })))
    known.set(key, found)
    return 'profile' in found ? found.profile : { wrong: found.wrong }
  }
}
