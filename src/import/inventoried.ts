import type { Inventory } from '../load/inventory.js'
import { matchPattern } from '../load/patterns.js'
import { narrowed, patternOf, type Scope } from './scope.js'

/** What the inventory says of a variable for some hosts. `lacking`: some of them do not have it. */
export type Said =
  | { readonly is: 'same'; readonly value: unknown }
  | { readonly is: 'apart'; readonly lacking: boolean }
  | { readonly is: 'unsaid' }
  | { readonly is: 'unknown' }

/** The inventory that a playbook is turned for. */
export interface Inventoried {
  /** Whether there is one. */
  readonly named: boolean
  readonly says: (scope: Scope, name: string) => Said
  /** The scope in parts, in each of which the hosts have one value; undefined: no patterns tell the hosts apart. */
  readonly parts: (scope: Scope, name: string) => readonly Scope[] | undefined
}

/** Nothing is known of the hosts. */
export const noInventory: Inventoried = { named: false, says: () => ({ is: 'unknown' }), parts: () => undefined }

/** Names that Ansible gives every host, whatever the inventory says. */
const given = /^(inventory_hostname|inventory_hostname_short|group_names|groups|omit)$|^ansible_/

/** What an inventory says to those who turn a playbook. */
export function inventoried(inventory: Inventory): Inventoried {
  const known = new Map<string, readonly string[] | undefined>()
  const hostsOf = (scope: Scope): readonly string[] | undefined => {
    const pattern = patternOf(scope)
    if (!known.has(pattern)) {
      const { hosts, wrong } = matchPattern(pattern, inventory)
      known.set(pattern, wrong.length > 0 || hosts.size === 0 ? undefined : [...hosts])
    }
    return known.get(pattern)
  }
  /** The hosts by the value that each has, as text; those without one under undefined. */
  const classes = (hosts: readonly string[], name: string): ReadonlyMap<string | undefined, readonly string[]> => {
    const found = new Map<string | undefined, string[]>()
    for (const host of hosts) {
      const variable = inventory.hosts.get(host)?.vars.get(name)
      const text = variable === undefined ? undefined : (JSON.stringify(variable.value) ?? 'null')
      const same = found.get(text)
      if (same) same.push(host)
      else found.set(text, [host])
    }
    return found
  }
  const says = (scope: Scope, name: string): Said => {
    const hosts = hostsOf(scope)
    if (!hosts) return { is: 'unknown' }
    const found = classes(hosts, name)
    if (found.size > 1) return { is: 'apart', lacking: found.has(undefined) }
    if (found.has(undefined)) return { is: given.test(name) ? 'unknown' : 'unsaid' }
    return { is: 'same', value: inventory.hosts.get(hosts[0] ?? '')?.vars.get(name)?.value }
  }
  const parts = (scope: Scope, name: string): readonly Scope[] | undefined => {
    const all = hostsOf(scope)
    if (!all) return undefined
    const found = [...classes(all, name).values()]
    const terms = termsOf(found, all, inventory)
    return terms?.every((term) => hostsOf(narrowed(scope, term)) !== undefined) ? terms.map((term) => narrowed(scope, term)) : undefined
  }
  return { named: true, says, parts }
}

/** `&web` and `!web` where a group tells the hosts apart, else a term for each group of hosts, or each host. */
function termsOf(classes: readonly (readonly string[])[], all: readonly string[], inventory: Inventory): readonly string[] | undefined {
  const plain = (name: string): boolean => /^[A-Za-z0-9_][\w.-]*$/.test(name)
  const among = new Set(all)
  const within = [...inventory.groups].flatMap(([name, members]) =>
    plain(name) && name !== 'ungrouped' && !inventory.hosts.has(name) ? [{ name, hosts: members.filter((host) => among.has(host)) }] : [],
  )
  const groupOf = (hosts: readonly string[]): string | undefined => {
    const wanted = new Set(hosts)
    return within.find((group) => group.hosts.length === wanted.size && group.hosts.every((host) => wanted.has(host)))?.name
  }
  const groups = classes.map(groupOf)
  const [one, other] = groups
  if (classes.length === 2 && (one ?? other) !== undefined) return one === undefined ? [`!${other}`, `&${other}`] : [`&${one}`, `!${one}`]
  const terms = classes.flatMap((hosts, at) => (groups[at] === undefined ? hosts : [groups[at]]))
  return terms.every(plain) ? terms.map((term) => `&${term}`) : undefined
}
