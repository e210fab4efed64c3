import type { Problem } from '../types.js'
import type { Document, Path } from './document.js'
import { expandRange } from './ranges.js'
import { isMapping, type Variable, type Vars, variablesOf } from './vars.js'

/** A group as the inventory files write it, before anything is inherited. */
export interface GroupNode {
  readonly name: string
  /** Where it is first named. */
  readonly document: Document
  readonly path: Path
  readonly vars: Map<string, Variable>
  readonly hosts: Set<string>
  readonly children: Set<string>
  /** The key `change_windows:`, which Ansible skips with a warning. */
  windows?: Variable
}

/** A host as the inventory files write it: where it is first named, and the variables at its name. */
export interface HostNode {
  readonly name: string
  readonly document: Document
  readonly path: Path
  readonly vars: Map<string, Variable>
}

/** What the inventory files say, in order of first appearance. */
export interface Tree {
  readonly groups: Map<string, GroupNode>
  readonly hosts: Map<string, HostNode>
  /** Top-level lists `paths:`, which are no group. */
  readonly paths: Variable[]
}

/** Adds the groups and hosts of a checked inventory document to the tree. */
export function growTree(tree: Tree, document: Document, problems: Problem[]): void {
  if (!isMapping(document.value)) return
  for (const name of Object.keys(document.value)) {
    const value = document.value[name]
    if (name === 'paths' && Array.isArray(value)) tree.paths.push({ value, document, path: [name] })
    else growGroup({ tree, document, problems }, name, value, [name], [])
  }
}

interface Growing {
  readonly tree: Tree
  readonly document: Document
  readonly problems: Problem[]
}

function growGroup(growing: Growing, name: string, body: unknown, path: Path, above: readonly string[]): void {
  const { tree, document, problems } = growing
  // What could not be read stands as '', and is told.
  if (name === '') return
  if (/[\s,:!&]/.test(name)) problems.push(document.problem(path, `${JSON.stringify(name)} cannot name a group`, { at: 'key' }))
  const group: GroupNode = tree.groups.get(name) ?? { name, document, path, vars: new Map(), hosts: new Set(), children: new Set() }
  tree.groups.set(name, group)
  const parent = above.at(-1)
  if (parent !== undefined) tree.groups.get(parent)?.children.add(name)
  if (!isMapping(body)) return
  for (const section of Object.keys(body)) {
    const entries = named(body[section])
    const here = [...path, section]
    if (section === 'vars') for (const [key, value] of variablesOf(document, body[section], here)) group.vars.set(key, value)
    if (section === 'change_windows') group.windows = { value: body[section], document, path: here }
    if (section === 'hosts') for (const [host, vars] of entries) growHosts(growing, group, host, vars, [...here, host])
    if (section === 'children') for (const [child, its] of entries) growGroup(growing, child, its, [...here, child], [...above, name])
  }
}

/** `hosts:` and `children:` may also be one bare name. */
function named(section: unknown): readonly (readonly [string, unknown])[] {
  if (typeof section === 'string') return [[section, null]]
  return isMapping(section) ? Object.keys(section).map((name) => [name, section[name]]) : []
}

function growHosts({ tree, document, problems }: Growing, group: GroupNode, key: string, vars: unknown, path: Path): void {
  if (key === '') return
  const refuse = (message: string) => problems.push(document.problem(path, message, { at: 'key' }))
  const names = expandRange(key)
  if ('wrong' in names) return void refuse(names.wrong)
  const own = variablesOf(document, vars, path)
  for (const full of names) {
    const { name, port } = splitPort(full)
    if (name === '' || /[\s,!&/\0]/.test(name)) return void refuse(`${JSON.stringify(name)} cannot name a host`)
    const host = tree.hosts.get(name) ?? { name, document, path, vars: new Map() }
    tree.hosts.set(name, host)
    group.hosts.add(name)
    if (port !== undefined) host.vars.set('ansible_port', { value: port, document, path })
    setAll(host.vars, own)
  }
}

function setAll(target: Map<string, Variable>, vars: Vars): void {
  for (const [name, variable] of vars) target.set(name, variable)
}

function splitPort(full: string): { readonly name: string; readonly port?: number } {
  const found = /^(?:([^:[\]]+)|\[([0-9a-fA-F:.]+)\])(?::([0-9]+))?$/.exec(full)
  if (!found) return { name: full }
  const name = found[1] ?? found[2] ?? full
  return found[3] === undefined ? { name } : { name, port: Number(found[3]) }
}
