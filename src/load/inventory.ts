import type { Problem } from '../types.js'
import { type WindowsPlace, windowsSaid } from './change-windows.js'
import { check, sortProblems } from './check.js'
import type { Document, Path } from './document.js'
import { type Files, folderOf, join } from './files.js'
import { rankGroups } from './group-ranks.js'
import { growTree, type Tree } from './inventory-tree.js'
import { anything, mentions } from './mentions.js'
import { readSource } from './source.js'
import { readVarFiles, type VarFiles } from './var-files.js'
import { mergeVars, type Variable, type Vars } from './vars.js'

/** A host with all variables that it inherits. */
export interface Host {
  readonly name: string
  readonly vars: Vars
  /** What is said of its change windows, by a variable or by a group's key. */
  readonly windows?: Variable
  /** Groups that it is in, directly or through children, without `all`, sorted. */
  readonly groups: readonly string[]
  /** Where it is first named. */
  readonly document: Document
  readonly path: Path
}

export interface Inventory {
  /** Folder of the first inventory file. */
  readonly folder: string
  /** In order of first appearance. */
  readonly hosts: ReadonlyMap<string, Host>
  /** Members in the inventory's order; `all` and `ungrouped` are among them. */
  readonly groups: ReadonlyMap<string, readonly string[]>
  /** Top-level lists `paths:`. */
  readonly paths?: readonly Variable[]
  /** As the files write it. */
  readonly tree: Tree
  /** Whether a name that is not here may stand in a part that could not be read: nothing is said of it then. */
  readonly mayHide: (name: string) => boolean
}

/**
 * Reads inventory files (a folder: every such file in it), and the group_vars/ and host_vars/ beside them and beside the playbooks, which
 * win as Ansible has it: 'all' of both before the groups of both.
 */
export function readInventory(
  paths: readonly string[],
  files: Files,
  playbookFolders: readonly string[] = [],
): { readonly inventory: Inventory; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []
  const tree: Tree = { groups: new Map(), hosts: new Map(), paths: [] }
  const found = paths.map((path) => ({ path, sources: inventoryFiles(path, files, 0) }))
  const empty = found.filter(({ sources }) => sources.length === 0)
  for (const { path } of empty)
    problems.push({
      file: path,
      line: 1,
      column: 1,
      path: '',
      message: 'holds no inventory: hidden files and *.ini, *.cfg, *.txt, *.md and the like are passed over, as Ansible does',
    })
  const sources = found.flatMap((each) => each.sources)
  const unsound = [...empty.map(() => anything), ...sources.flatMap((file) => addSource(file, files, tree, problems))]
  const folders = [...new Set(paths.map((path) => (files.list(path) ? path : folderOf(path))))]
  const beside = (all: readonly string[]): Beside => {
    const read = (kind: string) => all.map((folder) => readVarFiles(join(folder, kind), files, problems, unsound))
    return { groups: read('group_vars'), hosts: read('host_vars') }
  }
  const members = inherit(tree, [beside(folders), beside(playbookFolders)], problems)
  return {
    inventory: {
      ...members,
      paths: tree.paths,
      tree,
      folder: folders[0] ?? '.',
      mayHide: (name) => unsound.some((text) => mentions(text, name)),
    },
    // A folder beside both an inventory and a playbook is read for each.
    problems: sortProblems(problems),
  }
}

/** What Ansible passes over in a folder of inventories (INVENTORY_IGNORE_EXTS of ansible-core 2.14): INI files too, when they are called so. */
const passedOver = /^\.|^(host_vars|group_vars|vars_plugins)$|(~|\.(pyc|pyo|swp|bak|rpm|md|txt|rst|orig|ini|cfg|retry))$/

function inventoryFiles(path: string, files: Files, depth: number): readonly string[] {
  const names = files.list(path)
  if (!names || depth > 10) return [path]
  return [...names]
    .sort()
    .filter((name) => !passedOver.test(name))
    .flatMap((name) => inventoryFiles(join(path, name), files, depth + 1))
}

/** Reads one file into the tree; gives its text where that has problems. */
function addSource(file: string, files: Files, tree: Tree, problems: Problem[]): readonly string[] {
  const { document, text } = readSource(file, files)
  const before = problems.length
  if (text === undefined) problems.push(document.problem([], 'there is no such inventory file'))
  else if (document.value === null && document.problems.length === 0) problems.push(document.problem([], 'holds no groups'))
  else {
    problems.push(...document.problems, ...check('inventory', document))
    growTree(tree, document, problems)
  }
  // What is no text at all, or too much of it, is not searched for names.
  const read = text !== undefined && text.length < 1_000_000 && !text.includes('\0') ? text : anything
  return problems.length > before ? [read] : []
}

/** The variable files of several folders, later ones winning over all of those before. */
interface Beside {
  readonly groups: readonly VarFiles[]
  readonly hosts: readonly VarFiles[]
}

function inherit(tree: Tree, places: readonly Beside[], problems: Problem[]): Pick<Inventory, 'hosts' | 'groups'> {
  const { order, above } = rankGroups(tree, problems)
  const inline = new Map([...tree.groups].map(([name, { vars, windows }]) => [name, { vars: withoutPriority(vars), windows }]))
  const filed = places.map(({ groups }) => groups.map((folder) => varsOfGroups(['all', ...order, 'ungrouped'], folder)))
  const of = (names: readonly string[]): readonly WindowsPlace[] =>
    filed.flatMap((folders) => folders.flatMap((folder) => names.flatMap((name) => folder.get(name) ?? [])))
  const direct = membership(tree)
  const members = new Map<string, string[]>([
    ['all', []],
    ['ungrouped', []],
    ...[...tree.groups.keys()].map((name): [string, string[]] => [name, []]),
  ])
  const hosts = new Map<string, Host>()
  for (const node of tree.hosts.values()) {
    const inside = new Set((direct.get(node.name) ?? []).flatMap((name) => [...(above.get(name) ?? [])]))
    const groups = order.filter((name) => inside.has(name))
    const ranked = groups.length > 0 ? groups : ['ungrouped']
    for (const name of ['all', ...ranked]) members.get(name)?.push(node.name)
    const layers: readonly WindowsPlace[] = [
      ...['all', ...ranked].flatMap((name) => inline.get(name) ?? []),
      ...of(['all']),
      ...of(ranked),
      { vars: node.vars },
      ...places.flatMap(({ hosts }) => hosts.map((each) => ({ vars: each.of(node.name) }))),
    ]
    const { name, document, path } = node
    const windows = windowsSaid(layers)
    const vars = mergeVars(layers.map((layer) => layer.vars))
    hosts.set(name, { name, vars, groups: [...groups].sort(), document, path, ...(windows && { windows }) })
  }
  for (const name of members.keys()) members.set(name, inTreeOrder(name, tree, members.get(name) ?? []))
  return { hosts, groups: members }
}

function varsOfGroups(names: readonly string[], folder: VarFiles): ReadonlyMap<string, WindowsPlace> {
  return new Map(names.map((name) => [name, { vars: folder.of(name) }] as const).filter(([, { vars }]) => vars.size > 0))
}

/** Ansible takes the priority out of a group's variables. */
function withoutPriority(vars: Vars): Vars {
  return new Map([...vars].filter(([name]) => name !== 'ansible_group_priority'))
}

/** A group's hosts as Ansible orders them, level by level: its own, then those of the groups below in the order they are named. */
function inTreeOrder(name: string, tree: Tree, members: readonly string[]): string[] {
  const known = new Set(members)
  const ordered = new Set<string>()
  const seen = new Set([name])
  let level = [name]
  while (level.length > 0) {
    for (const group of level) for (const host of tree.groups.get(group)?.hosts ?? []) if (known.has(host)) ordered.add(host)
    level = level.flatMap((group) => [...(tree.groups.get(group)?.children ?? [])]).filter((child) => !seen.has(child) && seen.add(child))
  }
  return [...new Set([...ordered, ...members])]
}

function membership(tree: Tree): ReadonlyMap<string, readonly string[]> {
  const direct = new Map<string, string[]>()
  for (const group of tree.groups.values()) {
    if (group.name === 'all' || group.name === 'ungrouped') continue
    for (const host of group.hosts) direct.set(host, [...(direct.get(host) ?? []), group.name])
  }
  return direct
}
