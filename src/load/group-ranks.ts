import type { Problem } from '../types.js'
import { hole } from './hole.js'
import type { GroupNode, Tree } from './inventory-tree.js'

/** How the groups stand to each other. */
export interface Ranks {
  /** Groups but `all` and `ungrouped`, from those whose variables lose to those that win. */
  readonly order: readonly string[]
  /** Each of these groups with all that it is below of, itself among them. */
  readonly above: ReadonlyMap<string, ReadonlySet<string>>
}

const deepest = 50

/** Ranks groups as Ansible does: by depth below `all`, then ansible_group_priority, then name. Loops are told. */
export function rankGroups(tree: Tree, problems: Problem[]): Ranks {
  const groups = [...tree.groups.values()].filter(({ name }) => name !== 'all' && name !== 'ungrouped')
  const waiting = new Map(groups.map(({ name }) => [name, 0]))
  for (const { children } of groups) for (const child of children) waiting.set(child, (waiting.get(child) ?? 0) + 1)
  const depths = new Map<string, number>()
  const above = new Map<string, Set<string>>()
  const ready = groups.filter(({ name }) => waiting.get(name) === 0)
  for (const group of ready) descend(group, tree, { waiting, depths, above, ready })
  for (const group of groups) {
    const depth = depths.get(group.name)
    if (waiting.get(group.name) !== 0) problems.push(problemOf(group, `the group "${group.name}" is among its own children`))
    else if (depth !== undefined && depth > deepest)
      problems.push(problemOf(group, `the group "${group.name}" lies more than ${deepest} groups deep`))
  }
  const rows = groups.map((group) => ({ name: group.name, depth: depths.get(group.name) ?? 0, priority: priorityOf(group, problems) }))
  rows.sort((a, b) => a.depth - b.depth || a.priority - b.priority || (a.name < b.name ? -1 : 1))
  return { order: rows.map(({ name }) => name), above }
}

interface Descent {
  readonly waiting: Map<string, number>
  readonly depths: Map<string, number>
  readonly above: Map<string, Set<string>>
  readonly ready: GroupNode[]
}

function descend({ name, children }: GroupNode, tree: Tree, { waiting, depths, above, ready }: Descent): void {
  const depth = depths.get(name) ?? 0
  const own = above.get(name) ?? new Set()
  above.set(name, own.add(name))
  for (const child of children) {
    depths.set(child, Math.max(depths.get(child) ?? 0, depth + 1))
    const inherited = above.get(child) ?? new Set()
    // Beyond the deepest the whole inventory is refused: the sets need not grow further.
    if (depth <= deepest) for (const each of own) inherited.add(each)
    above.set(child, inherited)
    waiting.set(child, (waiting.get(child) ?? 0) - 1)
    const node = tree.groups.get(child)
    if (node && waiting.get(child) === 0) ready.push(node)
  }
}

function problemOf({ document, path }: GroupNode, message: string): Problem {
  return document.problem(path, message, { at: 'key' })
}

function priorityOf(group: GroupNode, problems: Problem[]): number {
  const variable = group.vars.get('ansible_group_priority')
  if (!variable || variable.value === hole) return 1
  const priority = Number(variable.value)
  if (Number.isInteger(priority)) return priority
  problems.push(variable.document.problem(variable.path, 'must be a whole number'))
  return 1
}
