import type { Inventory } from './inventory.js'

/** A group as `ansible-inventory` sees it: the hosts that stand in it directly, and the groups directly below. */
interface Shown {
  readonly hosts: readonly string[]
  readonly children: readonly string[]
}

/** Groups with `ungrouped` and `all`, in Ansible's order: what stands below `all` by name, then what is below nothing. */
function groupsOf({ tree, hosts }: Inventory): ReadonlyMap<string, Shown> {
  const own = [...tree.groups.values()].filter(({ name }) => name !== 'all' && name !== 'ungrouped')
  const below = new Set(own.flatMap(({ children }) => [...children]))
  const top = own.map(({ name }) => name).filter((name) => !below.has(name))
  const named = [...(tree.groups.get('all')?.children ?? [])].filter((name) => name !== 'ungrouped')
  const lonely = [...hosts.values()].filter(({ groups }) => groups.length === 0).map(({ name }) => name)
  return new Map<string, Shown>([
    ['all', { hosts: [], children: ['ungrouped', ...new Set([...named, ...top])] }],
    ['ungrouped', { hosts: lonely, children: [...(tree.groups.get('ungrouped')?.children ?? [])] }],
    ...own.map(({ name, hosts: direct, children }): [string, Shown] => [name, { hosts: [...direct], children: [...children] }]),
  ])
}

/** The JSON that `ansible-inventory --list` prints. */
export function listOf(inventory: Inventory, varsOf: (host: string) => Readonly<Record<string, unknown>>): unknown {
  const groups = groupsOf(inventory)
  const listed: Record<string, unknown> = {}
  for (const [name, { hosts, children }] of groups) {
    const body = { ...(name !== 'all' && hosts.length > 0 && { hosts }), ...(children.length > 0 && { children }) }
    if (Object.keys(body).length > 0) listed[name] = body
  }
  const known = [...inventory.hosts.keys()].map((name) => [name, varsOf(name)] as const).filter(([, vars]) => Object.keys(vars).length > 0)
  return { _meta: { hostvars: Object.fromEntries(known) }, ...listed }
}

/** The tree that `ansible-inventory --graph` prints. */
export function graphOf(inventory: Inventory, from = 'all'): string | undefined {
  const groups = groupsOf(inventory)
  const line = (name: string, depth: number): string => (depth === 0 ? name : `${'  |'.repeat(depth)}--${name}`)
  const drawn = (name: string, depth: number): readonly string[] => {
    const { hosts, children } = groups.get(name) ?? { hosts: [], children: [] }
    const below = children.flatMap((child) => drawn(child, depth + 1))
    return [line(`@${name}:`, depth), ...below, ...hosts.map((host) => line(host, depth + 1))]
  }
  return groups.has(from) ? `${drawn(from, 0).join('\n')}\n` : undefined
}

/** JSON as Python's json.dumps(sort_keys=True, indent=4) sets it. */
export const sortedJson = (value: unknown): string => `${JSON.stringify(sorted(value), null, 4)}\n`

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const names = Object.keys(value).sort((a, b) => (a < b ? -1 : 1))
  return Object.fromEntries(names.map((name) => [name, sorted((value as Readonly<Record<string, unknown>>)[name])]))
}
